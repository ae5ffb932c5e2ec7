"""The page of a model's process: how it gets from data to production, and which steps run by themselves."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.catalogue import selectors
from audit.catalogue.panels import crumbs_of
from audit.catalogue.process import DAYS, HEADINGS, cells, process_of
from config.ui.tables import csv_response, wants_csv


@require_safe
def process(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The steps of one model."""
    found = selectors.model(viewer=request.actor, slug=slug)
    made = process_of(viewer=request.actor, model=found)
    if wants_csv(request):
        return csv_response(cells(made), HEADINGS, f"{slug}-process")
    context = {
        "model": found,
        "process": made,
        "days": DAYS,
        "crumbs": crumbs_of(found),
    }
    return render(request, "catalogue/process.html", context)
