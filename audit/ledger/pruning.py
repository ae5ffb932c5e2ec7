"""Content may be missing from an entry only where another entry says that retention removed it; that one is whole."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from audit.ledger.models import Entry

ACTION = "retention.pruned"
NUMBERS = "numbers"
"""The changed "field" of such an entry that lists the pruned numbers as [first, last] pairs."""


def merged(pairs: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """First and last numbers of ``pairs`` in ascending order; pairs that touch or overlap become one."""
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(pairs):
        if lasts and first <= lasts[-1] + 1:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    return firsts, lasts


class Covered:
    """Which numbers entries name as pruned. Memory grows with the ranges, not with the numbers in them."""

    def __init__(self) -> None:
        self._firsts: list[int] | None = None
        self._lasts: list[int] = []

    def __contains__(self, number: int) -> bool:
        # What was pruned after we read is not tampering: read once more before saying no.
        return (self._firsts is not None and self._holds(number)) or (self._read() and self._holds(number))

    def _holds(self, number: int) -> bool:
        at = bisect_right(self._firsts or [], number) - 1
        return at >= 0 and number <= self._lasts[at]

    def _read(self) -> bool:
        told = Entry.objects.filter(action=ACTION, pruned=False).values_list("changes", flat=True)
        pairs = (pair for changes in told.iterator(chunk_size=200) for pair in _pairs(changes))
        self._firsts, self._lasts = merged(pairs)
        return True


def _pairs(changes: Any) -> list[tuple[int, int]]:
    """The pairs that such an entry lists; what is not a pair of numbers covers nothing."""
    _, listed = (changes.get(NUMBERS) if isinstance(changes, dict) else None) or (None, None)
    found = []
    for pair in listed if isinstance(listed, list) else []:
        if isinstance(pair, list) and len(pair) == 2 and all(type(one) is int for one in pair):
            found.append((pair[0], pair[1]))
    return found
