"""Where a graph's parts stand on a page: in layers by distance, with few crossings, and no box on another.

Source: K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual Understanding of Hierarchical System Structures", IEEE
Transactions on Systems, Man, and Cybernetics 11(2), 1981: edges over several layers get a bend in each that they pass,
and sweeps put each layer in the order of its neighbours' means (section III). Heights are then those that lie nearest
to the neighbours' while the order and the gaps stay: isotonic regression, by pooling adjacent violators.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

WIDTH, HEIGHT = 216.0, 44.0
ACROSS, BETWEEN, BEND, MARGIN = 64.0, 16.0, 18.0, 24.0
SWEEPS: Final = 12
Slot = int | tuple[int, int, int]
"""A node by its id, or the bend of an edge (source, target) in a layer."""
Orders = dict[int, list[Slot]]


class Point(NamedTuple):
    """A place in the drawing, from its upper left corner."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """An edge on its way from ``source`` to ``target``: each two points are the ends of a curve."""

    source: int
    target: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The upper left corner of each node's box of ``WIDTH`` x ``HEIGHT``, and the edges between boxes."""

    width: float
    height: float
    boxes: dict[int, Point]
    lines: list[Line]


def layers_of(up: Mapping[int, int], down: Mapping[int, int]) -> dict[int, int]:
    """The layer of each node by its depth in either direction: below 0 what lies upstream, above 0 downstream.

    What lies both ways stands where it is nearer; if it is as near both ways, upstream.
    """
    found = {node: -depth for node, depth in up.items()}
    for node, depth in down.items():
        if node not in found or depth < -found[node]:
            found[node] = depth
    return found


def layout(layers: Mapping[int, int], edges: Collection[tuple[int, int]]) -> Drawing:
    """The drawing of these nodes, each in its layer, with the edges (source, target) that join two of them."""
    chosen = sorted({(a, b) for a, b in edges if a in layers and b in layers and a != b})
    orders, joints = _slots(layers, chosen)
    orders = _untangled(orders, joints)
    heights = _heights(orders, joints)
    first = min(layers.values(), default=0)
    top = min((y - _half(slot) for slot, y in heights.items()), default=0.0)

    def at(layer: int, slot: Slot) -> Point:
        return Point(MARGIN + (layer - first) * (WIDTH + ACROSS), MARGIN + heights[slot] - top)

    boxes = {node: Point(at(layer, node).x, at(layer, node).y - HEIGHT / 2) for node, layer in layers.items()}
    columns = max(layers.values(), default=0) - first + 1 if layers else 0
    lines = [Line(a, b, _way(a, b, layers, at)) for a, b in chosen]
    bottom = max((y + _half(slot) for slot, y in heights.items()), default=0.0)
    return Drawing(2 * MARGIN + columns * (WIDTH + ACROSS) - ACROSS, 2 * MARGIN + bottom - top, boxes, lines)


def crossings(orders: Orders, joints: Collection[tuple[Slot, Slot]], layer: int) -> int:
    """How many pairs of lines cross between ``layer`` and the next."""
    left = {slot: at for at, slot in enumerate(orders.get(layer, ()))}
    right = {slot: at for at, slot in enumerate(orders.get(layer + 1, ()))}
    found, seen = 0, list[int]()
    for _, end in sorted((left[a], right[b]) for a, b in joints if a in left and b in right):
        found += len(seen) - bisect_right(seen, end)
        insort(seen, end)
    return found


def _slots(layers: Mapping[int, int], edges: Sequence[tuple[int, int]]) -> tuple[Orders, list[tuple[Slot, Slot]]]:
    """What stands in each layer, and which neighbours are joined, the left one first."""
    orders: Orders = {}
    for node in sorted(layers):
        orders.setdefault(layers[node], []).append(node)
    joints: list[tuple[Slot, Slot]] = []
    for a, b in edges:
        low, high = sorted((layers[a], layers[b]))
        if low == high:
            continue
        bends: list[Slot] = [(a, b, layer) for layer in range(low + 1, high)]
        for layer, bend in enumerate(bends, low + 1):
            orders.setdefault(layer, []).append(bend)
        left, right = (a, b) if layers[a] < layers[b] else (b, a)
        joints += pairwise([left, *bends, right])
    return orders, joints


def _untangled(orders: Orders, joints: Sequence[tuple[Slot, Slot]]) -> Orders:
    """Of all orders that the sweeps come by, one with the fewest crossings."""

    def tangle(some: Orders) -> int:
        return sum(crossings(some, joints, layer) for layer in some)

    before, after = _neighbours(joints)
    now = {layer: [*slots] for layer, slots in orders.items()}
    best, least = now, tangle(now)
    for sweep in range(SWEEPS):
        if not least:
            break
        now = {layer: [*slots] for layer, slots in now.items()}
        forward = sweep % 2 == 0
        for layer in sorted(now, reverse=not forward):
            beside = {slot: at for at, slot in enumerate(now.get(layer - 1 if forward else layer + 1, ()))}
            sides = before if forward else after
            own = {slot: float(at) for at, slot in enumerate(now[layer])}
            for slot in now[layer]:
                places = [beside[other] for other in sides.get(slot, ()) if other in beside]
                own[slot] = sum(places) / len(places) if places else own[slot]
            now[layer].sort(key=own.__getitem__)
        if (found := tangle(now)) < least:
            best, least = now, found
    return best


def _neighbours(joints: Sequence[tuple[Slot, Slot]]) -> tuple[dict[Slot, list[Slot]], dict[Slot, list[Slot]]]:
    before: dict[Slot, list[Slot]] = {}
    after: dict[Slot, list[Slot]] = {}
    for left, right in joints:
        before.setdefault(right, []).append(left)
        after.setdefault(left, []).append(right)
    return before, after


def _half(slot: Slot) -> float:
    return HEIGHT / 2 if isinstance(slot, int) else BEND / 2


def _heights(orders: Orders, joints: Sequence[tuple[Slot, Slot]]) -> dict[Slot, float]:
    """The middle of each slot: near the mean of its neighbours', in order, with gaps."""
    before, after = _neighbours(joints)
    found: dict[Slot, float] = {}
    for slots in orders.values():
        found |= dict(zip(slots, _spread([0.0] * len(slots), slots), strict=True))
    for sweep in range(SWEEPS):
        for layer in sorted(orders, reverse=sweep % 2 == 1):
            slots = orders[layer]
            wanted = []
            for slot in slots:
                beside = [found[other] for other in (*before.get(slot, ()), *after.get(slot, ()))]
                wanted.append(sum(beside) / len(beside) if beside else found[slot])
            found |= dict(zip(slots, _spread(wanted, slots), strict=True))
    return found


def _spread(wanted: Sequence[float], slots: Sequence[Slot]) -> list[float]:
    """The heights nearest to ``wanted`` (least squares) that keep the order and leave a gap between two slots."""
    offsets = [0.0]
    for upper, lower in pairwise(slots):
        offsets.append(offsets[-1] + _half(upper) + BETWEEN + _half(lower))
    blocks: list[tuple[float, int]] = []
    for value, offset in zip(wanted, offsets, strict=False):
        total, count = value - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            more, others = blocks.pop()
            total, count = total + more, count + others
        blocks.append((total, count))
    level = [total / count for total, count in blocks for _ in range(count)]
    return [value + offset for value, offset in zip(level, offsets, strict=False)]


def _way(a: int, b: int, layers: Mapping[int, int], at: Callable[[int, Slot], Point]) -> tuple[Point, ...]:
    """From the side of the source's box to the target's: right to left, through the bends of the layers between.

    Within a layer it leaves and comes in on the right; back towards the left it leaves on the left.
    """
    start, end = at(layers[a], a), at(layers[b], b)
    if layers[a] == layers[b]:
        return Point(start.x + WIDTH, start.y), Point(end.x + WIDTH, end.y)
    step = 1 if layers[a] < layers[b] else -1
    leave, arrive = (WIDTH, 0.0) if step > 0 else (0.0, WIDTH)
    points = [Point(start.x + leave, start.y)]
    for layer in range(layers[a] + step, layers[b], step):
        bend = at(layer, (a, b, layer))
        points += [Point(bend.x + arrive, bend.y), Point(bend.x + leave, bend.y)]
    return (*points, Point(end.x + arrive, end.y))
