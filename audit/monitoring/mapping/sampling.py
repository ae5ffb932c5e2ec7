"""The first rows of a file, and what each of its columns looks like in them; the file is not kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.lake import engine
from audit.lake.engine import literal, quoted
from audit.monitoring import checking, formats
from audit.monitoring.mapping.guessing import Seen

if TYPE_CHECKING:
    import duckdb

    from audit.monitoring.formats import Source

ROWS: Final = 1_000
LARGEST: Final = 50 * 1024 * 1024
MOST_COLUMNS: Final = 400
SHOWN: Final = 40


def look(*, filename: str, chunks: Iterable[bytes]) -> list[Seen]:
    """Each column of a file of any of the three formats, from its first ``ROWS`` rows, in the file's order.

    Raises:
        InvalidInput: the file is none of the three formats, is damaged, has no rows, or is larger than 50 MB.
    """
    import duckdb

    path, source = engine.workfile(), None
    try:
        size = 0
        with path.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > LARGEST:
                    raise InvalidInput(
                        "This sample is larger than 50 MB.", where="file", mend="Send its first rows, or one day of it."
                    )
                file.write(chunk)
        with engine.database(apart=True) as db:
            try:
                source = formats.open_source(db, path, filename)
                return _columns(db, source)
            except (duckdb.Error, UnicodeDecodeError) as error:
                raise formats.parse_error(error, source, path) from error
    finally:
        path.unlink()


def _columns(db: duckdb.DuckDBPyConnection, source: Source) -> list[Seen]:
    if len(source.columns) > MOST_COLUMNS:
        raise InvalidInput(
            f"This file has {len(source.columns):,} columns; {MOST_COLUMNS} are the most.",
            where="file",
            mend="Send a sample without those that the model does not need.",
        )
    db.execute(f"CREATE TEMP TABLE sample AS SELECT * FROM {source.relation} LIMIT {ROWS}")
    found = [_seen(db, name, type_) for name, type_ in source.columns.items()]
    if not found or not found[0].rows:
        raise InvalidInput("This file has no rows.", where="file", mend="Send a file with at least one row.")
    return found


def _seen(db: duckdb.DuckDBPyConnection, name: str, type_: formats.Type) -> Seen:
    raw = quoted(name)
    number = "NULL::DOUBLE" if type_ not in {"text", "integer", "number"} else f"TRY_CAST({raw} AS DOUBLE)"
    text, time = f"trim(CAST({raw} AS VARCHAR))", "TRY_CAST(v AS TIMESTAMPTZ)"
    looks = f"regexp_matches(v, {literal(checking.ZONE)})" if type_ == "text" else str(type_ == "time").lower()
    dated = "regexp_matches(v, '^\\d{4}-\\d\\d-\\d\\d')" if type_ == "text" else str(type_.startswith("time")).lower()
    row: tuple[Any, ...] = db.execute(
        f"SELECT count(*), count(v), count(DISTINCT v), count(x), count(x) FILTER (WHERE x = floor(x)), "
        f"min(x), max(x), count(*) FILTER (WHERE {dated} AND {time} IS NOT NULL), "
        f"count(*) FILTER (WHERE {looks} AND {time} IS NOT NULL), coalesce(max(length(v)), 0), "
        f"count(*) FILTER (WHERE lower(v) IN ('true', 'false')) "
        f"FROM (SELECT nullif({text}, '') AS v, CASE WHEN isfinite({number}) THEN {number} END AS x FROM sample)"
    ).fetchall()[0]
    first = db.execute(f"SELECT left({text}, {SHOWN}) FROM sample WHERE {text} <> '' LIMIT 3").fetchall()
    most = db.execute(
        f"SELECT {text} AS v FROM sample WHERE {text} <> '' GROUP BY v ORDER BY count(*) DESC, v LIMIT 51"
    ).fetchall()
    seen = Seen(name, type_, *row)
    return replace(seen, first=tuple(one[0] for one in first), values=tuple(sorted(one[0] for one in most)))
