"""What events state goes into the graph by rules that no order can change: the earliest time, the latest facet."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from audit.lineage.domain.fold import Folded
from audit.lineage.domain.fold import Node as Part
from audit.lineage.models import Edge, Facet, Node, Sighting
from audit.people.models import Team

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BATCH = 400


def micros(at: datetime) -> int:
    """Whole microseconds since 1970 (UTC)."""
    return (at - EPOCH) // MICROSECOND


def moment_of(value: int) -> datetime:
    """The moment (UTC) of ``micros``."""
    return EPOCH + value * MICROSECOND


def store(*, team: Team, folded: Sequence[Folded], received_at: datetime) -> None:
    """Adds what ``folded`` states, as ``team``'s, known since ``received_at``; within the caller's transaction.

    Rows are written in one order, so that two who write do not wait for each other in a ring.
    """
    ids, known = _ids({node for one in folded for node in one.nodes}), micros(received_at)
    of = Team._meta.pk.get_db_prep_value(team.pk, connection)
    nodes: dict[int, int] = {}
    edges: dict[tuple[int, int, int], int] = {}
    facets = set()
    for one in folded:
        since = micros(one.at)
        for node in one.nodes:
            at = ids[node.key]
            nodes[at] = min(since, nodes.get(at, since))
        for edge in one.edges:
            place = (ids[edge.source.key], int(edge.link), ids[edge.target.key])
            edges[place] = min(since, edges.get(place, since))
        facets |= {(ids[row.node.key], row.name, since, row.digest, row.body) for row in one.facets}
    _earliest(Sighting, ("node_id", "team_id"), [(node, of, nodes[node], known) for node in sorted(nodes)])
    _earliest(
        Edge,
        ("source_id", "link", "target_id", "team_id"),
        [(*place, of, edges[place], known) for place in sorted(edges)],
    )
    _latest(of, sorted(facets))


def _ids(parts: Iterable[Part]) -> dict[str, int]:
    """The id of each node by its key; what is new gets one."""
    wanted = {part.key: part for part in parts}
    found = _known(wanted)
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        rows = [
            Node(kind=(one := wanted[key]).kind, namespace=one.namespace, name=one.name, key=key) for key in missing
        ]
        Node.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
        found |= _known(missing)
    return found


def _known(keys: Iterable[str]) -> dict[str, int]:
    listed = sorted(keys)
    found: dict[str, int] = {}
    for start in range(0, len(listed), BATCH):
        found |= dict(Node.objects.filter(key__in=listed[start : start + BATCH]).values_list("key", "pk"))
    return found


def _earliest(model: type[Edge] | type[Sighting], unique: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts; of a row that is there, ``since`` and ``known`` become the earlier of both."""
    table, least = model._meta.db_table, "MIN" if connection.vendor == "sqlite" else "LEAST"
    names = (*unique, "since", "known")
    _write(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"
        f" ON CONFLICT ({', '.join(unique)}) DO UPDATE SET"
        f" since = {least}({table}.since, excluded.since), known = {least}({table}.known, excluded.known)"
        f" WHERE excluded.since < {table}.since OR excluded.known < {table}.known",
        rows,
    )


def _latest(of: Any, rows: Sequence[tuple[int, str, int, str, str]]) -> None:
    table = Facet._meta.db_table
    _write(
        f"INSERT INTO {table} (node_id, name, event_time, digest, body, team_id) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (node_id, team_id, name) DO UPDATE SET"
        " event_time = excluded.event_time, digest = excluded.digest, body = excluded.body"
        f" WHERE (excluded.event_time, excluded.digest) > ({table}.event_time, {table}.digest)",
        [(*row, of) for row in rows],
    )


def _write(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)
