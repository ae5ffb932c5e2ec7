"""A model whose version 1 answered weeks of made-up cases, of which each has its label."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.lake import store
from audit.monitoring.models import Kind, Measurement, Partition, Upload, Window
from audit.monitoring.serving import roll_up
from tests.support.cast import SYSTEM

FIRST = datetime(2013, 3, 4, tzinfo=UTC)
WEEK = timedelta(weeks=1)
CASES = 140


def monday(index: int) -> date:
    """The Monday of the week with this index, 0 first."""
    return (FIRST + index * WEEK).date()


def serve(version: ModelVersion) -> None:
    """Puts the version into production from the first week on."""
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production", since=FIRST)
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch", since=FIRST)


def measured(
    version: ModelVersion,
    index: int,
    value: float | None,
    *,
    n: int = 500,
    predictions: int = 520,
    metric: str = "roc_auc",
) -> Window:
    """A measured week; measuring it again supersedes what was known."""
    start = FIRST + index * WEEK
    Window.objects.filter(version=version, start=start, superseded_at=None).update(superseded_at=datetime.now(UTC))
    window = Window.objects.create(version=version, start=start, end=start + WEEK, predictions=predictions, labelled=n)
    Measurement.objects.create(window=window, metric=metric, value=value, n=n)
    roll_up({version.model_id: start})
    return window


def logged(version: ModelVersion, weeks: int, *, skill: float = 0.0, seed: int = 0) -> None:
    """``weeks`` of predictions with labels in the lake: twenty cases a day.

    The truth depends on ``hour``; the logged score knows ``skill`` of it (0 nothing, 1 all).
    """
    random = np.random.default_rng(seed)
    model = version.model
    for day in range(weeks * 7):
        at = FIRST + timedelta(days=day)
        hour = random.integers(0, 24, CASES // 7 * 4)
        chance = np.where(hour >= 12, 0.8, 0.2)
        truth = random.random(hour.size) < chance
        noise = random.random(hour.size)
        score = skill * chance + (1 - skill) * noise
        value = truth * 30.0 + random.normal(0, 1, hour.size)
        ids = [f"{day}-{row}" for row in range(hour.size)]
        times = pa.array([at + timedelta(minutes=row) for row in range(hour.size)], pa.timestamp("us", "UTC"))
        features = {"hour": hour.astype(float), "carrier": ["UA"] * hour.size}
        classify = model.task == "classification"
        answers = (
            {"prediction": (score >= 0.5).astype(float), "score": score}
            if classify
            else {
                "prediction": skill * np.where(hour >= 12, 24.0, 6.0) + (1 - skill) * 15.0,
                "score": [None] * hour.size,
            }
        )
        told = pa.table({"prediction_id": ids, "at": times, **answers, **features})
        known = pa.table({"prediction_id": ids, "label": truth.astype(float) if classify else value})
        _partition(model, version, Kind.PREDICTIONS, at.date(), told, 2 * day + 1)
        _partition(model, None, Kind.LABELS, at.date(), known, 2 * day + 2)


def _partition(
    model: Model, version: ModelVersion | None, kind: str, day: date, table: pa.Table, sequence: int
) -> None:
    stored = store.put_table(f"test/{kind}", table)
    upload = Upload.objects.create(
        model=model, kind=kind, filename=f"{kind}-{day}", path=stored.path, digest=f"{sequence:064d}",
        bytes=stored.size, actor_name="test",
    )  # fmt: skip
    ids = sorted(table["prediction_id"].to_pylist())
    Partition.objects.create(
        upload=upload, model=model, version=version, kind=kind, day=day, path=stored.path, digest=stored.digest,
        rows=len(table), bytes=stored.size, sequence=sequence, first_id=ids[0], last_id=ids[-1],
    )  # fmt: skip
