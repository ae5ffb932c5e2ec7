"""What the page of a node says: where it comes from, what depends on it, drawn, in words, and as tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from django.urls import reverse
from django.utils.safestring import SafeString

from audit.base.actors import Actor
from audit.lineage import drawing, listing, selectors
from audit.lineage.domain import words
from audit.lineage.domain.fold import Link
from audit.lineage.domain.layout import layers_of
from audit.lineage.models import Edge, Node

DRAWN, LISTED, EDGES, COUNTED = 60, 200, 5_000, 20_000
UP, DOWN, BOTH = "up", "down", "both"
HEADINGS: Final = ("depth", "direction", "kind", "name", "namespace", "job", "since", "known_since", "id")
EDGE_HEADINGS: Final = (
    "source_kind", "source_namespace", "source", "link", "target_kind", "target_namespace", "target",
)  # fmt: skip
PART: Final = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """How far and which way; as it was at the end of the day ``at`` (UTC), as was known at that of ``known``."""

    direction: str
    depth: int
    at: date | None = None
    known: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A node that was reached, how far away, and which way ("upstream", "downstream" or "start")."""

    row: listing.Row
    depth: int
    way: str

    def cells(self) -> list[Any]:
        """The line of the CSV, under ``HEADINGS``."""
        row = self.row
        place = (row.node.name, row.node.namespace, row.job)
        return [self.depth, self.way, row.kind, *place, row.since, row.known, row.node.pk]


@dataclass(frozen=True, slots=True)
class Answer:
    """All that was reached: ``layers`` by node, nearest first; the sentences; and the tables' first lines."""

    layers: dict[int, int]
    sentences: list[str]
    found: list[Found]
    edges: list[tuple[Found, str, Found]]
    svg: SafeString
    drawn: int
    narrower: int

    @property
    def total(self) -> int:
        """How many nodes there are, the start among them."""
        return len(self.layers)

    @property
    def not_drawn(self) -> int:
        """How many of them the drawing leaves out."""
        return self.total - self.drawn

    @property
    def not_listed(self) -> int:
        """How many of them the table leaves out."""
        return self.total - len(self.found)


def answer(*, viewer: Actor, start: Node, asked: Asked) -> Answer:
    """The answer for this node, which the viewer may see."""
    up, down = _reached(viewer, start, asked)
    layers = _nearest_first(up, down)
    listed = {node: layers[node] for node in list(layers)[:LISTED]}
    found = list(_found(viewer, listed))
    by_id = {one.row.node.pk: one for one in found}
    edges = selectors.edges_among(viewer=viewer, ids=by_id, at=_end(asked.at), known=_end(asked.known))
    shown = list(by_id)[:DRAWN]
    boxes = {node: _box(by_id[node]) for node in shown}
    return Answer(
        layers=layers,
        sentences=_sentences(viewer, start, asked, up, down),
        found=found,
        edges=[(by_id[a], words.LINKS.get(link, "led to"), by_id[b]) for a, b, link in edges],
        svg=drawing.drawn(
            boxes=boxes,
            layers=layers,
            edges=[one for one in edges if one[0] in boxes and one[1] in boxes],
            start=start.pk,
        ),
        drawn=len(boxes),
        narrower=_narrower(layers),
    )


def lines(*, viewer: Actor, start: Node, asked: Asked) -> Iterator[list[Any]]:
    """The CSV of all nodes, nearest first."""
    layers = _nearest_first(*_reached(viewer, start, asked))
    ids = list(layers)
    for first in range(0, len(ids), PART):
        for one in _found(viewer, {node: layers[node] for node in ids[first : first + PART]}):
            yield one.cells()


def edge_lines(*, viewer: Actor, start: Node, asked: Asked) -> Iterator[list[Any]]:
    """The CSV of the edges between the nearest ``EDGES`` nodes."""
    ids = list(_nearest_first(*_reached(viewer, start, asked)))[:EDGES]
    nodes = Node.objects.in_bulk(ids)
    for a, b, link in selectors.edges_among(viewer=viewer, ids=ids, at=_end(asked.at), known=_end(asked.known)):
        source, target = nodes[a], nodes[b]
        yield [
            words.kind_word(source.kind), source.namespace, source.name, words.LINKS.get(link, "led to"),
            words.kind_word(target.kind), target.namespace, target.name,
        ]  # fmt: skip


def _reached(viewer: Actor, start: Node, asked: Asked) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """The depth of what lies upstream and downstream, the start's being 0 in both."""
    at, known = _end(asked.at), _end(asked.known)
    up = down = {start.pk: 0}
    if asked.direction != DOWN:
        up = selectors.upstream(viewer=viewer, start=start, depth=asked.depth, at=at, known=known).depths
    if asked.direction != UP:
        down = selectors.downstream(viewer=viewer, start=start, depth=asked.depth, at=at, known=known).depths
    return up, down


def _end(day: date | None) -> datetime | None:
    return datetime.combine(day, time.max, UTC) if day else None


def _nearest_first(up: Mapping[int, int], down: Mapping[int, int]) -> dict[int, int]:
    layers = layers_of(up, down)
    return {node: layers[node] for node in sorted(layers, key=lambda one: (abs(layers[one]), layers[one], one))}


def _found(viewer: Actor, layers: Mapping[int, int]) -> Iterator[Found]:
    nodes = Node.objects.in_bulk(layers)
    for row in listing.rows_of([nodes[pk] for pk in layers if pk in nodes], viewer=viewer):
        layer = layers[row.node.pk]
        way = "upstream" if layer < 0 else "downstream" if layer else "start"
        yield Found(row, abs(layer), way)


def _box(found: Found) -> drawing.Box:
    node, word, job = found.row.node, found.row.kind, found.row.job
    named = words.cut(job) if job else found.row.short
    kind = f"{word} {found.row.short}" if job else word
    if found.way == "start":
        kind = f"This {kind[0].lower()}{kind[1:]}"
    of = f" of {job}" if job else ""
    place = f" in {node.namespace}" if node.namespace else ""
    steps = f", {found.depth} step{'s' * (found.depth != 1)} {found.way}" if found.depth else ""
    return drawing.Box(
        family=drawing.FAMILIES.get(node.kind, "data"),
        kind=kind,
        name=named,
        title=f"{word} {node.name}{of}{place}{steps}",
        url=reverse("lineage:node", args=[node.pk]),
    )


def _sentences(viewer: Actor, start: Node, asked: Asked, up: Mapping[int, int], down: Mapping[int, int]) -> list[str]:
    """In words, by kind; a graph of more than ``COUNTED`` nodes as a number alone.

    The dataset of which the start is a version lies downstream, and does not depend on it.
    """
    ids = [*{*up, *down}]
    kinds: dict[int, str] = {}
    if len(ids) <= COUNTED:
        for first in range(0, len(ids), PART):
            kinds |= dict(Node.objects.filter(pk__in=ids[first : first + PART]).values_list("pk", "kind"))

    def counts(reached: Sequence[int] | Mapping[int, int]) -> Counter[str]:
        return Counter(kinds[one] for one in reached if one != start.pk)

    found = []
    if asked.direction != DOWN:
        big = f"It goes back to {len(up) - 1:,} parts of the graph."
        found.append(words.made_of(start.kind, counts(up)) if kinds else big)
    if asked.direction != UP:
        big = f"{len(down) - 1:,} parts of the graph depend on it."
        own = set(_datasets_of(viewer, start))
        found.append(words.depends(counts([one for one in down if one not in own])) if kinds else big)
    return found


def _datasets_of(viewer: Actor, version: Node) -> Iterator[int]:
    edges = listing.of_teams(Edge.objects.filter(source=version, link=Link.VERSION_OF), viewer)
    yield from edges.values_list("target", flat=True)


def _narrower(layers: Mapping[int, int]) -> int:
    """The greatest depth at which all is drawn; 0 when all is, or when one step is too much."""
    if len(layers) <= DRAWN:
        return 0
    total, fits = 0, 0
    for depth, count in sorted(Counter(map(abs, layers.values())).items()):
        total += count
        if total > DRAWN:
            break
        fits = depth
    return fits
