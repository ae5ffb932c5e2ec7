"""The same rows make the same files, in whatever order they come, and whether days are sorted in memory or not."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lake import engine
from audit.lake import store as lake
from audit.monitoring import writing

FIRST = datetime(2013, 1, 7, tzinfo=UTC)
Row = tuple[str, datetime, int, float | None]


def written(rows: list[Row]) -> list[writing.Written]:
    """The files of these rows."""
    import pyarrow as pa

    ids, times, versions, scores = zip(*rows, strict=True)
    told = pa.table(
        {
            "prediction_id": pa.array(ids, pa.string()),
            "at": pa.array(times, pa.timestamp("us", "UTC")),
            "version": pa.array(versions, pa.int32()),
            "score": pa.array(scores, pa.float64()),
        }
    )
    said: list[tuple[int, int]] = []
    with engine.database() as db:
        db.register("told", told)
        found = writing.write(
            db,
            'SELECT *, CAST("at" AS DATE) AS "#day" FROM told',
            order=("at", "prediction_id"),
            prefix="tests",
            versioned=True,
            rows=len(rows),
            progress=lambda done, total, _: said.append((done, total)),
        )
    assert said[-1] == (len(rows), len(rows))
    return sorted(found, key=lambda one: (one.version or 0, one.day))


some = st.lists(
    st.tuples(st.integers(0, 3 * 24 * 4), st.integers(1, 2), st.none() | st.floats(0, 1)), min_size=1, max_size=60
).map(
    lambda drawn: [
        (f"p{number * 7919 % 101:03d}", FIRST + timedelta(minutes=15 * quarter), version, score)
        for number, (quarter, version, score) in enumerate(drawn)
    ]
)


@settings(max_examples=40, deadline=None)
@given(some, st.randoms(use_true_random=False))
def test_files_do_not_depend_on_the_order_of_rows(rows, random):
    in_order = sorted(rows, key=lambda row: (row[2], row[1], row[0]))
    expected = written(in_order)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert written(shuffled) == expected
    days = sorted(rows, key=lambda row: (row[2], row[1].date()))
    assert written(days) == expected
    assert sum(one.rows for one in expected) == len(rows)


def test_large_days_are_sorted_by_the_database_into_the_same_files(monkeypatch):
    rows = [(f"p{number:04d}", FIRST + timedelta(seconds=-number % 90_000), 1, None) for number in range(2_000)]
    expected = written(rows)
    monkeypatch.setattr(writing, "MOST_HELD", 10)
    monkeypatch.setattr(writing, "BATCH", 64)
    assert written(rows) == expected
    assert [(one.day, one.rows) for one in expected] == [(date(2013, 1, 7), 1), (date(2013, 1, 8), 1_999)]


def test_settled_rows_are_worked_out_once():
    with engine.database() as db:
        settled = engine.settled(db, "SELECT random() AS number FROM range(1000) ORDER BY random()", "numbers")
        assert db.execute(settled).fetchall() == db.execute(settled).fetchall()


def test_nothing_of_a_failed_write_stays_behind(home):
    def stop(done: int, total: int, message: str) -> None:
        raise RuntimeError("the worker is told to stop")

    before = set((home / "tmp").iterdir()) if (home / "tmp").is_dir() else set()
    with engine.database() as db, pytest.raises(RuntimeError):
        writing.write(
            db,
            "SELECT range::VARCHAR AS prediction_id, TIMESTAMPTZ '2013-01-07' + to_days(range::INTEGER) AS \"at\", "
            "1::INTEGER AS version, (DATE '2013-01-07' + range::INTEGER) AS \"#day\" FROM range(20)",
            order=("at", "prediction_id"), prefix="tests", versioned=True, rows=20, progress=stop,
        )  # fmt: skip
    assert set((home / "tmp").iterdir()) == before


def test_file_holds_its_rows_in_order_with_the_least_and_the_most_id():
    import pyarrow.parquet as pq

    (one,) = written([("b", FIRST, 1, 0.5), ("a", FIRST, 1, None), ("c", FIRST, 1, 1.0)])
    table = pq.read_table(Path(lake.local(one.path)))
    assert table.column("prediction_id").to_pylist() == ["a", "b", "c"]
    assert table.column_names == ["prediction_id", "at", "score"]
    assert (one.first_id, one.last_id, one.rows) == ("a", "c", 3)
