"""The forms that say what no source could tell: what a model is for, and who made a version."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.base.errors import InvalidInput, Refused
from audit.catalogue import selectors
from audit.catalogue.describing_models import describe_model, name_author
from audit.catalogue.forms import AuthorForm, DescribeModelForm
from audit.catalogue.panels import crumbs_of
from audit.catalogue.services import RIGHT


@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What a model is for and what it predicts."""
    found = selectors.model(viewer=request.actor, slug=slug)
    own = selectors.use_cases(viewer=request.actor).filter(team=found.use_case.team_id)
    form = DescribeModelForm(request.POST if request.method == "POST" else None, instance=found, use_cases=own)
    if request.method == "POST":
        request.actor.check(RIGHT, found.use_case.team_id)
        fresh = selectors.model(viewer=request.actor, slug=slug)
        if form.is_valid():
            try:
                describe_model(actor=request.actor, model=fresh, **form.cleaned_data)
            except (InvalidInput, Refused) as error:
                where = getattr(error, "where", "")
                form.add_error(where if where in form.fields else None, error.sentence)
            else:
                messages.success(request, "It is saved.")
                return redirect("catalogue:model", slug=slug)
        found = fresh
    team = found.use_case.team_id
    context: dict[str, Any] = {
        "question": f"What is {found.name} for, and what does it predict?",
        "lede": "What no source could tell is unknown until somebody says it here. Its history stays as it is.",
        "form": form,
        "back": reverse("catalogue:model", args=[slug]),
        "why_not": "" if request.actor.may(RIGHT, team) else request.actor.why_not(RIGHT),
        "crumbs": crumbs_of(found),
    }
    return render(request, "catalogue/say.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def author(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Who made a version."""
    found = selectors.version(viewer=request.actor, slug=slug, number=number)
    form = AuthorForm(request.POST if request.method == "POST" else None, version=found)
    if request.method == "POST":
        request.actor.check(RIGHT, found.model.use_case.team_id)
        if form.is_valid():
            try:
                name_author(actor=request.actor, version=found, **form.cleaned_data)
            except (InvalidInput, Refused) as error:
                form.add_error(None, error.sentence)
            else:
                messages.success(request, "Its author is on record.")
                return redirect("catalogue:version", slug, number)
    may = request.actor.may(RIGHT, found.model.use_case.team_id)
    back = reverse("catalogue:version", args=[slug, number])
    context: dict[str, Any] = {
        "question": f"Who made version {number} of {found.model.name}?",
        "lede": "Whoever made a version does not decide on its promotion; so its author has to be known first.",
        "form": form,
        "back": back,
        "why_not": "" if may else request.actor.why_not(RIGHT),
        "crumbs": [
            *crumbs_of(found.model),
            (f"Version {number}", back),
        ],
    }
    return render(request, "catalogue/say.html", context, status=422 if form.errors else 200)
