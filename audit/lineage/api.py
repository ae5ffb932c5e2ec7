"""OpenLineage for its own clients (2-0-2, OpenLineage.yml): send events; see and mend what was refused."""

import json
from typing import Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from audit.base.errors import InvalidInput
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers, problem
from audit.lineage import delivery, marquez, selectors, services
from audit.lineage.domain.fold import Kind, Link
from audit.lineage.domain.reading import Malformed, Reading, parse, read
from audit.lineage.models import Node, Rejected
from audit.people.models import Team

router = Router()
router.add_router("", marquez.router)
EVENT: Final[dict[str, Any]] = {
    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}
}
EVENTS: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}},
        "required": True,
    }
}


class Summary(Schema):
    """How many events came, and what became of them."""

    received: int
    successful: int
    failed: int
    retriable: int
    non_retriable: int


class Failed(Schema):
    """An event that was not kept, by its place in the array from 0. To send it again as it is will not help."""

    index: int
    reason: str
    retriable: bool = False


class BatchOut(Schema):
    """What became of a batch."""

    status: Literal["success", "partial_success"]
    summary: Summary
    failed_events: list[Failed]


class RejectedOut(Schema):
    """A delivery that is no event. ``times`` says how often it came."""

    id: int
    reason: str
    body: str
    cut: bool = Field(description="The end was not kept, for it was too long")
    times: int
    received_at: AwareDatetime
    replayed_at: AwareDatetime | None


class NodeOut(Schema):
    """A thing in the graph. A version's name is ``dataset@version``, a column's ``dataset#column``."""

    id: int
    kind: Kind
    namespace: str
    name: str


class NodeDetail(NodeOut):
    """With what events said of it last, by the facet's name, and since when."""

    since: AwareDatetime = Field(description="The time of the first event that speaks of it")
    known_since: AwareDatetime = Field(description="When we first heard of it")
    facets: dict[str, Any]


class Reached(NodeOut):
    """A node, and how many steps lie between it and the start."""

    depth: int


class EdgeOut(Schema):
    """``target`` came from ``source``: read, write, ran, parent, code, version_of, column."""

    source: int
    target: int
    link: str


class ReachOut(Schema):
    """All that was found, counted by depth; the nearest ``limit`` nodes one by one, and the edges between these."""

    total: int
    levels: dict[int, int]
    nodes: list[Reached]
    edges: list[EdgeOut]


@router.post(
    "/lineage",
    response=answers(404, 413, 415, created=None),
    summary="Send an event",
    openapi_extra=EVENT,
    throttle=[],
)
def send(request: HttpRequest, team: str = "") -> Any:
    """A run, job or dataset event. The same event again changes nothing, and gets the same answer."""
    delivery.count(request.actor, 1)
    own = _team(request, team)
    if isinstance(own, HttpResponse):
        return own
    content = b""
    try:
        content = delivery.content_of(request)
        event = read(parse(content))
    except (Malformed, delivery.Unreadable) as error:
        return _refused(request, own, content or request.body, error.reason)
    services.receive(actor=request.actor, team=own, events=[event])
    return HttpResponse(status=201)


router.get("/lineage", response=marquez.ANSWER, summary="Jobs and datasets around one, in Marquez's shape")(
    marquez.lineage
)


@router.post(
    "/lineage/batch",
    response=answers(404, 413, 415, ok=BatchOut),
    summary="Send events",
    openapi_extra=EVENTS,
    throttle=[],
)
def send_batch(request: HttpRequest, team: str = "") -> Any:
    """Many events: those that are well formed are kept, whatever the others are."""
    own = _team(request, team)
    if isinstance(own, HttpResponse):
        return own
    content = b""
    try:
        content = delivery.content_of(request)
        rows = parse(content)
        if not isinstance(rows, list):
            raise Malformed("The body is not an array of events.")
    except (Malformed, delivery.Unreadable) as error:
        delivery.count(request.actor, 1)
        return _refused(request, own, content or request.body, error.reason)
    delivery.count(request.actor, len(rows))
    events: list[Reading] = []
    failed: list[Failed] = []
    for index, row in enumerate(rows):
        try:
            events.append(read(row))
        except Malformed as error:
            services.keep_rejected(actor=request.actor, team=own, content=json.dumps(row).encode(), reason=error.reason)
            failed.append(Failed(index=index, reason=error.reason))
    services.receive(actor=request.actor, team=own, events=events)
    return {
        "status": "partial_success" if failed else "success",
        "summary": {
            "received": len(rows),
            "successful": len(events),
            "failed": len(failed),
            "retriable": 0,
            "non_retriable": len(failed),
        },
        "failed_events": failed,
    }


@router.get("/lineage/rejected", response=answers(ok=Page[RejectedOut]), summary="Deliveries that were refused")
def rejected(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first, with the reason; of the teams for which the token may send events."""
    if not request.actor.may_anywhere(services.RIGHT):
        request.actor.check(services.RIGHT)
    return page(selectors.rejected(viewer=request.actor), cursor=cursor, limit=limit)


@router.post(
    "/lineage/rejected/{int:rejected_id}/replay",
    response=answers(404, 409, 413, 415, ok=RejectedOut),
    summary="Take a refused delivery in",
)
def replay(request: HttpRequest, rejected_id: int) -> Any:
    """As it was kept, or (with a body) as that body mends it."""
    found: Rejected = selectors.one_rejected(viewer=request.actor, rejected_id=rejected_id)
    try:
        mended = delivery.content_of(request)
    except delivery.Unreadable as error:
        return problem(request, 400, error.reason)
    return services.replay_rejected(actor=request.actor, rejected=found, mended=mended)


@router.get("/lineage/nodes", response=answers(ok=Page[NodeOut]), summary="Find parts of the lineage")
def find(request: HttpRequest, q: str = "", kind: Kind | None = None, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Those whose name or namespace holds each word of ``q``; newest first."""
    return page(selectors.search(viewer=request.actor, words=q, kind=kind or ""), cursor=cursor, limit=limit)


@router.get("/lineage/nodes/{int:node_id}", response=answers(404, ok=NodeDetail), summary="One part of the lineage")
def one(request: HttpRequest, node_id: int) -> Any:
    """What is known of it."""
    return selectors.told(viewer=request.actor, node_id=node_id)


@router.get(
    "/lineage/nodes/{int:node_id}/{slug:direction}",
    response=answers(404, ok=ReachOut),
    summary="What it was made from, or what was made from it",
)
def reach(
    request: HttpRequest,
    node_id: int,
    direction: Literal["upstream", "downstream"],
    depth: int = Query(20, ge=1, le=selectors.DEEPEST),
    at: AwareDatetime | None = None,
    known: AwareDatetime | None = None,
    limit: int = Query(200, ge=1, le=500),
) -> Any:
    """``at``: as it was at that moment; ``known``: as we knew at that moment."""
    start = selectors.node(viewer=request.actor, node_id=node_id)
    ask = selectors.upstream if direction == "upstream" else selectors.downstream
    found = ask(viewer=request.actor, start=start, depth=depth, at=at, known=known)
    nearest = found.nearest(limit)
    rows = Node.objects.in_bulk(nearest)
    edges = selectors.edges_among(viewer=request.actor, ids=nearest, at=at, known=known)
    return {
        "total": len(found.depths),
        "levels": found.levels,
        "nodes": [
            {"id": pk, "kind": rows[pk].kind, "namespace": rows[pk].namespace, "name": rows[pk].name, "depth": level}
            for pk, level in nearest.items()
        ],
        "edges": [{"source": a, "target": b, "link": Link(link).name.lower()} for a, b, link in edges],
    }


def _team(request: HttpRequest, slug: str) -> Team | HttpResponse:
    try:
        return services.team_for(actor=request.actor, slug=slug)
    except InvalidInput as error:
        return problem(request, 400, error.sentence, errors=[{"where": "team", "detail": error.sentence}])


def _refused(request: HttpRequest, team: Team, content: bytes, reason: str) -> HttpResponse:
    services.keep_rejected(actor=request.actor, team=team, content=content, reason=reason)
    return problem(request, 400, reason)
