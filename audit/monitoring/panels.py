"""What the model page shows of monitoring: the main metric week by week with its interval, and the key counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue import states
from audit.catalogue.models import AliasPeriod, Model
from audit.catalogue.panels import MONITORING, OVERVIEW, Context, Panel, register, register_page
from audit.catalogue.selectors import PRODUCTION
from audit.catalogue.states import Threshold
from audit.catalogue.words import IN_UNITS, MAIN_METRIC, metric_name, metric_value, told_apart
from audit.monitoring import selectors
from audit.monitoring.domain.meaning import explain
from audit.monitoring.models import Window
from audit.monitoring.selectors import Point
from config.ui import charts

HEADER = ("Week from", "Version", "Value", "95% interval", "Labelled predictions", "Share labelled")


@dataclass(frozen=True, slots=True)
class Count:
    """A count of the newest labelled week, with what it means."""

    words: str
    value: int
    means: str


def _performance(model: Model, viewer: Actor, period: Period) -> Context:
    metric = MAIN_METRIC[model.task]
    windows = list(selectors.windows(viewer=viewer, model=model, since=period.start, until=period.end))
    points = selectors.points_of(windows, metric)
    threshold = states.thresholds_of(viewer, [model]).get(model.pk)
    if threshold is not None and threshold.metric != metric:
        threshold = None
    measured = [point for point in points if point.value is not None]
    marked, key = events(model, period) if measured else ([], [])
    unit = f" in {model.unit}" if metric in IN_UNITS and model.unit else ""
    return {
        "figure": figure(model, metric, points, threshold, marked) if measured else None,
        "title": conclusion(model, metric, _served(model, viewer, measured), threshold),
        "sub": f"{metric_name(metric)}{unit} a week, with its 95% interval. {explain(metric)}" if metric else "",
        "table": (HEADER, [_row(model, metric, point) for point in reversed(points)]),
        "key": key,
        "empty": "No label has joined a prediction of this period yet, so how well the model does is unknown.",
        "uploads": selectors.uploads(viewer=viewer, model=model).count(),
        "counts": _counts(model, [window for window in windows if window.predictions]),
    }


def figure(
    model: Model,
    metric: str,
    points: Sequence[Point],
    threshold: Threshold | None,
    marked: list[charts.Event],
    *,
    form: str = "%Y-%m-%d",
) -> dict[str, Any]:
    """The metric of each version over time; ``form`` writes the moments of the points."""
    numbers = sorted({point.version_number for point in points})
    lines = []
    for at, number in enumerate(numbers):
        own = [point for point in points if point.version_number == number]
        lines.append(
            charts.Series(
                f"v{number}",
                [point.start.strftime(form) for point in own],
                [point.value for point in own],
                [point.low for point in own],
                [point.high for point in own],
                colour=at,
                note=[_note(model, metric, point) for point in own],
            )
        )
    return charts.lines(
        lines,
        threshold=threshold.value if threshold else None,
        events=marked,
        y_format=".1f" if metric in IN_UNITS else ".2f",
    )


def _note(model: Model, metric: str, point: Point) -> str:
    """What a point says beside its value when someone points at it."""
    if point.low is None or point.high is None:
        return f" n={point.n:,}"
    return f" ({metric_value(metric, point.low)} to {metric_value(metric, point.high, model.unit)}), n={point.n:,}"


def _served(model: Model, viewer: Actor, measured: list[Point]) -> list[Point]:
    """The points of the version that served last: a challenger beside it does not speak for the model."""
    if len({point.version_number for point in measured}) < 2:
        return measured
    last = selectors.serving(viewer=viewer, models=[model], count=1).get(model.pk)
    own = [point for point in measured if last and point.version_number == last[-1].version_number]
    return own or measured


def conclusion(
    model: Model, metric: str, measured: Sequence[Point], threshold: Threshold | None, when: str = ""
) -> str:
    """The newest measured point in a sentence; ``when`` names it, its week by default."""
    name = metric_name(metric)
    if not measured:
        return "How well does it do?"
    last = measured[-1]
    assert last.value is not None, "only measured weeks come here"
    week = when or f"in the week of {last.start.day} {last.start:%B %Y}"
    if threshold is None:
        return f"{name} was {metric_value(metric, last.value, model.unit)} {week}"
    value, bound = told_apart(metric, last.value, threshold.value, model.unit)
    side = "outside" if threshold.broken_by(last.value) else "within"
    return f"{name} was {value} {week}, {side} the threshold of {bound}"


def _row(model: Model, metric: str, point: Point) -> tuple[Any, ...]:
    value = None if point.value is None else metric_value(metric, point.value, model.unit)
    interval = None
    if point.low is not None and point.high is not None:
        interval = f"{metric_value(metric, point.low)} to {metric_value(metric, point.high)}"
    share = None if point.labelled_share is None else f"{point.labelled_share:.0%}"
    return f"{point.start.day} {point.start:%B %Y}", f"v{point.version_number}", value, interval, f"{point.n:,}", share


def events(model: Model, period: Period) -> tuple[list[charts.Event], list[tuple[str, str, str]]]:
    """When another version became production, lettered: what the curve marks, and what stands below it."""
    rows = AliasPeriod.objects.filter(
        model=model, alias=PRODUCTION, since__gte=period.start, since__lt=period.end
    ).select_related("version")
    marked, key = [], []
    for at, row in enumerate(rows.order_by("since")[:26]):
        letter = chr(ord("A") + at)
        marked.append(charts.Event(f"{row.since:%Y-%m-%d}", letter))
        key.append((letter, f"v{row.version.number} became production", f"{row.since.day} {row.since:%B}"))
    return marked, key


def _counts(model: Model, windows: Sequence[Window]) -> dict[str, Any] | None:
    """Of the weeks with predictions: how many there were, and what the newest labelled one amounts to."""
    if not windows:
        return None
    last = max((row for row in windows if row.labelled), key=lambda row: (row.start, row.predictions), default=None)
    predictions, labelled = sum(row.predictions for row in windows), sum(row.labelled for row in windows)
    return {
        "predictions": predictions,
        "labelled": labelled,
        "share": labelled / predictions,
        "last": last,
        "outcomes": _outcomes(last) if last is not None else [],
        "metrics": _metrics(model, last) if last is not None else [],
    }


def _outcomes(window: Window) -> list[Count]:
    named = (
        ("Flagged, and rightly", window.tp, "true positives"),
        ("Flagged, and wrongly", window.fp, "false positives"),
        ("Missed", window.fn, "false negatives"),
        ("Left alone, and rightly", window.tn, "true negatives"),
    )
    return [Count(words, value, means) for words, value, means in named if value is not None]


def _metrics(model: Model, window: Window) -> list[dict[str, Any]]:
    rows = []
    for row in window.measurements.all():
        interval = None
        if row.low is not None and row.high is not None:
            interval = f"{metric_value(row.metric, row.low)} to {metric_value(row.metric, row.high)}"
        value = None if row.value is None else metric_value(row.metric, row.value, model.unit)
        rows.append(
            {
                "name": metric_name(row.metric),
                "means": explain(row.metric),
                "value": value,
                "interval": interval,
                "n": row.n,
            }
        )
    return rows


def register_own() -> None:
    """Adds the page about a model's monitoring, and its first section."""
    register_page(MONITORING, "Monitoring", "monitoring:model")
    register(
        Panel(
            10,
            "performance",
            "Performance",
            "monitoring/panels/performance.html",
            _performance,
            parts=(OVERVIEW, MONITORING),
        )
    )
