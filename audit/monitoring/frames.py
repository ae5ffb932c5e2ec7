"""Raw rows of a period as Arrow tables, for jobs that train or compare: only that period's partitions are opened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from audit.base.clock import start_of
from audit.catalogue.models import Model, Task
from audit.lake import engine
from audit.lake.engine import quoted
from audit.monitoring import lakehouse
from audit.monitoring.models import Kind, Partition

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def predictions(model: Model, version_number: int, since: datetime, until: datetime) -> pa.Table:
    """What the version predicted in [since, until), aware: prediction_id, at (UTC), prediction, score, and features.

    Sorted by time and id. A feature that was not sent at the time is null, and so is the score of a model with more
    than two classes, whose prediction (and label) is the name of a class.
    """
    return _table(model, version_number, since, until, labelled=False)


def labelled(model: Model, version_number: int, since: datetime, until: datetime) -> pa.Table:
    """As ``predictions``, with ``label`` after score, and only rows whose label is known; the newest label holds."""
    return _table(model, version_number, since, until, labelled=True)


def last_prediction(model: Model, version_number: int) -> datetime | None:
    """The end (exclusive, 00:00 UTC) of the last day with predictions of the version; None without any."""
    rows = Partition.objects.filter(model=model, kind=Kind.PREDICTIONS, version__number=version_number)
    day = rows.order_by("-day").values_list("day", flat=True).first()
    return None if day is None else start_of(day + timedelta(days=1))


def _table(model: Model, version_number: int, since: datetime, until: datetime, *, labelled: bool) -> pa.Table:
    rows = Partition.objects.filter(model=model).order_by("day", "sequence", "pk")
    first, last = since.date(), (until - timedelta(microseconds=1)).date()
    told = rows.filter(kind=Kind.PREDICTIONS, version__number=version_number, day__gte=first, day__lte=last)
    # A label lies at most a day beside its prediction, where two versions predicted around midnight.
    day = timedelta(days=1)
    known = rows.filter(kind=Kind.LABELS, day__gte=first - day, day__lte=last + day) if labelled else rows.none()
    with engine.database() as db:
        select = _select(db, model, list(told), list(known), labelled=labelled)
        bounds = f'epoch_us("at") >= {_micros(since)} AND epoch_us("at") < {_micros(until)}'
        return db.sql(f'SELECT * FROM ({select}) WHERE {bounds} ORDER BY "at", prediction_id').to_arrow_table()


def _micros(moment: datetime) -> int:
    return (moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(microseconds=1)


def _select(
    db: duckdb.DuckDBPyConnection, model: Model, told: list[Partition], known: list[Partition], *, labelled: bool
) -> str:
    """SQL for the rows, their columns always the same, whatever the files hold."""
    told_as = "VARCHAR" if model.task == Task.MULTICLASS else "DOUBLE"
    kinds = {"prediction_id": "VARCHAR", "at": "TIMESTAMPTZ", "prediction": told_as, "score": "DOUBLE"}
    if labelled:
        kinds["label"] = told_as
    for name, kind in model.inputs.items():
        kinds.setdefault(name, "DOUBLE" if kind == "number" else "VARCHAR")
    there: set[str] = {"label"}
    empty = not told or (labelled and not known)
    if not empty:
        source = lakehouse.files(told)
        there |= {row[0] for row in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    columns = ", ".join(
        quoted(name) if name in there and not empty else f"NULL::{kind} AS {quoted(name)}"
        for name, kind in kinds.items()
    )
    if empty:
        return f"SELECT {columns} WHERE false"
    joined = f" JOIN {lakehouse.labels(known)} USING (prediction_id)" if labelled else ""
    return f"SELECT {columns} FROM {source}{joined}"
