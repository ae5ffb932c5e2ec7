"""Pages about the log's standing: whether it can be trusted, who else vouches for it, and what to do when not."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.assurance import selectors, services, witnesses, words
from audit.assurance.domain.standing import Standing
from audit.assurance.forms import KeyForm, SettleForm, WitnessForm
from audit.assurance.models import Witness
from audit.base import ids
from audit.base.errors import InvalidInput, Refused
from audit.base.forms import blame, own_form
from audit.jobs import services as jobs
from audit.ledger.domain import note
from audit.sources.contract import Check
from config.ui.tables import csv_response, wants_csv

TAGS = {
    Standing.WELL: ("ok", "In time"),
    Standing.BEHIND: ("watch", "Behind"),
    Standing.FAILING: ("bad", "Failing"),
    Standing.DISAGREES: ("bad", "Has another log"),
    Standing.NEW: ("waiting", "First delivery waits"),
    Standing.OFF: ("off", "Switched off"),
}
HEADINGS = (
    "name", "kind", "state", "delivered_size", "lag", "last_success", "checked_at", "agrees", "finding", "error",
)  # fmt: skip


def _row(found: Witness, state: selectors.State, *, whole: bool) -> dict[str, Any]:
    """What is told of a witness. Why one does not answer names places, which only who reads the whole ledger sees."""
    newest = state.newest.size if state.newest else 0
    tag, word = TAGS[found.standing(state.head.origin, newest)]
    delivered = found.delivered(state.head.origin)
    silent = found.agrees is None and bool(found.finding)
    return {
        "witness": found,
        "state": tag,
        "word": word,
        "delivered": delivered,
        "lag": max(0, newest - delivered),
        "finding": found.finding if whole or not silent else "It did not tell.",
        "error": found.last_error if whole else "",
    }


@require_safe
def standing(request: HttpRequest) -> HttpResponseBase:
    """The page; as CSV the table of witnesses."""
    selectors.check_reader(request.actor)
    return _standing(request)


def _standing(request: HttpRequest, *, key: forms.Form | None = None, status: int = 200) -> HttpResponseBase:
    state = selectors.state()
    whole = request.actor.may(selectors.READ)
    rows = [_row(found, state, whole=whole) for found in selectors.witnesses(viewer=request.actor)]
    if wants_csv(request):
        return csv_response(map(_cells, rows), HEADINGS, "witnesses")
    may = request.actor.may(services.RIGHT)
    context = {
        "log": state,
        "answer": words.answer(state),
        "lede": words.lede(state, [row["witness"] for row in rows]),
        "rows": rows,
        "root": note.checkpoint_of(state.newest.note).root.hex() if state.newest else None,
        "keys": selectors.signing_keys(),
        "kinds": [(code, kind.title) for code, kind in witnesses.KINDS.items()],
        "key_form": key or KeyForm(),
        "settle_form": SettleForm(),
        "whole": whole,
        "may": may,
        "begins_again": services.BEGINS_AGAIN,
        "why_not": "" if may else request.actor.why_not(services.RIGHT),
    }
    return render(request, "assurance/standing.html", context, status=status)


def _cells(row: dict[str, Any]) -> list[Any]:
    found = row["witness"]
    return [
        found.name, found.title, row["word"], row["delivered"], row["lag"], found.last_success_at, found.checked_at,
        found.agrees, row["finding"], row["error"],
    ]  # fmt: skip


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Asks every witness now, in the background: one that does not answer takes its time."""
    request.actor.check(selectors.READ)
    with transaction.atomic():
        jobs.start(services.CHECK, actor=request.actor, trigger="person", key=str(ids.uuid7()))
    messages.success(request, "The witnesses are being asked; what they say will stand here.")
    return redirect("assurance:standing")


@require_POST
def change_key(request: HttpRequest) -> HttpResponseBase:
    """A new signing key."""
    request.actor.check(services.RIGHT)
    form = KeyForm(request.POST)
    if form.is_valid():
        try:
            key = services.change_signing_key(actor=request.actor, **form.cleaned_data)
        except (InvalidInput, Refused) as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, f"Key {key.key_id} signs from now on.")
            return redirect("assurance:standing")
    return _standing(request, key=form, status=422)


@require_POST
def settle(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Closes an incident, or lets the log begin again."""
    found = selectors.incident(viewer=request.actor, incident_id=incident_id)
    request.actor.check(services.RIGHT)
    reason = request.POST.get("reason", "")[:500]
    try:
        if request.POST.get("how") == "begin_again":
            head = services.begin_again(actor=request.actor, incident=found, reason=reason)
            messages.success(request, f"The log goes on as {head.origin}.")
        else:
            services.settle_incident(actor=request.actor, incident=found, reason=reason)
            messages.success(request, "The incident is closed.")
    except (InvalidInput, Refused) as error:
        messages.error(request, error.sentence)
    return redirect("assurance:standing")


def add(request: HttpRequest, kind: str) -> HttpResponse:
    """The form that adds a witness of this kind."""
    request.actor.check(services.RIGHT)
    found = witnesses.kind(kind)
    posted = request.POST if request.method == "POST" else None
    own, general = found.form(posted), WitnessForm(posted)
    if posted is not None and own.is_valid() and general.is_valid():
        try:
            made = services.add_witness(
                actor=request.actor, kind=kind, name=general.cleaned_data["name"], settings=own.cleaned_data
            )
        except InvalidInput as error:
            blame(error, general)
        else:
            messages.success(request, f"{made} is a witness now.")
            return redirect("assurance:witness", made.pk)
    failed = bool(own.errors or general.errors)
    context = {"title": found.title, "description": found.description, "own": own, "general": general}
    return render(request, "assurance/add.html", context, status=422 if failed else 200)


def witness(request: HttpRequest, witness_id: UUID) -> HttpResponse:
    """One witness, and the form that changes it."""
    found = selectors.witness(viewer=request.actor, witness_id=str(witness_id))
    if request.method != "POST":
        return _page(request, found)
    request.actor.check(services.RIGHT)
    own, general = own_form(found.settings, witnesses.kind(found.kind).form, request.POST), WitnessForm(request.POST)
    if own.is_valid() and general.is_valid():
        try:
            services.change_witness(
                actor=request.actor, witness=found, name=general.cleaned_data["name"], settings=own.cleaned_data
            )
        except InvalidInput as error:
            blame(error, general)
        else:
            messages.success(request, "The witness is changed.")
            return redirect("assurance:witness", found.pk)
    return _page(request, found, own=own, general=general, status=422)


def _page(
    request: HttpRequest,
    found: Witness,
    *,
    checks: list[Check] | None = None,
    own: forms.Form | None = None,
    general: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    kind, may = witnesses.kind(found.kind), request.actor.may(services.RIGHT)
    secret = [kind.form.base_fields[name].label for name in kind.secret]
    context = {
        **_row(found, selectors.state(), whole=True),
        "title": kind.title,
        "description": kind.description,
        "secret": secret,
        "receipts": selectors.receipts(viewer=request.actor, witness=found)[:20],
        "own": own or own_form(found.settings, kind.form),
        "general": general or WitnessForm(initial={"name": found.name}),
        "checks": checks,
        "may": may,
        "why_not": "" if may else request.actor.why_not(services.RIGHT),
    }
    return render(request, "assurance/witness.html", context, status=status)


@require_POST
def test(request: HttpRequest, witness_id: UUID) -> HttpResponse:
    """Tries the settings; changes nothing."""
    found = selectors.witness(viewer=request.actor, witness_id=str(witness_id))
    request.actor.check(services.RIGHT)
    try:
        checks = found.place().test()
    except Refused as error:
        checks = [Check(False, error.sentence)]
    return _page(request, found, checks=checks)


@require_POST
def switch(request: HttpRequest, witness_id: UUID) -> HttpResponse:
    """On or off."""
    found = selectors.witness(viewer=request.actor, witness_id=str(witness_id))
    enabled, reason = request.POST.get("enabled") == "yes", request.POST.get("reason", "")[:500]
    try:
        services.switch_witness(actor=request.actor, witness=found, enabled=enabled, reason=reason)
    except InvalidInput as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{found} is switched {'on' if enabled else 'off'}.")
    return redirect("assurance:witness", found.pk)
