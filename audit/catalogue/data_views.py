"""The pages of data: which data sets there are, and one of them with its versions, its columns and who learned."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound
from audit.base.forms import blame
from audit.catalogue import data_listing, data_page, selectors
from audit.catalogue.asked import asked_number
from audit.catalogue.describing import describe_dataset
from audit.catalogue.forms import DescribeForm
from audit.catalogue.models import Dataset, DatasetVersion
from audit.catalogue.services import RIGHT
from config.ui.tables import csv_response, wants_csv

PAGE = 25


@require_safe
def datasets(request: HttpRequest) -> HttpResponseBase:
    """The list of data sets, narrowed by the words ``q``."""
    viewer, words = request.actor, request.GET.get("q", "").strip()
    rows = data_listing.matching(viewer=viewer, words=words)
    if wants_csv(request):
        every = data_listing.every_row(viewer=viewer, datasets=rows)
        return csv_response((row.cells() for row in every), data_listing.HEADINGS, "data")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": data_listing.rows_of(viewer=viewer, datasets=list(page)),
        "words": words,
        "nameless": rows.filter(owner=None).count(),
        "unrated": rows.filter(sensitivity="").count(),
    }
    return render(request, "catalogue/datasets.html", context)


@require_safe
def dataset_by_id(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Leads from the id of a dataset, or of a version of it, as ledger entries keep them, to its page."""
    rows = selectors.datasets(viewer=request.actor)
    found = rows.filter(Q(pk=pk) | Q(pk__in=DatasetVersion.objects.filter(pk=pk).values("dataset"))).first()
    if found is None:
        raise NotFound("There is no such dataset, or it belongs to a team that you are not in.")
    return redirect("catalogue:dataset", slug=found.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def dataset(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One dataset; a POST describes it."""
    found = data_page.dataset(viewer=request.actor, slug=slug)
    if request.method == "POST":
        request.actor.check(RIGHT, found.team_id)
        form = DescribeForm(request.POST, dataset=found)
        if form.is_valid() and _described(request, found, form):
            messages.success(request, f"{found} is described.")
            return redirect("catalogue:dataset", slug=slug)
        return _page(request, found, form)
    if wants_csv(request):
        return _csv(request, found)
    return _page(request, found, DescribeForm(dataset=found, initial=_initial(found)))


def _initial(found: Dataset) -> dict[str, Any]:
    return {"owner": found.owner_id, "sensitivity": found.sensitivity, "description": found.description}


def _described(request: HttpRequest, found: Dataset, form: DescribeForm) -> bool:
    try:
        describe_dataset(actor=request.actor, dataset=found, **form.cleaned_data)
    except InvalidInput as error:
        blame(error, form)
        return False
    return True


def _csv(request: HttpRequest, found: Dataset) -> HttpResponseBase:
    viewer, learning = request.actor, data_page.learning(viewer=request.actor, dataset=found)
    if request.GET.get("of") == "learned":
        rows = data_page.learners(viewer=viewer, found=learning, limit=None)
        return csv_response(data_page.learner_cells(rows), data_page.LEARNED_HEADINGS, f"{found.slug}-learned")
    versions = selectors.data(viewer=viewer).filter(dataset=found).order_by("-number")
    lines = (row.cells() for row in learning.of(versions.iterator(chunk_size=PAGE)))
    return csv_response(lines, data_page.HEADINGS, f"{found.slug}-versions")


def _page(request: HttpRequest, found: Dataset, form: DescribeForm) -> HttpResponseBase:
    viewer = request.actor
    versions = selectors.data(viewer=viewer).filter(dataset=found).order_by("-number")
    page = Paginator(versions, PAGE).get_page(request.GET.get("page"))
    newest = versions.first()
    learning = data_page.learning(viewer=viewer, dataset=found)
    context = {
        "dataset": found,
        "page": page,
        "rows": learning.of(page),
        "newest": newest,
        "sentences": data_page.sentences(page.paginator.count, learning, newest),
        "learning": learning,
        "learners": data_page.learners(viewer=viewer, found=learning),
        "between": _between(request, viewer, found),
        "form": form,
        "why_not": "" if viewer.may(RIGHT, found.team_id) else viewer.why_not(RIGHT),
        "crumbs": [("Data", reverse("catalogue:datasets"))],
    }
    return render(request, "catalogue/dataset.html", context, status=422 if form.errors else 200)


def _between(request: HttpRequest, viewer: Actor, found: Dataset) -> dict[str, Any] | None:
    """What changed of the columns between ``a`` and ``b``, the last two without; None when there are no two."""
    numbers = data_page.numbers_of(viewer=viewer, dataset=found)
    if len(numbers) < 2:
        return None
    a, b = asked_number(request, "a") or numbers[1], asked_number(request, "b") or numbers[0]
    part = data_page.columns_between(viewer=viewer, dataset=found, a=a, b=b)
    changes = [(data_page.KINDS[change.kind], change) for change in part.changes]
    return {
        "a": a, "b": b, "numbers": numbers, "changes": changes, "sentence": data_page.columns_sentence(part, a, b)
    }  # fmt: skip
