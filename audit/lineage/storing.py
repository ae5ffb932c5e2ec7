"""What events state goes into the graph by rules that no order can change: the earliest time, the latest facet."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model

from audit.lineage.domain.fold import Folded
from audit.lineage.domain.fold import Node as Part
from audit.lineage.domain.reading import Reading
from audit.lineage.models import Edge, Event, Facet, Node, Sighting
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


def keep(*, team: Team, events: Mapping[str, Reading], actor_id: str, received_at: datetime) -> list[Reading]:
    """Keeps the events (by digest) that ``team`` has not, and returns them in order of digest."""
    moment = connection.ops.adapt_datetimefield_value
    of, received = _id_of(team), moment(received_at)
    kept = _write(
        Event,
        ("digest", "team_id", "body", "event_time", "received_at", "actor_id"),
        [(digest, of, events[digest].text, moment(events[digest].at), received, actor_id) for digest in sorted(events)],
        "(team_id, digest) DO NOTHING RETURNING digest",
    )
    return [events[digest] for digest in sorted(digest for (digest,) in kept)]


def store(*, team: Team, folded: Sequence[Folded], received_at: datetime) -> None:
    """Adds what ``folded`` states, as ``team``'s, known since ``received_at``; within the caller's transaction.

    Rows are written in one order, so that two who write do not wait for each other in a ring.
    """
    ids, known = _ids({node for one in folded for node in one.nodes}), micros(received_at)
    of = _id_of(team)
    nodes: dict[int, int] = {}
    edges: dict[tuple[int, int, int], int] = {}
    facets: dict[tuple[int, str], tuple[int, str, str]] = {}
    for one in folded:
        since = micros(one.at)
        for node in one.nodes:
            at = ids[node]
            nodes[at] = min(since, nodes.get(at, since))
        for edge in one.edges:
            place = (ids[edge.source], int(edge.link), ids[edge.target])
            edges[place] = min(since, edges.get(place, since))
        for facet in one.facets:
            said = (since, facet.digest, facet.body)
            name = (ids[facet.node], facet.name)
            facets[name] = max(said, facets.get(name, said))
    _earliest(Sighting, ("node_id", "team_id"), [(node, of, nodes[node], known) for node in sorted(nodes)])
    _earliest(
        Edge,
        ("source_id", "link", "target_id", "team_id"),
        [(*place, of, edges[place], known) for place in sorted(edges)],
    )
    _latest([(*name, of, *facets[name]) for name in sorted(facets)])


def _id_of(team: Team) -> Any:
    return Team._meta.pk.get_db_prep_value(team.pk, connection)


def _ids(parts: Iterable[Part]) -> dict[Part, int]:
    """The id of each node; what is new gets one."""
    wanted = {part.key: part for part in parts}
    found = _known(wanted)
    if missing := sorted(wanted.keys() - found.keys()):
        rows = [((one := wanted[key]).kind.value, one.namespace, one.name, key) for key in missing]
        found |= dict(_write(Node, ("kind", "namespace", "name", "key"), rows, "(key) DO NOTHING RETURNING key, id"))
        found |= _known(wanted.keys() - found.keys())
    return {wanted[key]: found[key] for key in wanted}


def _known(keys: Iterable[str]) -> dict[str, int]:
    listed = sorted(keys)
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(listed), BATCH):
            some = listed[start : start + BATCH]
            marks = ", ".join(["%s"] * len(some))
            cursor.execute(f"SELECT key, id FROM {Node._meta.db_table} WHERE key IN ({marks})", some)
            found |= dict(cursor.fetchall())
    return found


def _earliest(model: type[Edge] | type[Sighting], unique: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts; of a row that is there, ``since`` and ``known`` become the earlier of both."""
    table, least = model._meta.db_table, "MIN" if connection.vendor == "sqlite" else "LEAST"
    _write(
        model,
        (*unique, "since", "known"),
        rows,
        f"({', '.join(unique)}) DO UPDATE SET"
        f" since = {least}({table}.since, excluded.since), known = {least}({table}.known, excluded.known)"
        f" WHERE excluded.since < {table}.since OR excluded.known < {table}.known",
    )


def _latest(rows: Sequence[tuple[Any, ...]]) -> None:
    table = Facet._meta.db_table
    _write(
        Facet,
        ("node_id", "name", "team_id", "event_time", "digest", "body"),
        rows,
        "(node_id, team_id, name) DO UPDATE SET"
        " event_time = excluded.event_time, digest = excluded.digest, body = excluded.body"
        f" WHERE (excluded.event_time, excluded.digest) > ({table}.event_time, {table}.digest)",
    )


def _write(
    model: type[Model], names: Sequence[str], rows: Sequence[tuple[Any, ...]], conflict: str
) -> list[tuple[Any, ...]]:
    """Inserts the rows, no two of which conflict, ``BATCH`` in a statement; what the statements return."""
    marks = f"({', '.join(['%s'] * len(names))})"
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({', '.join(names)})"
                f" VALUES {', '.join([marks] * len(some))} ON CONFLICT {conflict}",
                [value for row in some for value in row],
            )
            found += cursor.fetchall() if cursor.description else ()
    return found
