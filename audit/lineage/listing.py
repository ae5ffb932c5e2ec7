"""The list of parts of the graph: name, place, kind, and since when events speak of each, and since when we know."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Max, Min

from audit.base.actors import Actor
from audit.lineage.domain.fold import Kind, Link
from audit.lineage.domain.words import kind_word, short
from audit.lineage.models import Edge, Node, Sighting
from audit.lineage.storing import moment_of

HEADINGS: Final = ("name", "namespace", "kind", "job", "since", "known_since", "id")
CHUNK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """A node as a line: its kind as a word, the first event's time, when we first heard of it (UTC), a run's job."""

    node: Node
    kind: str
    short: str
    since: datetime
    known: datetime
    job: str = ""

    def cells(self) -> list[Any]:
        """The line of the CSV, under ``HEADINGS``."""
        return [self.node.name, self.node.namespace, self.kind, self.job, self.since, self.known, self.node.pk]


def rows_of(nodes: Collection[Node], *, viewer: Actor) -> list[Row]:
    """The lines of these nodes, in their order; of those that the viewer may see."""
    seen = of_teams(Sighting.objects.filter(node__in=[one.pk for one in nodes]), viewer)
    found = seen.values_list("node").annotate(Min("since"), Min("known"))
    times = {node: (moment_of(since), moment_of(known)) for node, since, known in found}
    jobs = _jobs_of([one.pk for one in nodes if one.kind == Kind.RUN], viewer)
    return [
        Row(one, kind_word(one.kind), short(one.kind, one.name), *times[one.pk], job=jobs.get(one.pk, ""))
        for one in nodes
        if one.pk in times
    ]


def every(nodes: Iterable[Node], *, viewer: Actor) -> Iterator[Row]:
    """The same for many, a part at a time."""
    part: list[Node] = []
    for one in nodes:
        part.append(one)
        if len(part) == CHUNK:
            yield from rows_of(part, viewer=viewer)
            part = []
    yield from rows_of(part, viewer=viewer)


def _jobs_of(runs: Collection[int], viewer: Actor) -> dict[int, str]:
    """The name of each run's job, by the run's id, where one is known."""
    edges = of_teams(Edge.objects.filter(target__in=runs, link=Link.RAN), viewer)
    return dict(edges.values_list("target").annotate(Max("source__name")))


def of_teams(rows: Any, viewer: Actor) -> Any:
    """Of these rows, those of the teams whose records the viewer may read."""
    teams = viewer.teams("read")
    return rows if teams is None else rows.filter(team__in=teams)
