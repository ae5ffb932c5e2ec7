"""DuckDB over the lake: bounded memory, spilling to Tollgate's own folder, and only partitions that are asked for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

from audit.lake import store as lake
from audit.monitoring.formats import literal
from audit.monitoring.models import Partition

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "512MB"


def _scratch() -> Path:
    folder = settings.TOLLGATE_HOME / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def workfile() -> Path:
    """A new empty file for work; whoever asks for it removes it."""
    handle, name = tempfile.mkstemp(dir=_scratch())
    os.close(handle)
    return Path(name)


@lru_cache(maxsize=1)
def _engine(process: int, scratch: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """The DuckDB of this process, in memory: one takes longer to open than most questions take to answer.

    ``process`` is part of the key because threads of an engine do not live on in a fork.
    """
    return _open(scratch / f"duckdb-{process}", threads)


def _open(spill: Path, threads: int) -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "temp_directory": str(spill),
            "threads": threads,
            "autoinstall_known_extensions": False,
        }
    )


@contextmanager
def database(*, apart: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, in UTC: its temporary tables and views and what lies ``beside`` it go at the end.

    A file from outside is read ``apart``, by an engine of its own: a damaged one can end the engine that reads it.
    """
    import duckdb

    scratch, threads = _scratch(), settings.TOLLGATE_THREADS
    with tempfile.TemporaryDirectory(dir=scratch, prefix="work-") as folder:
        db = _open(Path(folder), threads) if apart else _engine(os.getpid(), scratch, threads).cursor()
        try:
            db.execute(f"SET TimeZone = 'UTC'; SET VARIABLE folder = {literal(folder)}")
            yield db
        except (duckdb.FatalException, duckdb.InternalException):
            if not apart:
                _engine.cache_clear()  # an engine that failed answers nothing more
            raise
        finally:
            db.close()


def beside(db: duckdb.DuckDBPyConnection, name: str) -> Path:
    """The place of a file that goes when the connection does."""
    row = db.execute("SELECT getvariable('folder')").fetchall()[0]
    return Path(row[0]) / name


def settled(db: duckdb.DuckDBPyConnection, select: str, name: str) -> str:
    """SQL for the rows of ``select``, worked out once into a Parquet file ``beside`` the connection.

    Asked twice, a join may give its rows in two orders; these come in one.
    """
    path = literal(str(beside(db, f"{name}.parquet")))
    db.execute(f"COPY ({select}) TO {path} (FORMAT parquet, COMPRESSION snappy)")
    return f"SELECT * FROM read_parquet([{path}])"


def files(partitions: Iterable[Partition], *, tagged: bool = False) -> str:
    """SQL for a FROM clause over the partitions' files; there must be at least one.

    With ``tagged`` the column filename says from which file a row is.
    """
    paths = ", ".join(literal(str(lake.local(partition.path))) for partition in partitions)
    return f"read_parquet([{paths}], union_by_name=true, hive_partitioning=false{', filename=true' if tagged else ''})"


def labels(partitions: Iterable[Partition]) -> str:
    """SQL for a FROM clause over label partitions: prediction_id and label, one row an id, the newest import's.

    There must be at least one partition.
    """
    rows = list(partitions)
    ranks = ", ".join(f"({literal(str(lake.local(row.path)))}, {row.sequence})" for row in rows)
    if len({row.sequence for row in rows}) == 1 and len({row.day for row in rows}) == len(rows):
        return f"(SELECT prediction_id, label FROM {files(rows)})"
    return (
        "(SELECT prediction_id, arg_max(label, sequence) AS label "
        f"FROM {files(rows, tagged=True)} JOIN (VALUES {ranks}) AS ranks(filename, sequence) USING (filename) "
        "GROUP BY prediction_id)"
    )
