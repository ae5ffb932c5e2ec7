"""What Marquez's reads ask of the graph: a few statements for a page, whatever is on it."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Lookup, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.lineage import selectors
from audit.lineage.domain import marquez as shaped
from audit.lineage.domain.fold import Kind, Link
from audit.lineage.domain.fold import Node as Part
from audit.lineage.domain.marquez import Json, Name, Ran, Thing
from audit.lineage.listing import of_teams
from audit.lineage.models import Edge, Event, Facet, Node, Sighting
from audit.lineage.storing import moment_of

MOST: Final = 1_000
"""Nodes of a graph in one answer."""
OF_JOBS: Final = (Link.JOB_READ, Link.JOB_WRITE)
Graph = tuple[list[Node], set[tuple[int, int]]]


class Like(Lookup):
    """LIKE as SQL has it: % is any text, _ any letter, and no sign takes that from them."""

    lookup_name = "sql_like"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """``left LIKE right``, with an escape that no text holds."""
        left, own = self.process_lhs(compiler, connection)
        right, values = self.process_rhs(compiler, connection)
        return f"{left} LIKE {right} ESCAPE '\x01'", (*own, *values)


def named(*, viewer: Actor, names: Iterable[Name], kinds: Iterable[str]) -> Node | None:
    """The first of these names that is there."""
    keys = [Part(Kind(kind), *name).key for kind in kinds for name in names]
    found = {one.key: one for one in selectors.nodes(viewer=viewer).filter(key__in=keys)}
    return next((found[key] for key in keys if key in found), None)


def listed(*, viewer: Actor, namespace: str, kind: str) -> QuerySet[Node]:
    """The jobs or datasets of a namespace, by name."""
    return selectors.nodes(viewer=viewer).filter(namespace=namespace, kind=kind).order_by("name")


def namespaces(*, viewer: Actor, only: str | None = None) -> list[Json]:
    """Namespaces that have jobs or datasets, by name."""
    rows = of_teams(Sighting.objects.filter(node__kind__in=[Kind.JOB, Kind.DATASET]), viewer)
    if only is not None:
        rows = rows.filter(node__namespace=only)
    found: dict[str, Json] = {}
    teams = rows.values_list("node__namespace", "team__name").annotate(Min("since"), Max("since"))
    for name, team, first, last in teams.order_by("node__namespace", "team__name"):
        one = found.setdefault(name, {"name": name, "first": first, "last": last, "teams": []})
        one["first"], one["last"] = min(one["first"], first), max(one["last"], last)
        one["teams"].append(team)
    return [
        {
            "name": name,
            "createdAt": shaped.iso(moment_of(one["first"])),
            "updatedAt": shaped.iso(moment_of(one["last"])),
            "ownerName": ", ".join(one["teams"]),
            "description": None,
            "isHidden": False,
        }
        for name, one in found.items()
    ]


def datasets(*, viewer: Actor, nodes: Collection[Node]) -> dict[int, Json]:
    """The datasets among these nodes, by their ids."""
    things = _things(viewer, [one for one in nodes if one.kind == Kind.DATASET])
    return {pk: shaped.dataset(thing) for pk, thing in things.items()}


def jobs(*, viewer: Actor, nodes: Collection[Node]) -> dict[int, Json]:
    """The jobs among these nodes, with their latest runs."""
    things = _things(viewer, [one for one in nodes if one.kind == Kind.JOB])
    inputs, outputs = (_ends(viewer, things, link) for link in OF_JOBS)
    ran = of_teams(Edge.objects.filter(link=Link.RAN, source__in=things), viewer)
    last = dict(ran.values_list("source").annotate(Max("since")))
    latest: dict[int, int] = {}
    for source, target, since in ran.filter(since__in=set(last.values())).values_list("source", "target", "since"):
        if last[source] == since:
            latest[source] = max(target, latest.get(source, 0))
    runs = _runs(viewer, set(latest.values()))
    return {
        pk: shaped.job(thing, inputs.get(pk, ()), outputs.get(pk, ()), runs.get(latest.get(pk, 0)))
        for pk, thing in things.items()
    }


def runs_of(*, viewer: Actor, job: Node, limit: int, offset: int) -> Json:
    """RunList of a job, newest first."""
    rows = of_teams(Edge.objects.filter(link=Link.RAN, source=job), viewer).values("target")
    page = rows.annotate(first=Min("since")).order_by("-first", "-target")[offset : offset + limit]
    ids = [one["target"] for one in page]
    found = _runs(viewer, ids)
    return {"runs": [shaped.run(found[pk]) for pk in ids], "totalCount": rows.distinct().count()}


def versions_of(*, viewer: Actor, dataset: Node, limit: int, offset: int) -> Json:
    """DatasetVersionList of a dataset, newest first."""
    rows = of_teams(Edge.objects.filter(link=Link.VERSION_OF, target=dataset), viewer).values("source")
    page = rows.annotate(first=Min("since")).order_by("-first", "-source")[offset : offset + limit]
    ids = [one["source"] for one in page]
    things = _things(viewer, Node.objects.filter(pk__in=ids))
    wrote = of_teams(Edge.objects.filter(link=Link.WRITE, target__in=ids, source__kind=Kind.RUN), viewer)
    by = dict(wrote.order_by("since", "source").values_list("target", "source"))
    runs = _runs(viewer, set(by.values()))
    of = _things(viewer, [dataset])[dataset.pk]
    return {
        "versions": [
            shaped.dataset_version(things[pk], of, _version(things[pk].id.name)[1], runs.get(by.get(pk, 0)))
            for pk in ids
        ],
        "totalCount": rows.distinct().count(),
    }


def last_times(*, viewer: Actor, nodes: Collection[Node]) -> dict[int, datetime]:
    """The last time that is on record of each: of what was said of it, or of its first event."""
    return {pk: thing.last for pk, thing in _things(viewer, nodes).items()}


def latest_first(*, viewer: Actor, rows: QuerySet[Node]) -> QuerySet[Node]:
    """These nodes, those of whom something was said last first."""

    def last(model: Any, column: str) -> Subquery:
        said = of_teams(model.objects.filter(node=OuterRef("pk")), viewer).order_by()
        return Subquery(said.values("node").annotate(last=Max(column)).values("last"))

    return rows.order_by(Coalesce(last(Facet, "event_time"), last(Sighting, "since")).desc(), "-pk")


def events(*, viewer: Actor, before: datetime | None, after: datetime | None) -> QuerySet[Event]:
    """Events by their own time: at or after ``after``, before ``before``."""
    rows = of_teams(Event.objects.all(), viewer)
    if after is not None:
        rows = rows.filter(event_time__gte=after)
    if before is not None:
        rows = rows.filter(event_time__lt=before)
    found: QuerySet[Event] = rows
    return found


def around(*, viewer: Actor, start: Node, depth: int) -> Graph:
    """Jobs that are at most ``depth`` shared datasets away from the start's, with all their datasets.

    Raises:
        InvalidInput: there are more than ``MOST``.
    """
    edges: set[tuple[int, int]] = set()
    seen, jobs_seen = {start.pk}, set[int]()
    fresh = {start.pk} if start.kind == Kind.JOB else _beside(viewer, {start.pk}, edges, of_datasets=True)
    for _ in range(depth + 1):
        jobs_seen |= fresh
        touched = _beside(viewer, fresh, edges, of_datasets=False) - seen
        seen |= fresh | touched
        _check(len(seen))
        fresh = _beside(viewer, touched, set(), of_datasets=True) - jobs_seen
        _check(len(fresh))
        if not fresh:
            break
    nodes = list(selectors.nodes(viewer=viewer).filter(pk__in=seen))
    return nodes, edges


def columns_around(
    *, viewer: Actor, starts: Sequence[Node], depth: int, downstream: bool
) -> tuple[dict[int, Node], set[tuple[int, int]]]:
    """Columns from which these were made within ``depth`` steps, and with ``downstream`` those made from them.

    Raises:
        InvalidInput: there are more than ``MOST``.
    """
    edges: set[tuple[int, int]] = set()
    found = {one.pk for one in starts}
    rows = of_teams(Edge.objects.filter(link=Link.COLUMN), viewer)
    for here, there in (("target", "source"), ("source", "target")) if downstream else (("target", "source"),):
        fresh, seen = {one.pk for one in starts}, {one.pk for one in starts}
        for _ in range(depth):
            pairs = set(rows.filter(**{f"{here}__in": fresh}).values_list("source", "target"))
            edges |= pairs
            fresh = {pair[there == "target"] for pair in pairs} - seen
            seen |= fresh
            _check(len(seen))
            if not fresh:
                break
        found |= seen
    return Node.objects.in_bulk(found), edges


def _check(count: int) -> None:
    if count > MOST:
        raise InvalidInput(f"The graph has more than {MOST:,} nodes.", where="depth", mend="Ask for fewer steps.")


def _beside(viewer: Actor, ids: set[int], edges: set[tuple[int, int]], *, of_datasets: bool) -> set[int]:
    """The jobs of these datasets, or the datasets of these jobs; the edges on the way are added to ``edges``."""
    read, write = ("source", "target") if of_datasets else ("target", "source")
    rows = of_teams(
        Edge.objects.filter(
            Q(link=Link.JOB_READ, **{f"{read}__in": ids}) | Q(link=Link.JOB_WRITE, **{f"{write}__in": ids})
        ),
        viewer,
    )
    pairs = set(rows.values_list("source", "target"))
    edges |= pairs
    return {end for pair in pairs for end in pair} - ids


def _things(viewer: Actor, nodes: Iterable[Node]) -> dict[int, Thing]:
    """The nodes as the shapes take them; of several teams' facets of one name, the latest."""
    by_id = {one.pk: one for one in nodes}
    seen = of_teams(Sighting.objects.filter(node__in=by_id), viewer)
    since = dict(seen.values_list("node").annotate(Min("since")))
    facets: dict[int, dict[str, Any]] = {}
    last: dict[int, int] = dict(since)
    rows = of_teams(Facet.objects.filter(node__in=by_id), viewer).order_by("event_time", "digest")
    for pk, name, body, at in rows.values_list("node", "name", "body", "event_time"):
        facets.setdefault(pk, {})[name] = json.loads(body)
        last[pk] = max(last[pk], at)
    return {
        pk: Thing(Name(one.namespace, one.name), moment_of(since[pk]), moment_of(last[pk]), facets.get(pk, {}))
        for pk, one in by_id.items()
    }


def _runs(viewer: Actor, ids: Collection[int]) -> dict[int, Ran]:
    things = _things(viewer, Node.objects.filter(pk__in=ids))
    jobs_ = of_teams(Edge.objects.filter(link=Link.RAN, target__in=things), viewer)
    named_ = {
        target: Name(namespace, name)
        for target, namespace, name in jobs_.values_list("target", "source__namespace", "source__name")
    }
    inputs, outputs = (_ends(viewer, things, link, Kind.DATASET_VERSION) for link in (Link.READ, Link.WRITE))

    def versions(names: Iterable[Name]) -> list[tuple[Name, str]]:
        split = [(name.namespace, *_version(name.name)) for name in sorted(set(names))]
        return [(Name(namespace, name), version) for namespace, name, version in split]

    return {
        pk: Ran(
            one.id, one.since, one.last, one.facets, named_.get(pk), versions(inputs.get(pk, ())),
            versions(outputs.get(pk, ())),
        )
        for pk, one in things.items()
    }  # fmt: skip


def _ends(viewer: Actor, ids: Iterable[int], link: Link, kind: str = Kind.DATASET) -> dict[int, list[Name]]:
    """What of ``kind`` each of these reads, or writes, by names."""
    here, there = ("target", "source") if link in {Link.READ, Link.JOB_READ} else ("source", "target")
    rows = of_teams(Edge.objects.filter(link=link, **{f"{here}__in": list(ids), f"{there}__kind": kind}), viewer)
    found: dict[int, list[Name]] = {}
    for pk, namespace, name in rows.values_list(here, f"{there}__namespace", f"{there}__name"):
        found.setdefault(pk, []).append(Name(namespace, name))
    return found


def _version(name: str) -> tuple[str, str]:
    """A version's dataset and its own name."""
    dataset, _, version = name.rpartition("@")
    return dataset, version
