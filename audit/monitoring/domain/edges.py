"""Where a column of numbers is cut, and how many of its values lie between the cuts; arrays in, arrays out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EDGES: Final = 1024
"""The most edges that a profile of numbers has."""
LEVELS: Final = 500
"""A reference is cut at each 1/500 of its rows, which includes its deciles."""
WIDTHS: Final = 128
"""And at so many equal widths between its least and its most, for the tails."""

CELLS: Final = 1 << 16
BLOCK: Final = 1 << 18
"""Arrays are worked through in pieces that stay in the processor's cache."""


def edges_of(finite: NDArray[np.float64]) -> NDArray[np.float64]:
    """The edges that a reference's finite values, in any order, are cut at; at most ``EDGES``, none without values.

    A column of few values has an edge at each and one just before it, so that each value is counted by itself. Else:
    each 1/500 of the rows (the least value whose rank reaches it, so the deciles are among them, each counted by
    itself, like any value that fills 1/500), and equal widths between the least and the most.
    """
    import numpy as np

    # Most columns of many values show it in their first rows.
    few = np.unique(finite[: 10 * LEVELS])
    if few.size <= LEVELS:
        few = np.unique(finite)
    if few.size <= LEVELS:
        edges = np.union1d(few, np.nextafter(few, -np.inf))
    else:
        # The least value with at least i/500 of the rows at or below it, in whole numbers: no rounding of ranks.
        ranked = _ranked(finite, np.maximum(0, -(-np.arange(LEVELS + 1) * finite.size // LEVELS) - 1))
        cuts, reached = np.unique(ranked, return_counts=True)
        single = np.union1d(cuts[reached > 1], ranked[:: LEVELS // 10])
        with np.errstate(over="ignore"):
            widths = ranked[0] + (ranked[-1] / WIDTHS - ranked[0] / WIDTHS) * np.arange(1, WIDTHS)
        edges = np.unique(np.concatenate((cuts, widths, np.nextafter(single, -np.inf))))
    return edges[np.isfinite(edges)]


def _ranked(values: NDArray[np.float64], ranks: NDArray[np.int64]) -> NDArray[np.float64]:
    """The values at ascending places (from 0) of the sorted values: only those near one of the places are sorted."""
    import numpy as np

    low = float(values.min())
    scale = CELLS / (float(values.max()) - low)
    if values.size < CELLS or not 0 < scale < math.inf:
        return np.sort(values)[ranks]
    cells, filled = np.empty(values.size, dtype=np.int32), np.zeros(CELLS + 1, dtype=np.int64)
    for start in range(0, values.size, BLOCK):
        cells[start : start + BLOCK] = _cells(values[start : start + BLOCK], low, scale)
        filled += np.bincount(cells[start : start + BLOCK], minlength=CELLS + 1)
    at, wanted = np.searchsorted(np.cumsum(filled), ranks, side="right"), np.zeros(CELLS + 1, dtype=bool)
    wanted[at] = True
    near = np.sort(values[wanted[cells]])
    return near[ranks - np.cumsum(np.where(wanted, 0, filled))[at]]


def counts_at(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many of the finite values lie above each edge's predecessor and up to the edge, and above the last.

    Values are put into equal cells first, a step that keeps their order: a cell without an edge needs no more. Only the
    values in a cell with an edge are compared, with one edge and the next, or with all where a cell has more than two.
    """
    import numpy as np

    places = edges.size + 1
    scale = CELLS / (float(edges[-1]) - float(edges[0])) if edges.size > 1 else 0.0
    if values.size < CELLS or not 0 < scale < math.inf:
        return np.bincount(np.searchsorted(edges, values), minlength=places).astype(np.int64)
    low = float(edges[0])
    at = _cells(edges, low, scale)
    held = np.bincount(at, minlength=CELLS + 1)
    mixed, crowded = held > 0, held > 2
    before = np.cumsum(held) - held
    padded = np.append(edges, (np.inf, np.inf))
    counts, filled = np.zeros(places, dtype=np.int64), np.zeros(CELLS + 1, dtype=np.int64)
    for start in range(0, values.size, BLOCK):
        block = values[start : start + BLOCK]
        cells = _cells(block, low, scale)
        filled += np.bincount(cells, minlength=CELLS + 1)
        unsure = mixed[cells]
        rest, cells = block[unsure], cells[unsure]
        found = before[cells]
        found = found + (rest > padded[found]) + (rest > padded[found + 1])
        many = crowded[cells]
        found[many] = np.searchsorted(edges, rest[many])
        counts += np.bincount(found, minlength=places)
    np.add.at(counts, before[~mixed], filled[~mixed])
    return counts


def _cells(values: NDArray[np.float64], low: float, scale: float) -> NDArray[np.int32]:
    import numpy as np

    with np.errstate(over="ignore"):
        found = values - low
        found *= scale
    return np.clip(found, 0, CELLS, out=found).astype(np.int32)


def sums(finite: NDArray[np.float64]) -> tuple[float, float, float]:
    """The sum, and the sums of squared and cubed distances from the mean."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        total = or_infinite(float(finite.sum()))
        mean = total / max(1, finite.size)
        squares = cubes = 0.0
        for start in range(0, finite.size, BLOCK):
            apart = finite[start : start + BLOCK] - mean
            squared = apart * apart
            squares += float(squared.sum())
            squared *= apart
            cubes += float(squared.sum())
    return total, or_infinite(squares), or_infinite(cubes)


def or_infinite(value: float) -> float:
    """What came of adding numbers too large for a double is infinite, be it told as NaN."""
    return math.inf if math.isnan(value) else value
