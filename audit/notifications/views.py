"""Pages of messages: what is new for me, what I want to be told, and how what was sent has fared."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.base.errors import InvalidInput, NotFound
from audit.base.forms import blame
from audit.notifications import delivering, selectors, services
from audit.notifications.forms import PreferencesForm
from audit.notifications.kinds import Choice, title_of
from audit.notifications.models import Delivery, Notification
from audit.notifications.places import mail
from audit.people.selectors import signed_in
from config.ui.tables import csv_response, wants_csv

PAGE = 50
HEADINGS = ("at", "kind", "team", "title", "text", "link", "urgent", "read_at")
DELIVERY_HEADINGS = (
    "asked_for", "way", "what", "where", "team", "state", "attempts", "last_try", "next_try", "outcome"
)  # fmt: skip
TAGS = {
    Delivery.State.WAITING: "waiting",
    Delivery.State.SENT: "ok",
    Delivery.State.FAILED: "bad",
    Delivery.State.DROPPED: "off",
}


@require_safe
def notifications(request: HttpRequest) -> HttpResponseBase:
    """One's own, newest first; ``?show=unread`` those that are not read."""
    unread = request.GET.get("show") == "unread"
    rows = selectors.notifications(viewer=request.actor, unread=unread)
    if wants_csv(request):
        return csv_response(map(_cells, rows.iterator(chunk_size=500)), HEADINGS, "notifications")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "show": "unread" if unread else "",
        "shows": [("", "All"), ("unread", "Not read")],
        "unread": selectors.notifications(viewer=request.actor, unread=True).count(),
        "has_mail": mail.has_server(),
    }
    return render(request, "notifications/notifications.html", context)


def _cells(row: Notification) -> list[Any]:
    found = row.message
    team = found.team.name if found.team else ""
    return [
        row.created_at, title_of(found.kind), team, found.title, found.text, found.link, found.urgent, row.read_at,
    ]  # fmt: skip


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Marks one (``notification``) or all as read."""
    chosen = request.POST.getlist("notification")
    try:
        ids = [UUID(one) for one in chosen] or None
    except ValueError:
        raise NotFound("There is no such notification, or it is not yours.") from None
    services.mark_read(actor=request.actor, ids=ids)
    messages.success(request, "Marked as read.")
    return redirect("notifications:notifications")


def own_settings(request: HttpRequest) -> HttpResponse:
    """What I want to be told, and when."""
    user = signed_in(request.user)
    wanted = selectors.preferences(user)
    form = PreferencesForm(request.POST if request.method == "POST" else None, wanted=wanted)
    if request.method == "POST" and form.is_valid():
        try:
            services.choose(actor=request.actor, user=user, **form.said())
        except InvalidInput as error:
            blame(error, form)
        else:
            messages.success(request, "Your choice is saved.")
            return redirect("notifications:settings")
    context = {
        "form": form,
        "zone": user.zone,
        "nothing": sum(bound.value() == Choice.NOTHING for bound in form.of_kinds),
        "has_mail": mail.has_server(),
    }
    return render(request, "notifications/settings.html", context, status=422 if form.errors else 200)


@require_safe
def deliveries(request: HttpRequest) -> HttpResponseBase:
    """What was sent out of the app, newest first; ``?state=`` narrows it."""
    wanted = request.GET.get("state", "")
    state = wanted if wanted in Delivery.State.values else ""
    rows = selectors.deliveries(viewer=request.actor)
    shown = rows.filter(state=state) if state else rows
    if wants_csv(request):
        return csv_response(map(_delivery_cells, shown.iterator(chunk_size=500)), DELIVERY_HEADINGS, "deliveries")
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [delivery_row(request, found) for found in page],
        "state": state,
        "states": [("", "All"), *Delivery.State.choices],
        "failed": rows.filter(state=Delivery.State.FAILED).count(),
        "waiting": rows.filter(state=Delivery.State.WAITING).count(),
        "has_mail": mail.has_server(),
    }
    return render(request, "notifications/deliveries.html", context)


def delivery_row(request: HttpRequest, found: Delivery) -> dict[str, Any]:
    """A delivery as pages show it; ``why_not`` says why it is not sent again, empty when it can be."""
    waits = found.state == Delivery.State.WAITING
    failed = found.state == Delivery.State.FAILED and found.way != Delivery.Way.TEST
    return {
        "delivery": found,
        "tag": TAGS[Delivery.State(found.state)],
        "next": found.due_at if waits else None,
        "failed": failed,
        "why_not": delivering.why_not_again(actor=request.actor, delivery=found) if failed else "",
    }


def _delivery_cells(found: Delivery) -> list[Any]:
    waits = found.state == Delivery.State.WAITING
    return [
        found.created_at, found.get_way_display(), found.title, found.to, found.team.name if found.team else "",
        found.get_state_display(), found.attempts, found.tried_at, found.due_at if waits else None, found.outcome,
    ]  # fmt: skip


@require_POST
def again(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Sends what failed once more."""
    found = selectors.delivery(viewer=request.actor, delivery_id=delivery_id)
    delivering.send_again(actor=request.actor, delivery=found)
    services.wake_now()
    messages.success(request, "It is sent again.")
    return redirect("notifications:deliveries")
