"""Questions to the graph, of the teams of who asks: what came of a thing, what it came from, now or on a day.

A question goes level by level and marks what it has visited: with the depth in a recursion's row, a graph with many
paths to the same node would be walked once for each of their lengths.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.lineage.domain.fold import OF_JOBS
from audit.lineage.domain.graph_hash import graph_hash
from audit.lineage.models import Edge, Facet, Node, Rejected, Sighting
from audit.lineage.storing import micros, moment_of
from audit.people.models import Team

WRITE: Final = "lineage.write"
DEEPEST: Final = 1000
FETCHED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Reach:
    """What a question found: the depth of each node by its id, the start's being 0."""

    depths: dict[int, int]

    @property
    def levels(self) -> dict[int, int]:
        """How many nodes there are at each depth."""
        return dict(sorted(Counter(self.depths.values()).items()))

    def nearest(self, count: int) -> dict[int, int]:
        """The first ``count`` nodes with their depths, the start first."""
        return dict(islice(self.depths.items(), count))


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
    return _reach(viewer, start.pk, depth, at, known, ("source_id", "target_id"))


def upstream(
    *, viewer: Actor, start: Node, depth: int, at: datetime | None = None, known: datetime | None = None
) -> Reach:
    """What ``start`` was made from, within ``depth`` steps; ``at`` and ``known`` as in ``downstream``."""
    return _reach(viewer, start.pk, depth, at, known, ("target_id", "source_id"))


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


def _reach(
    viewer: Actor,
    start: int,
    depth: int,
    at: datetime | None,
    known: datetime | None,
    ends: tuple[str, str],
) -> Reach:
    """Level by level: one statement a level, whatever its size; what was visited is marked here, not there."""
    condition, values = _condition(viewer.teams("read"), at, known)
    step = _step(*ends) + condition
    depths, frontier = {start: 0}, [start]
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # it would read the whole table rather than trust a long list
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off")
        for level in range(1, min(depth, DEEPEST) + 1):
            cursor.execute(step, [_listed(sorted(frontier)), *values])
            frontier = []
            while rows := cursor.fetchmany(FETCHED):
                for (found,) in rows:
                    if found not in depths:
                        depths[found] = level
                        frontier.append(found)
            if not frontier:
                break
    return Reach(depths)


def _step(here: str, there: str) -> str:
    """What lies one edge from each of a list. CROSS JOIN holds SQLite to the order in which they are named."""
    frontier = "unnest(%s::bigint[]) AS f(value)" if connection.vendor == "postgresql" else "json_each(%s) AS f"
    return (
        f"SELECT e.{there} FROM {frontier} CROSS JOIN {Edge._meta.db_table} e"
        f" WHERE e.{here} = f.value AND e.link < {OF_JOBS}"
    )


def _listed(ids: list[int]) -> Any:
    return ids if connection.vendor == "postgresql" else json.dumps(ids)


def _condition(teams: set[UUID] | None, at: datetime | None, known: datetime | None) -> tuple[str, list[Any]]:
    text, values = "", []
    if teams is not None:
        text += f" AND e.team_id IN ({', '.join(['%s'] * len(teams)) or 'NULL'})"
        values += [Team._meta.pk.get_db_prep_value(team, connection) for team in teams]
    for name, moment in (("since", at), ("known", known)):
        if moment is not None:
            text += f" AND e.{name} <= %s"
            values.append(micros(moment))
    return text, values
