"""The pages of the catalogue: models, one model, its history, one version, two versions, one use case."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.catalogue import (
    comparing,
    entries,
    horizon,
    lede,
    links,
    listing,
    notes,
    own_panels,
    production,
    provenance,
    selectors,
)
from audit.catalogue.asked import asked_number
from audit.catalogue.domain.completeness import PARTS
from audit.catalogue.forms import HandOverForm
from audit.catalogue.handing_over import hand_over_model
from audit.catalogue.models import AliasPeriod, Model, ModelVersion, Task
from audit.catalogue.panels import VERSION_PANELS, crumbs_of, panels_for_use_case, panels_for_version
from audit.catalogue.sections import sections_of
from audit.catalogue.services import RIGHT
from audit.catalogue.states import State
from audit.catalogue.words import metric_name, metric_value
from config.ui.tables import csv_response, wants_csv

PAGE = 25
HISTORY = ("name", "version", "since", "until", "recorded_at", "end_recorded_at", "moved_by")
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
    narrow = {"use_case": wanted["use_case"], "task": wanted["task"], "words": wanted["q"]}
    if wants_csv(request):
        every = listing.matching(viewer=request.actor, state=wanted["state"], **narrow)
        return csv_response((row.cells() for row in every), listing.HEADINGS, "models")
    found = listing.narrowed(viewer=request.actor, **narrow)
    listed = listing.listed(viewer=request.actor, found=found, state=wanted["state"])
    page = Paginator(listed.models, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": listing.rows(viewer=request.actor, models=page),
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "use_cases": selectors.use_cases(viewer=request.actor),
        "states": STATES,
        "tasks": Task.choices,
        "bad": listed.states[State.BELOW],
        "watch": listed.states[State.WATCH],
        "unknown": listed.states[State.UNKNOWN],
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
    if wants_csv(request) and request.GET.get("of") == "versions":
        every = own_panels.version_rows(model=found, viewer=viewer, limit=None)
        return csv_response((one.cells() for one in every), own_panels.VERSION_HEADINGS, f"{slug}-versions")
    if wants_csv(request):
        return csv_response([row.cells()], listing.HEADINGS, slug)
    sections = sections_of(request, found, period, more={"ran": _ran(request, found)})
    running = next((one for one in row.deployments if one.environment == "production"), None)
    context = {
        "model": found,
        "row": row,
        "production": running,
        "sentences": lede.sentences(row),
        "notes": notes.notes_of(found, viewer),
        "may_hand_over": viewer.may(RIGHT, found.use_case.team_id),
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
    day = periods.day_in(request.GET, "on")
    if day is None:
        return None
    return own_panels.what_ran(model=found, viewer=request.actor, day=day, known=periods.day_in(request.GET, "known"))


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
        "crumbs": crumbs_of(found),
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
    """One version with its origin: data, code, parameters, run, artefact, metrics, and what of it is missing."""
    viewer = request.actor
    found = selectors.version(viewer=viewer, slug=slug, number=number)
    complete = provenance.completeness_of(found)
    if wants_csv(request) and (panel := VERSION_PANELS.get(request.GET.get("of", ""))):
        return csv_response(panel.cells(found, viewer), panel.headings, f"{slug}-v{number}-{panel.anchor}")
    if wants_csv(request):
        lines = [(part.name, part in complete.present, part.without) for part in PARTS]
        return csv_response(lines, ("part", "on_record", "without_it"), f"{slug}-v{number}-origin")
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
        "reached": set(selectors.data(viewer=viewer).filter(trained=found).values_list("dataset", flat=True)),
        "inputs": run.inputs.select_related("dataset") if run else [],
        "metrics": metrics,
        "derived_from": _derived_from(found, viewer),
        "environment_digest": provenance.environment_digest(provenance.environment_of(found)),
        "parameters": sorted(provenance.parameters_of(found).items()),
        "environment": sorted(provenance.environment_of(found).items()),
        "learned": own_panels.learned_from(found.data_from, found.data_until),
        "deployments": selectors.deployments(viewer=viewer).filter(version=found),
        "aliases": selectors.aliases(viewer=viewer).filter(version=found),
        "tag": own_panels.tags_of(model=found.model, viewer=viewer, versions=[found])[found.pk],
        "complete": complete,
        "sections": [
            SafeString(render_to_string(template, values, request))
            for template, values in panels_for_version(found, viewer)
        ],
        "comparable": comparing.chosen(viewer=viewer, model=found.model) is not None,
        "crumbs": crumbs_of(found.model),
    }
    return render(request, "catalogue/version.html", context)


def _derived_from(found: ModelVersion, viewer: Actor) -> ModelVersion | None:
    if found.derived_from_id is None:
        return None
    return selectors.versions(viewer=viewer).filter(pk=found.derived_from_id).first()


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What was in production on the day ``on``, as known at the end of ``known``; and where each name ever pointed."""
    viewer = request.actor
    found = selectors.model(viewer=viewer, slug=slug)
    periods_of = selectors.aliases(viewer=viewer).filter(model=found).order_by("-since", "alias")
    if wants_csv(request):
        rows = list(periods_of)
        moved = entries.movers(rows, viewer)
        return csv_response((_period_cells(row, moved) for row in rows), HISTORY, f"{slug}-history")
    day = periods.day_in(request.GET, "on") or (horizon.last_data(viewer, found) - timedelta(microseconds=1)).date()
    page = Paginator(periods_of, PAGE).get_page(request.GET.get("page"))
    moved = entries.movers(list(page), viewer)
    context = {
        "model": found,
        "answer": production.on_day(model=found, viewer=viewer, day=day, known=periods.day_in(request.GET, "known")),
        "page": page,
        "rows": [(row, moved.get(str(row.pk))) for row in page],
        "crumbs": crumbs_of(found),
    }
    return render(request, "catalogue/history.html", context)


def _period_cells(row: AliasPeriod, moved: Mapping[str, str]) -> list[object]:
    return [
        row.alias,
        row.version.number,
        row.since,
        row.until,
        row.created_at,
        row.ended_recorded_at,
        moved.get(str(row.pk)),
    ]


@require_safe
def compare(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Versions ``a`` and ``b`` side by side; without them production and the newest other."""
    viewer = request.actor
    found = selectors.model(viewer=viewer, slug=slug)
    default = comparing.chosen(viewer=viewer, model=found)
    numbers = [asked_number(request, name) or first for name, first in zip("ab", default or (None, None), strict=True)]
    comparison = None
    if numbers[0] is not None and numbers[1] is not None:
        comparison = comparing.compared(viewer=viewer, model=found, a=numbers[0], b=numbers[1])
    if wants_csv(request):
        lines = comparing.cells(comparison) if comparison else []
        return csv_response(lines, comparing.HEADINGS, f"{slug}-compared")
    every = selectors.versions(viewer=viewer).filter(model=found)
    context = {
        "model": found,
        "comparison": comparison,
        "parts": comparing.shown(comparison) if comparison else [],
        "numbers": list(every.order_by("-number").values_list("number", flat=True)),
        "crumbs": crumbs_of(found),
    }
    return render(request, "catalogue/compare.html", context)


@require_safe
def use_case(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One use case: the problem, the hope, and the models that serve it."""
    found = selectors.use_cases(viewer=request.actor).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no use case {slug}, or it belongs to a team that you are not in.")
    if wants_csv(request):
        every = listing.matching(viewer=request.actor, use_case=slug)
        return csv_response((row.cells() for row in every), listing.HEADINGS, slug)
    of_it = listing.narrowed(viewer=request.actor, use_case=slug)
    page = Paginator(of_it, PAGE).get_page(request.GET.get("page"))
    shown = panels_for_use_case(found, request.actor)
    context = {
        "use_case": found,
        "page": page,
        "rows": listing.rows(viewer=request.actor, models=page),
        "sections": [SafeString(render_to_string(template, values, request)) for template, values in shown],
        "links": links.for_use_case(found, request.actor),
        "crumbs": [("Models", reverse("catalogue:models"))],
    }
    return render(request, "catalogue/use_case.html", context)
