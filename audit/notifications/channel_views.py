"""Pages about a team's channels: where its messages go beside its people, and whether they arrive there."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.base.errors import InvalidInput
from audit.base.forms import blame, own_form
from audit.notifications import channelling, delivering, places, selectors
from audit.notifications.forms import ChannelForm, NewChannelForm
from audit.notifications.kinds import KINDS
from audit.notifications.models import Channel, Delivery
from audit.notifications.views import delivery_row
from config.ui.tables import csv_response, wants_csv

SHOWN = 20
HEADINGS = ("team", "name", "kind", "messages", "last_outcome", "last_try")


@require_safe
def channels(request: HttpRequest) -> HttpResponseBase:
    """The list."""
    found = list(selectors.channels(viewer=request.actor))
    last = selectors.last_tries(found)
    rows = [{"channel": one, "last": last.get(one.pk)} for one in found]
    if wants_csv(request):
        return csv_response(map(_cells, rows), HEADINGS, "channels")
    may = request.actor.may_anywhere(selectors.MANAGE)
    context = {
        "rows": rows,
        "failing": sum(_failing(row["last"]) for row in rows),
        "places": places.KINDS.values(),
        "why_not": "" if may else request.actor.why_not(selectors.MANAGE),
    }
    return render(request, "notifications/channels.html", context)


def _failing(last: Any) -> bool:
    return last is not None and last.state in {Delivery.State.FAILED, Delivery.State.WAITING}


def _cells(row: dict[str, Any]) -> list[Any]:
    found, last = row["channel"], row["last"]
    kinds = ", ".join(found.kind_titles) or "all"
    return [
        found.team.name, found.name, found.title, kinds,
        last.outcome if last else "", last.tried_at if last else None,
    ]  # fmt: skip


def add(request: HttpRequest, kind: str) -> HttpResponse:
    """The form that adds a channel of this kind."""
    if not request.actor.may_anywhere(selectors.MANAGE):
        request.actor.check(selectors.MANAGE)
    found = places.kind(kind)
    posted = request.POST if request.method == "POST" else None
    own, general = found.form(posted), NewChannelForm(posted, viewer=request.actor)
    for name in found.secret:
        own.fields[name].required = True
    if posted is not None and own.is_valid() and general.is_valid():
        try:
            made = channelling.add_channel(
                actor=request.actor, kind=kind, settings=own.cleaned_data, **general.cleaned_data
            )
        except InvalidInput as error:
            blame(error, own, general)
        else:
            messages.success(request, f"{made} is added. Send a test to see whether it works.")
            return redirect("notifications:channel", made.pk)
    failed = bool(own.errors or general.errors)
    context = {"kind": found, "own": own, "general": general}
    return render(request, "notifications/add.html", context, status=422 if failed else 200)


def channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """One channel, what went there, and the form that changes it."""
    found = selectors.channel(viewer=request.actor, channel_id=channel_id)
    if request.method != "POST":
        return _page(request, found)
    request.actor.check(selectors.MANAGE, found.team_id)
    own, general = own_form(found.settings, places.kind(found.kind).form, request.POST), ChannelForm(request.POST)
    if own.is_valid() and general.is_valid():
        try:
            channelling.change_channel(
                actor=request.actor, channel=found, settings=own.cleaned_data, **general.cleaned_data
            )
        except InvalidInput as error:
            blame(error, own, general)
        else:
            messages.success(request, "The channel is changed.")
            return redirect("notifications:channel", found.pk)
    return _page(request, found, own=own, general=general, status=422)


def _page(
    request: HttpRequest,
    found: Channel,
    *,
    own: forms.Form | None = None,
    general: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    kind, may = places.kind(found.kind), request.actor.may(selectors.MANAGE, found.team_id)
    rows = selectors.deliveries(viewer=request.actor).filter(channel=found)
    last = selectors.last_tries([found]).get(found.pk)
    known = [one for one in found.kinds if one in KINDS]
    context = {
        "channel": found,
        "kind": kind,
        "last": last,
        "failing": _failing(last),
        "address": found.settings.get("url", ""),
        "own_authority": bool(found.settings.get("authority")),
        "secret": [kind.form.base_fields[name].label for name in kind.secret],
        "deliveries": [delivery_row(request, one) for one in rows[:SHOWN]],
        "own": own or own_form(found.settings, kind.form),
        "general": general or ChannelForm(initial={"name": found.name, "kinds": known}),
        "may": may,
        "why_not": "" if may else request.actor.why_not(selectors.MANAGE),
    }
    return render(request, "notifications/channel.html", context, status=status)


@require_POST
def test(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Sends a test, here and now."""
    found = selectors.channel(viewer=request.actor, channel_id=channel_id)
    ordered = channelling.order_test(actor=request.actor, channel=found)
    tried = delivering.attempt(delivery_id=ordered.pk)
    if tried is None:
        messages.success(request, "The test is on its way.")
    elif tried.state == Delivery.State.SENT:
        messages.success(request, tried.outcome)
    else:
        messages.error(request, tried.outcome)
    return redirect("notifications:channel", found.pk)


@require_POST
def remove(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Removes it, with the reason."""
    found = selectors.channel(viewer=request.actor, channel_id=channel_id)
    try:
        channelling.remove_channel(actor=request.actor, channel=found, reason=request.POST.get("reason", "")[:500])
    except InvalidInput as error:
        messages.error(request, error.sentence)
        return redirect("notifications:channel", found.pk)
    messages.success(request, f"{found.name} is removed.")
    return redirect("notifications:channels")
