"""The pages of alerts: all of them, one, and when a model raises one."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.alerts import gathering, selectors, services, shown
from audit.alerts.forms import PolicyForm, ReasonForm
from audit.alerts.models import Alert, AlertSign
from audit.alerts.signs import COLUMN, KINDS
from audit.base.errors import InvalidInput
from audit.base.forms import blame
from audit.catalogue import selectors as catalogue
from audit.catalogue.panels import crumbs_of
from config.ui.tables import csv_response, wants_csv

PAGE = 25
HEADINGS = (
    "alert", "model", "version", "cause", "state", "first_week", "last_week", "who_has_it", "sentence", "reason",
    "closed_at",
)  # fmt: skip
SIGN_HEADINGS = ("week_from", "version", "what", "name", "variant", "value", "bound", "n", "sentence")


@require_safe
def alerts(request: HttpRequest) -> HttpResponseBase:
    """All alerts in a state, the worst first."""
    viewer = request.actor
    state = request.GET.get("state", "active")
    state = state if state in dict(selectors.STATES) else "active"
    rows = selectors.in_state(selectors.alerts(viewer=viewer), state)
    if wants_csv(request):
        return csv_response(_cells(rows.iterator(chunk_size=500)), HEADINGS, "alerts")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(row, shown.tag(row)) for row in page],
        "state": state,
        "states": [("", "Not closed"), *((value, words) for value, words in selectors.STATES if value != "active")],
        "chosen": "" if state == "active" else state,
    }
    return render(request, "alerts/alerts.html", context)


def _cells(rows: Iterable[Alert]) -> Iterator[list[Any]]:
    for row in rows:
        yield [
            str(row.pk), row.model.slug, row.version.number, row.cause, row.state, row.first_week.date().isoformat(),
            row.last_week.date().isoformat(), row.holder.name if row.holder else "", row.sentence, row.reason,
            row.closed_at,
        ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def alert(request: HttpRequest, alert_id: UUID) -> HttpResponseBase:
    """One alert: why it stands out, what was seen week by week, and what people did; a POST changes its state."""
    viewer = request.actor
    found = selectors.alert(viewer=viewer, alert_id=alert_id)
    if request.method == "POST":
        viewer.check(services.RIGHT, found.model.use_case.team_id)
        return _act(request, found)
    signs = selectors.signs(viewer=viewer, alert=found)
    if wants_csv(request):
        cells = (
            [one.start.date().isoformat(), one.version.number, one.what, one.name, one.variant, one.value, one.bound,
             one.n, one.sentence]
            for one in signs.iterator(chunk_size=500)
        )  # fmt: skip
        return csv_response(cells, SIGN_HEADINGS, f"alert-{found.pk}")
    return _page(request, found, ReasonForm())


def _act(request: HttpRequest, found: Alert) -> HttpResponse:
    form, what = ReasonForm(request.POST), request.POST.get("what", "")
    if what == "acknowledge":
        services.acknowledge(actor=request.actor, alert=found)
        messages.success(request, "You have it now.")
        return redirect("alerts:alert", alert_id=found.pk)
    if not form.is_valid():
        return _page(request, found, form)
    if what == "explain":
        services.explain(actor=request.actor, alert=found, reason=form.cleaned_data["reason"])
        messages.success(request, "Explained. Nobody is told of further signs.")
    else:
        services.close(actor=request.actor, alert=found, reason=form.cleaned_data["reason"])
        messages.success(request, "Closed. A further sign opens a new alert.")
    return redirect("alerts:alert", alert_id=found.pk)


def _page(request: HttpRequest, found: Alert, form: ReasonForm) -> HttpResponse:
    viewer = request.actor
    page = Paginator(selectors.signs(viewer=viewer, alert=found), PAGE).get_page(request.GET.get("page"))
    context = {
        "alert": found,
        "tag": shown.tag(found),
        "page": page,
        "signs": [(one, KINDS[one.what], _url(found, one)) for one in page],
        "form": form,
        "why_not": {name: services.why_not(viewer, found, name) for name in ("acknowledge", "explain", "close")},
        "crumbs": [("Alerts", reverse("alerts:alerts"))],
    }
    return render(request, "alerts/alert.html", context, status=422 if form.errors else 200)


def _url(found: Alert, one: AlertSign) -> str:
    """The page that shows what the sign is about."""
    slug = found.model.slug
    if one.what == COLUMN:
        return reverse("monitoring:input", args=[slug, one.version.number, one.name])
    return reverse("monitoring:model", args=[slug])


@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, slug: str) -> HttpResponseBase:
    """When a model raises an alert; a POST changes it."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    team = model.use_case.team_id
    if request.method == "POST":
        viewer.check(services.RIGHT, team)
    now = gathering.policy_of(model)
    posted = request.POST if request.method == "POST" else None
    form = PolicyForm(posted, initial=PolicyForm.initial_of(now))
    if request.method == "POST" and form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            services.set_policy(actor=viewer, model=model, changes=form.changes(), reason=reason)
        except InvalidInput as error:
            blame(error, form)
        else:
            messages.success(request, "Set. It holds for weeks that are weighed from now on.")
            return redirect("alerts:policy", slug=slug)
    context = {
        "model": model,
        "policy": now,
        "is_set": now.pk is not None and not now._state.adding,
        "form": form,
        "why_not": "" if viewer.may(services.RIGHT, team) else viewer.why_not(services.RIGHT),
        "crumbs": crumbs_of(model),
    }
    return render(request, "alerts/policy.html", context, status=422 if form.errors else 200)


@require_POST
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """The person is told of the model's alerts, or no more."""
    model = catalogue.model(viewer=request.actor, slug=slug)
    wanted = services.follow(actor=request.actor, model=model, wanted=request.POST.get("follow") != "no")
    messages.success(request, "You are told of its alerts." if wanted else "You are not told of its alerts any more.")
    return redirect("catalogue:model", slug=slug)
