"""Shipped leaves and the parts of the cover tile the tree and fold to its root, for any choice out of any size."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.exports.domain.cover import cover, lines, perfect
from audit.exports.verifier.verify import COVER_LINE, Tree
from tests.support import slow_log

LEAVES = [b"entry %d" % number for number in range(300)]
HASHES = [slow_log.leaf_hash(leaf) for leaf in LEAVES]


def subtree(level: int, position: int) -> bytes:
    return slow_log.root(LEAVES[position << level : (position + 1) << level])


@st.composite
def choices(draw: st.DrawFn) -> tuple[int, list[int], list[int]]:
    """A size, indices that are shipped, and indices that are not but stand alone."""
    size = draw(st.integers(0, 200))
    marks = draw(
        st.lists(st.sampled_from(["shipped", "shipped", "hidden", "hidden", "alone"]), min_size=size, max_size=size)
    )
    runs = draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 90)), max_size=3))
    for start, length in runs:  # long runs, so that large subtrees are hidden and shipped too
        kind = draw(st.sampled_from(["shipped", "hidden"]))
        marks[start : min(start + length, size)] = [kind] * max(0, min(start + length, size) - start)
    found = [[at for at, mark in enumerate(marks) if mark == kind] for kind in ("shipped", "alone")]
    return size, found[0], found[1]


@settings(max_examples=300, deadline=None)
@given(choices())
def test_cover_and_shipped_leaves_tile_the_tree_and_fold_to_the_root(choice: tuple[int, list[int], list[int]]) -> None:
    size, shipped, alone = choice
    parts = list(cover(size, shipped, subtree, alone))
    pieces = sorted([(index, 0, HASHES[index]) for index in shipped] + parts)
    tree, due = Tree(), 0
    for start, level, hashed in pieces:
        assert (start, start % (1 << level)) == (due, 0)
        tree.add(level, hashed)
        due += 1 << level
    assert due == size
    assert tree.root() == slow_log.root(LEAVES[:size])
    assert parts == sorted(parts)
    assert {(index, 0) for index in alone} <= {(start, level) for start, level, _ in parts}


@settings(max_examples=300, deadline=None)
@given(choices())
def test_parts_are_maximal(choice: tuple[int, list[int], list[int]]) -> None:
    """No two parts are the halves of a subtree that could stand for both."""
    size, shipped, alone = choice
    parts = {(level, start >> level) for start, level, _ in cover(size, shipped, subtree, alone)}
    single = {(0, index) for index in alone}
    for level, position in parts:
        sibling = (level, position ^ 1)
        assert sibling not in parts or {sibling, (level, position)} & single


def test_cover_by_hand() -> None:
    """Of seven leaves, index 4 is shipped: [0, 4) is one subtree, 5 and 6 stand for themselves."""
    found = [(start, level) for start, level, _ in cover(7, [4], subtree)]
    assert found == [(0, 2), (5, 0), (6, 0)]
    assert list(cover(7, [], subtree)) == [(0, 2, subtree(2, 0)), (4, 1, subtree(1, 2)), (6, 0, HASHES[6])]
    assert [part[:2] for part in cover(8, [], subtree, [5])] == [(0, 2), (4, 0), (5, 0), (6, 1)]
    assert list(cover(7, range(7), subtree)) == []
    assert list(cover(0, [], subtree)) == []
    assert list(perfect(3, 12)) == [(3, 0), (4, 2), (8, 2)]


def test_lines_are_what_the_verifier_reads() -> None:
    text = list(lines(cover(7, [4], subtree)))
    assert text[0] == f"0 2 {subtree(2, 0).hex()}\n".encode()
    assert all(COVER_LINE.fullmatch(line[:-1]) for line in text)


@pytest.mark.parametrize("shipped", [[3, 2], [2, 2], [7], [-1], [0, 9]])
def test_indices_that_do_not_ascend_within_the_tree_are_refused(shipped: list[int]) -> None:
    with pytest.raises(ValueError, match=r"stands behind|lies outside"):
        list(cover(7, shipped, subtree))
    with pytest.raises(ValueError, match=r"stands behind|lies outside"):
        list(cover(7, [], subtree, shipped))


def test_an_index_both_shipped_and_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="Index 3 stands behind index 3"):
        list(cover(7, [3], subtree, [3]))


def test_few_of_many_and_all_of_many_ask_for_few_hashes() -> None:
    asked: list[tuple[int, int]] = []

    def counted(level: int, position: int) -> bytes:
        asked.append((level, position))
        return bytes(32)

    list(cover(5_000_000, range(100_000, 5_000_000, 163_000), counted))
    assert len(asked) < 30 * 2 * 23
    asked.clear()
    started = time.process_time()
    assert list(cover(1_000_000, iter(range(1_000_000)), counted)) == []
    assert time.process_time() - started < 3
    assert asked == []


def test_cover_is_made_while_it_is_read() -> None:
    """Neither the indices nor the parts are held: the first part is there before the second index is asked for."""

    def indices() -> Iterator[int]:
        yield 4
        raise AssertionError("asked too early")

    assert next(cover(7, indices(), subtree))[:2] == (0, 2)
