"""Pages about what must be kept, what must go, and what is on hold; and the erasure of a person."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.base import clock
from audit.base.errors import InvalidInput, NotFound
from audit.jobs import services as jobs
from audit.ledger import selectors as ledger
from audit.people.models import User
from audit.retention import erasing, forms, holding, selectors, services
from audit.retention.models import Hold, Kind
from config.ui.tables import csv_response, wants_csv

RUNS = 20
AT_ONCE = 200_000
"""An erasure reads every entry: of so many it does so here, of more in a job."""
HOLDS = (
    "kind", "on", "reason", "placed_at", "placed_by", "released_at", "released_by", "why_released",
)  # fmt: skip
CLOCKS = ("clock", "what", "keep", "why", "older_than", "due", "kept_by_holds")
RUN = ("at", "entries", "documents", "bytes", "kept_by_holds", "personal_values", "what", "policy")


@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    """Holds, clocks and runs. ``format=csv`` with ``table`` holds, clocks or runs is one of the tables."""
    actor = request.actor
    rows = list(selectors.holds(viewer=actor))
    found = selectors.clocks(viewer=actor, at=clock.now())
    runs = selectors.runs(viewer=actor)
    if wants_csv(request):
        return _csv(request.GET.get("table", "holds"), rows, found, runs)
    may = actor.may(services.RIGHT)
    may_erase = actor.may(services.ERASE)
    context = {
        "holds": rows,
        "open": [one for one in rows if one.released_at is None],
        "kinds": [(kind.value, kind.label) for kind in Kind],
        "clocks": found,
        "runs": runs[:RUNS],
        "last": runs.first(),
        "erasures": selectors.erasures(viewer=actor),
        "who": forms.WhoForm(people=selectors.people(viewer=actor)) if may_erase else None,
        "release": forms.ReleaseForm(auto_id=False),
        "may": may,
        "why_not": "" if may else actor.why_not(services.RIGHT),
        "why_not_erase": "" if may_erase else actor.why_not(services.ERASE),
    }
    return render(request, "retention/page.html", context)


def _csv(table: str, rows: list[Hold], found: selectors.Clocks, runs: Iterable[Any]) -> HttpResponseBase:
    if table == "clocks":
        lines = [[one.clock, one.what, one.keep, one.why, one.before, one.due, one.kept] for one in found.lines]
        return csv_response(lines, CLOCKS, "clocks")
    if table == "runs":
        told = (
            [one.created_at, one.entries, one.documents, one.bytes, one.kept, one.personal, one.sentence, one.policy]
            for one in runs
        )
        return csv_response(told, RUN, "retention-runs")
    if table != "holds":
        raise InvalidInput(f"There is no table {table}.", where="table", mend="Use holds, clocks or runs.")
    held = (
        [
            one.get_kind_display(), one.target_name, one.reason, one.created_at, _name(one.placed_by), one.released_at,
            _name(one.released_by) if one.released_at else "", one.release_reason,
        ]
        for one in rows
    )  # fmt: skip
    return csv_response(held, HOLDS, "holds")


def _name(user: User | None) -> str:
    return user.name if user else "Tollgate"


def add(request: HttpRequest, kind: str) -> HttpResponse:
    """The form that places a hold of this kind."""
    request.actor.check(services.RIGHT)
    if kind not in Kind.values:
        raise NotFound(f"Nothing called {kind} can be held.")
    chosen = Kind(kind)
    form = forms.HoldForm(request.POST if request.method == "POST" else None, kind=chosen)
    if request.method == "POST" and form.is_valid():
        target = form.cleaned_data.get("target")
        placed = services.place_hold(
            actor=request.actor,
            kind=kind,
            target=str(target.pk) if target else "",
            reason=form.cleaned_data["reason"],
        )
        messages.success(request, f"From now on {placed.words} is on hold.")
        return redirect("retention:page")
    context = {"form": form, "kind": chosen, "words": chosen.label.lower()}
    return render(request, "retention/add.html", context, status=422 if form.errors else 200)


def hold(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """One hold, and the form that releases it."""
    found = selectors.hold(viewer=request.actor, hold_id=str(hold_id))
    form = forms.ReleaseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        request.actor.check(services.RIGHT)
        if form.is_valid():
            services.release_hold(actor=request.actor, hold=found, reason=form.cleaned_data["reason"])
            messages.success(request, f"The hold on {found.words} is released.")
            return redirect("retention:page")
    may = request.actor.may(services.RIGHT)
    context = {"hold": found, "form": form, "why_not": "" if may else request.actor.why_not(services.RIGHT)}
    return render(request, "retention/hold.html", context, status=422 if form.errors else 200)


@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Starts a run now."""
    request.actor.check(services.RIGHT)
    with transaction.atomic():
        job = jobs.start(services.PRUNE, actor=request.actor, trigger="person")
    return redirect("jobs:job", job.pk)


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Leads to the page of the person who was chosen."""
    form = forms.WhoForm(request.GET, people=selectors.people(viewer=request.actor))
    if not form.is_valid():
        raise InvalidInput("Choose a person.", where="person", mend="Go back and choose one.")
    return redirect("retention:person", form.cleaned_data["person"].pk)


@never_cache
def person(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """What an erasure would do, what stands against it, and the form that asks for it."""
    user = selectors.person(viewer=request.actor, user_id=str(user_id))
    form = forms.EraseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return _erase(request, user, form.cleaned_data["reason"])
        except InvalidInput as error:
            form.add_error("reason", error.sentence)
    plan = erasing.plan(user)
    held = holding.on_person(plan.person)
    against = [*erasing.to_be_settled(user), *([services.why_held(user, held)] if held else [])]
    if request.actor.user_id == user.pk:
        against.insert(0, services.NOT_ONESELF)
    context = {
        "whom": user,
        "form": form,
        "plan": plan,
        "against": against,
        "why_not": " ".join(against),
        "owned": user.owned_models.select_related("use_case__team"),
        "sentence": f"{request.actor.name} erased a person, who is now {plan.person.traces.new_name}",
        "crumbs": [("Retention", reverse("retention:page"))],
    }
    return render(request, "retention/person.html", context, status=422 if form.errors else 200)


def _erase(request: HttpRequest, user: User, reason: str) -> HttpResponse:
    """Here when the log is short, as a job when it is long."""
    if ledger.head().size > AT_ONCE:
        services.check_reason(user, reason)
        with transaction.atomic():
            args = {"user": str(user.pk), "reason": reason}
            job = jobs.start(services.ERASING, actor=request.actor, trigger="person", args=args)
        return redirect("jobs:job", job.pk)
    gone = services.erase_person(actor=request.actor, user=user, reason=reason)
    messages.success(request, f"The person is erased, and is now {gone.name}.")
    return redirect("retention:page")
