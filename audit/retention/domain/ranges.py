"""Numbers of entries as ranges: what was pruned is told in few pairs, and a pair tells every number in it."""

from collections.abc import Iterable


def ranges_of(numbers: Iterable[int]) -> list[list[int]]:
    """Ascending ``numbers`` as [first, last] pairs without gaps inside: [1, 2, 3, 7] is [[1, 3], [7, 7]]."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
