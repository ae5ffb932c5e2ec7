"""Where two logs part: trees that agree at one size agree at every smaller one, so halving finds the place."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

HASH = 32


@dataclass(frozen=True, slots=True)
class Range:
    """The first differing entry has a number from ``first`` to ``last``; both are the same when it is known exactly."""

    first: int
    last: int

    @property
    def exact(self) -> bool:
        """Whether it is one entry."""
        return self.first == self.last


def parting(sizes: Sequence[int], agrees: Callable[[int], bool]) -> tuple[int, int | None]:
    """The largest of ``sizes`` (ascending) at which both logs agree (0: none), and the next one (None: all agree)."""
    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        if agrees(sizes[middle]):
            low = middle + 1
        else:
            high = middle
    return (sizes[low - 1] if low else 0), (sizes[low] if low < len(sizes) else None)


def narrowed(agreed: int, parted: int, size: int) -> Range:
    """The range between two witnessed sizes; the entry after our last one (``size``) is missing in any case."""
    return Range(agreed + 1, max(agreed + 1, min(parted, size + 1)))


def first_difference(
    pieces: Iterable[tuple[int, bytes]], ours: Callable[[int, int], Mapping[int, bytes]], within: Range
) -> int | None:
    """The first number in ``within`` whose leaf hash is not ours, or which we lack.

    ``pieces`` are (first number, hashes one after another) in ascending order; ``ours`` gives our hashes of the
    numbers from the one to the other. None when the pieces leave a hole before any difference, or show none.
    """
    wanted = within.first
    for first, hashes in pieces:
        last = first + len(hashes) // HASH - 1
        if last < wanted:
            continue
        if first > wanted:
            return None
        known = ours(wanted, min(last, within.last))
        for number in range(wanted, min(last, within.last) + 1):
            place = (number - first) * HASH
            if known.get(number) != hashes[place : place + HASH]:
                return number
        wanted = last + 1
        if wanted > within.last:
            return None
    return None
