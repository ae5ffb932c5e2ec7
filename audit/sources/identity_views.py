"""What sources say of a model: as what each knows it, which of its names are guarded, and who could move them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import AliasPeriod, Model
from audit.catalogue.panels import crumbs_of
from audit.sources import guarding, identities, selectors, services
from audit.sources.contract import TellsMovers, Unavailable
from audit.sources.models import APPROVAL, Guard, Incident
from config.ui.tables import csv_response, wants_csv

HEADINGS = ("source", "kind", "id", "name", "joined_by", "told_at", "gone_at", "address")


@require_safe
def of_model(request: HttpRequest, slug: str) -> HttpResponseBase:
    """As what each source knows the model and its versions."""
    found = catalogue.model(viewer=request.actor, slug=slug)
    return _page(request, found)


def _page(request: HttpRequest, model: Model, *, error: str = "", status: int = 200) -> HttpResponseBase:
    viewer = request.actor
    models = list(selectors.identities(viewer=viewer, model=model))
    versions = selectors.versions_told(viewer=viewer, model=model)
    if wants_csv(request):
        cells = (
            [one.source.name, one.kind, one.external, one.name, one.merged_by, one.told_at, one.gone_at, one.url]
            for one in [*models, *versions]
        )
        return csv_response(cells, HEADINGS, f"{model.slug}-sources")
    guarded = set(Guard.objects.filter(model=model).values_list("alias", flat=True))
    names = set(AliasPeriod.objects.filter(model=model).values_list("alias", flat=True))
    may = viewer.may(guarding.RIGHT, model.use_case.team_id)
    context: dict[str, Any] = {
        "model": model,
        "identities": models,
        "versions": versions,
        "choices": [(name, name in guarded) for name in sorted(names | guarded | {APPROVAL})],
        "guarded": sorted(guarded),
        "incidents": Incident.objects.filter(model=model, closed_at=None),
        "asks": [one.pk for one in models if isinstance(services.connector(one.source.kind), TellsMovers)],
        "others": _others(viewer, model),
        "whole": not viewer.sees_models_only(),
        "error": error,
        "may": may,
        "why_not": "" if may else viewer.why_not(guarding.RIGHT),
        "crumbs": crumbs_of(model),
    }
    return render(request, "sources/of_model.html", context, status=status)


def _others(viewer: Actor, model: Model) -> QuerySet[Model]:
    """The other models of its team, by name and short name alone: there may be thousands."""
    rows = catalogue.models(viewer=viewer).filter(use_case__team=model.use_case.team_id).exclude(pk=model.pk)
    return rows.select_related(None).only("name", "slug")


@require_POST
def guards(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Sets which names are guarded."""
    found = catalogue.model(viewer=request.actor, slug=slug)
    typed = request.POST.get("more", "").split(",")
    try:
        guarding.guard_aliases(
            actor=request.actor,
            model=found,
            aliases=[*request.POST.getlist("alias"), *typed],
            reason=request.POST.get("reason", "")[:2000],
        )
    except InvalidInput as error:
        return _page(request, found, error=error.sentence, status=422)
    messages.success(request, "What is guarded is changed.")
    return redirect("sources:of_model", found.slug)


@require_POST
def separate(request: HttpRequest, slug: str, identity_id: UUID) -> HttpResponse | HttpResponseBase:
    """Makes what a source knows a model of its own, or (``model``) joins it with another."""
    found = catalogue.model(viewer=request.actor, slug=slug)
    identity = selectors.identity(viewer=request.actor, model=found, identity_id=str(identity_id))
    reason, other = request.POST.get("reason", "")[:2000], request.POST.get("model", "")
    try:
        if other:
            into = catalogue.model(viewer=request.actor, slug=other)
            after = identities.join(actor=request.actor, identity=identity, model=into, reason=reason)
        else:
            after = identities.separate(actor=request.actor, identity=identity, reason=reason)
    except (InvalidInput, Refused) as error:
        return _page(request, found, error=error.sentence, status=422)
    messages.success(request, f"{identity.name} of {identity.source} is {after} now.")
    return redirect("sources:of_model", after.slug)


@require_safe
def movers(request: HttpRequest, slug: str, identity_id: UUID) -> HttpResponseBase:
    """Everyone who could move a guarded name in the source's system, asked now."""
    found = catalogue.model(viewer=request.actor, slug=slug)
    identity = selectors.identity(viewer=request.actor, model=found, identity_id=str(identity_id))
    connector = services.connector(identity.source.kind)
    report, error = None, ""
    if isinstance(connector, TellsMovers):
        try:
            report = connector.movers(identity.source.whole_settings(), identity.external)
        except (InvalidInput, Refused, Unavailable) as failure:
            error = failure.sentence
    else:
        error = f"{identity.source.title} does not tell who may do what."
    if report is not None and wants_csv(request):
        cells = ([one.name, one.how] for one in report.people)
        return csv_response(cells, ("name", "how"), f"{found.slug}-movers")
    context = {
        "model": found,
        "identity": identity,
        "report": report,
        "error": error,
        "guarded": list(Guard.objects.filter(model=found)),
    }
    return render(request, "sources/movers.html", context)
