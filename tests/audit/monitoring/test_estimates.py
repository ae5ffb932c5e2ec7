"""Weeks are estimated before their labels come; labels later stand beside, and the record decides who has a say."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from audit.catalogue.models import Model, ModelVersion
from audit.jobs.models import Job, State
from audit.jobs.run import execute
from audit.ledger.models import Entry
from audit.monitoring import starting
from audit.monitoring.domain import estimating
from audit.monitoring.domain.estimating import METRICS
from audit.monitoring.domain.hits import Record
from audit.monitoring.estimate_models import EstimateDay, EstimateFit, EstimateWeek
from audit.monitoring.estimates import fitting, shown, weeks
from audit.monitoring.inputs import referencing
from tests.audit.monitoring import logs
from tests.support.cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
FIRST = datetime(2013, 1, 7, tzinfo=UTC)
WEEK = timedelta(weeks=1)
A_WEEK = 200
KINDS = (
    "monitoring.import", "monitoring.outcomes", "monitoring.measure", "monitoring.reference", "monitoring.estimate"
)  # fmt: skip


def made(*several: int, turned: bool = False, mark: str = "") -> dict[str, Any]:
    """Weeks of scores, the same each time; label 1 has the chance of its score, or (``turned``) label 0 has it."""
    found: dict[str, Any] = {
        name: [] for name in ("prediction_id", "at", "version", "score", "hour", "carrier", "label")
    }
    for week in several:
        random = np.random.default_rng(week)
        score = random.beta(2, 3, A_WEEK)
        found["prediction_id"] += [f"{mark}{week}-{number}" for number in range(A_WEEK)]
        found["at"] += [FIRST + week * WEEK + timedelta(minutes=10 * number) for number in range(A_WEEK)]
        found["version"] += [1] * A_WEEK
        found["score"] += score.tolist()
        found["hour"] += random.normal(12, 3, A_WEEK).tolist()
        found["carrier"] += ["UA"] * A_WEEK
        found["label"] += (random.random(A_WEEK) < (1 - score if turned else score)).astype(int).tolist()
    return found


def run() -> None:
    """Runs the jobs that estimates come from, until none is left; others wait."""
    while job := Job.objects.filter(state=State.QUEUED, kind__in=KINDS).order_by("created_at").first():
        execute(job.pk, worker="test")
        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.error


def send(model: Model, kind: str, columns: dict[str, Any]) -> None:
    """Sends a file, and runs what follows."""
    content = logs.parquet(columns)
    starting.take(actor=SYSTEM, model=model, kind=kind, filename=f"{kind}.parquet", chunks=[content], trigger="api")
    run()


def predict(model: Model, *several: int, **how: Any) -> dict[str, Any]:
    """Sends the predictions of these weeks, and runs all that follows."""
    told = made(*several, **how)
    send(model, "predictions", {name: told[name] for name in list(told)[:-1]})
    return told


def label(model: Model, told: dict[str, Any]) -> None:
    """Sends their labels."""
    send(model, "labels", {"prediction_id": told["prediction_id"], "label": told["label"]})


def labelled(model: Model, *several: int, **how: Any) -> dict[str, Any]:
    """Sends weeks with their labels."""
    told = predict(model, *several, **how)
    label(model, told)
    return told


def rows(week: int) -> dict[str, EstimateWeek]:
    """What the estimator that counts says of a week, by metric."""
    found = EstimateWeek.objects.filter(start=FIRST + week * WEEK, fit__replaced_at=None)
    return {row.metric: row for row in found}


def test_sixth_labelled_week_makes_an_estimator_and_later_weeks_are_estimated_before_labels(
    model: Model, version: ModelVersion
) -> None:
    learned = labelled(model, *range(5))
    predict(model, 6)
    assert fitting.ground_of(version).why.startswith("5 of 6 weeks")
    assert not EstimateFit.objects.exists()
    sixth = labelled(model, 5)
    learned = {name: learned[name] + sixth[name] for name in ("score", "label")}
    fit = EstimateFit.objects.get()
    assert (fit.reference, len(fit.weeks), fit.n) == (None, 6, 6 * A_WEEK)
    assert not rows(0), "a week that it learned from is not estimated"
    week = made(6)
    before = rows(6)
    assert {row.realised for row in before.values()} == {None}

    level = fitting.level_of(model)
    scores = np.array(learned["score"])
    own = estimating.fit(scores, scores >= level, learned["label"], np.arange(6 * A_WEEK) // A_WEEK)
    decided = np.array(week["score"]) >= level
    by_rows = estimating.estimate(own, week["score"], decided)
    for metric in METRICS:
        assert before[metric].value == pytest.approx(by_rows[metric].value, abs=before[metric].error + 1e-9), metric
        assert before[metric].n == A_WEEK
        assert fit.bounds[metric] == pytest.approx([own.bounds[metric].low, own.bounds[metric].high, 6])

    label(model, week)
    after = rows(6)
    truth = estimating.realised(week["score"], decided, week["label"])
    for metric in METRICS:
        assert after[metric].realised == pytest.approx(truth[metric]), metric
        assert (after[metric].value, after[metric].computed_at) == (before[metric].value, before[metric].computed_at)
        assert after[metric].realised_at is not None
    assert EstimateFit.objects.count() == 1
    assert Entry.objects.filter(action="monitoring.estimator_fitted").count() == 1


def test_same_week_again_changes_nothing_and_later_rows_estimate_it_anew(model: Model, version: ModelVersion) -> None:
    labelled(model, *range(6))
    predict(model, 6)
    fit, first = EstimateFit.objects.get(), rows(6)["roc_auc"]
    tables, entries = EstimateDay.objects.count(), Entry.objects.count()
    weeks.estimate_week(fit=fit, week=FIRST + 6 * WEEK)
    again = rows(6)["roc_auc"]
    assert (again.pk, again.value, again.computed_at) == (first.pk, first.value, first.computed_at)
    assert (EstimateDay.objects.count(), Entry.objects.count()) == (tables, entries)
    predict(model, 6, mark="late-")
    assert rows(6)["roc_auc"].n == 2 * A_WEEK


def test_another_reference_makes_another_estimator_and_old_rows_stay_with_theirs(
    model: Model, version: ModelVersion
) -> None:
    labelled(model, *range(8))
    first = EstimateFit.objects.get()
    chosen = referencing.choose_reference(
        actor=SYSTEM, version=version, kind="period", since=FIRST + 2 * WEEK, until=FIRST + 8 * WEEK, reason="Tried."
    )
    starting.start_reading(actor=SYSTEM, reference=chosen, trigger="person")
    run()
    first.refresh_from_db()
    second = EstimateFit.objects.get(replaced_at=None)
    assert first.replaced_at is not None
    assert (second.reference, len(second.weeks)) == (chosen, 6)
    assert EstimateWeek.objects.filter(fit=first).count() == 2 * len(METRICS)
    assert set(rows(0)) == set(METRICS), "what the first one learned from is now estimated"


def test_concept_drift_passes_it_by_and_its_record_takes_its_say(model: Model, version: ModelVersion) -> None:
    labelled(model, *range(6))
    fit = EstimateFit.objects.get()
    for week in (range(6, 12), [12]):
        labelled(model, *week, turned=True)
    last = rows(12)["accuracy"]
    record = weeks.record_of(EstimateWeek.objects.filter(fit=fit, metric="accuracy"), weeks.bounds_of(fit, "accuracy"))
    assert (record.windows, record.inside, record.realised_alarms, record.agreed_alarms) == (7, 0, 7, 0)
    assert last.outside is False, "the same scores say the same"
    assert last.alarm is None
    assert last.why.startswith("Its record is too poor: of 6 real alarms it raised 0")
    assert rows(6)["accuracy"].why == "Its record is too short: 0 of 6 weeks have labels."
    assert "7 real alarms it named 0" in shown.of_record(record)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Record(0, 0, 0, 0, 0), "No week that it estimated has labels yet"),
        (
            Record(21, 19, 11, 4, 4),
            "Of 21 weeks whose labels came, 19 lay where it said; of 11 real alarms it named 4.",
        ),
        (Record(10, 9, 0, 0, 0), "labels gave no alarm. So it may raise alarms."),
        (Record(10, 2, 0, 0, 0), "2 of 10 weeks lay where it said. So it raises no alarm."),
        (Record(10, 9, 0, 3, 0), "labels gave no alarm, and it gave 3."),
    ],
)
def test_a_record_is_told_in_words(record: Record, words: str) -> None:
    assert words in shown.of_record(record)


def test_page_says_what_is_missing_then_what_is_estimated_with_every_metric_as_csv(
    cast: Cast, model: Model, version: ModelVersion
) -> None:
    client, url = cast.client("manager"), "/models/late-arrival/versions/1/estimates/"
    assert "0 of 6 weeks with scores and labels are there" in client.get(url).content.decode()
    assert "Once six weeks with scores have labels" in client.get("/models/late-arrival/monitoring/").content.decode()
    labelled(model, *range(6))
    predict(model, 6)
    page = client.get(url).content.decode()
    assert "ROC AUC is estimated at 0.7" in page
    assert "1 week waits for labels" in page
    assert "concept drift" in page
    assert "Its record is too short: 0 of 6 weeks have labels." in page
    assert "is estimated at 0.7" in client.get("/models/late-arrival/monitoring/").content.decode()
    assert "Recall" in client.get(url, {"metric": "recall"}).content.decode()
    lines = list(csv.DictReader(b"".join(client.get(url, {"format": "csv"})).decode().splitlines()))  # type: ignore[arg-type]
    assert {line["metric"] for line in lines} == set(METRICS)
    assert {line["variant"] for line in lines} == {"cbpe/nannyml"}
    assert {line["by_labels"] for line in lines} == {""}
