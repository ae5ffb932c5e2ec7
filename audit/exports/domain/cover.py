"""Every leaf of the tree is there once: shipped, or under a hash that stands for what is not shipped (the cover).

A part of the cover is (start, level, hash): the RFC 6962 hash (32 bytes) of the perfect subtree over the ``2**level``
leaves from index ``start`` on, and ``start`` is a multiple of ``2**level``. Shipped leaves and parts, in order, tile
[0, size); folded from left to right they give the root.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator

Subtree = Callable[[int, int], bytes]
Part = tuple[int, int, bytes]


def perfect(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The largest perfect subtrees, as (start, level), that tile [start, end): at most 2 log2(end) of them."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield start, level
        start += 1 << level


def cover(size: int, shipped: Iterable[int], subtree: Subtree, alone: Iterable[int] = ()) -> Iterator[Part]:
    """The parts of the cover of a tree of ``size`` leaves, ascending.

    ``shipped`` and ``alone`` are ascending indices without a common one; each of ``alone`` is not shipped and has a
    part of level 0 to itself. ``subtree`` (level, position) gives the hash over the ``2**level`` leaves from
    ``position * 2**level`` on. Time grows with the indices and the parts; memory does not grow.

    Raises:
        ValueError: the indices do not ascend, or one lies outside the tree.
    """
    due = 0
    for index, single in heapq.merge(((at, False) for at in shipped), ((at, True) for at in alone)):
        if index != due:
            if index < due:
                raise ValueError(f"Index {index} stands behind index {due - 1}.")
            yield from _parts(due, min(index, size), subtree)
        if index >= size:
            raise ValueError(f"Index {index} lies outside a tree of {size} leaves.")
        if single:
            yield index, 0, subtree(0, index)
        due = index + 1
    yield from _parts(due, size, subtree)


def _parts(start: int, end: int, subtree: Subtree) -> Iterator[Part]:
    for first, level in perfect(start, end):
        yield first, level, subtree(level, first >> level)


def lines(parts: Iterable[Part]) -> Iterator[bytes]:
    """The lines of ``proof.txt.gz``: start, level, hash in hex."""
    for start, level, hashed in parts:
        yield f"{start} {level} {hashed.hex()}\n".encode()
