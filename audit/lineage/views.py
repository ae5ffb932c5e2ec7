"""The pages of lineage: find a part of the graph, where it comes from and what depends on it, and what was refused."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.base.periods import day_in
from audit.lineage import answer, listing, places, selectors, services
from audit.lineage.columns import columns_of
from audit.lineage.domain import words
from audit.lineage.domain.fold import Kind
from audit.lineage.domain.telling import facets_told, states_told
from audit.lineage.forms import MendForm
from audit.lineage.models import Rejected
from config.ui.tables import csv_response, wants_csv

PAGE: Final = 50
DEPTH: Final = 6
SHOWN_OF_BODY: Final = 2_000
LONGEST: Final = 48
WHOSE: Final = "Lineage is a team’s and no model’s"
REJECTED: Final = ("id", "team", "reason", "times", "first_received", "sent_by", "taken_in", "sha256")
WAYS: Final = (
    (answer.BOTH, "Both ways"),
    (answer.UP, "What it comes from"),
    (answer.DOWN, "What depends on it"),
)


@require_safe
def nodes(request: HttpRequest) -> HttpResponseBase:
    """The parts of the graph, narrowed by the words ``q`` and by ``kind``; newest first."""
    viewer = request.actor
    viewer.check_whole(WHOSE)
    said, kind = request.GET.get("q", "")[:500].replace("\x00", "").strip(), request.GET.get("kind", "")
    kind = kind if kind in words.KINDS else ""
    rows = selectors.search(viewer=viewer, words=said, kind=kind).order_by("-pk")
    if wants_csv(request):
        lines = listing.every(rows.iterator(chunk_size=listing.CHUNK), viewer=viewer)
        return csv_response((row.cells() for row in lines), listing.HEADINGS, "lineage")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": listing.rows_of(list(page), viewer=viewer),
        "words": said,
        "kind": kind,
        "kinds": [(one, words.kind_word(one)) for one in words.KINDS],
        "filtered": bool(said or kind),
        "may_send": viewer.may_anywhere(services.RIGHT),
        "who_may": viewer.why_not(services.RIGHT),
        "refused": _refused(viewer).filter(replayed_at=None).count(),
        "address": request.build_absolute_uri("/"),
    }
    return render(request, "lineage/nodes.html", context)


@require_safe
def node(request: HttpRequest, node_id: int) -> HttpResponseBase:
    """One part: what it was made from and what was made from it, drawn and as tables; what events said of it."""
    viewer = request.actor
    viewer.check_whole(WHOSE)
    told = selectors.told(viewer=viewer, node_id=node_id)
    start = selectors.node(viewer=viewer, node_id=node_id)
    asked = _asked(request)
    if wants_csv(request) and request.GET.get("of") == "edges":
        lines = answer.edge_lines(viewer=viewer, start=start, asked=asked)
        return csv_response(lines, answer.EDGE_HEADINGS, f"lineage-{start.pk}-edges")
    if wants_csv(request):
        return csv_response(
            answer.lines(viewer=viewer, start=start, asked=asked), answer.HEADINGS, f"lineage-{start.pk}"
        )
    found = answer.answer(viewer=viewer, start=start, asked=asked)
    is_dataset = start.kind == Kind.DATASET
    is_data = start.kind in {Kind.DATASET, Kind.DATASET_VERSION}
    context = {
        "node": start,
        "told": told,
        "kind": words.kind_word(start.kind),
        "short": words.short(start.kind, start.name, LONGEST),
        "job": next((one.row.job for one in found.found if one.way == "start"), ""),
        "record": places.address_of([start], viewer=viewer).get(start.pk, ""),
        "answer": found,
        "asked": asked,
        "ways": WAYS,
        "deepest": selectors.DEEPEST,
        "facets": facets_told(told["facets"]),
        "states": states_told(told["facets"]),
        "is_data": is_data,
        "columns": columns_of(viewer=viewer, dataset=start, facets=told["facets"]) if is_dataset else [],
        "crumbs": [("Lineage", reverse("lineage:nodes"))],
    }
    return render(request, "lineage/node.html", context)


def _asked(request: HttpRequest) -> answer.Asked:
    way = request.GET.get("direction", answer.BOTH)
    if way not in dict(WAYS):
        raise InvalidInput(f"“{way}” is no direction.", where="direction", mend="It is both, up or down.")
    text = request.GET.get("depth", "").strip() or str(DEPTH)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= selectors.DEEPEST):
        mend = f"Write a number of steps from 1 to {selectors.DEEPEST}."
        raise InvalidInput(f"“{text}” is no depth.", where="depth", mend=mend)
    return answer.Asked(way, int(text), day_in(request.GET, "at"), day_in(request.GET, "known"))


def _refused(viewer: Actor) -> Any:
    """Refused deliveries, for who may send events; none for others."""
    rows = selectors.rejected(viewer=viewer).select_related("team")
    return rows if viewer.may_anywhere(services.RIGHT) else rows.none()


@require_safe
def rejected(request: HttpRequest) -> HttpResponseBase:
    """The deliveries that were refused, newest first, with the reason."""
    viewer = request.actor
    if not viewer.may_anywhere(services.RIGHT):
        viewer.check(services.RIGHT)
    rows = _refused(viewer)
    if wants_csv(request):
        return csv_response(_rejected_lines(rows), REJECTED, "lineage-rejected")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(row, row.body[:SHOWN_OF_BODY], len(row.body) > SHOWN_OF_BODY or row.cut) for row in page],
        "open": rows.filter(replayed_at=None).count(),
        "crumbs": [("Lineage", reverse("lineage:nodes"))],
    }
    return render(request, "lineage/rejected.html", context)


def _rejected_lines(rows: Any) -> Iterator[list[Any]]:
    for row in rows.defer("body").iterator(chunk_size=500):
        yield [
            row.pk, row.team.slug, row.reason, row.times, row.received_at, row.actor_id, row.replayed_at, row.digest,
        ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def one_rejected(request: HttpRequest, rejected_id: int) -> HttpResponseBase:
    """One refused delivery whole, and the form that takes it in again."""
    found = selectors.one_rejected(viewer=request.actor, rejected_id=rejected_id)
    form = MendForm(request.POST if request.method == "POST" else None, initial={"body": found.body})
    if request.method == "POST" and form.is_valid() and _taken_in(request, found, form):
        messages.success(request, "The delivery is taken in.")
        return redirect("lineage:rejected")
    context = {
        "one": found,
        "form": form,
        "crumbs": [("Lineage", reverse("lineage:nodes")), ("Refused deliveries", reverse("lineage:rejected"))],
    }
    return render(request, "lineage/one_rejected.html", context, status=422 if form.errors else 200)


def _taken_in(request: HttpRequest, found: Rejected, form: MendForm) -> bool:
    """Whether it was taken in: as it was kept when the text is the same, whatever a browser made of its line ends."""
    text = form.cleaned_data["body"]
    same = text.replace("\r\n", "\n") == found.body.replace("\r\n", "\n")
    try:
        services.replay_rejected(actor=request.actor, rejected=found, mended=b"" if same else text.encode())
    except (InvalidInput, Refused) as error:
        form.add_error("body", error.sentence)
        return False
    return True
