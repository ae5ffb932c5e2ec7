"""The hashes that are stored of the tree and of the index, read in groups of 256; all others are computed from them."""

from collections.abc import Sequence
from typing import Any

from audit.ledger import bulk
from audit.ledger.domain import index, merkle
from audit.ledger.models import IndexNode, Leaf, Node

WIDTH = 256
STEP = 8
GROUPS_KEPT = 4096


class Groups:
    """Hashes of one tree. Level 0 are the leaves; levels 8, 16 … are stored nodes; a group is 256 neighbours."""

    def __init__(self) -> None:
        self._groups: dict[tuple[int, int], Sequence[bytes]] = {}

    def _read(self, level: int, first: int) -> list[bytes]:
        raise NotImplementedError

    def group(self, level: int, number: int) -> Sequence[bytes]:
        """The stored hashes of ``level`` at positions 256 x number and after."""
        found = self._groups.get((level, number))
        if found is None:
            if len(self._groups) >= GROUPS_KEPT:
                self._groups.clear()
            found = self._groups[level, number] = self._read(level, number * WIDTH)
        return found

    def subtree(self, level: int, position: int) -> bytes:
        """The hash of a perfect subtree.

        Raises:
            LookupError: the log has no such leaves, or a stored hash is missing.
        """
        base = level // STEP * STEP
        first, count = position << (level - base), 1 << (level - base)
        group = self.group(base, first // WIDTH)
        hashes = group[first % WIDTH : first % WIDTH + count]
        if len(hashes) != count:
            raise LookupError(f"The tree lacks a hash at level {base}, position {first + len(hashes)}.")
        return merkle.perfect(hashes)


class Tree(Groups):
    """The tree over the log's leaves."""

    def _read(self, level: int, first: int) -> list[bytes]:
        if level == 0:
            rows = bulk.select(
                Leaf, ("number", "hash"), "number > %s AND number <= %s ORDER BY number", (first, first + WIDTH)
            )
            return _without_holes([(number - 1, hashed) for number, hashed in rows], first)
        where = "level = %s AND position >= %s AND position < %s ORDER BY position"
        return _without_holes(bulk.select(Node, ("position", "hash"), where, (level, first, first + WIDTH)), first)


class Index(Groups):
    """The tree over the 65,536 buckets of chains; what is not stored is empty."""

    def _read(self, level: int, first: int) -> list[bytes]:
        where = "level = %s AND position >= %s AND position < %s"
        known = dict(bulk.select(IndexNode, ("position", "hash"), where, (level, first, first + WIDTH)))
        empty = index.EMPTY_LEVELS[level]
        return [bytes(known.get(position, empty)) for position in range(first, first + WIDTH)]

    def read_all(self) -> None:
        """Reads every bucket at once: for who needs many of them, instead of group by group."""
        known = dict(bulk.select(IndexNode, ("position", "hash"), "level = 0"))
        for number in range(WIDTH):
            first, empty = number * WIDTH, index.EMPTY_BUCKET
            self._groups[0, number] = [bytes(known.get(at, empty)) for at in range(first, first + WIDTH)]

    def root(self) -> bytes:
        """The hash over all buckets."""
        return merkle.perfect(self.group(STEP, 0))

    def path(self, bucket: int) -> list[bytes]:
        """The audit path of a bucket: 16 hashes, from the leaf up."""
        return merkle.inclusion(self.subtree, bucket, index.BUCKETS)


def _without_holes(rows: Sequence[Any], first: int) -> list[bytes]:
    """The hashes up to the first missing position."""
    found: list[bytes] = []
    for position, hashed in rows:
        if position != first + len(found):
            break
        found.append(bytes(hashed))
    return found
