"""DuckDB over files: bounded memory, spilling to Tollgate's own folder, one engine a process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings

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
            "autoload_known_extensions": False,
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
    path = beside(db, f"{name}.parquet")
    db.execute(f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION snappy)")
    return f"SELECT * FROM {parquet(path)}"  # noqa: S608 - a path that we made


def parquet(*paths: Path) -> str:
    """SQL for a FROM clause over Parquet files; there must be at least one."""
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}])"


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"
