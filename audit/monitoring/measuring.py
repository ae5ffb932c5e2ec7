"""A week's figures are the merge of its days' outcomes, at the threshold of today; rows are read by day, and once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from audit.base import clock
from audit.base.clock import WEEK
from audit.base.errors import InvalidInput
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.words import LABELS, MAIN_METRIC, metric_value
from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.outcomes import Outcomes
from audit.monitoring.domain.regression import Regression
from audit.monitoring.models import Window
from audit.monitoring.outcome_models import OutcomeDay
from audit.monitoring.outcomes import days, documents, figures

COUNTS: Final = (
    "predictions", "labelled", "threshold", "tp", "fp", "fn", "tn",
    "error_sum", "absolute_error_sum", "squared_error_sum",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A window that is not stored yet, its metrics, how far they may be off by name, and what they follow from."""

    window: Window
    estimates: dict[str, Estimate]
    doubts: dict[str, float] = field(default_factory=dict)
    outcomes: Outcomes | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a model: what it follows from, its windows, and days whose figures were of another threshold."""

    evidence: tuple[Any, ...]
    measured: list[Measured]
    days: list[OutcomeDay]


def evidence(model: Model, week: datetime) -> tuple[Any, ...]:
    """What the week's figures are worked out from; equal evidence gives equal figures."""
    threshold = Model.objects.values_list("threshold", flat=True).get(pk=model.pk)
    needed = days.wanted(model, week.date(), (week + WEEK).date())
    return threshold, tuple(sorted((str(version), day, one.evidence) for (version, day), one in needed.items()))


def measure(model: Model, week: datetime) -> Week:
    """The window and metrics of each version with predictions in the week; days that were not read are read now."""
    threshold = Model.objects.values_list("threshold", flat=True).get(pk=model.pk)
    settled = days.settle(model, week.date(), (week + WEEK).date())
    told = tuple(sorted((str(version), day, seal) for (version, day), (seal, _) in settled.items()))
    merged: dict[UUID, Outcomes] = {}
    stale = []
    for (version, _), (_, row) in sorted(settled.items(), key=lambda item: (str(item[0][0]), item[0][1])):
        own = documents.read_day(row.path)
        merged[version] = merged[version].merged(own) if version in merged else own
        if row.figures.get("threshold") != threshold:
            row.figures = figures.told(own.whole, threshold)
            stale.append(row)
    found = []
    for one in ModelVersion.objects.filter(pk__in=merged).select_related("model").order_by("number"):
        window = Window(version=one, start=week, end=week + WEEK, recorded_at=clock.now())
        found.append(_measured(window, merged[one.pk], threshold))
    return Week((threshold, told), found, stale)


def _measured(window: Window, outcomes: Outcomes, threshold: float | None) -> Measured:
    # Where there is a score the threshold of today decides; a class that came without a score stands as sent.
    part, level = outcomes.whole, figures.level_of(threshold)
    window.predictions, window.labelled, window.threshold = part.rows, part.labelled, threshold
    counts = figures.counts(part, level)
    for name in ("tp", "fp", "fn", "tn"):
        setattr(window, name, counts.get(name))
    if isinstance(part, Regression):
        window.error_sum = float(part.sums["e"].fraction)
        window.absolute_error_sum = float(part.sums["absolute"].fraction)
        window.squared_error_sum = float(part.sums["ee"].fraction)
    return Measured(window, part.metrics(level), part.doubts(level), outcomes)


def sentence(model: Model, changed: list[Measured]) -> str:
    """What the week's main metric is now, of each version that changed."""
    metric = MAIN_METRIC[model.task]
    parts = []
    for one in changed:
        window, found = one.window, one.estimates[metric]
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
