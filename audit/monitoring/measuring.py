"""A week's figures follow from that week's partitions alone: predictions, the newest labels, the threshold."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, Final

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.words import LABELS, MAIN_METRIC, metric_value
from audit.monitoring import lakehouse
from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.outcomes import Binary
from audit.monitoring.domain.regression import Regression
from audit.monitoring.domain.scores import LIMIT
from audit.monitoring.models import Kind, Partition, Window

COUNTS: Final = (
    "predictions", "labelled", "threshold", "tp", "fp", "fn", "tn",
    "error_sum", "absolute_error_sum", "squared_error_sum",
)  # fmt: skip
WEEK: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)

Measured = tuple[Window, dict[str, Estimate]]


def _partitions(model: Model, week: datetime) -> tuple[list[Partition], list[Partition]]:
    """Predictions of the week, and labels that may belong to them.

    A label lies with the newest day on which its id was predicted, at most a day from where another version did.
    """
    rows = Partition.objects.filter(model=model).order_by("day", "sequence", "pk")
    first, last = week.date(), (week + WEEK).date()
    predictions = rows.filter(kind=Kind.PREDICTIONS, day__gte=first, day__lt=last)
    labels = rows.filter(kind=Kind.LABELS, day__gte=first - DAY, day__lte=last)
    return list(predictions), list(labels)


def evidence(model: Model, week: datetime) -> tuple[Any, ...]:
    """What the week's figures are worked out from; equal evidence gives equal figures."""
    predictions, labels = _partitions(model, week)
    threshold = Model.objects.values_list("threshold", flat=True).get(pk=model.pk)
    return (threshold, *(part.pk for part in predictions), *(part.pk for part in labels))


def measure(model: Model, week: datetime, of: tuple[Any, ...]) -> list[Measured]:
    """The window and metrics of each version with predictions in the week, from the ``evidence`` given."""
    chosen = set(of[1:])
    predictions, labels = ([part for part in rows if part.pk in chosen] for rows in _partitions(model, week))
    versions: dict[Any, list[Partition]] = {}
    for part in predictions:
        versions.setdefault(part.version_id, []).append(part)
    found = []
    with lakehouse.database() as db:
        truth = (
            lakehouse.labels(labels) if labels else "(SELECT '' AS prediction_id, NULL::DOUBLE AS label WHERE false)"
        )
        for version in ModelVersion.objects.filter(pk__in=versions).select_related("model").order_by("number"):
            # Sorted, so that sums of floats do not depend on how files were cut.
            table = db.sql(
                "SELECT coalesce(score, 'nan') AS score, prediction, coalesce(label, 'nan') AS label "
                f"FROM {lakehouse.files(versions[version.pk])} AS told "
                f"LEFT JOIN {truth} AS truth USING (prediction_id) ORDER BY prediction_id"
            ).to_arrow_table()
            window = Window(version=version, start=week, end=week + WEEK, recorded_at=clock.now())
            fill = _classification if model.task == "classification" else _regression
            found.append((window, fill(window, table, of[0])))
    return found


def _columns(table: Any) -> tuple[Any, Any, Any]:
    """Score, prediction and label as numpy arrays, NaN where there is none; by DLPack, which imports no pandas."""
    import numpy as np
    import pyarrow as pa

    names = ("score", "prediction", "label")
    score, prediction, label = (np.from_dlpack(pa.concat_arrays(table.column(name).chunks)) for name in names)
    return score, prediction, label


def _classification(window: Window, table: Any, threshold: float | None) -> dict[str, Estimate]:
    scores, predicted, labels = _columns(table)
    # Where there is a score the threshold of today decides; a class that came without a score stands as sent.
    level = 0.5 if threshold is None else threshold
    # The week's rows are here, so its scores are all told apart.
    found = Binary.of(scores, predicted, labels, limit=max(LIMIT, len(labels)))
    confusion = found.confusion(level)
    window.predictions, window.labelled, window.threshold = found.rows, found.labelled, threshold
    window.tp, window.fp, window.fn, window.tn = confusion.tp, confusion.fp, confusion.fn, confusion.tn
    return found.metrics(level)


def _regression(window: Window, table: Any, threshold: float | None) -> dict[str, Estimate]:
    import numpy as np

    _, predicted, labels = _columns(table)
    labelled = ~np.isnan(labels)
    errors = predicted[labelled] - labels[labelled]
    found = Regression.of(predicted, labels)
    window.predictions, window.labelled, window.threshold = found.rows, found.labelled, threshold
    window.error_sum = math.fsum(errors)
    window.absolute_error_sum = math.fsum(np.abs(errors))
    window.squared_error_sum = math.fsum(errors**2)
    return found.metrics()


def sentence(model: Model, changed: list[Measured]) -> str:
    """What the week's main metric is now, of each version that changed."""
    metric = MAIN_METRIC[model.task]
    parts = []
    for window, values in changed:
        found = values[metric]
        interval = ""
        if found.low is not None and found.high is not None:
            interval = f" ({metric_value(metric, found.low)} to {metric_value(metric, found.high)})"
        value = metric_value(metric, found.value, model.unit) if found.value is not None else "unknown"
        parts.append(
            f"v{window.version.number}: {LABELS[metric]} {value}{interval}, "
            f"n={found.n:,} of {window.predictions:,} predictions"
        )
    return "; ".join(parts)


def check_sent(*, start: datetime, end: datetime, value: float, low: float | None, high: float | None, n: int) -> None:
    """Nothing, when a metric worked out elsewhere can be kept.

    Raises:
        InvalidInput: its window has no zone or no length, a figure is not finite, or the interval misses the value.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise InvalidInput("The window has no time zone.", where="start", mend="Write times as 2026-03-02T00:00:00Z.")
    if end <= start:
        raise InvalidInput("The window ends before it starts.", where="end", mend="Send the end after the start.")
    for name, figure_ in (("value", value), ("low", low), ("high", high)):
        if figure_ is not None and not math.isfinite(figure_):
            raise InvalidInput("This is not a finite number.", where=name, mend="Leave out what is not known.")
    if (low is not None and low > value) or (high is not None and high < value):
        raise InvalidInput("The interval does not hold the value.", where="low", mend="Send low <= value <= high.")
    if n < 0:
        raise InvalidInput("A number of rows cannot be negative.", where="n", mend="Send how many rows it is from.")
