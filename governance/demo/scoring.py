"""Predicts a week of flights with a registered version, and writes what a user would send: files in known formats."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from audit.base.clock import WEEK
from audit.catalogue.models import Model, ModelVersion
from audit.lake import store
from governance.demo import flights
from governance.demo.organisation import DemoModel

if TYPE_CHECKING:
    import pyarrow as pa


def cache_folder() -> Path:
    """Where the flights' Parquet file is kept."""
    return settings.TOLLGATE_HOME / "demo"


def predictions(version: ModelVersion, week: datetime) -> "pa.Table":
    """The week's log of ``version``: prediction_id, at, version, score or prediction, and the features.

    Flights that were cancelled are predicted too: before departure nobody knew.
    """
    import pyarrow as pa

    from governance.retraining import pipelines

    model = version.model
    columns = ["prediction_id", "at", *model.inputs]
    rows = flights.load(cache_folder(), since=week, until=week + WEEK, columns=columns)
    artefact = store.read_bytes(version.artefact)
    answers = pipelines.predict(artefact, rows, digest=version.artefact_digest)
    name = "score" if model.task == "classification" else "prediction"
    numbers = pa.array([version.number] * len(rows), pa.int32())
    return rows.append_column("version", numbers).append_column(name, pa.array(answers))


def labels(demo: DemoModel, since: datetime, until: datetime) -> bytes:
    """The outcomes of flights that departed in [since, until), as CSV: prediction_id, label, at (when it was known)."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv

    columns = ["prediction_id", demo.target, "arrived_at"]
    rows = flights.load(cache_folder(), since=since, until=until, columns=columns)
    rows = rows.filter(pc.is_valid(rows["arrived_at"]))
    label = rows[demo.target]
    if pa.types.is_boolean(label.type):
        label = label.cast(pa.int8())
    at = pc.strftime(rows["arrived_at"].cast(pa.timestamp("s", "UTC")), format="%Y-%m-%dT%H:%M:%SZ")
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(pa.table({"prediction_id": rows["prediction_id"], "label": label, "at": at}), sink)
    return sink.getvalue().to_pybytes()


def parquet(table: "pa.Table") -> bytes:
    """``table`` as the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet

    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def scored_versions(model: Model) -> list[ModelVersion]:
    """The versions that answer now: the one in production, and those in shadow beside it."""
    rows = ModelVersion.objects.filter(
        model=model, deployments__until=None, deployments__environment__in=("production", "shadow")
    )
    return list(rows.select_related("model__use_case").distinct().order_by("number"))
