"""Questions to the graph, of the teams of who asks: what came of a thing, what it came from, now or on a day."""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.lineage import walking
from audit.lineage.domain.fold import OF_JOBS
from audit.lineage.domain.graph_hash import graph_hash
from audit.lineage.models import Edge, Facet, Node, Rejected, Sighting
from audit.lineage.storing import micros, moment_of
from audit.lineage.walking import Bounds, Reach, Walk
from audit.people.models import Team

WRITE: Final = "lineage.write"
DEEPEST: Final = walking.DEEPEST


def nodes(*, viewer: Actor) -> QuerySet[Node]:
    """Nodes of which events of the viewer's teams speak."""
    teams = viewer.teams("read")
    seen = Sighting.objects.filter(node=OuterRef("pk"))
    return Node.objects.filter(Exists(seen if teams is None else seen.filter(team__in=teams)))


def node(*, viewer: Actor, node_id: int) -> Node:
    """One node.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = nodes(viewer=viewer).filter(pk=node_id).first()
    if found is None:
        raise NotFound("There is no such part of the lineage, or no event of your teams speaks of it.")
    return found


def search(*, viewer: Actor, words: str, kind: str = "") -> QuerySet[Node]:
    """Nodes whose name or namespace holds each of the words, whatever their case."""
    rows = nodes(viewer=viewer).filter(kind=kind) if kind else nodes(viewer=viewer)
    for word in words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(namespace__icontains=word))
    return rows


def told(*, viewer: Actor, node_id: int) -> dict[str, Any]:
    """A node with its facets (of several teams' of one name, the latest) and since when it is spoken of, and known.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = node(viewer=viewer, node_id=node_id)
    seen = list(_of_teams(Sighting.objects.filter(node=found), viewer).values_list("since", "known"))
    facets = _of_teams(Facet.objects.filter(node=found), viewer).order_by("event_time", "digest")
    return {
        "id": found.pk,
        "kind": found.kind,
        "namespace": found.namespace,
        "name": found.name,
        "since": moment_of(min(since for since, _ in seen)),
        "known_since": moment_of(min(known for _, known in seen)),
        "facets": {facet.name: json.loads(facet.body) for facet in facets},
    }


def rejected(*, viewer: Actor) -> QuerySet[Rejected]:
    """Refused deliveries of the teams for which the viewer may send events, newest first."""
    teams = viewer.teams(WRITE)
    return Rejected.objects.all() if teams is None else Rejected.objects.filter(team__in=teams)


def one_rejected(*, viewer: Actor, rejected_id: int) -> Rejected:
    """One refused delivery.

    Raises:
        NotPermitted: the viewer may send events for no team.
        NotFound: there is none of a team for which the viewer may.
    """
    if not viewer.may_anywhere(WRITE):
        viewer.check(WRITE)
    found = rejected(viewer=viewer).filter(pk=rejected_id).first()
    if found is None:
        raise NotFound("There is no such delivery, or it is another team's.")
    return found


def downstream(
    *, viewer: Actor, start: Node, depth: int, at: datetime | None = None, known: datetime | None = None
) -> Reach:
    """What was made from ``start``, within ``depth`` steps.

    ``at`` takes edges only that an event up to that moment states; ``known``, those that we knew of at that moment.
    """
    return Walk([start.pk], Bounds(viewer.teams("read"), at, known), onward=True).run(depth)


def upstream(
    *, viewer: Actor, start: Node, depth: int, at: datetime | None = None, known: datetime | None = None
) -> Reach:
    """What ``start`` was made from, within ``depth`` steps; ``at`` and ``known`` as in ``downstream``."""
    return Walk([start.pk], Bounds(viewer.teams("read"), at, known), onward=False).run(depth)


def edges_among(
    *, viewer: Actor, ids: Collection[int], at: datetime | None = None, known: datetime | None = None
) -> list[tuple[int, int, int]]:
    """(source, target, link) of the edges between these nodes, each once; for as many as a page draws."""
    rows = _of_teams(Edge.objects.filter(source__in=ids, target__in=ids, link__lt=OF_JOBS), viewer)
    if at is not None:
        rows = rows.filter(since__lte=micros(at))
    if known is not None:
        rows = rows.filter(known__lte=micros(known))
    return sorted(set(rows.values_list("source_id", "target_id", "link")))


def hash_of(*, team: Team) -> str:
    """The digest of a team's whole graph: the same for the same events, however often and in what order they came."""
    keys = dict(Node.objects.filter(sightings__team=team).values_list("pk", "key"))
    return graph_hash(_said(team, keys))


def _said(team: Team, keys: dict[int, str]) -> Iterator[tuple[str | int, ...]]:
    for key, since in Sighting.objects.filter(team=team).values_list("node__key", "since"):
        yield "node", key, since
    for source, target, link, since in Edge.objects.filter(team=team).values_list(
        "source_id", "target_id", "link", "since"
    ):
        yield "edge", keys[source], keys[target], link, since
    for row, name, digest, at in Facet.objects.filter(team=team).values_list("node_id", "name", "digest", "event_time"):
        yield "facet", keys[row], name, digest, at


def _of_teams(rows: QuerySet[Any], viewer: Actor) -> QuerySet[Any]:
    teams = viewer.teams("read")
    return rows if teams is None else rows.filter(team__in=teams)
