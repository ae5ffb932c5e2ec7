"""A metric over time at a grain: hours of one day from its document, days, weeks and months from their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from audit.base.actors import Actor
from audit.base.clock import start_of
from audit.base.periods import Period
from audit.catalogue.models import Model
from audit.monitoring import selectors as windows
from audit.monitoring.outcome_models import OutcomeDay
from audit.monitoring.outcomes import documents, figures, selectors
from audit.monitoring.selectors import Point

HOUR: Final = "hour"
DAY: Final = "day"
WEEK: Final = "week"
MONTH: Final = "month"
GRAINS: Final = (HOUR, DAY, WEEK, MONTH)


@dataclass(frozen=True, slots=True)
class Spot(Point):
    """A point of the course with what it is counted from; ``error`` is how far the value may be off, None if exact."""

    predictions: int
    labelled: int
    threshold: float | None
    error: float | None
    computed_at: datetime


def course(
    *, viewer: Actor, model: Model, grain: str, metric: str, period: Period, day: date | None = None
) -> list[Spot]:
    """The metric of each version in each part of the period, oldest first; hours are those of ``day`` (UTC)."""
    if grain == WEEK:
        return list(_weeks(viewer, model, metric, period))
    if grain == MONTH:
        first = period.start.date().replace(day=1)
        months = selectors.months(viewer=viewer, model=model, since=first, until=period.end.date())
        return [
            _spot(row.version.number, start_of(row.start), metric, row.figures, row.rows, row.labelled, row.computed_at)
            for row in months
        ]
    if grain == HOUR:
        if day is None:
            return []
        own = selectors.days(viewer=viewer, model=model, since=day, until=day + timedelta(days=1))
        return [spot for row in own for spot in _hours(row, metric)]
    days = selectors.days(viewer=viewer, model=model, since=period.start.date(), until=period.end.date())
    return [
        _spot(row.version.number, start_of(row.day), metric, row.figures, row.rows, row.labelled, row.computed_at)
        for row in days
    ]


def newest_day(*, viewer: Actor, model: Model, period: Period) -> date | None:
    """The last day of the period with predictions, one with labels before one without."""
    days = selectors.days(viewer=viewer, model=model, since=period.start.date(), until=period.end.date())
    rows = days.order_by("-day")
    found = rows.filter(labelled__gt=0).first() or rows.first()
    return found.day if found else None


def _weeks(viewer: Actor, model: Model, metric: str, period: Period) -> Iterator[Spot]:
    rows = windows.windows(viewer=viewer, model=model, since=period.start, until=period.end)
    for row in rows:
        for one in row.measurements.all():
            if one.metric == metric:
                yield Spot(
                    row.version.number, row.start, one.value, one.low, one.high, one.n, row.labelled_share,
                    row.predictions, row.labelled, row.threshold, one.error, row.recorded_at,
                )  # fmt: skip


def _hours(row: OutcomeDay, metric: str) -> Iterator[Spot]:
    threshold = row.figures.get("threshold")
    for hour, found in documents.read_hours(row.path).items():
        start = datetime.combine(row.day, time(hour), UTC)
        told = figures.told(found.whole, threshold)
        counts = found.whole.rows, found.whole.labelled
        yield _spot(row.version.number, start, metric, told, *counts, row.computed_at)


def _spot(
    version: int, start: datetime, metric: str, told: Mapping[str, Any], rows: int, labelled: int, at: datetime
) -> Spot:
    one = told["metrics"].get(metric) or {"value": None, "low": None, "high": None, "n": 0, "error": None}
    return Spot(
        version, start, one["value"], one["low"], one["high"], one["n"], labelled / rows if rows else None,
        rows, labelled, told["threshold"], one["error"], at,
    )  # fmt: skip
