"""A week's data are checked against the reference, the days before it, and what was refused; errors are followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from audit.catalogue.models import Model, ModelVersion
from audit.jobs.models import Job, State
from audit.ledger.models import Entry
from audit.monitoring.domain.columns import Categories, Numbers
from audit.monitoring.inputs import referencing
from audit.monitoring.models import Partition
from audit.monitoring.quality import following, weekly
from audit.monitoring.quality_models import ConceptSign, ConceptState, QualityFinding, QualityWeek, ShiftWeek
from tests.audit.monitoring import logs
from tests.support.cast import SYSTEM

pytestmark = pytest.mark.django_db
FIRST = datetime(2013, 1, 7, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
A_DAY = 60


def rows(first: int, count: int, *, day_rows: int = A_DAY, factor: float = 1.0, ids: str = "") -> dict[str, Any]:
    """``count`` days of cases from day ``first`` after FIRST: hour is normal around 12, times ``factor``."""
    random = np.random.default_rng(first + 1)
    n = count * day_rows
    return {
        "prediction_id": [f"{ids}{first}-{number}" for number in range(n)],
        "at": [FIRST + timedelta(days=first + number // day_rows, seconds=number % day_rows) for number in range(n)],
        "version": [1] * n,
        "score": random.random(n),
        "hour": random.normal(12, 3, n) * factor,
        "carrier": random.choice(["UA", "DL", "AA"], n, p=[0.5, 0.3, 0.2]),
    }


def send(model: Model, first: int, count: int, **how: Any) -> dict[str, Any]:
    """Sends these days and runs all that follows; gives what was sent."""
    told = rows(first, count, **how)
    logs.send(model, "predictions", logs.parquet(told), f"{first}.parquet")
    return told


def findings(week: int, check: str) -> list[QualityFinding]:
    """Those of the kind in the week."""
    start = FIRST + week * WEEK
    return list(QualityFinding.objects.filter(week__start=start, check_name=check).order_by("column"))


def states() -> set[str]:
    """The states of all jobs."""
    return set(Job.objects.values_list("state", flat=True))


def test_another_unit_nulls_and_new_names_are_found_and_a_sound_week_is_not(
    model: Model, version: ModelVersion
) -> None:
    send(model, 0, 28)
    assert [row.faults for row in QualityWeek.objects.all()] == [0, 0, 0, 0]
    told = rows(28, 7, factor=60)
    told["carrier"] = [None if at % 2 else "ZZ" for at in range(7 * A_DAY)]
    logs.send(model, "predictions", logs.parquet(told), "odd.parquet")
    week = QualityWeek.objects.get(start=FIRST + 4 * WEEK)
    unit = next(row for row in findings(4, "unit") if row.column == "hour")
    assert (unit.outcome, unit.value, unit.is_fault) == ("broken", 60.0, True)
    assert "60 times as large" in unit.sentence
    nulls = next(row for row in findings(4, "nulls") if row.column == "carrier")
    assert (nulls.outcome, nulls.value, nulls.n, nulls.is_fault) == ("broken", 0.5, 420, True)
    unseen = next(row for row in findings(4, "unseen") if row.column == "carrier")
    assert (unseen.outcome, unseen.value, unseen.is_fault) == ("broken", 1.0, False)
    assert week.faults == 2
    assert week.checks == week.findings.count()
    assert week.reference is not None
    entry = Entry.objects.get(action="monitoring.checked", subject_id=str(week.pk))
    assert entry.reason.endswith("And 1 more.")
    assert states() == {State.SUCCEEDED}


def test_lost_column_is_one_fault_of_the_columns_and_not_a_second_of_nulls(model: Model, version: ModelVersion) -> None:
    send(model, 0, 28)
    told = rows(28, 7)
    told["hour"] = [None] * len(told["hour"])
    logs.send(model, "predictions", logs.parquet(told), "lost.parquet")
    found = QualityFinding.objects.filter(week__start=FIRST + 4 * WEEK, is_fault=True)
    assert [(row.check_name, row.column, row.sentence) for row in found] == [
        ("schema", "hour", "The column hour is missing.")
    ]


def test_same_facts_again_change_nothing(model: Model, version: ModelVersion) -> None:
    send(model, 0, 35)
    entries = Entry.objects.count()
    before = QualityWeek.objects.get(start=FIRST)
    again = weekly.check_week(actor=SYSTEM, version=version, week=FIRST)
    assert again is not None
    assert (again.pk, again.computed_at) == (before.pk, before.computed_at)
    assert Entry.objects.count() == entries
    assert weekly.check_week(actor=SYSTEM, version=version, week=FIRST - 3 * WEEK) is None


def test_first_weeks_without_a_reference_count_nulls_and_judge_none(model: Model, version: ModelVersion) -> None:
    told = rows(0, 7)
    told["carrier"] = [None] * 42 + list(told["carrier"][42:])
    logs.send(model, "predictions", logs.parquet(told), "first.parquet")
    week = QualityWeek.objects.get()
    assert (week.reference, week.faults, week.rows) == (None, 0, 420)
    nulls = next(row for row in findings(0, "nulls") if row.column == "carrier")
    assert (nulls.outcome, nulls.value, nulls.n) == ("unknown", 0.1, 420)
    assert "without a reference" in nulls.sentence


def test_lost_day_is_a_fault_and_the_last_day_of_a_log_is_judged_once_a_later_one_is_there(
    model: Model, version: ModelVersion
) -> None:
    send(model, 0, 7 * 8)
    assert [row.outcome for row in findings(7, "volume")] == ["ok"]
    send(model, 57, 5)  # Monday of the ninth week is lost
    send(model, 62, 1, day_rows=5)  # and its Sunday is short
    lost = findings(8, "volume")
    assert [(row.value, row.is_fault) for row in lost] == [(0.0, True)]
    assert lost[0].sentence.startswith("On Monday, 4 March: 0 rows came; ")
    send(model, 63, 1)
    assert sorted(row.value or 0 for row in findings(8, "volume")) == [0.0, 5.0]


def test_data_that_come_later_than_usual_are_a_fault(model: Model, version: ModelVersion) -> None:
    referencing.send_reference(
        actor=SYSTEM, version=version, columns={"hour": Numbers.of([1.0, 2.0]), "carrier": Categories.of(["UA"])}
    )
    send(model, 0, 7 * 9)
    for part in Partition.objects.all():  # each day came an hour after its end, the last week's nine days late
        end = datetime(part.day.year, part.day.month, part.day.day, tzinfo=UTC) + DAY
        late = timedelta(days=9) if part.day >= (FIRST + 8 * WEEK).date() else timedelta(hours=1)
        upload = part.upload
        upload.pk, upload.created_at, upload.digest = None, end + late, f"{part.day}"
        upload._state.adding = True
        upload.save(force_insert=True)
        part.upload = upload
        part.save()
    for week in (7, 8):
        weekly.check_week(actor=SYSTEM, version=version, week=FIRST + week * WEEK)
    assert [(row.outcome, row.is_fault) for row in findings(7, "arrival")] == [("ok", False)]
    late_one = findings(8, "arrival")[0]
    assert (late_one.outcome, late_one.is_fault, late_one.bound) == ("broken", True, 1440.0)
    assert late_one.value == 9 * 1440 - 60


def test_refused_file_is_a_fault_until_one_is_imported_after_it(model: Model, version: ModelVersion) -> None:
    send(model, 0, 7)
    refused = logs.send(model, "predictions", b"prediction_id,at\nx,yesterday\n", "broken.csv")
    assert refused.error
    found = QualityFinding.objects.get(check_name="refused")
    assert (found.outcome, found.is_fault) == ("broken", True)
    assert "broken.csv was refused" in found.sentence
    assert refused.error in found.sentence
    send(model, 7, 1)
    found = QualityFinding.objects.get(check_name="refused")
    assert (found.outcome, found.is_fault) == ("watch", False)


def labels_for(told: dict[str, Any], *, wrong: float, seed: int = 3) -> bytes:
    """Truths of these cases, of which this share disagrees with the score at 0.5."""
    random = np.random.default_rng(seed)
    said = np.asarray(told["score"]) >= 0.5
    truth = np.where(random.random(len(said)) < wrong, ~said, said).astype(int)
    return logs.parquet({"prediction_id": told["prediction_id"], "label": truth})


def test_more_wrong_answers_are_a_change_in_their_week_and_each_day_is_read_once(
    model: Model, version: ModelVersion
) -> None:
    model.threshold = 0.5
    model.save()
    before, after = send(model, 0, 28, day_rows=100), send(model, 28, 14, day_rows=100)
    logs.send(model, "labels", labels_for(before, wrong=0.1), "first.parquet")
    assert not ConceptSign.objects.filter(method="adwin").exists()
    state = ConceptState.objects.get(method="adwin")
    assert (state.upto, state.state["seen"]) == ((FIRST + 27 * DAY).date(), 2800)
    logs.send(model, "labels", labels_for(after, wrong=0.4), "second.parquet")
    sign = ConceptSign.objects.filter(method="adwin").first()
    assert sign is not None
    assert (FIRST + 28 * DAY).date() <= sign.at <= (FIRST + 31 * DAY).date()
    assert sign.before == pytest.approx(0.11, abs=0.03)
    assert sign.mean is not None
    assert sign.mean > 0.13
    assert {"page_hinkley", "ddm"} <= set(ConceptSign.objects.values_list("method", flat=True))
    assert ConceptState.objects.get(method="adwin").state["seen"] == 4200
    signs = ConceptSign.objects.count()
    assert following.follow(actor=SYSTEM, version=version) == []
    logs.send(model, "labels", labels_for(after, wrong=0.9, seed=8), "corrected.parquet")
    assert ConceptSign.objects.count() == signs, "later labels do not change the past"
    assert ConceptState.objects.get(method="adwin").late == 1400


def test_day_without_its_labels_is_waited_for_until_labels_lie_four_weeks_later(
    model: Model, version: ModelVersion
) -> None:
    told = send(model, 0, 42)
    part = {name: values[: 20 * A_DAY] for name, values in told.items()}
    hole = {name: [*values[: 3 * A_DAY], *values[4 * A_DAY :]] for name, values in part.items()}
    logs.send(model, "labels", labels_for(hole, wrong=0.1), "hole.parquet")
    assert ConceptState.objects.get(method="ddm").upto == (FIRST + 2 * DAY).date()
    rest = {name: values[20 * A_DAY :] for name, values in told.items()}
    logs.send(model, "labels", labels_for(rest, wrong=0.1), "rest.parquet")
    state = ConceptState.objects.get(method="ddm")
    assert (state.upto, state.state["seen"]) == ((FIRST + 41 * DAY).date(), 41 * A_DAY)


def test_columns_that_stop_going_together_are_seen_only_as_a_whole(model: Model, version: ModelVersion) -> None:
    model.features = {"hour": "number", "temp": "number"}
    model.save()

    def told(first: int, count: int, *, apart: bool) -> bytes:
        own = rows(first, count)
        del own["carrier"]
        own["temp"] = np.random.default_rng(9).permutation(own["hour"]) if apart else own["hour"] + 0.1
        return logs.parquet(own)

    logs.send(model, "predictions", told(0, 35, apart=False), "together.parquet")
    calm = ShiftWeek.objects.get(start=FIRST + 4 * WEEK)
    assert calm.low is not None
    assert calm.low <= 0.5
    logs.send(model, "predictions", told(35, 7, apart=True), "apart.parquet")
    row = ShiftWeek.objects.get(start=FIRST + 5 * WEEK)
    assert row.value is not None
    assert row.value > 0.8
    assert (row.n_reference, row.n_current, row.columns, row.variant) == (1680, 420, 2, "domain_classifier/hgb")
    within = ShiftWeek.objects.get(start=FIRST)
    assert within.n_reference == 1260, "a week of the reference itself is left out of it"
    assert states() == {State.SUCCEEDED}
