"""Walks the graph level by level: one statement a level, whatever its size; what was visited is marked here, not there.

A run may name the version of data that it read or wrote, or only the dataset, and the two meet: who read a dataset by
name may have read any of its versions, so a version leads on to such readers, and they came from all versions. A
version that nobody wrote by name came from whoever wrote its dataset up to when the version is first spoken of: data
may have been added to, so all of these count, and a writer that started later does not. A version that somebody wrote
by name came from them alone. Who asks what was made from a dataset as a whole asks of all its versions.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from audit.base.actors import Actor
from audit.lineage.domain.fold import OF_JOBS, Link
from audit.lineage.models import Edge
from audit.lineage.storing import micros
from audit.people.models import Team

DEEPEST: Final = 1000
FETCHED: Final = 10_000
AT_ONCE: Final = 500
FEW: Final = 500
_TABLE: Final = Edge._meta.db_table
_BRACES: Final = str.maketrans("[]", "{}")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a question found: the depth of each node by its id, the start's being 0.

    ``via`` says of a node to which no edge leads in the direction of the question how it was reached: from which node,
    and through which dataset.
    """

    depths: dict[int, int]
    via: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def levels(self) -> dict[int, int]:
        """How many nodes there are at each depth."""
        return dict(sorted(Counter(self.depths.values()).items()))

    def nearest(self, count: int) -> dict[int, int]:
        """The first ``count`` nodes with their depths, the start first."""
        return dict(islice(self.depths.items(), count))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which edges count: those of ``teams`` (None: of all), stated up to ``at``, known up to ``known``."""

    teams: set[UUID] | None
    at: datetime | None = None
    known: datetime | None = None

    def of(self, alias: str) -> str:
        """The condition on an edge."""
        text = ""
        if self.teams is not None:
            text += f" AND {alias}.team_id IN ({', '.join(['%s'] * len(self.teams)) or 'NULL'})"
        for name, moment in (("since", self.at), ("known", self.known)):
            text += f" AND {alias}.{name} <= %s" if moment is not None else ""
        return text

    @property
    def values(self) -> list[Any]:
        """The values of one such condition."""
        found = [Team._meta.pk.get_db_prep_value(team, connection) for team in sorted(self.teams or ())]
        return [*found, *(micros(moment) for moment in (self.at, self.known) if moment is not None)]


class Walk:
    """One question from ``starts``; ``onward`` is downstream.

    With the depth in a recursion's row, a graph with many paths to the same node would be walked once for each of their
    lengths.
    """

    def __init__(self, starts: Iterable[int], bounds: Bounds, *, onward: bool) -> None:
        self.bounds, self.onward = bounds, onward
        self.depths, self.via = dict.fromkeys(starts, 0), dict[int, tuple[int, int]]()
        self.aside: set[int] = set()
        """Datasets that only lie on the way from a version to its writers: named, and not followed."""
        here, there = ("source_id", "target_id") if onward else ("target_id", "source_id")
        # Written data (onward) or read data (back) may be where versions meet datasets: its id comes with a minus.
        meeting = Link.WRITE if onward else Link.READ
        self.step = (
            f"CASE e.link WHEN {int(meeting)} THEN -e.{there} ELSE e.{there} END"
            f" FROM {_frontier()} CROSS JOIN {_TABLE} e WHERE e.{here} = f.value"
            # IS TRUE: PostgreSQL compares as it reads. Else it searches the index for each link and team again.
            f" AND (e.link < {OF_JOBS}{bounds.of('e')}) IS TRUE"
        )
        self.bridge = self._bridge()

    def _bridge(self) -> str:
        """From writers to versions that nobody wrote by name, or back: (here, through which dataset, there)."""
        first, second, here, there = ("w", "v", "w", "v") if self.onward else ("v", "w", "v", "w")
        return (
            f"SELECT DISTINCT {here}.source_id, v.target_id, {there}.source_id FROM {_frontier()}"
            f" CROSS JOIN {_TABLE} {first} CROSS JOIN {_TABLE} {second}"
            f" WHERE {first}.source_id = f.value AND {second}.target_id = {first}.target_id"
            f" AND w.link = {int(Link.WRITE)} AND v.link = {int(Link.VERSION_OF)} AND w.since <= v.since"
            f"{self.bounds.of('w')}{self.bounds.of('v')} AND NOT EXISTS (SELECT 1 FROM {_TABLE} n"
            f" WHERE n.target_id = v.source_id AND n.link = {int(Link.WRITE)}{self.bounds.of('n')})"
        )

    def run(self, depth: int) -> Reach:
        """The nodes within ``depth`` steps."""
        frontier = list(self.depths)
        later: list[tuple[int, int, int]] = []
        meets = not self.onward
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":  # it would read the whole table rather than trust a long list
                cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off")
            if self.onward:
                later = self._versions(cursor, frontier)
            for level in range(1, min(depth, DEEPEST) + 1):
                following, met = self._level(cursor, frontier, level)
                following += self._arrive(later, level)
                later = self._across(cursor, frontier, level) if (met if self.onward else meets) else []
                frontier, meets = following, met
                if not frontier and not later:
                    break
        return Reach(self.depths, self.via)

    def _level(self, cursor: Any, frontier: list[int], level: int) -> tuple[list[int], bool]:
        """The nodes that are new, one edge from the frontier; and whether data was written, or read."""
        depths, aside, following, met = self.depths, self.aside, list[int](), False
        # Sending a row costs PostgreSQL more than sorting out a few; of many, sorting costs more.
        few = connection.vendor == "postgresql" and len(frontier) <= FEW
        cursor.execute(f"SELECT {'DISTINCT' if few else ''} {self.step}", [_listed(frontier), *self.bounds.values])
        while rows := cursor.fetchmany(FETCHED):
            for (found,) in rows:
                if found < 0:
                    found, met = -found, True  # noqa: PLW2901
                if found not in depths:
                    depths[found] = level
                    following.append(found)
                elif aside and found in aside:
                    aside.discard(found)
                    following.append(found)
        return following, met

    def _across(self, cursor: Any, frontier: list[int], level: int) -> list[tuple[int, int, int]]:
        cursor.execute(self.bridge, [_listed(frontier), *self.bounds.values * 3])
        found = [row for row in cursor.fetchall() if row[2] not in self.depths]
        for _, through, _ in found:
            if through not in self.depths:
                self.depths[through] = level
                self.aside.add(through)
        return sorted(found)

    def _arrive(self, rows: Iterable[tuple[int, int, int]], level: int) -> list[int]:
        following = []
        for here, through, there in rows:
            if there not in self.depths:
                self.depths[there], self.via[there] = level, (here, through)
                following.append(there)
        return following

    def _versions(self, cursor: Any, starts: list[int]) -> list[tuple[int, int, int]]:
        """All versions of the starts, where these are datasets."""
        cursor.execute(
            f"SELECT DISTINCT v.target_id, v.target_id, v.source_id FROM {_frontier()} CROSS JOIN {_TABLE} v"
            f" WHERE v.target_id = f.value AND v.link = {int(Link.VERSION_OF)}{self.bounds.of('v')}",
            [_listed(starts), *self.bounds.values],
        )
        return sorted(cursor.fetchall())


def paths(*, viewer: Actor, reach: Reach, ends: Iterable[int]) -> dict[int, list[int]]:
    """One of the shortest ways from the start of a question downstream to each of ``ends``, as ids, both included."""
    before: dict[int, tuple[int, ...]] = {one: (way[1], way[0]) for one, way in reach.via.items()}
    wanted, seen = list(ends), set(ends)
    bounds = Bounds(viewer.teams("read"))
    with connection.cursor() as cursor:
        while wanted:
            open_ = [one for one in wanted if one not in before and reach.depths[one]]
            for source, target in _into(cursor, open_, bounds):
                if reach.depths.get(source) == reach.depths[target] - 1:
                    before[target] = min(before.get(target, (source,)), (source,))
            wanted = sorted({before[one][-1] for one in wanted if one in before} - seen)
            seen.update(wanted)
    return {end: _way(end, before, reach.depths) for end in ends}


def _way(end: int, before: dict[int, tuple[int, ...]], depths: dict[int, int]) -> list[int]:
    way = [end]
    while depths[way[-1]]:
        way += before[way[-1]]
    return list(dict.fromkeys(reversed(way)))


def _into(cursor: Any, nodes: Sequence[int], bounds: Bounds) -> Iterable[tuple[int, int]]:
    for start in range(0, len(nodes), AT_ONCE):
        cursor.execute(
            f"SELECT e.source_id, e.target_id FROM {_frontier()} CROSS JOIN {_TABLE} e"
            f" WHERE e.target_id = f.value AND e.link < {OF_JOBS}{bounds.of('e')}",
            [_listed(nodes[start : start + AT_ONCE]), *bounds.values],
        )
        yield from cursor.fetchall()


def _frontier() -> str:
    """A list of ids as rows. CROSS JOIN holds SQLite to the order in which tables are named."""
    return "unnest(%s::bigint[]) AS f(value)" if connection.vendor == "postgresql" else "json_each(%s) AS f"


def _listed(ids: Sequence[int]) -> str:
    """The value of ``_frontier``: text, for to make it of a list takes psycopg as long as the search."""
    return json.dumps(sorted(ids)).translate(_BRACES if connection.vendor == "postgresql" else {})
