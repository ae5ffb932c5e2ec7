"""Each kind of bad input has the outcome that docs/prediction-logs.md says; no row is lost, and counts add up."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.jobs.models import Job, State
from audit.lake import store as lake
from audit.monitoring import profiling
from audit.monitoring.inputs import days
from audit.monitoring.models import Kind, Partition, Window
from tests.audit.monitoring import logs
from tests.support.cast import SYSTEM

pytestmark = pytest.mark.django_db
LABEL = "prediction_id,label"
ROWS = [
    "a,2013-01-01T10:00:00Z,1,0.9,10,UA",
    "b,2013-01-02T10:00:00Z,1,0.2,11,AA",
    "c,2013-01-09T10:00:00Z,1,0.6,12,UA",
]


def send(model, kind, content, filename="log.csv", version=None):
    """Sends a file; every job that follows must end well, or be the import that names what is wrong."""
    upload = logs.send(model, kind, content, filename, version)
    failed = Job.objects.filter(state=State.FAILED).exclude(kind="monitoring.import")
    assert not failed.exists(), [job.error for job in failed]
    return upload


def add_up(model):
    """Rows of uploads, of days in the lake and of measured weeks are the same rows."""
    for upload in model.uploads.filter(state="imported"):
        assert upload.rows == upload.partitions.aggregate(rows=Sum("rows"))["rows"]
        if upload.kind == Kind.LABELS:
            assert upload.counts["first"] + upload.counts["corrected"] == upload.rows
    logged = Partition.objects.filter(model=model, kind=Kind.PREDICTIONS).aggregate(rows=Sum("rows"))["rows"]
    weeks = Window.objects.filter(version__model=model, superseded_at=None).aggregate(rows=Sum("predictions"))["rows"]
    assert logged == weeks
    return logged


def test_rows_out_of_order_make_the_same_days(model, version, use_case, cast):
    send(model, "predictions", logs.csv(*ROWS))
    other = catalogue.register_model(
        actor=SYSTEM, use_case=use_case, slug="other", name="other", task="classification", owner=cast.owner,
        outcome="late", features=model.features, threshold=0.5,
    )  # fmt: skip
    catalogue.register_version(actor=SYSTEM, model=other, artefact="a", artefact_digest="2" * 64, author=cast.owner)
    send(other, "predictions", logs.csv(*reversed(ROWS)))
    found = [list(one.partitions.order_by("day").values_list("day", "digest", "rows")) for one in (model, other)]
    assert found[0] == found[1]
    assert (add_up(model), add_up(other)) == (3, 3)


def test_rows_sent_twice_count_once(model, version):
    first = send(model, "predictions", logs.csv(*ROWS))
    assert send(model, "predictions", logs.csv(*ROWS)).pk == first.pk
    again = send(model, "predictions", logs.csv(ROWS[0], "d,2013-01-01T10:00:00Z,1,0.9,10,UA"))
    assert again.error.startswith("row 2, column prediction_id: The prediction 'a' of version 1 was imported before")
    assert add_up(model) == 3


def test_row_of_another_version_than_the_files_is_named(cast, model, version):
    catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/two", artefact_digest="2" * 64, author=cast.owner
    )
    content = logs.csv(ROWS[0], ROWS[1].replace(",1,0.2", ",2,0.2"))
    upload = send(model, "predictions", content, version=1)
    assert upload.error.startswith("row 3, column version: This row is of version 2, but the file was sent for version")
    assert send(model, "predictions", content).state == "imported"
    assert add_up(model) == 2


def test_id_of_another_version_on_a_far_day_is_refused(cast, model, version):
    catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/two", artefact_digest="2" * 64, author=cast.owner
    )
    send(model, "predictions", logs.csv(*ROWS))
    upload = send(model, "predictions", logs.csv("a,2013-02-01T10:00:00Z,2,0.9,10,UA"))
    assert "Version 1 predicted 'a' on 2013-01-01, more than a day away." in upload.error
    assert add_up(model) == 3


def test_labels_of_unknown_ids_leave_nothing(model, version):
    send(model, "predictions", logs.csv(*ROWS))
    upload = send(model, "labels", logs.csv("a,1", "x,1", header=LABEL))
    assert upload.error.startswith("row 3, column prediction_id: There is no prediction 'x'.")
    assert not Window.objects.filter(labelled__gt=0).exists()


def test_labels_a_year_late_write_the_week_of_the_prediction(model, version):
    send(model, "predictions", logs.csv(*ROWS))
    later = [f"l{at},2013-{1 + at % 12:02}-20T10:00:00Z,1,0.5,1,UA" for at in range(24)]
    send(model, "predictions", logs.csv(*later))
    upload = send(model, "labels", logs.csv("a,1,2014-01-05T00:00:00Z", header=f"{LABEL},at"))
    assert (upload.state, upload.error) == ("imported", "")
    week = Window.objects.get(superseded_at=None, labelled__gt=0)
    assert (week.start, week.predictions, week.labelled) == (datetime(2012, 12, 31, tzinfo=UTC), 2, 1)
    assert Window.objects.filter(start=week.start).count() == 2, "what was believed before is kept"
    assert add_up(model) == 27


def test_corrected_labels_are_counted_apart(cast, model, version):
    send(model, "predictions", logs.csv(*ROWS))
    assert send(model, "labels", logs.csv("a,1", header=LABEL)).counts["corrected"] == 0
    upload = send(model, "labels", logs.csv("a,0", "b,0", "c,1", header=LABEL))
    assert (upload.counts["first"], upload.counts["corrected"]) == (2, 1)
    week = Window.objects.get(superseded_at=None, start=datetime(2012, 12, 31, tzinfo=UTC))
    assert (week.fp, week.tp, week.labelled) == (1, 0, 2)
    add_up(model)
    client, url = cast.client("owner"), f"/models/late-arrival/upload/{upload.pk}/"
    page = client.get(url).content.decode()
    assert "2 labels of predictions that had none, and 1 correction of earlier labels" in page
    assert "3 rows in all" in page
    lines = b"".join(client.get(f"{url}?format=csv").streaming_content).decode().splitlines()
    assert lines[1:] == ["2013-01-01,,1", "2013-01-02,,1", "2013-01-09,,1"]


@pytest.mark.parametrize(
    ("content", "filename", "sentence"),
    [
        (logs.csv(ROWS[0], ROWS[1].replace(",11,", ",eleven,")), "l.csv", "row 3, column hour: 'eleven' is not a numb"),
        (
            logs.ndjson(
                {"prediction_id": f"{at}", "at": "2013-01-01T10:00:00Z", "version": 1, "score": 0.5, "carrier": "x",
                 "hour": at if at < 9 else {"of": at}}
                for at in range(12)
            ),
            "l.ndjson",
            "row 10, column hour: '{\"of\":9}' is not a number.",
        ),
    ],
)  # fmt: skip
def test_column_that_changes_its_type_is_named_where_it_does(model, version, content, filename, sentence):
    assert send(model, "predictions", content, filename).error.startswith(sentence)
    assert not Partition.objects.exists()


def test_category_that_turns_into_numbers_stays_text(model, version):
    content = logs.csv(ROWS[0], ROWS[1].replace("AA", "17"))
    assert send(model, "predictions", content).state == "imported"
    assert add_up(model) == 2


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("column", ["score", "hour"])
def test_what_is_not_finite_is_refused_in_parquet_too(model, version, value, column):
    columns = {
        "prediction_id": ["a", "b"], "at": [datetime(2013, 1, 1, 10, tzinfo=UTC)] * 2, "version": [1, 1],
        "score": [0.5, 0.5], "hour": [1.0, 2.0], "carrier": ["UA", "UA"],
    }  # fmt: skip
    columns[column][1] = value
    upload = send(model, "predictions", logs.parquet(columns), "log.parquet")
    assert upload.error.startswith(f"row 2, column {column}: '{value}' is not a finite number.")


def profile_of(model):
    return profiling.of_reference(
        [lake.local(part.path) for part in model.partitions.filter(kind=Kind.PREDICTIONS)], days.kinds_of(model)
    )


def test_feature_that_is_empty_in_all_rows_is_unknown_in_all(model, version):
    send(model, "predictions", logs.csv(*(row.rsplit(",", 2)[0] + ",," for row in ROWS)))
    found = profile_of(model)
    assert (found["hour"].n, found["hour"].nulls) == (3, 3)
    assert found["carrier"].n == 3
    assert add_up(model) == 3


def test_required_column_that_is_empty_in_all_rows_names_its_first(model, version):
    content = logs.csv(*(row.replace(row.split(",")[3], "") for row in ROWS))
    assert send(model, "predictions", content).error.startswith("row 2, column score: This field is empty.")


@pytest.mark.parametrize(("count", "names"), [(1, 1), (20_000, 1_000)])
def test_categories_one_or_very_many_all_count(model, version, count, names):
    lines = [f"p{at},2013-01-01T10:00:00Z,1,0.5,10,c{at % count}" for at in range(20_000)]
    assert send(model, "predictions", logs.csv(*lines)).error == ""
    carrier = profile_of(model)["carrier"]
    assert len(carrier.counts) == names
    assert sum(carrier.counts.values()) + carrier.others == carrier.n == add_up(model) == 20_000


def test_week_without_rows_is_no_week(cast, model, version):
    send(model, "predictions", logs.csv(ROWS[0], "z,2013-01-16T10:00:00Z,1,0.5,10,UA"))
    starts = list(Window.objects.order_by("start").values_list("start__day", flat=True))
    assert starts == [31, 14]
    client = cast.client("owner")
    assert client.get("/models/late-arrival/?p=q&to=2013-02-01").status_code == 200
    assert client.get("/monitoring/").status_code == 200


@pytest.mark.parametrize("filename", ["log.csv", "log.parquet"])
def test_clock_in_the_future_is_refused(model, version, filename):
    soon, late = clock.now() + timedelta(hours=20), clock.now() + timedelta(hours=26)
    rows = [("a", soon), ("b", late)]
    content = logs.csv(*(f"{name},{at.isoformat()},1,0.5,10,UA" for name, at in rows))
    if filename == "log.parquet":
        content = logs.parquet(
            {"prediction_id": ["a", "b"], "at": [soon, late], "version": [1, 1], "score": [0.5, 0.5],
             "hour": [1.0, 1.0], "carrier": ["UA", "UA"]}
        )  # fmt: skip
    upload = send(model, "predictions", content, filename)
    row = 3 if filename == "log.csv" else 2
    assert upload.error.startswith(f"row {row}, column at: ")
    assert "is in the future, by more than a day. Check the clock" in upload.error
    one = logs.csv(f"a,{soon.isoformat()},1,0.5,10,UA")
    assert send(model, "predictions", one).state == "imported"


def test_label_known_in_the_future_is_refused(model, version):
    send(model, "predictions", logs.csv(*ROWS))
    at = (clock.now() + timedelta(days=2)).isoformat()
    upload = send(model, "labels", logs.csv(f"a,1,{at}", header=f"{LABEL},at"))
    assert "is in the future, by more than a day" in upload.error
