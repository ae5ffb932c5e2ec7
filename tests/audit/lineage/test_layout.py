"""Where the parts of a graph stand: layers by distance, no box on another, no more crossings than there must be."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lineage.domain.layout import ACROSS, HEIGHT, MARGIN, WIDTH, crossings, layers_of, layout


def crossed(layers: dict[int, int], edges: list[tuple[int, int]], layer: int) -> int:
    """Pairs of lines between a layer and the next that cross, by where the boxes stand."""
    boxes = layout(layers, edges).boxes
    spans = [(boxes[a].y, boxes[b].y) for a, b in edges if layers[a] == layer and layers[b] == layer + 1]
    return sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(spans, 2))


def test_nearer_way_decides_the_layer() -> None:
    assert layers_of({1: 0, 2: 1, 3: 2, 4: 3}, {1: 0, 5: 1, 4: 2, 3: 2}) == {1: 0, 2: -1, 3: -2, 4: 2, 5: 1}


def test_chain_stands_in_one_line_from_left_to_right() -> None:
    drawn = layout({1: -1, 2: 0, 3: 1}, [(1, 2), (2, 3)])
    assert [drawn.boxes[node].x for node in (1, 2, 3)] == [MARGIN + at * (WIDTH + ACROSS) for at in range(3)]
    assert len({drawn.boxes[node].y for node in (1, 2, 3)}) == 1
    assert (drawn.width, drawn.height) == (2 * MARGIN + 3 * WIDTH + 2 * ACROSS, 2 * MARGIN + HEIGHT)
    first = drawn.lines[0].points
    assert first[0] == (drawn.boxes[1].x + WIDTH, drawn.boxes[1].y + HEIGHT / 2)
    assert first[-1] == (drawn.boxes[2].x, drawn.boxes[2].y + HEIGHT / 2)


def test_tangle_that_can_be_undone_is_undone() -> None:
    layers = {1: 0, 2: 0, 3: 0, 4: 1, 5: 1, 6: 1}
    edges = [(1, 6), (2, 5), (3, 4)]
    assert crossings({0: [1, 2, 3], 1: [4, 5, 6]}, edges, 0) == 3
    assert crossed(layers, edges, 0) == 0


def test_tangle_that_cannot_be_undone_has_its_one_crossing() -> None:
    assert crossed({1: 0, 2: 0, 3: 1, 4: 1}, [(1, 3), (1, 4), (2, 3), (2, 4)], 0) == 1


def test_edge_over_a_layer_passes_beside_its_boxes() -> None:
    drawn = layout({1: 0, 2: 1, 3: 2}, [(1, 2), (2, 3), (1, 3)])
    over = next(line for line in drawn.lines if (line.source, line.target) == (1, 3))
    box = drawn.boxes[2]
    assert [point.x for point in over.points[1:3]] == [box.x, box.x + WIDTH]
    assert not box.y <= over.points[1].y <= box.y + HEIGHT


def test_edge_back_leaves_on_the_left_and_one_within_a_layer_on_the_right() -> None:
    drawn = layout({1: 0, 2: 1, 3: 1}, [(2, 1), (2, 3)])
    back, within = drawn.lines
    assert (back.points[0].x, back.points[-1].x) == (drawn.boxes[2].x, drawn.boxes[1].x + WIDTH)
    assert {point.x for point in within.points} == {drawn.boxes[2].x + WIDTH}


def test_nothing_is_drawn_of_nothing() -> None:
    assert layout({}, []).boxes == {}


@pytest.mark.parametrize("edges", [[(1, 1)], [(1, 9)]], ids=["to itself", "to what is not drawn"])
def test_edge_without_two_ends_is_left_out(edges: list[tuple[int, int]]) -> None:
    assert layout({1: 0}, edges).lines == []


@given(
    layers=st.dictionaries(st.integers(0, 40), st.integers(-3, 3), min_size=1, max_size=30),
    edges=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60),
)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_no_box_lies_on_another_and_all_lie_within(layers: dict[int, int], edges: list[tuple[int, int]]) -> None:
    drawn = layout(layers, edges)
    for node, other in combinations(drawn.boxes.values(), 2):
        assert abs(node.x - other.x) >= WIDTH or abs(node.y - other.y) >= HEIGHT
    places = [*drawn.boxes.values(), *(point for line in drawn.lines for point in line.points)]
    assert all(0 <= place.x <= drawn.width and 0 <= place.y <= drawn.height for place in places)
    assert layout(dict(reversed(layers.items())), edges[::-1]) == drawn
