"""The pages of outcomes: a metric at any grain, every group of a week, and the gaps between groups of people."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.base.periods import Period
from audit.catalogue import horizon, states
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model
from audit.catalogue.panels import MONITORING, crumbs_of
from audit.catalogue.words import IN_UNITS, MAIN_METRIC, metric_name, metric_value
from audit.monitoring import panels
from audit.monitoring.domain.meaning import METRICS, VARIANTS, explain
from audit.monitoring.models import Window
from audit.monitoring.outcome_models import FairnessWeek, SliceFigure
from audit.monitoring.outcomes import course, panel, ranking, selectors
from audit.monitoring.outcomes.course import Spot
from config.ui.tables import csv_response, wants_csv

LABELS = {course.HOUR: "Hours", course.DAY: "Days", course.WEEK: "Weeks", course.MONTH: "Months"}
COURSE = (
    "from", "grain", "version", "metric", "variant", "value", "low", "high", "n", "off_by_at_most", "predictions",
    "labelled", "threshold", "computed_at",
)  # fmt: skip
GROUPS = (
    "week_from", "version", "column", "group", "kind", "metric", "variant", "value", "low", "high", "n",
    "off_by_at_most", "predictions", "labelled", "threshold", "computed_at",
)  # fmt: skip
GAPS = (
    "week_from", "version", "column", "metric", "variant", "value", "low", "high", "n", "rate", "highest", "lowest",
    "minimum", "too_small", "threshold", "computed_at",
)  # fmt: skip


@require_safe
def performance(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A metric by hour, day, week or month, of each version."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, model), default="q")
    grain = request.GET.get("grain", "")
    grain = grain if grain in course.GRAINS else course.WEEK
    known = METRICS.get(model.task, ())
    metric = request.GET.get("metric", "")
    metric = metric if metric in known else MAIN_METRIC[model.task]
    day = None
    if grain == course.HOUR:
        day = periods.day_in(request.GET, "day") or course.newest_day(viewer=viewer, model=model, period=period)
    spots = course.course(viewer=viewer, model=model, grain=grain, metric=metric, period=period, day=day)
    if wants_csv(request):
        return csv_response(_course_cells(spots, grain, metric), COURSE, f"{slug}-{grain}s-{metric}")
    context = {
        "model": model,
        "grain": grain,
        "metric": metric,
        "metrics": [(one, metric_name(one)) for one in known],
        "day": day,
        "spots": spots,
        **_drawn(request, model, metric, grain, spots, period),
        "grains": [
            (f"{period.query}&metric={metric}&grain={one}", label, one == grain) for one, label in LABELS.items()
        ],
        "period": period,
        "choices": [
            (f"{query}&metric={metric}&grain={grain}", label, now) for query, label, now in periods.choices(period)
        ],
        "crumbs": crumbs_of(model, MONITORING),
    }
    return render(request, "monitoring/performance.html", context)


def _drawn(
    request: HttpRequest, model: Model, metric: str, grain: str, spots: list[Spot], period: Period
) -> dict[str, Any]:
    """The curve, its sentence, and its table; without a measured point there is no curve."""
    measured = [spot for spot in spots if spot.value is not None]
    threshold = states.thresholds_of(request.actor, [model]).get(model.pk)
    if threshold is not None and threshold.metric != metric:
        threshold = None
    events, key = panels.events(model, period) if measured and grain != course.HOUR else ([], [])
    form = "%Y-%m-%dT%H:%M" if grain == course.HOUR else "%Y-%m-%d"
    unit = f" in {model.unit}" if metric in IN_UNITS and model.unit else ""
    words = {"hour": "an hour", "day": "a day", "week": "a week", "month": "a month"}[grain]
    return {
        "figure": panels.figure(model, metric, measured, threshold, events, form=form) if measured else None,
        "title": panels.conclusion(model, metric, measured, threshold, f"in the newest {grain}"),
        "sub": f"{metric_name(metric)}{unit} {words} (UTC), with its 95% interval. {explain(metric)}" if metric else "",
        "key": key,
        "rows": [_shown(model, metric, grain, spot) for spot in reversed(spots)],
        "variant": VARIANTS.get(metric, ""),
    }


def _shown(model: Model, metric: str, grain: str, spot: Spot) -> dict[str, Any]:
    interval = None
    if spot.low is not None and spot.high is not None:
        interval = f"{metric_value(metric, spot.low)} to {metric_value(metric, spot.high)}"
    return {
        "start": _moment(spot, grain),
        "version": spot.version_number,
        "value": None if spot.value is None else metric_value(metric, spot.value, model.unit),
        "interval": interval,
        "error": None if spot.error is None else f"{spot.error:.2g}",
        "predictions": spot.predictions,
        "labelled": spot.labelled,
        "share": spot.labelled_share,
    }


def _moment(spot: Spot, grain: str) -> str:
    at = spot.start
    if grain == course.HOUR:
        return f"{at:%H:%M}"
    return f"{at:%B %Y}" if grain == course.MONTH else f"{at.day} {at:%B %Y}"


def _course_cells(spots: Iterable[Spot], grain: str, metric: str) -> Iterator[tuple[Any, ...]]:
    for spot in spots:
        yield (
            spot.start, grain, spot.version_number, metric, VARIANTS.get(metric, ""), spot.value, spot.low, spot.high,
            spot.n, spot.error, spot.predictions, spot.labelled, spot.threshold, spot.computed_at,
        )  # fmt: skip


@require_safe
def slices(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Every group of a week: ``week`` is its Monday, the newest one with labels by default."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, model), default="q")
    found = list(selectors.cut(viewer=viewer, model=model, since=period.start, until=period.end))
    window = _window(request, found)
    rows = list(selectors.groups_of(window=window)) if window else []
    if wants_csv(request):
        return csv_response(_group_cells(window, rows), GROUPS, f"{slug}-groups")
    metric = MAIN_METRIC[model.task]
    told = panel.context_of(model, window, ranking.rank(rows, metric), metric, most=len(rows)) if window else {}
    context = {
        **told,
        "model": model,
        "windows": found,
        "period": period,
        "choices": periods.choices(period),
        "crumbs": crumbs_of(model, MONITORING),
    }
    return render(request, "monitoring/slices.html", context)


def _window(request: HttpRequest, found: list[Window]) -> Window | None:
    """The one that is asked for by ``week`` (its Monday, or "Monday.version"); else the newest."""
    week, _, number = request.GET.get("week", "").partition(".")
    own = [row for row in found if row.week.isoformat() == week] or found
    return next((row for row in own if str(row.version.number) == number), own[0] if own else None)


def _group_cells(window: Window | None, rows: Iterable[SliceFigure]) -> Iterator[tuple[Any, ...]]:
    if window is None:
        return
    for row in rows:
        for metric, told in row.figures["metrics"].items():
            yield (
                window.week, window.version.number, row.column, row.value, row.kind, metric, VARIANTS.get(metric, ""),
                told["value"], told["low"], told["high"], told["n"], told["error"], row.predictions, row.labelled,
                row.figures["threshold"], row.computed_at,
            )  # fmt: skip


@require_safe
def fairness(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The gaps between groups of people, week by week, and the groups of the newest week."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, model), default="q")
    rows = list(selectors.gaps(viewer=viewer, model=model, since=period.start, until=period.end))
    if wants_csv(request):
        return csv_response(_gap_cells(rows), GAPS, f"{slug}-fairness")
    told: dict[str, Any] = {}
    if rows:
        newest = [row for row in rows if row.window_id == rows[0].window_id]
        columns = {row.column for row in newest}
        told = panel.gaps_of(newest, list(selectors.groups_of(window=rows[0].window).filter(column__in=columns)))
    context = {
        **told,
        "model": model,
        "weeks": [(row, panel.gap(row)) for row in rows],
        "period": period,
        "choices": periods.choices(period),
        "crumbs": crumbs_of(model, MONITORING),
    }
    return render(request, "monitoring/fairness.html", context)


def _gap_cells(rows: Iterable[FairnessWeek]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        small = "; ".join(f"{rate}: {', '.join(names)}" for rate, names in row.too_small.items() if names)
        yield (
            row.window.week, row.version.number, row.column, row.metric, row.variant, row.value, row.low, row.high,
            row.n, row.rate, row.highest, row.lowest, row.minimum, small, row.threshold, row.computed_at,
        )  # fmt: skip
