"""The page of a version's estimates: each metric before its labels came, beside what they said, and the record."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.catalogue import horizon
from audit.catalogue import selectors as catalogue
from audit.catalogue.panels import MONITORING, crumbs_of
from audit.catalogue.words import MAIN_METRIC, metric_name
from audit.monitoring.domain.estimating import METRICS
from audit.monitoring.estimate_models import EstimateWeek
from audit.monitoring.estimates import fitting, selectors, shown
from config.ui.tables import csv_response, wants_csv

HEADINGS = (
    "week_from", "metric", "variant", "reference", "estimated", "low", "high", "sampling_error", "error_at_most",
    "rows", "bound_low", "bound_high", "usual_low", "first_sign", "outside_bounds", "alarm", "why_no_alarm",
    "by_labels", "by_labels_low", "by_labels_high", "by_labels_rows", "computed_at", "labels_at",
)  # fmt: skip


@require_safe
def estimates(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """All estimated weeks of a version: one metric drawn, the record of each, everything as CSV."""
    viewer = request.actor
    version = catalogue.version(viewer=viewer, slug=slug, number=number)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, version.model), default="y")
    rows = list(selectors.weeks(viewer=viewer, version=version, until=period.end))
    if wants_csv(request):
        own = (row for row in rows if row.start >= period.start)
        return csv_response(_cells(own), HEADINGS, f"{slug}-v{number}-estimates")
    asked = request.GET.get("metric", "")
    metric = asked if asked in METRICS else MAIN_METRIC["classification"]
    fit = rows[-1].fit if rows else selectors.current(viewer=viewer, version=version)
    known = [row for row in rows if row.metric == metric]
    seen = [row for row in known if row.start >= period.start]
    context: dict[str, Any] = {
        "model": version.model,
        "version": version,
        "fit": fit,
        "metric": metric,
        "metrics": [(one, metric_name(one)) for one in METRICS],
        "period": period,
        "choices": periods.choices(period),
        "crumbs": crumbs_of(version.model, MONITORING),
    }
    if fit is None:
        context["why"] = fitting.ground_of(version).why or "Its estimator is being made."
    else:
        context |= {
            "title": shown.title(metric, known),
            "sentences": shown.sentences(fit, metric, known),
            "learned": shown.learned(fit),
            "ranges": shown.ranges(fit, metric),
            "figure": shown.figure(fit, metric, seen),
            "table": (shown.HEADER, [shown.row_of(row) for row in reversed(seen)]),
            "records": shown.records(fit, rows),
        }
    return render(request, "monitoring/estimates.html", context)


def _cells(rows: Iterator[EstimateWeek]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        fit = row.fit
        bounds, usual = fit.bounds[row.metric], fit.usual[row.metric]
        yield (
            row.start.date().isoformat(), row.metric, fit.variant, str(fit.reference or "first labelled weeks"),
            row.value, row.low, row.high, row.sampling_error, row.error, row.n, bounds[0], bounds[1], usual[0],
            row.sign, row.outside, row.alarm, row.why, row.realised, row.realised_low, row.realised_high,
            row.realised_n, row.computed_at, row.realised_at,
        )  # fmt: skip
