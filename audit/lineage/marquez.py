"""Marquez's reads of jobs and datasets, so that what is written for it can ask here; of the teams of who asks.

Names in an address are percent-encoded, and a web server decodes them: each way to read the address is tried, and the
one that names something counts. Shapes: audit/lineage/domain/marquez.py.
"""

import json
from collections.abc import Iterable
from typing import Any, Final, Literal

from django.db.models import Value
from django.db.models.functions import Lower
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import AwareDatetime

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound
from audit.base.problems import answers
from audit.lineage import marquez_selectors as asking
from audit.lineage import selectors
from audit.lineage.columns import columns_of
from audit.lineage.domain import marquez as shaped
from audit.lineage.domain.fold import Kind
from audit.lineage.domain.marquez import Json, Name
from audit.lineage.models import Node

router = Router()
LARGEST: Final = 1_000
"""Rows of a list; Marquez has no such bound."""
CONTROLS: Final = dict.fromkeys(range(32))
ANSWER: Final = answers(404, ok=dict[str, Any])
Limit = Query(100, ge=0, le=LARGEST)
Offset = Query(0, ge=0, le=2**31)
Depth = Query(20, ge=0, le=selectors.DEEPEST)


def lineage(request: HttpRequest, nodeId: str, depth: int = Depth) -> Any:  # noqa: N803  Marquez's name
    """LineageGraph: jobs within ``depth`` steps over datasets that they share, either way, and those datasets."""
    start = _node(request.actor, nodeId, (Kind.DATASET, Kind.JOB))
    nodes, edges = asking.around(viewer=request.actor, start=start, depth=depth)
    shapes = {
        **_by_id("DATASET", Kind.DATASET, nodes, asking.datasets(viewer=request.actor, nodes=nodes)),
        **_by_id("JOB", Kind.JOB, nodes, asking.jobs(viewer=request.actor, nodes=nodes)),
    }
    ids = {one.pk: _node_id(one) for one in nodes}
    return shaped.graph(shapes, [(ids[a], ids[b]) for a, b in edges])


@router.get("/namespaces", response=ANSWER, summary="Namespaces, in Marquez's shape")
def namespaces(request: HttpRequest, limit: int = Limit, offset: int = Offset) -> Any:
    """NamespaceList, by name; the owner is the teams whose events speak of it."""
    found = asking.namespaces(viewer=request.actor)
    return {"namespaces": found[offset : offset + limit], "totalCount": len(found)}


@router.get("/namespaces/{path:place}", response=ANSWER, summary="What is in a namespace, in Marquez's shape")
def within(request: HttpRequest, place: str, limit: int = Limit, offset: int = Offset) -> Any:
    """Namespace, JobList, Job, RunList, DatasetList, Dataset or DatasetVersionList, by what ``place`` names.

    ``{namespace}``, ``{namespace}/jobs``, ``…/jobs/{job}``, ``…/jobs/{job}/runs``, ``{namespace}/datasets``,
    ``…/datasets/{dataset}``, ``…/datasets/{dataset}/versions``.
    """
    viewer = request.actor
    for asked in shaped.asked_of(place.replace("\x00", "")):
        found = _answer(viewer, asked, limit, offset)
        if found is not None:
            return found
    raise NotFound("There is no such namespace, job or dataset, or no event of your teams speaks of it.")


def _answer(viewer: Actor, asked: shaped.Asked, limit: int, offset: int) -> Json | None:
    """What this reading of the address names; None when it names nothing."""
    if not asked.kind:
        return next(iter(asking.namespaces(viewer=viewer, only=asked.namespace)), None)
    if not asked.name:
        if not asking.namespaces(viewer=viewer, only=asked.namespace):
            return None
        rows = asking.listed(viewer=viewer, namespace=asked.namespace, kind=asked.kind)
        shape = asking.jobs if asked.kind == Kind.JOB else asking.datasets
        some = shape(viewer=viewer, nodes=list(rows[offset : offset + limit]))
        return {f"{asked.kind}s": list(some.values()), "totalCount": rows.count()}
    node = asking.named(viewer=viewer, names=[Name(asked.namespace, asked.name)], kinds=[asked.kind])
    if node is None:
        return None
    if asked.part == "runs":
        return asking.runs_of(viewer=viewer, job=node, limit=limit, offset=offset)
    if asked.part == "versions":
        return asking.versions_of(viewer=viewer, dataset=node, limit=limit, offset=offset)
    shape = asking.jobs if asked.kind == Kind.JOB else asking.datasets
    return shape(viewer=viewer, nodes=[node])[node.pk]


@router.get("/search", response=ANSWER, summary="Search jobs and datasets, in Marquez's shape")
def search(
    request: HttpRequest,
    q: str = Query(max_length=500),
    filter: Literal["dataset", "job", "DATASET", "JOB"] | None = None,  # noqa: A002  Marquez's name
    sort: Literal["name", "update_at", "updated_at", "NAME", "UPDATE_AT", "UPDATED_AT"] = "name",
    limit: int = Query(10, ge=0, le=LARGEST),
    namespace: str = "",
) -> Any:
    """SearchResultList: names that hold ``q``, whatever their case; % stands for any text and _ for any letter."""
    kinds = [filter.lower()] if filter else [Kind.DATASET, Kind.JOB]
    rows = selectors.nodes(viewer=request.actor).filter(kind__in=kinds)
    if namespace:
        rows = rows.filter(namespace=namespace.replace("\x00", ""))
    pattern = f"%{q.translate(CONTROLS).lower()}%"
    rows = rows.filter(asking.Like(Lower("name"), Value(pattern)))
    by = asking.latest_first(viewer=request.actor, rows=rows) if sort.lower() != "name" else rows.order_by("name", "pk")
    nodes = list(by[:limit])
    last = asking.last_times(viewer=request.actor, nodes=nodes)
    return {
        "totalCount": rows.count(),
        "results": [
            {
                "type": one.kind.upper(),
                "name": one.name,
                "updatedAt": shaped.iso(last[one.pk]),
                "namespace": one.namespace,
                "nodeId": _node_id(one),
            }
            for one in nodes
        ],
    }


@router.get("/events/lineage", response=ANSWER, summary="The events as they came, in Marquez's shape")
def events(
    request: HttpRequest,
    before: AwareDatetime | None = None,
    after: AwareDatetime | None = None,
    sortDirection: Literal["asc", "desc", "ASC", "DESC"] = "desc",  # noqa: N803  Marquez's name
    limit: int = Query(100, ge=0, le=LARGEST),
    offset: int = Offset,
) -> Any:
    """Events at or after ``after`` and before ``before``, by their own time."""
    rows = asking.events(viewer=request.actor, before=before, after=after)
    ordered = (
        rows.order_by("event_time", "pk") if sortDirection.lower() == "asc" else rows.order_by("-event_time", "-pk")
    )
    bodies = ordered.values_list("body", flat=True)[offset : offset + limit]
    return {"events": [json.loads(body) for body in bodies], "totalCount": rows.count()}


@router.get("/column-lineage", response=ANSWER, summary="Where columns come from, in Marquez's shape")
def column_lineage(
    request: HttpRequest,
    nodeId: str,  # noqa: N803  Marquez's name
    depth: int = Depth,
    withDownstream: bool = False,  # noqa: N803  Marquez's name
) -> Any:
    """LineageGraph of columns, from ``datasetField:{namespace}:{dataset}:{column}`` or all columns of a dataset."""
    viewer = request.actor
    start = _node(viewer, nodeId, (Kind.DATASET, Kind.COLUMN))
    starts = [start]
    if start.kind == Kind.DATASET:
        facets = selectors.told(viewer=viewer, node_id=start.pk)["facets"]
        starts = [one.node for one in columns_of(viewer=viewer, dataset=start, facets=facets) if one.node is not None]
    nodes, edges = asking.columns_around(viewer=viewer, starts=starts, depth=depth, downstream=withDownstream)
    names = {pk: Name(one.namespace, one.name) for pk, one in nodes.items()}
    sources: dict[int, list[Name]] = {}
    for source, target in edges:
        sources.setdefault(target, []).append(names[source])
    shapes = {
        shaped.column_id(name): ("DATASET_FIELD", shaped.column(name, sources.get(pk, [])))
        for pk, name in names.items()
    }
    return shaped.graph(shapes, [(shaped.column_id(names[a]), shaped.column_id(names[b])) for a, b in edges])


def _node(viewer: Actor, text: str, kinds: Iterable[str]) -> Node:
    """The node of a nodeId.

    Raises:
        InvalidInput: it is none.
        NotFound: there is none that the viewer may see.
    """
    word, _, rest = text.replace("\x00", "").partition(":")
    kind = Kind.COLUMN if word == "datasetField" else word
    if kind == Kind.COLUMN:
        before, colon, last = rest.rpartition(":")
        rest = f"{before}#{last}" if colon else ""
    if kind not in kinds or ":" not in rest:
        said = " or ".join(f"{'datasetField' if one == Kind.COLUMN else one}:{{namespace}}:{{name}}" for one in kinds)
        raise InvalidInput("This is no node.", where="nodeId", mend=f"Write {said}.")
    found = asking.named(viewer=viewer, names=shaped.names_of(rest), kinds=[kind])
    if found is None:
        raise NotFound("There is no such job or dataset, or no event of your teams speaks of it.")
    return found


def _node_id(node: Node) -> str:
    return shaped.node_id(node.kind, Name(node.namespace, node.name))


def _by_id(word: str, kind: str, nodes: Iterable[Node], data: dict[int, Json]) -> dict[str, tuple[str, Json]]:
    return {_node_id(one): (word, data[one.pk]) for one in nodes if one.kind == kind}
