"""A file is checked whole before any of it counts: rows are staged, each rule is tried, then days become partitions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.lake import store as lake
from audit.monitoring import checking, formats, lakehouse
from audit.monitoring.checking import Field
from audit.monitoring.formats import Source, quoted
from audit.monitoring.models import Kind

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from audit.catalogue.models import Model

MOST_PARTITIONS: Final = 5_000
ROW_GROUP: Final = 122_880
BATCH: Final = 65_536
OWN: Final = ("prediction_id", "at", "version", "score", "prediction")


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


def prediction_fields(model: Model, *, version_given: bool) -> list[Field]:
    """The columns of a prediction log of ``model``."""
    scored = model.task == "classification"
    fields = [
        Field("prediction_id", "identifier"),
        Field("at", "time"),
        Field(
            "version", "version", must_exist=not version_given, note="Add it, or say with the file which version it is."
        ),
    ]
    if scored:
        fields.append(
            Field("score", "number", must_exist=False, least=0, most=1, note="Send the probability of a positive.")
        )
    whole = "Send the decided class, or leave the column out: the score and the threshold decide."
    fields.append(Field("prediction", "number", must_exist=not scored, whole=scored, note=whole if scored else ""))
    for name, kind in model.inputs.items():
        if name not in {field.name for field in fields}:
            fields.append(
                Field(name, kind, must_fill=False, note="The model declares this feature; add it, empty if unknown.")
            )
    return fields


def label_fields(model: Model) -> list[Field]:
    """The columns of a file of labels of ``model``."""
    return [
        Field("prediction_id", "identifier"),
        Field("label", "label", whole=model.task == "classification", note="Send 0 or 1."),
        Field("at", "time", must_exist=False, must_fill=False),
        Field("predicted_at", "time", must_exist=False, must_fill=False),
    ]


def stage(
    db: duckdb.DuckDBPyConnection, path: Path, filename: str, *, model: Model, kind: str, version: int | None
) -> tuple[Source, int]:
    """Fills the table ``staged`` with the file's rows, converted and checked one by one; returns how many.

    Raises:
        InvalidInput: the file or one of its rows cannot be used; the first such row and its column are named.
    """
    import duckdb

    source: Source | None = None
    try:
        source = formats.open_source(db, path, filename)
        labels = kind == Kind.LABELS
        fields = label_fields(model) if labels else prediction_fields(model, version_given=version is not None)
        checking.check_columns(source, fields, kind=kind)
        if not labels and not {"score", "prediction"} & set(source.columns):
            raise InvalidInput(
                "The columns score and prediction are both missing.", where="row 1", mend="Add at least one of them."
            )
        plan = checking.plan(source, fields)
        select = _label_columns(plan.select) if labels else _prediction_columns(plan.select, model, version)
        columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in select.items())
        db.execute(f'CREATE TEMP TABLE staged AS SELECT {columns}, {plan.code()} AS "#wrong" FROM {source.relation}')
    except duckdb.Error as error:
        raise formats.parse_error(error, source, path) from error
    rows, wrong = one(db, 'SELECT count(*), coalesce(max("#wrong"), 0) FROM staged')
    if wrong:
        raise _first_wrong(db, source, plan)
    if not rows:
        raise InvalidInput("This file has no rows.", where="file", mend="Send a file with at least one row.")
    return source, rows


def _prediction_columns(select: Any, model: Model, version: int | None) -> dict[str, str]:
    columns = {"prediction_id": select["prediction_id"], "at": select["at"]}
    columns["version"] = select.get("version", f"{version}::INTEGER")
    score = select.get("score", "NULL::DOUBLE")
    columns["score"] = score
    columns["prediction"] = (
        select.get("prediction") or f"(CASE WHEN {score} >= {model.threshold!r} THEN 1::DOUBLE ELSE 0::DOUBLE END)"
    )
    for name in model.inputs:
        if name not in OWN:
            columns[name] = select[name]
    columns["#day"] = f"CAST({select['at']} AS DATE)"
    return columns


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
        where=f"row {source.row(number)}, column {check.column}",
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


def check_repeats(db: duckdb.DuckDBPyConnection, source: Source, *, rows: int, labels: bool) -> None:
    """Nothing, when no id stands twice in the file (for the same version).

    Raises:
        InvalidInput: one does; the row of its second appearance is named.
    """
    # A hash of each id counts them fast; only where two are the same are the ids themselves compared.
    distinct = "hash(prediction_id)" if labels else "hash(version, prediction_id)"
    if one(db, f"SELECT count(DISTINCT {distinct}) FROM staged")[0] == rows:
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
            where=f"row {source.row(second)}, column prediction_id",
            mend="Send each id once.",
        )


def write(
    db: duckdb.DuckDBPyConnection,
    select: str,
    *,
    prefix: str,
    versioned: bool,
    rows: int,
    progress: Callable[[int, int, str], None],
) -> list[Written]:
    """Writes the rows of ``select`` into the lake, a file for each version and day.

    ``select`` is sorted by version, day, time and id, so that the same rows make the same files; its column ``#day``
    (and ``version``, if ``versioned``) is in the file's name and not in the file.
    """
    reader = db.sql(select).to_arrow_reader(BATCH)
    written: list[Written] = []
    part: _Part | None = None
    done = 0
    try:
        for batch in reader:
            for key, rows_of_key in _runs(batch, versioned=versioned):
                if part is None or part.key != key:
                    if part is not None:
                        written.append(part.close())
                    part = _Part(key, prefix, rows_of_key.schema)
                part.add(rows_of_key)
            done += batch.num_rows
            progress(done, rows, "writing days into the lake")
        if part is not None:
            written.append(part.close())
            part = None
    finally:
        if part is not None:
            part.drop()
    return written


Key = tuple[int | None, date]


def _runs(batch: pa.RecordBatch, *, versioned: bool) -> Sequence[tuple[Key, pa.RecordBatch]]:
    """The batch cut where version or day changes, without the columns that only say so."""
    import numpy as np

    days = batch.column("#day")
    # By DLPack, because pyarrow's own way to numpy imports pandas.
    stamps = np.from_dlpack(days.cast("int32"))
    versions = np.from_dlpack(batch.column("version")) if versioned else np.zeros(len(stamps), int)
    change = np.flatnonzero((np.diff(stamps) != 0) | (np.diff(versions) != 0)) + 1
    edges = [0, *change.tolist(), batch.num_rows]
    plain = batch.select([name for name in batch.schema.names if name not in {"#day", "version"}])
    return [
        ((int(versions[start]) if versioned else None, days[start].as_py()), plain.slice(start, end - start))
        for start, end in itertools.pairwise(edges)
        if end > start
    ]


class _Part:
    """A day's file while it is written; a row group is held in memory."""

    def __init__(self, key: Key, prefix: str, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self.key, self.prefix, self.rows = key, prefix, 0
        self.first: str | None = None
        self.last: str | None = None
        self.held: list[pa.RecordBatch] = []
        self.work = lakehouse.workfile()
        # Ids and numbers hardly repeat: a dictionary of them costs time and saves nothing.
        repeating = [name for name in schema.names if schema.field(name).type == "string" and name != "prediction_id"]
        self.writer = pq.ParquetWriter(
            self.work, schema, compression="zstd", compression_level=1, use_dictionary=repeating
        )

    def add(self, batch: pa.RecordBatch) -> None:
        import pyarrow.compute as pc

        least, most = pc.min_max(batch.column("prediction_id")).as_py().values()
        self.first = least if self.first is None else min(self.first, least)
        self.last = most if self.last is None else max(self.last, most)
        self.held.append(batch)
        self.rows += batch.num_rows
        if sum(part.num_rows for part in self.held) >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def _flush(self, least: int) -> None:
        import pyarrow as pa

        # Row groups are cut at fixed counts within the day, so that the file does not depend on where batches ended.
        table = pa.Table.from_batches(self.held, self.writer.schema).combine_chunks()
        whole = table.num_rows // ROW_GROUP * ROW_GROUP if least > 1 else table.num_rows
        self.writer.write_table(table.slice(0, whole), row_group_size=ROW_GROUP)
        self.held = table.slice(whole).to_batches()

    def close(self) -> Written:
        self._flush(1)
        self.writer.close()
        version, day = self.key
        try:
            stored = lake.put_file(f"{self.prefix}/{day}", self.work, suffix=".parquet")
        finally:
            self.work.unlink()
        return Written(
            version, day, stored.path, stored.digest, stored.size, self.rows, self.first or "", self.last or ""
        )

    def drop(self) -> None:
        self.writer.close()
        self.work.unlink()
