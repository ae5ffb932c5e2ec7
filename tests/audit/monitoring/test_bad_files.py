"""A file that cannot be used says where and why, leaves nothing behind, and is kept."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.base.errors import InvalidInput
from audit.jobs.models import Job
from audit.lake import engine
from audit.lake import store as lake
from audit.ledger.models import Entry
from audit.monitoring import formats
from audit.monitoring.mapping import sampling
from audit.monitoring.models import Partition, Window
from tests.audit.monitoring import logs

pytestmark = pytest.mark.django_db
GOOD = "a,2013-01-01T10:00:00Z,1,0.9,10,UA"
WHEN = datetime(2013, 1, 1, 10, tzinfo=UTC)
COLUMNS: dict[str, list[Any]] = {
    "prediction_id": ["a"],
    "at": [WHEN],
    "version": [1],
    "score": [0.9],
    "hour": [10.0],
    "carrier": ["UA"],
}


def row(**changes):
    return {
        "prediction_id": "a",
        "at": "2013-01-01T10:00:00Z",
        "version": 1,
        "score": 0.9,
        "hour": 1,
        "carrier": "x",
    } | changes


def refused(model, content, filename="log.csv", kind="predictions"):
    """The sentence with which the file is refused; nothing of it may count."""
    before = Partition.objects.count(), Window.objects.count()
    upload = logs.send(model, kind, content, filename)
    assert upload.state == "failed"
    assert (Partition.objects.count(), Window.objects.count()) == before
    assert lake.read_bytes(upload.path) == content
    job = Job.objects.filter(kind="monitoring.import").latest("created_at")
    assert (job.state, job.error, job.attempts) == ("failed", upload.error, 1)
    assert Entry.objects.filter(action="monitoring.refused", reason=upload.error).exists()
    return upload.error


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["a,2013-01-01T10:00:00Z,1,high,10,UA"], "row 2, column score: 'high' is not a number."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1,1.5,10,UA"], "row 3, column score: '1.5' is outside 0 to 1."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1,nan,10,UA"], "row 3, column score: 'nan' is not a finite number."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1,,10,UA"], "row 3, column score: This field is empty."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1,0.5,inf,UA"], "row 3, column hour: 'inf' is not a finite number."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1,0.5,ten,UA"], "row 3, column hour: 'ten' is not a number."),
        ([GOOD, "b,2013-01-01T10:00:00,1,0.5,10,UA"], "row 3, column at: '2013-01-01T10:00:00' has no time zone."),
        ([GOOD, "b,yesterday,1,0.5,10,UA"], "row 3, column at: 'yesterday' is not a time."),
        ([GOOD, "b,2013-02-30T10:00:00Z,1,0.5,10,UA"], "row 3, column at: '2013-02-30T10:00:00Z' is not a time."),
        ([GOOD, "b,0013-02-03T10:00:00Z,1,0.5,10,UA"], "row 3, column at: '0013-02-03T10:00:00Z' is not between 1970"),
        ([GOOD, ",2013-01-01T10:00:00Z,1,0.5,10,UA"], "row 3, column prediction_id: This field is empty."),
        ([GOOD, "  ,2013-01-01T10:00:00Z,1,0.5,10,UA"], "row 3, column prediction_id: This field is empty."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1,0.5,10,UA", GOOD], "row 4, column prediction_id: The id 'a' stands in row 2"),
        ([GOOD, "b,2013-01-01T10:00:00Z,7,0.5,10,UA"], "row 3, column version: The model has no version 7."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1.5,0.5,10,UA"], "row 3, column version: '1.5' is not a version number."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1,0.5,10"], "row 3: This row has 5 fields and the header has 6."),
        ([GOOD, "b,2013-01-01T10:00:00Z,1,0.5,10,UA,x"], "row 3: This row has 7 fields and the header has 6."),
        ([GOOD, 'b,2013-01-01T10:00:00Z,1,0.5,10,"UA'], "row 3: A quote is opened and not closed."),
        ([], "file: This file has no rows."),
    ],
)
def test_csv_with_one_wrong_row_names_it(model, version, rows, sentence):
    assert refused(model, logs.csv(*rows)).startswith(sentence)


def test_blank_lines_and_line_breaks_count_as_in_the_file(model, version):
    content = logs.csv(GOOD, "", 'b,2013-01-01T10:00:00Z,1,0.5,10,"U\nA"', "c,2013-01-01T10:00:00Z,1,x,10,UA")
    assert refused(model, content).startswith("row 6, column score: 'x' is not a number.")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("prediction_id,at,version,scor,hour,carrier", "row 1, column scor: There is no such column"),
        ("prediction_id,when,version,score,hour,carrier", "row 1, column when: There is no such column"),
        ("prediction_id,at,version,score,hour,hour", "row 1: The column hour stands twice."),
        ("prediction_id,at,version,score,hour,", "row 1: A column has no name."),
    ],
)
def test_csv_with_a_wrong_column_names_it(model, version, header, sentence):
    assert refused(model, logs.csv(GOOD, header=header)).startswith(sentence)


@pytest.mark.parametrize("missing", ["prediction_id", "at", "version", "hour"])
def test_csv_without_a_column_names_it(model, version, missing):
    names = [name for name in logs.HEADER.split(",") if name != missing]
    content = logs.csv(",".join("1" for _ in names), header=",".join(names))
    assert refused(model, content).startswith(f"row 1, column {missing}: This column is missing.")


def test_csv_without_score_and_prediction_is_refused(model, version):
    content = logs.csv("a,2013-01-01T10:00:00Z,1,10,UA", header="prediction_id,at,version,hour,carrier")
    assert "score and prediction are both missing" in refused(model, content)


def test_id_of_an_earlier_import_of_the_version_is_refused(model, version):
    logs.send(model, "predictions", logs.csv(GOOD))
    content = logs.csv("z,2013-01-01T10:00:00Z,1,0.9,10,UA", "a,2013-05-01T10:00:00Z,1,0.9,10,UA")
    assert refused(model, content).startswith(
        "row 3, column prediction_id: The prediction 'a' of version 1 was imported"
    )


@pytest.mark.parametrize("filename", ["log.csv", "log.parquet", "log.ndjson"])
def test_empty_file_is_refused(model, version, filename):
    assert refused(model, b"", filename).startswith("file: This file is empty.")


@pytest.mark.parametrize("cut", [10, 300, -1])
def test_truncated_parquet_is_refused(model, version, cut):
    whole = logs.parquet(COLUMNS)
    assert "Parquet file is cut off or damaged" in refused(model, whole[:cut], "log.parquet")


def test_parquet_with_damaged_pages_is_refused(model, version):
    whole = bytearray(logs.parquet(COLUMNS))
    whole[4:60] = bytes(56)
    assert "Parquet" in refused(model, bytes(whole), "log.parquet")


def negative_size(whole):
    """The file with its first chunk's size, in the footer a variable-length zigzag number of two bytes, below zero."""
    size = re.search(rb"\x16([\x80-\xff][\x00-\x7f])\x16([\x80-\xff][\x00-\x7f])\x26", whole)
    whole[size.start(2)] |= 1


def foreign_name(whole):
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    whole[whole.index(b"score", footer) + 4] = 0xFF


@pytest.mark.parametrize("damage", [negative_size, foreign_name])
def test_parquet_whose_footer_is_wrong_is_refused_and_harms_no_other_file(model, version, damage):
    """A size below zero ends the engine that reads it, and a name that is not UTF-8 cannot even be told."""
    with engine.database() as ours:
        whole = bytearray(logs.parquet(COLUMNS))
        damage(whole)
        assert "This Parquet file is" in refused(model, bytes(whole), "log.parquet")
        with pytest.raises(InvalidInput, match="This Parquet file is"):
            sampling.look(filename="log.parquet", chunks=[bytes(whole)])
        assert ours.execute("SELECT 1").fetchall() == [(1,)]
    assert logs.send(model, "predictions", logs.csv(GOOD)).state == "imported"


def test_text_named_parquet_is_refused(model, version):
    assert "This is not a Parquet file" in refused(model, logs.csv(GOOD), "log.parquet")


def test_parquet_times_without_zone_are_refused(model, version):
    content = logs.parquet(COLUMNS | {"at": [WHEN.replace(tzinfo=None)]})
    assert "column at: These times have no time zone." in refused(model, content, "log.parquet")


def test_parquet_row_out_of_range_is_named(model, version):
    import math

    two = {name: values * 2 for name, values in COLUMNS.items()} | {"prediction_id": ["a", "b"]}
    assert refused(model, logs.parquet(two | {"score": [0.5, 2.0]}), "l.parquet").startswith(
        "row 2, column score: '2.0' is"
    )
    assert "'nan' is not a finite number" in refused(model, logs.parquet(two | {"score": [0.5, math.nan]}), "l.parquet")
    assert "holds other" in refused(model, logs.parquet(two | {"score": [[0.5], [0.5]]}), "l.parquet")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (logs.ndjson([row(), row(prediction_id="b", score="x")]), "row 2, column score: 'x' is not a number."),
        (logs.ndjson([row(), row(prediction_id="b", score=None)]), "row 2, column score: This field is empty."),
        (logs.ndjson([row(), row(prediction_id="b", extra=1)]), "column extra: There is no such column"),
        (logs.ndjson([row()]) + b"\n[1, 2]\n", "row 3: This line is not a JSON object."),
        (
            logs.ndjson([row()]) + b'{"prediction_id": b}\n' + logs.ndjson([row(prediction_id="c")]),
            "row 2: This line is not JSON.",
        ),
    ],
)
def test_ndjson_with_one_wrong_row_names_it(model, version, content, sentence):
    assert refused(model, content, "log.ndjson").startswith(sentence)


def test_bytes_that_are_not_utf8_are_refused(model, version):
    content = logs.csv(GOOD) + b"b,2013-01-01T10:00:00Z,1,0.5,10,\xff\n"
    assert refused(model, content).startswith("row 3: There is a byte that is not UTF-8 text.")


def test_damaged_gzip_is_refused(model, version):
    content = logs.gzipped(logs.csv(GOOD))[:-6]
    assert "gzip file ends too early" in refused(model, content, "log.csv.gz")


def test_line_longer_than_the_limit_is_refused(model, version):
    content = logs.csv(GOOD, "x" * (formats.LINE_LIMIT + 1))
    assert refused(model, content).startswith("row 3: This line is longer than 1,048,576 bytes.")


def test_line_of_two_gigabytes_is_refused_in_bounded_memory(tmp_path):
    import tracemalloc

    from audit.base.errors import InvalidInput

    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(logs.csv(GOOD))
        file.truncate(2 * 1024**3)
    text = tmp_path / "text.csv"
    text.write_bytes(logs.csv(GOOD) + b"x" * (32 * 1024**2))
    tracemalloc.start()
    for found in (path, text):
        with pytest.raises(InvalidInput) as caught:
            formats.check_lines(found, zipped=False)
        assert caught.value.where == "row 3"
    assert tracemalloc.get_traced_memory()[1] < 16 * 1024**2
    tracemalloc.stop()


def test_quoted_field_longer_than_the_limit_is_refused(model, version):
    content = logs.csv(GOOD, 'b,2013-01-01T10:00:00Z,1,0.5,10,"' + "line\n" * 600_000 + '"')
    assert "row 3" in refused(model, content)


def test_labels_of_unknown_ids_are_refused(model, version):
    logs.send(model, "predictions", logs.csv(GOOD))
    content = logs.csv("a,1", "b,0", header="prediction_id,label")
    assert refused(model, content, kind="labels").startswith("row 3, column prediction_id: There is no prediction 'b'.")


@pytest.mark.parametrize(
    ("label", "sentence"),
    [("2", "row 2, column label: '2' is neither 0 nor 1."), ("yes", "row 2, column label: 'yes' is not a number."),
     ("", "row 2, column label: This field is empty.")],
)  # fmt: skip
def test_label_that_is_no_outcome_is_refused(model, version, label, sentence):
    logs.send(model, "predictions", logs.csv(GOOD))
    assert refused(model, logs.csv(f"a,{label}", header="prediction_id,label"), kind="labels").startswith(sentence)


def test_failed_file_sent_again_is_tried_again(model, version):
    labels = logs.csv("a,1", header="prediction_id,label")
    refused(model, labels, kind="labels")
    logs.send(model, "predictions", logs.csv(GOOD))
    upload = logs.send(model, "labels", labels)
    assert (upload.state, upload.tries, upload.error) == ("imported", 2, "")
    assert Window.objects.get(superseded_at=None).labelled == 1
