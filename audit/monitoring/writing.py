"""Rows become files in the lake, one for each version and day; the same rows make the same files, however they came."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from audit.lake import engine
from audit.lake import store as lake
from audit.lake.engine import quoted

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

MOST_PARTITIONS: Final = 5_000
ROW_GROUP: Final = 122_880
BATCH: Final = 65_536
MOST_HELD: Final = 500_000
"""A day of so many rows is put in order in memory; a larger one by the database, which can use the disk."""
WAITING: Final = 2
"""So many days wait for being stored while the next one is read."""

Key = tuple[int | None, date]


@dataclass(frozen=True, slots=True)
class Written:
    """A day's file in the lake, not yet in the books. ``version`` is a number, None for labels."""

    version: int | None
    day: date
    path: str
    digest: str
    bytes: int
    rows: int
    first_id: str
    last_id: str


def write(
    db: duckdb.DuckDBPyConnection,
    select: str,
    *,
    order: Sequence[str],
    prefix: str,
    versioned: bool,
    rows: int,
    progress: Callable[[int, int, str], None],
) -> list[Written]:
    """Writes the rows of ``select`` into the lake, a file for each version and day, each in the ``order`` of columns.

    Its column ``#day`` (and ``version``, if ``versioned``) is in the file's name and not in the file. A log mostly
    comes in the order of its days; then only days are sorted, and the database need not sort the whole of it.
    ``select`` is asked twice and gives its rows in the same order each time (see ``engine.settled``).
    """
    keys = ("version", "#day") if versioned else ("#day",)
    by_day = _days_follow(db, select, keys)
    if not by_day:
        select = f"{select} ORDER BY {', '.join(quoted(name) for name in (*keys, *order))}"
    written: list[Written] = []
    waiting: deque[Future[Written]] = deque()
    parts: list[_Part] = []
    done = 0
    with ThreadPoolExecutor(1) as beside:
        try:
            for batch in db.sql(select).to_arrow_reader(BATCH):
                for key, piece in _runs(batch, versioned=versioned):
                    if not parts or parts[-1].key != key:
                        if parts:
                            waiting.append(beside.submit(parts[-1].close))
                        while len(waiting) > WAITING:
                            written.append(waiting.popleft().result())
                        parts = [part for part in parts if not part.closed]
                        parts.append(_Part(key, prefix, piece.schema, order if by_day else ()))
                    parts[-1].add(piece)
                done += batch.num_rows
                progress(done, rows, "writing days into the lake")
            if parts:
                waiting.append(beside.submit(parts[-1].close))
            written += [one.result() for one in waiting]
        finally:
            for one in waiting:
                one.cancel()
            beside.shutdown()
            for part in parts:
                part.drop()
    return written


def _days_follow(db: duckdb.DuckDBPyConnection, select: str, keys: Sequence[str]) -> bool:
    """Whether the rows come by version and day already, and no day has more than ``MOST_HELD`` of them."""
    import numpy as np

    columns = ", ".join(quoted(name) for name in keys)
    last: NDArray[np.int64] | None = None
    run = 0
    for batch in db.sql(f"SELECT {columns} FROM ({select})").to_arrow_reader(BATCH):
        codes = _codes(batch, keys)
        steps = np.diff(codes if last is None else np.concatenate((last, codes)))
        if bool((steps < 0).any()):
            return False
        places = np.flatnonzero(steps)
        lengths = np.diff(places)
        run = run + codes.size if not places.size else codes.size - int(places[-1]) - 1
        if max(run, int(lengths.max(initial=0))) > MOST_HELD:
            return False
        last = codes[-1:]
    return True


def _codes(batch: pa.RecordBatch, keys: Sequence[str]) -> NDArray[np.int64]:
    """A number for each row's version and day, in their order. By DLPack: pyarrow's own way to numpy loads pandas."""
    import numpy as np

    days = np.from_dlpack(batch.column("#day").cast("int32")).astype(np.int64)
    return days if len(keys) == 1 else (np.from_dlpack(batch.column("version")).astype(np.int64) << 32) + days


def _runs(batch: pa.RecordBatch, *, versioned: bool) -> Iterator[tuple[Key, pa.RecordBatch]]:
    """The batch cut where version or day changes, without the columns that only say so."""
    import numpy as np

    codes = _codes(batch, ("version", "#day") if versioned else ("#day",))
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), batch.num_rows]
    plain = batch.select([name for name in batch.schema.names if name not in {"#day", "version"}])
    for start, end in itertools.pairwise(edges):
        if end > start:
            version = batch.column("version")[start].as_py() if versioned else None
            yield (version, batch.column("#day")[start].as_py()), plain.slice(start, end - start)


class _Part:
    """A day's file while it is written. With ``order`` its rows are held and put in order at the end."""

    def __init__(self, key: Key, prefix: str, schema: pa.Schema, order: Sequence[str]) -> None:
        import pyarrow.parquet as pq

        self.key, self.prefix, self.order, self.rows, self.closed = key, prefix, order, 0, False
        self.first: str | None = None
        self.last: str | None = None
        self.held: list[pa.RecordBatch] = []
        self.work = engine.workfile()
        # Ids and numbers hardly repeat: a dictionary of them costs time and saves nothing.
        repeating = [name for name in schema.names if schema.field(name).type == "string" and name != "prediction_id"]
        self.writer = pq.ParquetWriter(
            self.work, schema, compression="zstd", compression_level=1, use_dictionary=repeating
        )

    def add(self, batch: pa.RecordBatch) -> None:
        self.held.append(batch)
        self.rows += batch.num_rows
        if not self.order and sum(part.num_rows for part in self.held) >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def _flush(self, least: int) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        # Row groups are cut at fixed counts within the day, so that the file does not depend on where batches ended.
        table = pa.Table.from_batches(self.held, self.writer.schema).combine_chunks()
        if self.order and not _in_order(table, self.order):
            table = table.sort_by([(name, "ascending") for name in self.order])
        whole = table.num_rows // ROW_GROUP * ROW_GROUP if least > 1 else table.num_rows
        self.writer.write_table(table.slice(0, whole), row_group_size=ROW_GROUP)
        self.held = table.slice(whole).to_batches()
        least_id, most_id = pc.min_max(table.column("prediction_id")).as_py().values()
        self.first = least_id if self.first is None else min(self.first, least_id)
        self.last = most_id if self.last is None else max(self.last, most_id)

    def close(self) -> Written:
        """Stores the file in the lake."""
        if self.held:
            self._flush(1)
        self.writer.close()
        version, day = self.key
        stored = lake.put_file(f"{self.prefix}/{day}", self.work, suffix=".parquet")
        self.drop()
        return Written(
            version, day, stored.path, stored.digest, stored.size, self.rows, self.first or "", self.last or ""
        )

    def drop(self) -> None:
        """Removes what was not stored; nothing when that is done."""
        if not self.closed:
            self.closed = True
            self.writer.close()
            self.work.unlink(missing_ok=True)


def _in_order(table: pa.Table, order: Iterable[str]) -> bool:
    """Whether the rows are sorted by these columns already; rows that are equal in one are compared in the next."""
    import pyarrow.compute as pc

    equal = None
    for name in order:
        column = table.column(name)
        first, second = column.slice(0, len(column) - 1), column.slice(1)
        less = pc.greater(first, second)
        if pc.any(less if equal is None else pc.and_(equal, less)).as_py():
            return False
        same = pc.equal(first, second)
        equal = same if equal is None else pc.and_(equal, same)
    return True
