"""The page of one model's monitoring: what changed, and what that did to it."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.catalogue import horizon, selectors
from audit.catalogue.panels import MONITORING, crumbs_of
from audit.catalogue.sections import sections_of
from audit.monitoring import grid
from config.ui.tables import csv_response, wants_csv


@require_safe
def model(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Every section of the model's monitoring in the period ``p``; its weeks as CSV."""
    viewer = request.actor
    found = selectors.model(viewer=viewer, slug=slug)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, found), default="q")
    if wants_csv(request):
        return csv_response(grid.cells(viewer=viewer, models=[found.pk], period=period), grid.HEADINGS, f"{slug}-weeks")
    sections = sections_of(request, found, period, part=MONITORING)
    context = {
        "model": found,
        "sections": sections,
        "sentences": sections.said,
        "period": period,
        "choices": periods.choices(period),
        "crumbs": crumbs_of(found),
    }
    return render(request, "monitoring/model.html", context)
