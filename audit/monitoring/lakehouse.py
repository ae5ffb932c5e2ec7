"""DuckDB over the lake: bounded memory, spilling to Tollgate's own folder, and only partitions that are asked for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own, in memory, in UTC; closed at the end, when its folder on the disk goes with it."""
    import duckdb

    with tempfile.TemporaryDirectory(dir=_scratch(), prefix="duckdb-") as folder:
        db = duckdb.connect(
            config={
                "memory_limit": MEMORY,
                "temp_directory": folder,
                "threads": settings.TOLLGATE_THREADS,
                "autoinstall_known_extensions": False,
            }
        )
        try:
            db.execute("SET TimeZone = 'UTC'")
            yield db
        finally:
            db.close()


def beside(db: duckdb.DuckDBPyConnection, name: str) -> Path:
    """The place of a file that goes when the database does."""
    row = db.execute("SELECT current_setting('temp_directory')").fetchall()[0]
    return Path(row[0]) / name


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
