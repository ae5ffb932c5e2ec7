"""A file is checked whole before any of it counts: rows are staged, each rule is tried, then days become partitions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.catalogue.models import Task
from audit.lake import engine
from audit.lake.engine import literal, quoted
from audit.monitoring import checking, formats
from audit.monitoring.fields import label_fields, prediction_fields, scores_of
from audit.monitoring.formats import Source, day_of
from audit.monitoring.mapping.applying import applied
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.models import Kind
from audit.monitoring.writing import BATCH

if TYPE_CHECKING:
    import duckdb

    from audit.catalogue.models import Model

AT_ONCE: Final = 16_000_000
"""So many ids are held against each other at once: 128 MB of hashes."""
OWN: Final = ("prediction_id", "at", "version", "score", "prediction")
MOST_GROUPS: Final = 1_000
"""So many different values a column may have in a file by which results are cut: more is text, or ids of people."""


def stage(
    db: duckdb.DuckDBPyConnection, path: Path, filename: str, *, model: Model, kind: str, version: int | None
) -> tuple[Source, int]:
    """Makes the view ``staged`` of the file's rows, converted and checked one by one; returns how many there are.

    Raises:
        InvalidInput: the file or one of its rows cannot be used; the first such row and its column are named.
    """
    import duckdb

    source: Source | None = None
    try:
        source = formats.open_source(db, path, filename)
        labels, mapping = kind == Kind.LABELS, LogMapping.of(model)
        of_labels = label_fields(model, mapping)
        of_predictions = prediction_fields(model, mapping, version_given=version is not None)
        fields, others = (of_labels, of_predictions) if labels else (of_predictions, of_labels)
        source = applied(
            source, mapping, kind=kind, own=[one.name for one in fields], others=[one.name for one in others]
        )
        checking.check_columns(source, fields, kind=kind)
        if not labels:
            _check_answers(source, model, mapping)
        plan = checking.plan(source, fields)
        select = _label_columns(plan.select) if labels else _prediction_columns(plan.select, model, mapping, version)
        rows, wrong = _convert(db, source, select, plan)
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise formats.parse_error(error, source, path) from error
    if wrong:
        raise _first_wrong(db, source, plan)
    if not rows:
        raise InvalidInput("This file has no rows.", where="file", mend="Send a file with at least one row.")
    if not labels:
        _check_groups(db, source, mapping)
    return source, rows


def _convert(
    db: duckdb.DuckDBPyConnection, source: Source, select: Mapping[str, str], plan: checking.Plan
) -> tuple[int, int]:
    """Makes the view; how many rows it has, and the number of a check that one of them breaks (0: none does).

    Text is parsed once, into a Parquet file beside the database: memory stays small, and each step reads the columns
    that it needs.
    """
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in select.items())
    converted = f'SELECT {columns}, {plan.code()} AS "#wrong" FROM {source.relation}'
    if source.format != "parquet":
        converted = engine.settled(db, converted, "staged")
    db.execute(f"CREATE TEMP VIEW staged AS {converted}")
    # Statistics answer most questions without a look at the rows; a hash reads them, so what is damaged is found here.
    every = ", ".join(map(quoted, select))
    rows, wrong, _ = one(db, f'SELECT count(*), coalesce(max("#wrong"), 0), bit_xor(hash({every})) FROM staged')
    return rows, wrong


def _check_answers(source: Source, model: Model, mapping: LogMapping) -> None:
    """Nothing, when the file says what the model said of each row.

    Raises:
        InvalidInput: it does not.
    """
    if "prediction" in source.columns:
        return
    if model.task == Task.MULTICLASS:
        missing = [name for name in scores_of(mapping.classes) if name not in source.columns]
        if missing:
            raise InvalidInput(
                f"The column prediction is missing, and so is {missing[0]}.",
                where="row 1",
                mend="Add the decided class, or a score for each class.",
            )
    elif "score" not in source.columns:
        raise InvalidInput(
            "The columns score and prediction are both missing.", where="row 1", mend="Add at least one of them."
        )


def _check_groups(db: duckdb.DuckDBPyConnection, source: Source, mapping: LogMapping) -> None:
    """Nothing, when each column by which results are cut has few different values.

    Raises:
        InvalidInput: one has more than ``MOST_GROUPS``.
    """
    for name in mapping.groupings:
        found = one(db, f"SELECT count(DISTINCT {quoted(name)}) FROM staged")[0]
        if found > MOST_GROUPS:
            raise InvalidInput(
                f"This column has {found:,} different values; results are cut by {MOST_GROUPS:,} at most.",
                where=f"column {source.named(name)}",
                mend="Send groups of them, or take the column out of the mapping.",
            )


def _prediction_columns(select: Any, model: Model, mapping: LogMapping, version: int | None) -> dict[str, str]:
    columns = {"prediction_id": select["prediction_id"], "at": select["at"]}
    columns["version"] = select.get("version", f"{version}::INTEGER")
    if model.task == Task.MULTICLASS:
        scores = {name: select[f"score:{name}"] for name in mapping.classes if f"score:{name}" in select}
        columns["prediction"] = select.get("prediction") or _likeliest(scores)
        columns |= {f"score:{name}": score for name, score in scores.items()}
    else:
        score = columns["score"] = select.get("score", "NULL::DOUBLE")
        decided = f"(CASE WHEN {score} >= {model.threshold!r} THEN 1::DOUBLE ELSE 0::DOUBLE END)"
        columns["prediction"] = select.get("prediction") or decided
    for name in model.inputs:
        if name not in OWN:
            columns[name] = select[name]
    for name in mapping.groupings:
        if name not in columns:
            columns[name] = f"CAST({select.get(name, 'NULL')} AS VARCHAR)"
    columns["#day"] = day_of(select["at"])
    return columns


def _likeliest(scores: dict[str, str]) -> str:
    """SQL for the class with the highest score; of equals the first as the mapping has them."""
    cases = " ".join(f"WHEN {score} THEN {literal(name)}" for name, score in scores.items())
    return f"(CASE greatest({', '.join(scores.values())}) {cases} END)"


def _label_columns(select: Any) -> dict[str, str]:
    nothing = "NULL::TIMESTAMPTZ"
    return {
        "prediction_id": select["prediction_id"],
        "label": select["label"],
        "at": select.get("at", nothing),
        "predicted_at": select.get("predicted_at", nothing),
    }


def one(db: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The only row of ``sql``."""
    # All rows are fetched: DuckDB does nothing else on a connection with a result that was not read to its end.
    rows: list[tuple[Any, ...]] = db.execute(sql).fetchall()
    return rows[0]


def _first_wrong(db: duckdb.DuckDBPyConnection, source: Source, plan: checking.Plan) -> InvalidInput:
    number, code = one(
        db,
        f'SELECT "#row", "#wrong" FROM (SELECT "#row", {plan.code()} AS "#wrong" FROM {source.numbered}) '
        'WHERE "#wrong" > 0 ORDER BY "#row" LIMIT 1',
    )
    check = plan.checks[code - 1]
    value = _value(db, source, check.column, number)
    return InvalidInput(
        check.sentence.format(value=shown(value)),
        where=f"row {source.row(number)}, column {source.named(check.column)}",
        mend=check.mend,
    )


def _value(db: duckdb.DuckDBPyConnection, source: Source, column: str, number: int) -> str:
    sql = f'SELECT CAST({quoted(column)} AS VARCHAR) FROM {source.numbered} WHERE "#row" = {int(number)}'
    return str(one(db, sql)[0])


def shown(value: str) -> str:
    """A field as a sentence may show it: quoted, and cut after 60 characters."""
    return repr(value if len(value) <= 60 else value[:60] + "…")


def first_row_where(db: duckdb.DuckDBPyConnection, source: Source, condition: str) -> tuple[int, str]:
    """The file's row, and its id, of the first row whose ``"#id"`` (and ``"#version"``) meet the SQL ``condition``."""
    version = quoted("version") if "version" in source.columns else "NULL"
    number, found = one(
        db,
        f'SELECT "#row", "#id" FROM (SELECT "#row", CAST("prediction_id" AS VARCHAR) AS "#id", '
        f'TRY_CAST({version} AS INTEGER) AS "#version" FROM {source.numbered}) '
        f'WHERE {condition} ORDER BY "#row" LIMIT 1',
    )
    return source.row(number), found


def _collide(db: duckdb.DuckDBPyConnection, columns: str, rows: int) -> bool:
    """Whether two staged rows have the same 64-bit hash of ``columns``: only then can they be the same."""
    import numpy as np

    parts = rows // AT_ONCE + 1
    for part in range(parts):
        hashes = f"SELECT hash({columns}) AS code FROM staged"
        some = hashes if parts == 1 else f"SELECT code FROM ({hashes}) WHERE code % {parts} = {part}"
        codes = [np.from_dlpack(batch.column(0)) for batch in db.sql(some).to_arrow_reader(BATCH)]
        every = np.sort(np.concatenate(codes)) if codes else np.empty(0, np.uint64)
        if bool((every[1:] == every[:-1]).any()):
            return True
    return False


def check_repeats(db: duckdb.DuckDBPyConnection, source: Source, *, rows: int, labels: bool) -> None:
    """Nothing, when no id stands twice in the file (for the same version).

    Raises:
        InvalidInput: one does; the row of its second appearance is named.
    """
    if not _collide(db, "prediction_id" if labels else "version, prediction_id", rows):
        return
    group = '"#id"' if labels or "version" not in source.columns else '"#id", "#version"'
    version = 'TRY_CAST("version" AS INTEGER)' if "version" in source.columns else "NULL"
    found = db.execute(
        f'SELECT second, "#id", first FROM (SELECT "#id", "#row" AS second, min("#row") OVER ids AS first, '
        f'row_number() OVER (PARTITION BY {group} ORDER BY "#row") AS nth FROM '
        f'(SELECT "#row", CAST("prediction_id" AS VARCHAR) AS "#id", {version} AS "#version" FROM {source.numbered}) '
        f"WINDOW ids AS (PARTITION BY {group})) WHERE nth = 2 ORDER BY second LIMIT 1"
    ).fetchall()
    for second, repeated, first in found:
        raise InvalidInput(
            f"The id {shown(repeated)} stands in row {source.row(first)} already.",
            where=f"row {source.row(second)}, column {source.named('prediction_id')}",
            mend="Send each id once.",
        )
