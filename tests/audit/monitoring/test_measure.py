"""Weeks follow from what was sent, whatever the order and cut of files; a correction supersedes, never overwrites."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score

from audit.catalogue import services as catalogue
from audit.jobs.models import Job
from audit.ledger.models import Entry
from audit.monitoring import frames, selectors, services
from audit.monitoring.domain.meaning import METRICS
from audit.monitoring.domain.outcomes import Binary
from audit.monitoring.domain.regression import Regression
from audit.monitoring.models import Partition, Window
from tests.audit.monitoring import logs

pytestmark = pytest.mark.django_db
LABEL = "prediction_id,label"
WEEK = datetime(2013, 1, 7, tzinfo=UTC)


def line(name, day, score, version=1):
    return f"{name},2013-01-{day:02}T12:00:00Z,{version},{score},10,UA"


def current():
    return Window.objects.filter(superseded_at=None)


def value(metric, window=None):
    return (window or current().get()).measurements.get(metric=metric).value


def points(model, metric, source="computed"):
    return selectors.points_of(selectors.windows(viewer=logs.SYSTEM, model=model, source=source), metric)


def another_version(cast, model):
    return catalogue.register_version(
        actor=logs.SYSTEM, model=model, artefact="two", artefact_digest="2" * 64, author=cast.owner
    )


def test_late_labels_supersede_the_window_and_keep_the_old_one(model, version):
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9), line("b", 8, 0.2), line("c", 9, 0.6)))
    logs.send(model, "labels", logs.csv("a,1", "b,0", header=LABEL))
    between = current().get().recorded_at
    logs.send(model, "labels", logs.csv("c,false", header=LABEL))
    window = current().get()
    assert (window.labelled, window.tp, window.fp, window.fn, window.tn) == (3, 1, 1, 0, 1)
    assert list(Window.objects.order_by("recorded_at").values_list("labelled", flat=True)) == [0, 2, 3]
    known = selectors.windows(viewer=logs.SYSTEM, model=model, as_known_at=between).get()
    assert (known.labelled, known.fp) == (2, 0)
    assert Entry.objects.filter(action="monitoring.measured").count() == 3


def test_a_later_label_for_the_same_id_wins(model, version):
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9), line("b", 8, 0.2)))
    logs.send(model, "labels", logs.csv("a,1", "b,0", header=LABEL))
    logs.send(model, "labels", logs.csv("a,0", header=LABEL))
    window = current().get()
    assert (window.tp, window.fp, window.tn) == (0, 1, 1)
    table = frames.labelled(model, 1, WEEK, datetime(2013, 1, 14, tzinfo=UTC))
    assert dict(zip(table["prediction_id"].to_pylist(), table["label"].to_pylist(), strict=True)) == {
        "a": 0.0,
        "b": 0.0,
    }


def test_same_labels_again_write_no_window(model, version):
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9)))
    logs.send(model, "labels", logs.csv("a,1", header=LABEL))
    before = Window.objects.count(), Entry.objects.filter(action="monitoring.measured").count()
    logs.send(model, "labels", logs.csv("a,true", header=LABEL))
    assert (Window.objects.count(), Entry.objects.filter(action="monitoring.measured").count()) == before


def test_shadow_version_shares_labels_and_has_its_own_window(cast, model, version):
    another_version(cast, model)
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9), line("b", 8, 0.2)))
    logs.send(model, "labels", logs.csv("a,1", "b,0", header=LABEL))
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.3, 2), line("b", 8, 0.7, 2)))
    first, second = current().order_by("version__number")
    assert (first.tp, first.tn, first.fp, first.fn) == (1, 1, 0, 0)
    assert (second.tp, second.tn, second.fp, second.fn) == (0, 0, 1, 1)
    assert (value("roc_auc", first), value("roc_auc", second)) == (1.0, 0.0)


def test_label_reaches_a_version_that_predicted_across_midnight(cast, model, version):
    another_version(cast, model)
    sunday, monday = "2013-01-13T23:59:59Z", "2013-01-14T00:00:01Z"
    rows = logs.csv(f"a,{sunday},1,0.9,1,x", f"a,{monday},2,0.9,1,x")
    logs.send(model, "predictions", rows)
    logs.send(model, "labels", logs.csv("a,1", header=LABEL))
    assert [(row.version.number, row.start.day, row.labelled, row.tp) for row in current()] == [
        (1, 7, 1, 1),
        (2, 14, 1, 1),
    ]


def test_version_given_with_the_file_fills_the_column(model, version):
    content = logs.csv("a,2013-01-07T12:00:00Z,0.5,1,x", header="prediction_id,at,score,hour,carrier")
    assert logs.send(model, "predictions", content, version=1).state == "imported"
    assert current().get().version_id == version.pk


def test_classes_without_scores_have_no_roc_auc(model, version):
    content = logs.csv("a,2013-01-07T12:00:00Z,1,1,1,x", header="prediction_id,at,version,prediction,hour,carrier")
    logs.send(model, "predictions", content)
    logs.send(model, "labels", logs.csv("a,1", header=LABEL))
    assert (current().get().tp, value("roc_auc"), value("recall")) == (1, None, 1.0)


def test_regression_window_has_error_sums(regression, cast):
    catalogue.register_version(
        actor=logs.SYSTEM, model=regression, artefact="a", artefact_digest="3" * 64, author=cast.owner
    )
    rows = [f"{name},2013-01-07T12:00:00Z,1,{estimate},1,x" for name, estimate in (("a", 10), ("b", -2.5), ("c", 7))]
    header = "prediction_id,at,version,prediction,hour,carrier"
    logs.send(regression, "predictions", logs.csv(*rows, header=header))
    logs.send(regression, "labels", logs.csv("a,12", "b,-4", header=LABEL))
    window = current().get()
    assert (window.predictions, window.labelled, window.tp) == (3, 2, None)
    assert (window.error_sum, window.absolute_error_sum, window.squared_error_sum) == (-0.5, 3.5, 6.25)
    assert (value("mae"), value("bias")) == (1.75, -0.25)


def test_the_three_formats_make_the_same_partition(model, version, cast):
    columns = {
        "prediction_id": ["a", "b"], "at": [datetime(2013, 1, 7, 12, tzinfo=UTC)] * 2, "version": [1, 1],
        "score": [0.25, 0.75], "hour": [10.0, None], "carrier": ["UA", None],
    }  # fmt: skip
    rows = [
        {
            "prediction_id": "b",
            "at": "2013-01-07T13:00:00+01:00",
            "version": 1,
            "score": 0.75,
            "hour": None,
            "carrier": None,
        },
        {
            "prediction_id": "a",
            "at": "2013-01-07T12:00:00Z",
            "version": "1",
            "score": "0.25",
            "hour": 10,
            "carrier": "UA",
        },
    ]
    text = logs.csv("b,2013-01-07 12:00:00+00,1,0.75,,", "a,2013-01-07T12:00:00.000Z,1,0.25,10,UA")
    digests = set()
    for name, content in (
        ("l.parquet", logs.parquet(columns)),
        ("l.ndjson", logs.ndjson(rows)),
        ("l.csv.gz", logs.gzipped(text)),
    ):
        Partition.objects.all().delete()
        assert logs.send(model, "predictions", content, name).error == ""
        digests |= set(Partition.objects.values_list("digest", flat=True))
    assert len(digests) == 1


def test_labels_open_only_the_newest_days(model, version, monkeypatch):
    for month in range(1, 7):
        rows = [f"{month}-{day},2013-{month:02}-{day:02}T12:00:00Z,1,0.5,1,x" for day in range(1, 25)]
        logs.send(model, "predictions", logs.csv(*rows))
    from audit.lake import store as lake

    opened: list[str] = []
    local = lake.local

    def noted(path):
        opened.append(path)
        return local(path)

    monkeypatch.setattr(lake, "local", noted)
    upload = services.receive_upload(
        actor=logs.SYSTEM,
        model=model,
        kind="labels",
        filename="l.csv",
        chunks=[logs.csv("6-24,1", "6-20,0", header=LABEL)],
    )
    services.import_upload(actor=logs.SYSTEM, upload=upload)
    assert len([path for path in opened if path.startswith("predictions/")]) <= 16


def test_hint_finds_old_days_at_once(model, version):
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9)))
    content = logs.csv("a,1,2013-01-07T12:00:00Z", header="prediction_id,label,predicted_at")
    assert logs.send(model, "labels", content).state == "imported"
    assert current().get().tp == 1


def test_import_starts_one_measure_a_week(model, version):
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9), line("b", 13, 0.9), line("c", 14, 0.9)))
    parent = Job.objects.get(kind="monitoring.import")
    assert sorted(job.args["week"] for job in parent.children.filter(kind="monitoring.measure")) == [
        "2013-01-07",
        "2013-01-14",
    ]


def test_frames_give_only_the_asked_period_with_features(model, version):
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9), line("b", 8, 0.2), line("c", 9, 0.6)))
    since, until = datetime(2013, 1, 8, 12, tzinfo=UTC), datetime(2013, 1, 9, 12, tzinfo=UTC)
    table = frames.predictions(model, 1, since, until)
    assert table.column_names == ["prediction_id", "at", "prediction", "score", "carrier", "hour"]
    assert table.to_pydict()["prediction_id"] == ["b"]
    assert frames.labelled(model, 1, since, until).num_rows == 0
    assert frames.labelled(model, 9, since, until).column_names[4] == "label"


def test_sent_metric_stands_apart_and_is_superseded(model, version):
    def send(value, **more):
        return services.send_metric(
            actor=logs.SYSTEM, version=version, start=WEEK, end=datetime(2013, 1, 14, tzinfo=UTC), metric="roc_auc",
            value=value, n=10, **more,
        )  # fmt: skip

    first = send(0.7, low=0.6, high=0.8)
    assert send(0.7, low=0.6, high=0.8).pk == first.pk
    send(0.71)
    assert [row.measurements.get().value for row in Window.objects.order_by("recorded_at")] == [0.7, 0.71]
    assert points(model, "roc_auc") == []
    assert [p.value for p in points(model, "roc_auc", source="sent")] == [0.71]


def test_outsider_sees_nothing_and_may_not_send(cast, model, version):
    from audit.base.errors import NotPermitted

    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9)))
    outsider = cast.actor("outsider")
    assert selectors.windows(viewer=outsider).count() == 0
    assert selectors.uploads(viewer=outsider).count() == 0
    for name in ("outsider", "manager", "validator", "approver", "auditor"):
        with pytest.raises(NotPermitted):
            services.receive_upload(actor=cast.actor(name), model=model, kind="labels", filename="f", chunks=[b"x"])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cut_and_order_of_files_do_not_change_the_figures(model, version, cast, data):
    generator = np.random.default_rng(1)
    rows = [(f"p{at}", 7 + at % 7, round(float(score), 3)) for at, score in enumerate(generator.random(24))]
    truth = {name: int(generator.random() < score) for name, _, score in rows}
    cuts = data.draw(st.lists(st.sampled_from(range(4)), min_size=24, max_size=24))
    shuffled = data.draw(st.permutations(rows))
    slug = f"m{uuid4().hex[:12]}"
    other = catalogue.register_model(
        actor=logs.SYSTEM, use_case=model.use_case, slug=slug, name=slug, task="classification", owner=cast.owner,
        outcome="o", features=model.features, threshold=0.5,
    )  # fmt: skip
    catalogue.register_version(
        actor=logs.SYSTEM, model=other, artefact="a", artefact_digest="1" * 64, author=cast.owner
    )
    for part in sorted(set(cuts)):
        chosen = [row for row, cut in zip(shuffled, cuts, strict=True) if cut == part]
        logs.send(other, "predictions", logs.csv(*(line(*row) for row in chosen)))
        logs.send(other, "labels", logs.csv(*(f"{row[0]},{truth[row[0]]}" for row in chosen), header=LABEL))
    window = current().get(version__model=other)
    scores, labels = [row[2] for row in rows], [truth[row[0]] for row in rows]
    tn, fp, fn, tp = confusion_matrix(labels, [score >= 0.5 for score in scores]).ravel()
    assert (window.tp, window.fp, window.fn, window.tn) == (tp, fp, fn, tn)
    assert value("roc_auc", window) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@pytest.mark.slow
def test_employment_log_gives_the_peers_rates(cast, use_case, shared_data, tmp_path):
    """The rates of men and women in the peer's reference file follow from what we import."""
    import duckdb

    from audit.monitoring.models import Upload

    log, target = (shared_data / "predictions" / f"employment_MA_analysis{end}.pq" for end in ("", "_target"))
    expected = json.loads((shared_data / "predictions" / "parity_reference.json").read_text())
    sex = expected["fairlearn_0.15.0_employment"]["SEX"]
    model = catalogue.register_model(
        actor=logs.SYSTEM, use_case=use_case, slug="employment", name="employment", task="classification",
        owner=cast.owner, outcome="is employed", features={"SEX": "category"}, threshold=0.5,
    )  # fmt: skip
    catalogue.register_version(
        actor=logs.SYSTEM, model=model, artefact="a", artefact_digest="1" * 64, author=cast.owner
    )
    at = "make_timestamptz(epoch_us(make_date(year, 1, 1)::TIMESTAMP) + 43200000000)"
    db = duckdb.connect()
    db.execute(
        f'COPY (SELECT id AS prediction_id, {at} AS "at", 1 AS version, '
        "predicted_probability AS score, prediction, SEX "
        f"FROM read_parquet('{log}')) TO '{tmp_path}/log.parquet' (FORMAT parquet)"
    )
    db.execute(
        f"COPY (SELECT id AS prediction_id, employed AS label FROM read_parquet('{target}')) "
        f"TO '{tmp_path}/labels.parquet' (FORMAT parquet)"
    )
    for kind, name in (("predictions", "log.parquet"), ("labels", "labels.parquet")):
        upload: Upload = logs.send(model, kind, (tmp_path / name).read_bytes(), name)
        assert (upload.error, upload.rows) == ("", 208_892)
    assert sum(window.labelled for window in current()) == 208_892
    table = frames.labelled(model, 1, datetime(2016, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC))
    groups, flagged = np.array(table["SEX"].to_pylist()), np.array(table["prediction"].to_pylist()) == 1
    rates = [flagged[groups == group].mean() for group in sorted(set(groups))]
    assert max(rates) - min(rates) == pytest.approx(sex["dpd"], abs=1e-12)
    labels, scores = np.array(table["label"].to_pylist()), np.array(table["score"].to_pylist())
    assert points(model, "accuracy")[0].n > 60_000
    gaps = [
        max(part) - min(part)
        for part in (
            [flagged[(groups == group) & (labels == truth)].mean() for group in sorted(set(groups))] for truth in (0, 1)
        )
    ]
    assert max(gaps) == pytest.approx(sex["eod"], abs=1e-12)
    assert len(scores) == 208_892


def test_weeks_have_every_metric_of_their_task_in_its_order(model, version, regression):
    assert tuple(Binary.of([0.1, 0.9], [0, 1], [0, 1]).metrics(0.5)) == METRICS["classification"]
    assert tuple(Regression.of([1.0, 2.0], [1.0, 3.0]).metrics()) == METRICS["regression"]
    logs.send(model, "predictions", logs.csv(line("a", 7, 0.9), line("b", 8, 0.2)))
    logs.send(model, "labels", logs.csv("a,1", "b,0", header=LABEL))
    assert {row.metric for row in current().get().measurements.all()} == set(METRICS["classification"])
    assert (value("pr_auc"), value("calibration_error")) == (1.0, pytest.approx(0.15))
