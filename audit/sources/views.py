"""Pages about sources: what is connected, whether it is read in time, and what it could not use."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.base import clock, ids
from audit.base.errors import InvalidInput
from audit.base.forms import blame
from audit.jobs import services as jobs
from audit.people.models import Team
from audit.people.selectors import teams
from audit.sources import coverage, domain, selectors, services, shown
from audit.sources.contract import CONNECTORS, Check, Connector, Priced, Receiver, Restricted
from audit.sources.forms import SourceForm
from audit.sources.models import Delivery, Source
from config.ui.tables import csv_response, wants_csv

TAGS = {
    domain.Standing.WELL: ("ok", "In time"),
    domain.Standing.LATE: ("watch", "Late"),
    domain.Standing.FAILING: ("bad", "Failing"),
    domain.Standing.NEVER: ("waiting", "First pull waits"),
    domain.Standing.OFF: ("off", "Switched off"),
}
DAYS = {"1": "last 24 hours", "7": "last 7 days", "30": "last 30 days"}
TIMES = ("from", "until", "state", "why", "items")
HEADINGS = ("name", "kind", "team", "state", "last_success", "every_seconds", "received", "problems", "error")


def _row(found: Source) -> dict[str, Any]:
    state, word = TAGS[found.standing]
    return {"source": found, "state": state, "word": word, "received": found.totals.get("new", 0)}


@require_safe
def sources(request: HttpRequest) -> HttpResponseBase:
    """The list."""
    request.actor.check_whole("Sources are a team’s and no model’s")
    rows = [_row(found) for found in selectors.sources(viewer=request.actor)]
    if wants_csv(request):
        return csv_response(map(_cells, rows), HEADINGS, "sources")
    context = {
        "rows": rows,
        "bad": sum(row["state"] in {"bad", "watch"} for row in rows),
        "connectors": [(connector, _why_not(request, connector)) for connector in CONNECTORS.values()],
        "incidents": selectors.incidents(viewer=request.actor).filter(closed_at=None).count(),
    }
    return render(request, "sources/sources.html", context)


def _why_not(request: HttpRequest, connector: Connector) -> str:
    """Why the actor may connect no source of this kind; empty when they may."""
    rights = [services.RIGHT, *([connector.right] if isinstance(connector, Restricted) else [])]
    return next((request.actor.why_not(right) for right in rights if not request.actor.may_anywhere(right)), "")


def _cells(row: dict[str, Any]) -> list[Any]:
    found = row["source"]
    return [
        found.name, found.title, found.team.slug, row["word"], found.last_success_at, found.every_seconds,
        row["received"], len(found.problems), found.last_error,
    ]  # fmt: skip


def _own_teams(request: HttpRequest) -> QuerySet[Team]:
    allowed = request.actor.teams(services.RIGHT)
    rows = teams(viewer=request.actor)
    return rows if allowed is None else rows.filter(pk__in=allowed)


def add(request: HttpRequest, kind: str) -> HttpResponse:
    """The form that connects a source of this kind."""
    if not request.actor.may_anywhere(services.RIGHT):
        request.actor.check(services.RIGHT)
    found = services.connector(kind)
    if isinstance(found, Restricted) and not request.actor.may_anywhere(found.right):
        request.actor.check(found.right)
    posted = request.POST if request.method == "POST" else None
    initial = {"every_seconds": found.every_seconds} if isinstance(found, Priced) else None
    own, general = found.form(posted), SourceForm(posted, teams=_own_teams(request), initial=initial)
    if posted is not None and own.is_valid() and general.is_valid():
        try:
            source = services.add_source(
                actor=request.actor, kind=kind, settings=own.cleaned_data, **general.cleaned_data
            )
        except InvalidInput as error:
            blame(error, general)
        else:
            messages.success(request, f"{source} is connected.")
            return redirect("sources:source", source.pk)
    failed = bool(own.errors or general.errors)
    context = {"connector": found, "own": own, "general": general}
    return render(request, "sources/add.html", context, status=422 if failed else 200)


def source(request: HttpRequest, source_id: UUID) -> HttpResponseBase:
    """One source, when it was read, and the form that changes it."""
    found = selectors.source(viewer=request.actor, source_id=str(source_id))
    if wants_csv(request):
        rows = shown.lines(told) if (told := _coverage(request, found)[0]) else []
        cells = ([row.since, row.until, row.word, row.why, row.items] for row in rows)
        return csv_response(cells, TIMES, f"{found.name}-coverage")
    if request.method == "POST":
        services.check_right(actor=request.actor, kind=found.kind, team_id=found.team_id, settings=found.settings)
        own, general = _forms(request, found, bound=True)
        if own.is_valid() and general.is_valid():
            data = {name: general.cleaned_data[name] for name in ("name", "every_seconds")}
            try:
                services.change_source(actor=request.actor, source=found, settings=own.cleaned_data, **data)
            except InvalidInput as error:
                blame(error, general)
            else:
                messages.success(request, "The source is changed.")
                return redirect("sources:source", found.pk)
        return _page(request, found, own=own, general=general, status=422)
    return _page(request, found)


def _forms(request: HttpRequest, found: Source, *, bound: bool = False) -> tuple[Any, SourceForm]:
    connector, mine = services.connector(found.kind), Team.objects.filter(pk=found.team_id)
    kept = found.set_secrets()
    if bound:
        data = request.POST.copy()
        data["team"] = str(found.team_id)
        return _forgetful(connector.form(data), kept), SourceForm(data, teams=mine)
    initial = {"name": found.name, "team": found.team_id, "every_seconds": found.every_seconds}
    return _forgetful(connector.form(initial=found.settings), kept), SourceForm(initial=initial, teams=mine)


def _forgetful(form: Any, kept: set[str]) -> Any:
    """A form whose secrets, which are never shown, stay when they are left empty."""
    for name in kept & set(form.fields):
        form.fields[name].required = False
        form.fields[name].help_text = "Leave it empty to keep the present one"
    return form


def _coverage(request: HttpRequest, found: Source) -> tuple[coverage.Coverage | None, str]:
    """When the source was read in the days that the address asks for; None before there is anything to tell."""
    days = request.GET.get("days", "7")
    days = days if days in DAYS else "7"
    at = clock.now()
    told = coverage.of_sources(viewer=request.actor, sources=[found], since=at - timedelta(days=int(days)), until=at)
    return (told[0] if told else None), days


def _page(
    request: HttpRequest,
    found: Source,
    *,
    checks: list[Check] | None = None,
    own: Any = None,
    general: SourceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    own_form, general_form = _forms(request, found)
    why_not = services.why_not(actor=request.actor, source=found)
    told, days = _coverage(request, found)
    connector = services.connector(found.kind)
    context = {
        **_row(found),
        "days": days,
        "day_choices": [(value, words.removeprefix("last ").capitalize()) for value, words in DAYS.items()],
        "coverage": told,
        "coverage_lede": shown.lede(told) if told else "",
        "sentences": [shown.sentence(hole) for hole in reversed(told.holes)] if told else [],
        "lines": shown.lines(told) if told else [],
        "spans": shown.spans(told) if told else [],
        "source": found,
        "connector": connector,
        "secrets": [name for name in connector.secret if found.secret and name in found.set_secrets()],
        "hook": connector.hook if isinstance(connector, Receiver) else "",
        "hook_url": f"{settings.TOLLGATE_URL}{reverse('sources:hook', args=[found.pk])}",
        "sent": found.deliveries.count(),
        "failed": found.deliveries.filter(state=Delivery.State.FAILED).count(),
        "pulls": selectors.pulls(viewer=request.actor, source=found)[:10],
        "own": own or own_form,
        "general": general or general_form,
        "checks": checks,
        "prices": connector.price(found.pk, found.settings, found.cursor) if isinstance(connector, Priced) else [],
        "may": not why_not,
        "why_not": why_not,
    }
    return render(request, "sources/source.html", context, status=status)


@require_POST
def test(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Tries the settings; changes nothing."""
    found = selectors.source(viewer=request.actor, source_id=str(source_id))
    services.check_right(actor=request.actor, kind=found.kind, team_id=found.team_id, settings=found.settings)
    return _page(request, found, checks=services.connector(found.kind).test(found.whole_settings()))


@require_POST
def pull(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Starts a pull now."""
    found = selectors.source(viewer=request.actor, source_id=str(source_id))
    with transaction.atomic():
        anew = request.POST.get("anew") == "yes"
        services.note_asked(actor=request.actor, source=found, anew=anew)
        job = jobs.start(
            services.PULL,
            actor=request.actor,
            trigger="person",
            args={"source": str(found.pk), **({"anew": True} if anew else {})},
            key=f"{found.pk}:{ids.uuid7()}",
            subject=found,
            team=found.team,
        )
    return redirect("jobs:job", job.pk)


@require_POST
def switch(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """On or off."""
    found = selectors.source(viewer=request.actor, source_id=str(source_id))
    enabled = request.POST.get("enabled") == "yes"
    services.switch_source(
        actor=request.actor, source=found, enabled=enabled, reason=request.POST.get("reason", "")[:500]
    )
    messages.success(request, f"{found} is switched {'on' if enabled else 'off'}.")
    return redirect("sources:source", found.pk)
