"""The pages of the catalogue: models, one model, one version, one use case."""

from datetime import date
from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.base.errors import InvalidInput, NotFound
from audit.catalogue import horizon, lede, links, listing, notes, own_panels, selectors
from audit.catalogue.forms import HandOverForm
from audit.catalogue.handing_over import hand_over_model
from audit.catalogue.models import Model, ModelVersion, Task
from audit.catalogue.panels import panels_for, panels_for_use_case
from audit.catalogue.services import RIGHT
from audit.catalogue.states import State
from audit.catalogue.words import metric_name, metric_value
from config.ui.tables import csv_response, wants_csv

STATES = [
    (State.BELOW, "Outside threshold"),
    (State.WATCH, "Watch"),
    (State.HEALTHY, "Healthy"),
    (State.UNKNOWN, "Unknown"),
]


@require_safe
def models(request: HttpRequest) -> HttpResponseBase:
    """The list of models, narrowed by ``use_case``, ``state``, ``task`` and ``q``."""
    wanted = {name: request.GET.get(name, "").strip() for name in ("use_case", "state", "task", "q")}
    rows = listing.matching(
        viewer=request.actor,
        use_case=wanted["use_case"],
        task=wanted["task"],
        state=wanted["state"],
        words=wanted["q"],
    )
    if wants_csv(request):
        return csv_response((row.cells() for row in rows), listing.HEADINGS, "models")
    context = {
        "rows": rows,
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "use_cases": selectors.use_cases(viewer=request.actor),
        "states": STATES,
        "tasks": Task.choices,
        "bad": sum(row.standing.state is State.BELOW for row in rows),
        "watch": sum(row.standing.state is State.WATCH for row in rows),
        "unknown": sum(row.standing.state is State.UNKNOWN for row in rows),
    }
    return render(request, "catalogue/models.html", context)


@require_safe
def model(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One model: its state in words, and the sections that the slices register."""
    viewer = request.actor
    found = selectors.model(viewer=viewer, slug=slug)
    as_of = horizon.last_data(viewer, found)
    period = periods.chosen(request.GET, last=as_of, default="q")
    row = listing.rows(viewer=viewer, models=[found], as_of=as_of)[0]
    if wants_csv(request):
        return csv_response([row.cells()], listing.HEADINGS, slug)
    shown = panels_for(found, viewer, period)
    ran = _ran(request, found)
    sections = [
        [SafeString(render_to_string(one.panel.template, {**one.context, "ran": ran}, request)) for one in group]
        for _, group in groupby(shown, key=lambda one: one.panel.row or one.panel.anchor)
    ]
    production = next((one for one in row.deployments if one.environment == "production"), None)
    context = {
        "model": found,
        "row": row,
        "production": production,
        "sentences": lede.sentences(row),
        "notes": notes.notes_of(found, viewer),
        "may_hand_over": viewer.may(RIGHT, found.use_case.team_id),
        "tabs": [(one.panel.anchor, one.panel.title) for one in shown],
        "sections": sections,
        "links": links.for_model(found, viewer),
        "period": period,
        "choices": periods.choices(period),
        "crumbs": [
            ("Models", reverse("catalogue:models")),
            (found.use_case.name, reverse("catalogue:use_case", args=[found.use_case.slug])),
        ],
    }
    return render(request, "catalogue/model.html", context)


def _ran(request: HttpRequest, found: Model) -> own_panels.Ran | None:
    day = _day(request, "on")
    if day is None:
        return None
    return own_panels.what_ran(model=found, viewer=request.actor, day=day, known=_day(request, "known"))


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"“{text}” is not a date.", where=name, mend="Write it like 2013-06-17.") from None


def owner(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The form that gives a model another owner."""
    found = selectors.model(viewer=request.actor, slug=slug)
    may = request.actor.may(RIGHT, found.use_case.team_id)
    form = HandOverForm(request.POST if request.method == "POST" else None, model=found)
    if request.method == "POST":
        request.actor.check(RIGHT, found.use_case.team_id)
        if form.is_valid():
            hand_over_model(actor=request.actor, model=found, **form.cleaned_data)
            messages.success(request, f"{form.cleaned_data['owner'].name} owns {found} now.")
            return redirect("catalogue:model", slug=found.slug)
    context = {
        "model": found,
        "form": form,
        "anybody": form.fields["owner"].queryset.exists(),  # type: ignore[attr-defined]
        "why_not": "" if may else request.actor.why_not(RIGHT),
        "crumbs": [("Models", reverse("catalogue:models")), (found.name, reverse("catalogue:model", args=[slug]))],
    }
    return render(request, "catalogue/owner.html", context, status=422 if form.errors else 200)


@require_safe
def model_by_id(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Leads from a model's id, as ledger entries keep it, to its page."""
    found = selectors.models(viewer=request.actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such model, or it belongs to a team that you are not in.")
    return redirect("catalogue:model", slug=found.slug)


@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """One version with its lineage: data, code, parameters, run, artefact, metrics."""
    viewer = request.actor
    found = selectors.version(viewer=viewer, slug=slug, number=number)
    run = found.run
    metrics = [
        (metric_name(name), metric_value(name, float(value), found.model.unit))
        for name, value in sorted(found.metrics.items())
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    context = {
        "version": found,
        "run": run,
        "data": found.training_data.select_related("dataset"),
        "inputs": run.inputs.select_related("dataset") if run else [],
        "metrics": metrics,
        "parameters": sorted((found.parameters or (run.parameters if run else {})).items()),
        "environment": sorted(run.environment.items()) if run else [],
        "learned": own_panels.learned_from(found.data_from, found.data_until),
        "deployments": selectors.deployments(viewer=viewer).filter(version=found),
        "aliases": selectors.aliases(viewer=viewer).filter(version=found),
        "tag": next(
            (one.tag for one in own_panels.version_rows(model=found.model, viewer=viewer, limit=None)
             if one.version.pk == found.pk), None,
        ),
        "gaps": _gaps(found),
        "crumbs": [
            ("Models", reverse("catalogue:models")),
            (found.model.name, reverse("catalogue:model", args=[slug])),
        ],
    }  # fmt: skip
    return render(request, "catalogue/version.html", context)


def _gaps(found: ModelVersion) -> list[str]:
    """What the records do not say about where a version came from."""
    run = found.run
    missing = {
        "the data that it learned from": not found.training_data.all(),
        "the run that trained it": run is None,
        "the version of the code": run is None or not run.code_version,
        "the parameters": not found.parameters and not (run and run.parameters),
        "the libraries it was trained with": run is None or not run.environment,
        "its metrics at training": not found.metrics,
    }
    return [words for words, absent in missing.items() if absent]


@require_safe
def use_case(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One use case: the problem, the hope, and the models that serve it."""
    found = selectors.use_cases(viewer=request.actor).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no use case {slug}, or it belongs to a team that you are not in.")
    rows = listing.matching(viewer=request.actor, use_case=slug)
    if wants_csv(request):
        return csv_response((row.cells() for row in rows), listing.HEADINGS, slug)
    shown = panels_for_use_case(found, request.actor)
    context = {
        "use_case": found,
        "rows": rows,
        "sections": [SafeString(render_to_string(template, values, request)) for template, values in shown],
        "links": links.for_use_case(found, request.actor),
        "crumbs": [("Models", reverse("catalogue:models"))],
    }
    return render(request, "catalogue/use_case.html", context)
