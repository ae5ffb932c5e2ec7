"""The pages of a model's mapping: what is stated, and the wizard that guesses it from a sample."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from audit.base.errors import InvalidInput, Refused
from audit.base.forms import blame
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model, Task
from audit.catalogue.panels import crumbs_of
from audit.monitoring.mapping import guessing, sampling, services
from audit.monitoring.mapping.selectors import lines
from audit.monitoring.mapping_forms import RolesForm, SampleForm, facts_in, facts_of, initial_of
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.starting import start_measuring
from config.ui.tables import csv_response, wants_csv

HEADINGS = ("column", "column_in_files", "what_it_is", "results_are_cut_by_it_as")


@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What the columns of the model's files are; a POST states what the wizard showed."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    stated = LogMapping.of(model)
    if request.method != "POST":
        if wants_csv(request):
            rows = ((line.name, line.theirs, line.means, line.cut) for line in lines(model, stated))
            return csv_response(rows, HEADINGS, f"{slug}-mapping")
        return _stated(request, model, stated, SampleForm())
    viewer.check(services.RIGHT, model.use_case.team_id)
    facts = facts_in(request.POST.get("sample", ""))
    if facts is None:
        form = SampleForm({})
        form.add_error(None, "What was understood of the sample did not come back. Choose it again.")
        return _stated(request, model, stated, form, status=422)
    roles = RolesForm(request.POST, model=model, facts=facts)
    if roles.is_valid():
        try:
            found = services.state_mapping(actor=viewer, model=model, **roles.stated(stated))
        except (InvalidInput, Refused) as error:
            _blame(error, roles)
        else:
            if found.groupings != stated.groupings:
                start_measuring(actor=viewer, model=model, trigger="person")
            messages.success(request, "Stated. Files that come from now on are read so.")
            return redirect("monitoring:mapping", slug=slug)
    return _wizard(request, model, roles, status=422)


@require_POST
def sample(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What was understood of a sample, for a person to change and to state. Nothing of it is kept."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    viewer.check(services.RIGHT, model.use_case.team_id)
    form = SampleForm(request.POST, request.FILES)
    stated = LogMapping.of(model)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            seen = sampling.look(filename=file.name, chunks=file.chunks())
        except InvalidInput as error:
            blame(error, form)
        else:
            classes: list[str] = []
            if model.task == Task.MULTICLASS:
                classes = stated.classes or guessing.classes_in(seen)
            guesses = guessing.guess(seen, task=model.task, features=model.inputs, classes=classes)
            facts = facts_of(guesses, classes)
            return _wizard(request, model, RolesForm(initial=initial_of(facts, stated), model=model, facts=facts))
    return _stated(request, model, stated, form, status=422)


def _blame(error: InvalidInput | Refused, form: RolesForm) -> None:
    if isinstance(error, InvalidInput):
        blame(error, form)
    else:
        form.add_error(None, error.sentence)


def _stated(
    request: HttpRequest, model: Model, stated: LogMapping, form: SampleForm, status: int = 200
) -> HttpResponseBase:
    viewer = request.actor
    context = {
        "model": model,
        "mapping": stated,
        "lines": lines(model, stated),
        "form": form,
        "why_not": "" if viewer.may(services.RIGHT, model.use_case.team_id) else viewer.why_not(services.RIGHT),
        "crumbs": _crumbs(model),
    }
    return render(request, "monitoring/mapping.html", context, status=status)


def _wizard(request: HttpRequest, model: Model, form: RolesForm, status: int = 200) -> HttpResponseBase:
    context: dict[str, Any] = {
        "model": model,
        "form": form,
        "doubtful": sum(bool(column["doubt"]) for column in form.facts["columns"]),
        "crumbs": [*_crumbs(model), ("Columns", reverse("monitoring:mapping", args=[model.slug]))],
    }
    return render(request, "monitoring/mapping_sample.html", context, status=status)


def _crumbs(model: Model) -> list[tuple[str, str]]:
    return [*crumbs_of(model), ("Files", reverse("monitoring:uploads", args=[model.slug]))]
