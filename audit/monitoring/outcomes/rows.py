"""The rows of a day, with their newest labels, become outcomes that merge: batch by batch, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from audit.catalogue.models import Model, Task
from audit.lake.engine import quoted
from audit.monitoring import lakehouse
from audit.monitoring.domain import outcomes
from audit.monitoring.domain.outcomes import Outcomes
from audit.monitoring.models import Partition

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

BATCH: Final = 262_144
"""So many rows are in memory at once."""
SCORE: Final = "score:"
HOUR: Final = "#hour"
GROUP: Final = "#group:"


def read(
    db: duckdb.DuckDBPyConnection,
    model: Model,
    predictions: Sequence[Partition],
    labels: Sequence[Partition],
    groupings: Sequence[str],
) -> tuple[Outcomes, dict[int, Outcomes]]:
    """The outcomes of a day's partitions, cut by the columns ``groupings``, and those of each hour (UTC), not cut.

    There is at least one partition of predictions. A column that their files lack is null in every row.
    """
    whole = _of(model, {}, groupings)
    hours: dict[int, Outcomes] = {}
    for batch in db.sql(_select(db, model, predictions, labels, groupings)).to_arrow_reader(BATCH):
        found, by_hour = _of_batch(model, batch, groupings)
        whole = whole.merged(found)
        for hour, part in by_hour.items():
            hours[hour] = hours[hour].merged(part) if hour in hours else part
    return whole, hours


def _select(
    db: duckdb.DuckDBPyConnection,
    model: Model,
    predictions: Sequence[Partition],
    labels: Sequence[Partition],
    groupings: Sequence[str],
) -> str:
    """SQL for the joined rows: hour, prediction, score or scores, label, and each grouping as text ("" is none)."""
    source = lakehouse.files(predictions)
    kinds = {row[0] for row in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    named = model.task == Task.MULTICLASS
    kind = "VARCHAR" if named else "DOUBLE"
    truth = lakehouse.labels(labels) if labels else f"(SELECT '' AS prediction_id, NULL::{kind} AS label WHERE false)"
    columns = [f'(epoch_us("at") // 3600000000 % 24)::INTEGER AS "{HOUR}"']
    if named:
        columns += ["told.prediction::VARCHAR AS prediction", "truth.label::VARCHAR AS label"]
        columns += [
            f"coalesce({quoted(name)}, 'nan') AS {quoted(name)}" for name in sorted(kinds) if name.startswith(SCORE)
        ]
    else:
        columns += [f"coalesce({name}, 'nan')::DOUBLE AS {name}" for name in ("prediction", "label")]
        columns.append("coalesce(score, 'nan')::DOUBLE AS score" if "score" in kinds else "'nan'::DOUBLE AS score")
    for name in groupings:
        value = f"coalesce(told.{quoted(name)}::VARCHAR, '')" if name in kinds else "''"
        columns.append(f"{value} AS {quoted(GROUP + name)}")
    return f"SELECT {', '.join(columns)} FROM {source} AS told LEFT JOIN {truth} AS truth USING (prediction_id)"


def _of_batch(model: Model, batch: pa.RecordBatch, groupings: Sequence[str]) -> tuple[Outcomes, dict[int, Outcomes]]:
    import numpy as np

    at = np.from_dlpack(batch.column(HOUR))
    columns = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names if name != HOUR}
    hours = {}
    for hour in np.unique(at).tolist():
        rows = np.flatnonzero(at == hour)
        hours[hour] = _of(model, {name: column[rows] for name, column in columns.items()}, ())
    return _of(model, columns, groupings), hours


def _of(model: Model, columns: Mapping[str, NDArray[Any]], groupings: Sequence[str]) -> Outcomes:
    """The outcomes of these columns; of no rows without any."""
    segments = {name: columns.get(GROUP + name, ()) for name in groupings}
    predicted, labels = columns.get("prediction", ()), columns.get("label", ())
    if model.task == Task.REGRESSION:
        return outcomes.regression(predicted=predicted, labels=labels, segments=segments)
    if model.task == Task.MULTICLASS:
        scores = {name.removeprefix(SCORE): column for name, column in columns.items() if name.startswith(SCORE)}
        return outcomes.multiclass(predicted=predicted, labels=labels, scores=scores, segments=segments)
    scored = columns.get("score", ())
    return outcomes.binary(scores=scored, predicted=predicted, labels=labels, segments=segments)
