"""The pages of documents: which stand behind our models, one document, and the forms that attach and withdraw."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound, Refused
from audit.base.forms import blame
from audit.catalogue import selectors as catalogue
from audit.documents import domain, listing, selectors, sending, services
from audit.documents.forms import AttachForm, WithdrawForm, key_of
from audit.documents.models import Document
from config.ui.tables import csv_response, wants_csv

PAGE = 50
SHOWN = 12


@require_safe
def documents(request: HttpRequest) -> HttpResponseBase:
    """The list, narrowed by ``kind`` and by ``model``."""
    viewer = request.actor
    models = list(catalogue.models(viewer=viewer))
    wanted = {name: request.GET.get(name, "").strip() for name in ("kind", "model")}
    model = next((one for one in models if one.slug == wanted["model"]), None)
    kind = wanted["kind"] if wanted["kind"] in domain.KINDS else ""
    rows = listing.matching(viewer=viewer, kind=kind, model=model)
    if wants_csv(request):
        found = map(listing.row_of, rows.iterator(chunk_size=500))
        return csv_response(map(listing.cells, found), listing.HEADINGS, "documents")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    bare, of = listing.without(viewer=viewer)
    context = {
        "page": page,
        "rows": [listing.row_of(row) for row in page],
        "wanted": {"kind": kind, "model": model.slug if model else ""},
        "model": model,
        "kind_name": domain.kind_name(kind) if kind else "",
        "filtered": bool(kind or model),
        "kinds": [(key, domain.kind_name(key)) for key in domain.KINDS],
        "models": models,
        "standing": selectors.standing(selectors.documents(viewer=viewer)).count(),
        "bare": bare[:SHOWN],
        "more_bare": max(0, len(bare) - SHOWN),
        "covered": of - len(bare),
        "why_not": "" if viewer.may_anywhere(services.ATTACH) else viewer.why_not(services.ATTACH),
    }
    return render(request, "documents/documents.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def attach(request: HttpRequest) -> HttpResponse:
    """The form that attaches a document; ``?replaces=`` makes it a newer version of that one."""
    if not request.actor.may_anywhere(services.ATTACH):
        request.actor.check(services.ATTACH)
    replaces = _replaced(request)
    if replaces is not None:
        request.actor.check(services.ATTACH, replaces.owner.pk)
    if request.method == "POST":
        form = AttachForm(request.POST, request.FILES, viewer=request.actor, replaces=replaces)
        made = _attach(request, form, replaces) if form.is_valid() else None
        if made is not None:
            messages.success(request, f"{made.title} is attached.")
            return redirect("documents:document", made.pk)
    else:
        form = AttachForm(viewer=request.actor, replaces=replaces, initial=_initial(request, replaces))
    context = {
        "form": form,
        "replaces": replaces,
        "back": reverse("documents:document", args=[replaces.pk]) if replaces else reverse("documents:documents"),
        "crumbs": [("Documents", reverse("documents:documents"))],
    }
    return render(request, "documents/attach.html", context, status=422 if form.errors else 200)


def _replaced(request: HttpRequest) -> Document | None:
    text = request.GET.get("replaces", "")
    if not text:
        return None
    try:
        return selectors.document(viewer=request.actor, document_id=UUID(text))
    except ValueError:
        raise NotFound("There is no such document.") from None


def _initial(request: HttpRequest, replaces: Document | None) -> dict[str, Any]:
    if replaces is not None:
        return {
            "scope": key_of(replaces.of),
            "kind": replaces.kind,
            "title": replaces.title,
            "signed_by": replaces.signed_by,
        }
    named = [f"{column}:{request.GET[column]}" for column in ("model", "use_case", "team") if request.GET.get(column)]
    return {"scope": named[0] if named else "", "kind": request.GET.get("kind", "")}


def _attach(request: HttpRequest, form: AttachForm, replaces: Document | None) -> Document | None:
    said = {name: form.cleaned_data[name] for name in ("kind", "title", "dated", "signed_by")}
    file = form.cleaned_data["file"]
    try:
        return services.attach_document(
            actor=request.actor,
            scope=form.chosen(),
            filename=file.name,
            chunks=file.chunks(),
            replaces=replaces,
            **said,
        )
    except InvalidInput as error:
        blame(error, form)
    except Refused as error:
        form.add_error(None, error.sentence)
    return None


@require_safe
def document(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """One document: what it is, whether it stands, and what happened to it."""
    found = selectors.document(viewer=request.actor, document_id=document_id)
    return _page(request, found, WithdrawForm())


def _page(request: HttpRequest, found: Document, form: WithdrawForm) -> HttpResponse:
    viewer, state = request.actor, listing.state_of(found)
    others = [listing.row_of(one) for one in selectors.versions(viewer=viewer, document=found)]
    context = {
        "row": listing.row_of(found),
        "document": found,
        "state": state,
        "newer": next((one.document for one in others if one.document.replaces_id == found.pk), None),
        "versions": others if len(others) > 1 else [],
        "form": form,
        "why_not_newer": _why_not_newer(viewer, found, state),
        "why_not_withdraw": _why_not_withdraw(viewer, found),
        "crumbs": [("Documents", reverse("documents:documents"))],
    }
    return render(request, "documents/document.html", context, status=422 if form.errors else 200)


def _why_not_newer(viewer: Actor, found: Document, state: str) -> str:
    if not viewer.may(services.ATTACH, found.owner.pk):
        return viewer.why_not(services.ATTACH)
    sentences = {
        listing.WITHDRAWN: "It was withdrawn, so nothing replaces it.",
        listing.REPLACED: "A newer version replaces it already.",
    }
    return "A newer version replaces it already." if found.superseded else sentences.get(state, "")


def _why_not_withdraw(viewer: Actor, found: Document) -> str:
    if not viewer.may(services.WITHDRAW, found.owner.pk):
        return viewer.why_not(services.WITHDRAW)
    return "It was withdrawn before." if found.withdrawn_at else ""


@require_safe
def content(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """The file, as a download."""
    return sending.response_of(selectors.document(viewer=request.actor, document_id=document_id))


@require_POST
def withdraw(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """The document does not stand any more."""
    found = selectors.document(viewer=request.actor, document_id=document_id)
    request.actor.check(services.WITHDRAW, found.owner.pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    services.withdraw_document(actor=request.actor, document=found, reason=form.cleaned_data["reason"])
    messages.success(request, f"{found.title} is withdrawn.")
    return redirect("documents:document", found.pk)
