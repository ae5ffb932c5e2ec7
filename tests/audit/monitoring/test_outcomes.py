"""A day is read once, a week merges its days: the figures are those of all rows, cut and ordered in whatever way."""

import random
from datetime import UTC, date, datetime

import numpy as np
import pytest

from audit.catalogue import describing_models
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model
from audit.jobs.models import Job
from audit.lake import store as lake
from audit.monitoring import services
from audit.monitoring.domain.meaning import METRICS
from audit.monitoring.domain.outcomes import Binary
from audit.monitoring.mapping.services import state_mapping
from audit.monitoring.models import Measurement, Partition, Window
from audit.monitoring.outcome_models import FairnessWeek, OutcomeDay, OutcomeMonth, SliceFigure
from audit.monitoring.outcomes import days, documents, ranking
from audit.monitoring.outcomes.panel import gap
from tests.audit.monitoring import logs

pytestmark = pytest.mark.django_db
LABEL = "prediction_id,label"
WEEK = datetime(2013, 1, 7, tzinfo=UTC)


def row(name, day, score, carrier="UA", hour=12):
    return f"{name},2013-01-{day:02}T{hour:02}:00:00Z,1,{score},{hour},{carrier}"


def cut(model, *segments, sensitive=()):
    state_mapping(
        actor=logs.SYSTEM, model=model, columns={}, segments=segments, sensitive=sensitive, reason="the design says so"
    )


def groups(column="carrier"):
    rows = SliceFigure.objects.filter(window__superseded_at=None, column=column)
    return {one.words: one for one in rows}


def drawn(count, seed=5):
    """Rows over a week whose scores tell the truth for UA and nothing for AA."""
    generator = np.random.default_rng(seed)
    rows, labels = [], []
    for at in range(count):
        score, carrier = round(float(generator.random()), 3), "AA" if at % 2 else "UA"
        rows.append(row(f"p{at}", 7 + at % 7, score, carrier, at % 24))
        labels.append(f"p{at},{int(generator.random() < (score if carrier == 'UA' else 0.5))}")
    return rows, labels


def test_a_week_cut_into_files_in_any_order_is_the_week_of_one_file(cast, use_case, model, version):
    rows, labels = drawn(300)
    shuffled = random.Random(1)
    documents_of = []
    for slug, files in (("one", 1), ("cut", 5)):
        other = catalogue.register_model(
            actor=logs.SYSTEM, use_case=use_case, slug=slug, name=slug, task="classification", owner=cast.owner,
            outcome="o", features=model.features, threshold=0.5,
        )  # fmt: skip
        catalogue.register_version(
            actor=logs.SYSTEM, model=other, artefact="a", artefact_digest="1" * 64, author=cast.owner
        )
        cut(other, "carrier")
        told, truth = list(rows), list(labels)
        if files > 1:
            shuffled.shuffle(told)
            shuffled.shuffle(truth)
        for part in range(files):
            logs.send(other, "predictions", logs.csv(*told[part::files]))
        for part in range(files):
            logs.send(other, "labels", logs.csv(*truth[part::files], header=LABEL))
        window = Window.objects.get(superseded_at=None, version__model=other)
        found = window.measurements.order_by("metric").values_list("metric", "value", "low", "high", "n", "error")
        slices = SliceFigure.objects.filter(window=window).values_list("column", "kind", "value", "figures")
        own = OutcomeDay.objects.filter(version__model=other).order_by("day")
        documents_of.append(([one.digest for one in own], list(found), list(slices)))
    assert documents_of[0] == documents_of[1]
    assert len(documents_of[0][0]) == 7


def test_a_new_threshold_needs_no_rows(model, version):
    logs.send(model, "predictions", logs.csv(row("a", 7, 0.9), row("b", 8, 0.6), row("c", 9, 0.2)))
    logs.send(model, "labels", logs.csv("a,1", "b,0", "c,0", header=LABEL))
    for part in Partition.objects.all():
        lake.remove(part.path)
    Model.objects.filter(pk=model.pk).update(threshold=0.7)
    assert services.measure_week(actor=logs.SYSTEM, model=model, week=WEEK) == 1
    window = Window.objects.get(superseded_at=None)
    assert (window.threshold, window.tp, window.fp, window.tn) == (0.7, 1, 0, 2)
    second = OutcomeDay.objects.get(day="2013-01-08").figures
    assert (second["threshold"], second["counts"]["fp"], second["metrics"]["positive_rate"]["value"]) == (0.7, 0, 0)


def test_another_threshold_or_other_groups_have_every_week_measured_again(model, version, program):
    logs.send(model, "predictions", logs.csv(row("a", 7, 0.9), row("b", 14, 0.6, "AA")))
    logs.send(model, "labels", logs.csv("a,1", "b,0", header=LABEL))
    again = Job.objects.filter(kind="monitoring.measure_all")
    for threshold in (0.7, 0.7):
        describing_models.describe_model(
            actor=logs.SYSTEM, model=model, use_case=model.use_case, name=model.name, task=model.task,
            outcome=model.outcome, threshold=threshold,
        )  # fmt: skip
        logs.run_all()
        assert {one.threshold for one in Window.objects.filter(superseded_at=None)} == {0.7}
        assert again.count() == 1
    assert not groups()
    said = {"segments": ["carrier"], "reason": "the design says so"}
    for _ in range(2):
        answer = program("owner").call("put", "/models/late-arrival/mapping", said)
        assert answer.status_code == 200, answer.content
        logs.run_all()
        assert set(groups()) == {"UA", "AA"}
        assert again.count() == 2


def test_late_labels_have_their_day_and_its_neighbours_read_again_and_no_other(model, version):
    logs.send(model, "predictions", logs.csv(*(row(f"p{day}", day, 0.9) for day in range(7, 14))))
    before = dict(OutcomeDay.objects.values_list("day", "evidence"))
    logs.send(model, "labels", logs.csv("p9,1", header=LABEL))
    after = dict(OutcomeDay.objects.values_list("day", "evidence"))
    assert [day.day for day in sorted(before) if before[day] != after[day]] == [8, 9, 10]
    assert OutcomeDay.objects.get(day="2013-01-09").labelled == 1


def test_a_day_read_twice_is_the_same_row(model, version):
    logs.send(model, "predictions", logs.csv(row("a", 7, 0.9)))
    first = OutcomeDay.objects.get()
    again = days.read(version=version, day=date(2013, 1, 7))
    assert (again.pk, again.computed_at) == (first.pk, first.computed_at)
    assert days.read(version=version, day=date(2013, 1, 8)) is None
    OutcomeDay.objects.all().delete()
    assert days.read(version=version, day=date(2013, 1, 7)).digest == first.digest


def test_hours_are_those_of_the_prediction(model, version):
    logs.send(
        model, "predictions", logs.csv(row("a", 7, 0.9, hour=0), row("b", 7, 0.1, hour=23), row("c", 7, 0.2, hour=23))
    )
    hours = documents.read_hours(OutcomeDay.objects.get().path)
    assert {hour: one.whole.rows for hour, one in hours.items()} == {0: 1, 23: 2}


def test_large_weeks_have_their_days_read_side_by_side_and_are_measured_once(model, version, monkeypatch):
    monkeypatch.setattr("audit.monitoring.pieces.PIECE", 2)
    logs.send(model, "predictions", logs.csv(*(row(f"p{at}", 7 + at % 3, 0.9) for at in range(6))))
    jobs = Job.objects.order_by("created_at")
    assert [job.args["days_"] for job in jobs.filter(kind="monitoring.outcomes")] == [
        ["2013-01-07"], ["2013-01-08"], ["2013-01-09"],
    ]  # fmt: skip
    assert jobs.filter(kind="monitoring.measure").count() == 1
    assert Window.objects.get().predictions == 6


def test_more_scores_than_are_kept_apart_tell_how_far_they_may_be_off(model, version):
    generator = np.random.default_rng(2)
    scores, count = generator.random(21_000), 21_000
    labels = (generator.random(count) < scores).astype(int)
    logs.send(model, "predictions", logs.csv(*(row(f"p{at}", 7 + at % 7, scores[at]) for at in range(count))))
    logs.send(model, "labels", logs.csv(*(f"p{at},{labels[at]}" for at in range(count)), header=LABEL))
    window = Window.objects.get(superseded_at=None)
    exact = Binary.of(scores, np.full(count, np.nan), labels, limit=count).metrics(0.5)
    for one in window.measurements.all():
        expected = exact[one.metric].value
        if one.metric in {"roc_auc", "pr_auc"}:
            assert one.error is not None and 0 < one.error < 1e-3
            assert abs(one.value - expected) <= one.error
        else:
            assert (one.value, one.error) == (pytest.approx(expected, abs=1e-12), None)
    assert window.measurements.get(metric="roc_auc").variant == "mann-whitney/delong"


def test_months_merge_their_days_of_every_week(model, version):
    logs.send(model, "predictions", logs.csv(*(row(f"p{day}", day, 0.9) for day in (1, 8, 31))))
    logs.send(model, "predictions", logs.csv("f,2013-02-01T12:00:00Z,1,0.2,1,x"))
    logs.send(model, "labels", logs.csv("p1,1", "f,0", header=LABEL))
    months = OutcomeMonth.objects.order_by("start")
    assert [(one.start.month, one.days, one.rows, one.labelled) for one in months] == [(1, 3, 3, 1), (2, 1, 1, 1)]
    assert months[0].figures["counts"]["tp"] == 1
    written = months[0].computed_at
    logs.send(model, "predictions", logs.csv("g,2013-02-02T12:00:00Z,1,0.2,1,x"))
    assert OutcomeMonth.objects.get(start="2013-01-01").computed_at == written
    assert OutcomeMonth.objects.get(start="2013-02-01").rows == 2


def test_groups_are_the_rows_of_their_value_and_those_without_one_are_told(model, version):
    cut(model, "carrier")
    logs.send(
        model, "predictions",
        logs.csv(row("a", 7, 0.9), row("b", 8, 0.2, "AA"), row("c", 9, 0.6, ""), row("d", 9, 0.7, "AA", hour=3)),
    )  # fmt: skip
    logs.send(model, "labels", logs.csv("a,1", "b,0", "c,0", header=LABEL))
    found = groups()
    assert {name: (one.predictions, one.labelled) for name, one in found.items()} == {
        "UA": (1, 1), "AA": (2, 1), "unknown": (1, 1),
    }  # fmt: skip
    assert found["unknown"].figures["counts"]["fp"] == 1


def test_a_column_that_no_file_has_is_unknown_in_every_row(model, version):
    logs.send(model, "predictions", logs.csv(row("a", 7, 0.9)))
    state_mapping(actor=logs.SYSTEM, model=model, columns={}, segments=["district"], reason="sent from next week on")
    services.measure_week(actor=logs.SYSTEM, model=model, week=WEEK)
    assert {name: one.predictions for name, one in groups("district").items()} == {"unknown": 1}


def test_the_worse_group_is_found_and_a_small_one_never_is(cast, model, version):
    cut(model, "carrier")
    rows, labels = drawn(2_000)
    rows += [row(f"few{at}", 7, 0.9, "DL") for at in range(5)]
    labels += [f"few{at},{at % 2}" for at in range(5)]
    logs.send(model, "predictions", logs.csv(*rows))
    logs.send(model, "labels", logs.csv(*labels, header=LABEL))
    found = ranking.rank(SliceFigure.objects.filter(window__superseded_at=None), "roc_auc")
    assert [(line.row.words, line.state) for line in found.lines] == [("AA", "worse"), ("UA", "ok"), ("DL", "unknown")]
    assert found.whole.n == 2_005
    client = cast.client("manager")
    page = client.get("/models/late-arrival/monitoring/").content.decode()
    assert "It does worse for carrier AA: ROC AUC 0." in page
    page = client.get("/models/late-arrival/slices/").content.decode()
    assert "Too few" in page and "carrier: DL" in page
    lines = b"".join(client.get("/models/late-arrival/slices/?format=csv")).decode().splitlines()
    assert len(lines) == 1 + 4 * len(METRICS["classification"])
    assert "2013-01-07,1,carrier,DL,value,roc_auc,mann-whitney/delong" in "\n".join(lines)


def test_no_group_is_worse_by_chance_alone(model, version):
    generator = np.random.default_rng(9)
    cut(model, "carrier")
    scores = generator.random(6_000).round(3)
    rows = [row(f"p{at}", 7 + at % 7, scores[at], f"C{at % 30:02}") for at in range(6_000)]
    labels = [f"p{at},{int(generator.random() < scores[at])}" for at in range(6_000)]
    logs.send(model, "predictions", logs.csv(*rows))
    logs.send(model, "labels", logs.csv(*labels, header=LABEL))
    found = ranking.rank(SliceFigure.objects.filter(window__superseded_at=None), "roc_auc")
    assert (found.deciding, found.worse) == (30, [])


def test_gaps_between_groups_are_kept_and_the_group_of_five_decides_none(cast, model, version):
    cut(model, sensitive=["carrier"])
    rows = [row(f"u{at}", 7 + at % 7, 0.9 if at % 10 < 6 else 0.1, "UA") for at in range(400)]
    rows += [row(f"a{at}", 7 + at % 7, 0.9 if at % 10 < 3 else 0.1, "AA") for at in range(400)]
    rows += [row(f"d{at}", 7, 0.1, "DL") for at in range(5)]
    labels = [f"{one.split(',')[0]},{at % 2}" for at, one in enumerate(rows)]
    logs.send(model, "predictions", logs.csv(*rows))
    logs.send(model, "labels", logs.csv(*labels, header=LABEL))
    gap = FairnessWeek.objects.get(metric="demographic_parity_difference")
    assert (gap.value, gap.highest, gap.lowest, gap.n) == (pytest.approx(0.3), "UA", "AA", 800)
    assert 0.2 < gap.low < gap.value < gap.high < 0.4
    assert (gap.too_small["selection_rate"], gap.minimum, gap.variant) == (["DL"], 100, "fairlearn/newcombe-dunn")
    assert FairnessWeek.objects.get(metric="demographic_parity_ratio").value == pytest.approx(0.5)
    assert FairnessWeek.objects.count() == 3
    client = cast.client("manager")
    page = client.get("/models/late-arrival/monitoring/").content.decode()
    assert "carrier: the share of positive cases that were flagged differs by 0.400" in page
    assert "0.300" in page
    page = client.get("/models/late-arrival/fairness/").content.decode()
    assert "decides nothing" in page and "UA and AA" in page
    told = b"".join(client.get("/models/late-arrival/fairness/?format=csv")).decode()
    assert "selection_rate: DL" in told


def test_gap_names_the_groups_that_are_too_small_for_its_own_rates():
    small = {"selection_rate": ["x"], "true_positive_rate": ["male", "x"], "false_positive_rate": ["x"]}
    found = [
        gap(FairnessWeek(metric=metric, column="sex", n=9, too_small=small))["small"]
        for metric in ("demographic_parity_difference", "demographic_parity_ratio", "equalised_odds_difference")
    ]
    assert found == ["x", "x", "male, x"]


@pytest.mark.parametrize(("grain", "rows"), [("hour", 2), ("day", 3), ("week", 2), ("month", 1)])
def test_the_course_has_a_point_for_each_part_of_its_grain(cast, model, version, grain, rows):
    told = [row("a", 7, 0.9), row("b", 8, 0.2), row("c", 14, 0.6), row("d", 14, 0.3, hour=5)]
    logs.send(model, "predictions", logs.csv(*told))
    logs.send(model, "labels", logs.csv("a,1", "b,0", "c,0", "d,1", header=LABEL))
    client = cast.client("manager")
    address = f"/models/late-arrival/performance/?grain={grain}&metric=accuracy"
    page = client.get(address).content.decode()
    assert f"do, by {grain}?" in page
    assert "Accuracy was" in page
    lines = b"".join(client.get(f"{address}&format=csv")).decode().splitlines()
    assert len(lines) == 1 + rows
    total = sum(int(line.split(",")[10]) for line in lines[1:])
    assert total == {"hour": 2, "day": 4, "week": 4, "month": 4}[grain]


def test_without_labels_the_pages_say_unknown(cast, model, version):
    logs.send(model, "predictions", logs.csv(row("a", 7, 0.9)))
    client = cast.client("manager")
    for name in ("performance", "slices", "fairness"):
        page = client.get(f"/models/late-arrival/{name}/").content.decode()
        assert "unknown" in page
    assert client.get("/models/late-arrival/performance/?grain=hour&day=2013-01-09").status_code == 200
    assert cast.client("outsider").get("/models/late-arrival/slices/").status_code == 404


def test_models_of_many_classes_are_measured_by_class(cast, use_case):
    model = catalogue.register_model(
        actor=logs.SYSTEM, use_case=use_case, slug="kind", name="Kind", task="multiclass", owner=cast.owner,
        outcome="what it is", features={"hour": "number"},
    )  # fmt: skip
    catalogue.register_version(
        actor=logs.SYSTEM, model=model, artefact="a", artefact_digest="1" * 64, author=cast.owner
    )
    state_mapping(
        actor=logs.SYSTEM, model=model, columns={}, segments=["place"], classes=["cat", "cow", "dog"], reason="known"
    )
    header = "prediction_id,at,version,prediction,score:cat,score:cow,score:dog,hour,place"
    told = [("a", "cat", "0.8,0.1,0.1"), ("b", "cat", "0.6,0.3,0.1"), ("c", "dog", "0.1,0.1,0.8")]
    rows = [f"{name},2013-01-07T12:00:00Z,1,{said},{chances},12,north" for name, said, chances in told]
    logs.send(model, "predictions", logs.csv(*rows, header=header))
    logs.send(model, "labels", logs.csv("a,cat", "b,cow", "c,dog", header=LABEL))
    window = Window.objects.get(superseded_at=None)
    assert (window.predictions, window.labelled, window.tp) == (3, 3, None)
    figures = {one.metric: one.value for one in Measurement.objects.filter(window=window)}
    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert figures["log_loss"] == pytest.approx(-np.log([0.8, 0.3, 0.8]).mean())
    assert groups("place")["north"].figures["metrics"]["accuracy"]["value"] == pytest.approx(2 / 3)
    page = cast.client("manager").get("/models/kind/monitoring/").content.decode()
    assert "It recognises cow least: 0.0% of its rows" in page
