"""Pages about incidents that sources showed: a guarded name that moved elsewhere, an endpoint of unknown origin."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from audit.base.errors import InvalidInput, Refused
from audit.sources import guarding, selectors
from config.ui.tables import csv_response, wants_csv

PAGE = 50
HEADINGS = ("at", "kind", "source", "model", "sentence", "closed_at", "closed_by", "reason")


@require_safe
def incidents(request: HttpRequest) -> HttpResponseBase:
    """The list, open ones first."""
    rows = selectors.incidents(viewer=request.actor)
    if wants_csv(request):
        cells = (
            [row.at, row.kind, row.source.name, row.model.slug if row.model else "", row.sentence, row.closed_at,
             row.closed_by, row.reason]
            for row in rows.iterator(chunk_size=500)
        )  # fmt: skip
        return csv_response(cells, HEADINGS, "incidents")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "open": rows.filter(closed_at=None).count()}
    return render(request, "sources/incidents.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponseBase:
    """One incident, and the form that closes it."""
    found = selectors.incident(viewer=request.actor, incident_id=str(incident_id))
    error = ""
    if request.method == "POST":
        try:
            guarding.close_incident(actor=request.actor, incident=found, reason=request.POST.get("reason", "")[:2000])
        except (InvalidInput, Refused) as refusal:
            error = refusal.sentence
        else:
            messages.success(request, "The incident is closed.")
            return redirect("sources:incidents")
    may = request.actor.may("sources.manage", found.source.team_id)
    context = {
        "incident": found,
        "around": selectors.around(viewer=request.actor, incident=found),
        "error": error,
        "may": may,
        "why_not": "" if may else request.actor.why_not("sources.manage"),
    }
    return render(request, "sources/incident.html", context, status=422 if error else 200)
