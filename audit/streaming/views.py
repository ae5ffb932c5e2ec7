"""Pages about streams: who gets our events, how far behind they are, and the forms that change it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.base.errors import InvalidInput, Refused
from audit.base.forms import blame, own_form
from audit.sources.contract import Check
from audit.streaming import destinations, selectors, services
from audit.streaming.domain.standing import Standing
from audit.streaming.forms import NewStreamForm, StreamForm
from audit.streaming.models import Stream
from config.ui.tables import csv_response, wants_csv

TAGS = {
    Standing.WELL: ("ok", "In time"),
    Standing.BEHIND: ("watch", "Behind"),
    Standing.FAILING: ("bad", "Failing"),
    Standing.NEW: ("waiting", "First delivery waits"),
    Standing.PAUSED: ("off", "Paused"),
}
HEADINGS = (
    "name", "kind", "state", "last_entry", "entries_behind", "oldest_waits_since", "personal_values", "last_success",
    "error",
)  # fmt: skip


def _rows(found: list[Stream]) -> list[dict[str, Any]]:
    sealed, waiting = selectors.size(), selectors.waiting_since(found)
    return [_row(one, sealed, waiting.get(one.pk)) for one in found]


def _row(found: Stream, sealed: int, since: datetime | None) -> dict[str, Any]:
    tag, word = TAGS[found.standing(since)]
    return {"stream": found, "state": tag, "word": word, "lag": max(0, sealed - found.cursor), "since": since}


@require_safe
def streams(request: HttpRequest) -> HttpResponseBase:
    """The list."""
    rows = _rows(list(selectors.streams(viewer=request.actor)))
    if wants_csv(request):
        return csv_response(map(_cells, rows), HEADINGS, "streams")
    may = request.actor.may(services.RIGHT)
    context = {
        "rows": rows,
        "bad": sum(row["state"] in {"bad", "watch"} for row in rows),
        "paused": sum(row["state"] == "off" for row in rows),
        "most": max((row["lag"] for row in rows), default=0),
        "sealed": selectors.size(),
        "kinds": destinations.KINDS.values(),
        "why_not": "" if may else request.actor.why_not(services.RIGHT),
    }
    return render(request, "streaming/streams.html", context)


def _cells(row: dict[str, Any]) -> list[Any]:
    found = row["stream"]
    return [
        found.name, found.title, row["word"], found.cursor, row["lag"], row["since"],
        "clear" if found.reveal else "commitments", found.last_success_at, found.last_error,
    ]  # fmt: skip


def add(request: HttpRequest, kind: str) -> HttpResponse:
    """The form that adds a stream of this kind."""
    request.actor.check(services.RIGHT)
    found = destinations.kind(kind)
    posted = request.POST if request.method == "POST" else None
    own, general = found.form(posted), NewStreamForm(posted)
    for name in found.needed:
        own.fields[name].required = True
    if posted is not None and own.is_valid() and general.is_valid():
        try:
            made = services.add_stream(
                actor=request.actor, kind=kind, settings=own.cleaned_data, **general.cleaned_data
            )
        except InvalidInput as error:
            blame(error, own, general)
        else:
            messages.success(request, f"{made} gets our events from entry {made.cursor + 1:,} on.")
            return redirect("streaming:stream", made.pk)
    failed = bool(own.errors or general.errors)
    context = {"kind": found, "own": own, "general": general}
    return render(request, "streaming/add.html", context, status=422 if failed else 200)


def stream(request: HttpRequest, stream_id: UUID) -> HttpResponse:
    """One stream, and the form that changes it."""
    found = selectors.stream(viewer=request.actor, stream_id=str(stream_id))
    if request.method != "POST":
        return _page(request, found)
    request.actor.check(services.RIGHT)
    own, general = own_form(found.settings, destinations.kind(found.kind).form, request.POST), StreamForm(request.POST)
    if own.is_valid() and general.is_valid():
        try:
            services.change_stream(actor=request.actor, stream=found, settings=own.cleaned_data, **general.cleaned_data)
        except InvalidInput as error:
            blame(error, own, general)
        else:
            messages.success(request, "The stream is changed.")
            return redirect("streaming:stream", found.pk)
    return _page(request, found, own=own, general=general, status=422)


def _page(
    request: HttpRequest,
    found: Stream,
    *,
    checks: list[Check] | None = None,
    own: forms.Form | None = None,
    general: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    kind, may = destinations.kind(found.kind), request.actor.may(services.RIGHT)
    context = {
        **_rows([found])[0],
        "kind": kind,
        "next": found.cursor + 1,
        "shown": [
            (kind.form.base_fields[name].label, value)
            for name, value in found.settings.items()
            if name != "authority" and name in kind.form.base_fields
        ],
        "own_authority": bool(found.settings.get("authority")),
        "secret": [kind.form.base_fields[name].label for name in kind.secret],
        "deliveries": selectors.deliveries(viewer=request.actor, stream=found)[:10],
        "own": own or own_form(found.settings, kind.form),
        "general": general or StreamForm(initial={"name": found.name, "reveal": found.reveal}),
        "checks": checks,
        "may": may,
        "why_not": "" if may else request.actor.why_not(services.RIGHT),
    }
    return render(request, "streaming/stream.html", context, status=status)


@require_POST
def test(request: HttpRequest, stream_id: UUID) -> HttpResponse:
    """Tries the settings; no entry goes out."""
    found = selectors.stream(viewer=request.actor, stream_id=str(stream_id))
    request.actor.check(services.RIGHT)
    try:
        checks = found.destination().test()
    except Refused as error:
        checks = [Check(False, error.sentence)]
    return _page(request, found, checks=checks)


@require_POST
def switch(request: HttpRequest, stream_id: UUID) -> HttpResponse:
    """Pauses or resumes."""
    found = selectors.stream(viewer=request.actor, stream_id=str(stream_id))
    enabled, reason = request.POST.get("enabled") == "yes", request.POST.get("reason", "")[:500]
    try:
        services.switch_stream(actor=request.actor, stream=found, enabled=enabled, reason=reason)
    except InvalidInput as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{found} is {'resumed' if enabled else 'paused'}.")
    return redirect("streaming:stream", found.pk)
