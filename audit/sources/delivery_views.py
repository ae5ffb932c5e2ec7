"""What systems send to us: the one address at which each source is sent to, and the page of what came."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from audit.base.actors import Actor
from audit.base.errors import NotFound, Refused
from audit.base.problems import problem
from audit.people.gateway import sent
from audit.sources import deliveries as services
from audit.sources import selectors
from audit.sources.contract import Malformed, Parcel, Unproven
from audit.sources.models import Delivery, Source
from config.ui.tables import csv_response, wants_csv

PAGE = 50
A_MINUTE = 1200
HEADINGS = ("received_at", "event", "key", "state", "times", "reason")
TAGS = {
    Delivery.State.WAITING: "waiting",
    Delivery.State.TAKEN: "ok",
    Delivery.State.FAILED: "bad",
    Delivery.State.REFUSED: "off",
}


@csrf_exempt
@login_not_required
@require_POST
def hook(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Takes what the source's system sends: 202 when it is kept, 200 when it was before; else a problem (RFC 9457)."""
    if sent("hook", Actor.service(str(source_id)), seconds=60) > A_MINUTE:
        return problem(request, 429, "Too many deliveries in this minute. Send it again later.", Retry_After="60")
    source = Source.objects.select_related("team").filter(pk=source_id).first()
    try:
        body = request.body
        if len(body) > services.LARGEST:
            raise RequestDataTooBig
        if source is None:
            raise NotFound("Nothing is taken in at this address.")
        kept = services.receive(source=source, parcel=Parcel(_headers(request), body))
    except RequestDataTooBig:
        return problem(request, 413, f"A delivery has at most {services.LARGEST // 1024 // 1024} MB.")
    except NotFound as error:
        return problem(request, 404, error.sentence)
    except Unproven as error:
        return problem(request, 401, error.sentence)
    except Malformed as error:
        return problem(request, 400, error.sentence)
    except Refused as error:
        return problem(request, 409, error.sentence)
    return HttpResponse(status=202 if kept.times == 1 else 200)


def _headers(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


@require_safe
def deliveries(request: HttpRequest, source_id: UUID) -> HttpResponseBase:
    """What came, newest first, and what became of it."""
    found = selectors.source(viewer=request.actor, source_id=str(source_id))
    rows = selectors.deliveries(viewer=request.actor, source=found)
    state = request.GET.get("state", "")
    if state in Delivery.State.values:
        rows = rows.filter(state=state)
    if wants_csv(request):
        cells = ([getattr(row, name) for name in HEADINGS] for row in rows.iterator(chunk_size=500))
        return csv_response(cells, HEADINGS, f"{found.name}-deliveries")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "source": found,
        "page": page,
        "rows": [{"row": row, "tag": TAGS[Delivery.State(row.state)]} for row in page],
        "state": state if state in Delivery.State.values else "",
        "states": [("", "All"), *Delivery.State.choices],
    }
    return render(request, "sources/deliveries.html", context)


@require_POST
def replay(request: HttpRequest, source_id: UUID, delivery_id: int) -> HttpResponse:
    """Takes one in again."""
    found = selectors.source(viewer=request.actor, source_id=str(source_id))
    rows = selectors.deliveries(viewer=request.actor, source=found)
    delivery = get_object_or_404(rows, pk=delivery_id)
    try:
        job = services.replay(actor=request.actor, delivery=delivery)
    except Refused as error:
        messages.error(request, error.sentence)
        return redirect("sources:deliveries", found.pk)
    return redirect("jobs:job", job.pk)
