"""Drift of a column from two profiles: what ``exact`` gives for the raw rows, and how far off it may be.

Between two edges a profile knows how many rows there are and not where. So at any point the share of rows at or below
it lies in a bracket; a value is worked out with rows spread evenly in their bin, and ``error`` is from the least and
the most that any placing of them allows. Where a bin holds much (rows beyond all of the reference, other edges), the
sketch narrows the bracket; the error then holds in 99 of 100 cases. A variant that no bound can be given for is left
out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from audit.monitoring.domain import divergence
from audit.monitoring.domain.columns import RANK_ERROR, Categories, Column, Numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Box = tuple[Array, Array]

FEW: Final = 20
"""Up to so many different values in the reference, Evidently takes numbers for names."""
DEVIATION_FLOOR: Final = 0.001
"""wasserstein/evidently divides by no smaller standard deviation."""
OF_NUMBERS: Final = (
    "psi/credit", "psi/evidently", "js/evidently", "js/nannyml", "ks", "wasserstein", "wasserstein/evidently",
)  # fmt: skip
OF_CATEGORIES: Final = (
    "psi/credit", "psi/evidently", "js/evidently", "js/nannyml", "chi2/contingency", "chi2/evidently", "l_infinity",
)  # fmt: skip
ROUNDING: Final = 1e-12
"""What the order of floating-point sums may change, relative to the value (or to 1)."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a column's rows lie from its reference's, by one ``variant``.

    ``value`` is None where it is undefined (no rows) or infinite; ``p`` is of variants that test. ``n_reference`` and
    ``n_current`` count the rows that it is from. ``error``: how far ``value`` may lie from what raw rows give.
    """

    variant: str
    value: float | None
    p: float | None
    n_reference: int
    n_current: int
    error: float


Found = Mapping[str, tuple[float | None, float | None, float]]
"""Of each variant: value, p, error."""


def of_columns(reference: Column, current: Column) -> dict[str, Drift]:
    """Each variant of the columns' kind by its name; empty where one is of numbers and the other of names."""
    if isinstance(reference, Numbers) and isinstance(current, Numbers):
        return told(
            _of_numbers(reference, current), OF_NUMBERS, (reference.finite, current.finite), (reference.n, current.n)
        )
    if isinstance(reference, Categories) and isinstance(current, Categories):
        named = (reference.named, current.named)
        return told(_of_categories(reference, current), OF_CATEGORIES, named, (reference.n, current.n))
    return {}


def told(found: Found, variants: tuple[str, ...], there: tuple[int, int], rows: tuple[int, int]) -> dict[str, Drift]:
    """``found`` as drifts: of ``there`` rows each, psi/credit of all ``rows``. Without rows the value is None."""
    drifts = {}
    for name in variants:
        n = rows if name == "psi/credit" else there
        if not (n[0] and n[1]):
            drifts[name] = Drift(name, None, None, *n, 0.0)
        elif name in found:
            value, p, error = found[name]
            finite = value is not None and math.isfinite(value) and math.isfinite(error)
            drifts[name] = Drift(name, value if finite else None, p, *n, error if finite else 0.0)
    return drifts


def _of_categories(reference: Categories, current: Categories) -> Found:
    import numpy as np

    names = sorted(reference.counts | current.counts)
    p, q = (np.array([side.counts.get(name, 0) for name in names], dtype=float) for side in (reference, current))
    if reference.others or current.others:
        return _of_many(p, q, reference, current) if reference.named and current.named else {}
    found: dict[str, tuple[float | None, float | None, float]] = {}
    if reference.n and current.n:
        # Names that the reference lacks are one bin, and rows without a name another.
        bins = (np.append(side[p > 0], (side[p == 0].sum(), of.nulls)) for side, of in ((p, reference), (q, current)))
        found["psi/credit"] = (divergence.psi_credit(*bins), None, 0.0)
    if reference.named and current.named:
        found["psi/evidently"] = (divergence.psi_evidently(p, q), None, 0.0)
        found["js/evidently"] = (divergence.js_evidently(p, q), None, 0.0)
        found["js/nannyml"] = (divergence.js_nannyml(p[p > 0], q[p > 0], current.named), None, 0.0)
        found["chi2/contingency"] = (*divergence.chi2_contingency(p, q), 0.0)
        found["chi2/evidently"] = (*divergence.chi2_one_sample(p, q), 0.0)
        found["l_infinity"] = (float(np.abs(p / p.sum() - q / q.sum()).max()), None, 0.0)
    return found


def _of_many(p: Array, q: Array, reference: Categories, current: Categories) -> Found:
    """Counts by name of which a part is missing: only what can be bounded."""
    import numpy as np

    shares = [counts / side.named for counts, side in ((p, reference), (q, current))]
    rest = [side.others / side.named for side in (reference, current)]
    p, q = (np.append(share, other) for share, other in zip(shares, rest, strict=True))
    terms = float(divergence.js_terms(p, q).sum())
    # The distance is a metric: each side may be moved by what moving its others does, at most sqrt(ln 2 * share).
    moved = sum(math.sqrt(math.log(2) * other) for other in rest)
    base2 = divergence.js_distance(terms, base=2)
    return {
        "js/evidently": (divergence.js_distance(terms), None, min(moved, 1.0)),
        "js/nannyml": (base2, None, min(moved / math.sqrt(math.log(2)), 1.0)),
        "l_infinity": (float(np.abs(shares[0] - shares[1]).max()), None, min(sum(rest), 1.0)),
    }


def _of_numbers(reference: Numbers, current: Numbers) -> Found:
    found: dict[str, tuple[float | None, float | None, float]] = {}
    p, q = _Ranks(reference), _Ranks(current)
    credit = _credit(p, q) if reference.n and current.n else None
    if credit is not None:
        found["psi/credit"] = credit
    if not (reference.finite and current.finite):
        return found
    found |= _evidently(p, q)
    found["js/nannyml"] = _doane(p, q)
    ks, ks_error, work, work_error = _distances(p, q)
    found["ks"] = (ks, divergence.ks_p(ks, reference.finite, current.finite), ks_error)
    found["wasserstein"] = (work, None, work_error)
    if reference.deviation is not None:
        scale = max(reference.deviation, DEVIATION_FLOOR)
        found["wasserstein/evidently"] = (work / scale, None, work_error / scale)
    return found


class _Ranks:
    """How many finite rows of a profile lie at or below a point: the least, the most, and with rows spread evenly."""

    def __init__(self, column: Numbers) -> None:
        import numpy as np

        self.column = column
        self.n = column.finite
        self.below = np.cumsum(column.counts[:-1]).astype(float)
        self.single = np.zeros(column.counts.size, dtype=bool)
        self.single[1:-1] = np.nextafter(column.edges[1:], -np.inf) == column.edges[:-1]
        self.coarse = bool((column.counts[~self.single] > 2 * RANK_ERROR * self.n).any())
        ends = [end for end in (column.least, column.most) if end is not None]
        self.knots = np.union1d(column.edges, ends)
        self.at_knots = self._from_counts(self.knots)[0]

    def _from_counts(self, points: Array) -> Box:
        import numpy as np

        column = self.column
        bounded = np.concatenate(([0.0], self.below, [float(self.n)]))
        low = bounded[np.searchsorted(column.edges, points, side="right")]
        high = bounded[np.searchsorted(column.edges, points, side="left") + 1]
        if column.least is None or column.most is None:
            return low, high
        low, high = np.where(points < column.least, 0.0, low), np.where(points < column.least, 0.0, high)
        low = np.where(points >= column.least, np.maximum(low, 1.0), low)
        high = np.where(points < column.most, np.minimum(high, self.n - 1.0), high)
        return np.where(points >= column.most, float(self.n), low), high

    def box(self, points: Array) -> Box:
        """The least and the most rows at or below each point."""
        import numpy as np

        low, high = self._from_counts(points)
        wide = high - low > 2 * RANK_ERROR * self.n
        if not (self.coarse and wide.any()):
            return low, high
        from datasketches import kll_doubles_sketch

        sketch = kll_doubles_sketch.deserialize(self.column.sketch)
        ranks = np.array([sketch.get_rank(point, True) for point in points[wide].tolist()]) * self.n
        # The counts are certain: where the sketch contradicts them, they hold.
        low[wide] = np.clip(np.floor(ranks - RANK_ERROR * self.n), low[wide], high[wide])
        high[wide] = np.clip(np.ceil(ranks + RANK_ERROR * self.n), low[wide], high[wide])
        return low, high

    def spread(self, points: Array) -> Array:
        """The rows at or below each point, each bin's spread evenly over it."""
        import numpy as np

        low, high = self.box(points)
        if not self.n:
            return low
        even = np.interp(points, self.knots, self.at_knots)
        return np.clip(np.where(high - low > 2 * RANK_ERROR * self.n, (low + high) / 2, even), low, high)

    def grid(self) -> Array:
        """Points that tell the column's shape: its edges and ends; where that is coarse, the sketch's percentiles."""
        import numpy as np

        if not self.coarse:
            return self.knots
        found = [one for one in self.column.quantiles([i / 100 for i in range(101)]) if one is not None]
        return np.union1d(self.knots, found)


def _between(low: Array, high: Array, n: int) -> Box:
    """The rows in each bin that ascending points part, from the brackets at the points; the outer bins are open."""
    import numpy as np

    least = np.append(low, n) - np.concatenate(([0.0], high))
    most = np.append(high, n) - np.concatenate(([0.0], low))
    return np.maximum(least, 0.0), most


def _spread_between(ranks: Array, n: int) -> Array:
    import numpy as np

    return np.maximum(np.diff(ranks, prepend=0.0, append=float(n)), 0.0)


def _apart(value: float, low: float, high: float) -> float:
    """How far the value may lie from what is somewhere between low and high, with room for rounding."""
    return max(value - low, high - value, 0.0) + ROUNDING * max(1.0, abs(high))


def _credit(p: _Ranks, q: _Ranks) -> tuple[float, None, float] | None:
    import numpy as np

    column = p.column
    ranks = -(-np.arange(1, 10) * p.n // 10) if p.n else np.empty(0, dtype=int)
    at, first, several = np.unique(np.searchsorted(p.below, ranks), return_index=True, return_counts=True)
    starts, ends = np.concatenate(([-np.inf], column.edges))[at], np.append(column.edges, np.inf)[at]
    # The decile is known where its bin holds one value, or begins with the least.
    known = (np.nextafter(ends, -np.inf) <= starts) | (ends == (column.least if column.least is not None else np.nan))
    if bool((several[~known] > 1).any()):
        return None
    points = np.where(np.isinf(ends), column.most if column.most is not None else 0.0, ends)
    boxes, middle = [], []
    for side in (p, q):
        n, rest = side.column.n, side.column.n - side.n
        before, (low, high) = side.box(starts)[0], side.box(points)
        low = np.where(known, low, np.maximum(before, ranks[first]) if side is p else before)
        least, most = _between(low, high, side.n)
        boxes.append((divergence.floored(np.append(least, rest) / n), divergence.floored(np.append(most, rest) / n)))
        middle.append(divergence.floored(np.append(_spread_between(side.spread(points), side.n), rest) / n))
    value = float(divergence.psi_terms(*middle).sum())
    return value, None, _apart(value, *divergence.bounds(divergence.psi_terms, boxes[0], boxes[1]))


def _evidently(p: _Ranks, q: _Ranks) -> dict[str, tuple[float, None, float]]:
    import numpy as np

    filled = p.column.counts > 0
    if not filled[~p.single].any() and int(filled.sum()) <= FEW:
        return _as_names(p, q)
    if int(filled.sum()) <= FEW:
        # Whether the reference has more than 20 values, and so which bins are meant, is not known.
        return {}
    ends = np.array([p.column.least, p.column.most, q.column.least, q.column.most], dtype=float)
    with np.errstate(over="ignore"):
        width = float(ends.max() - ends.min())
    if not math.isfinite(width):
        return {}
    bins = math.ceil(width / (width / (math.log2(p.n + q.n) + 1)))
    points = np.nextafter(np.linspace(ends.min(), ends.max(), bins + 1)[1:-1], -np.inf)
    boxes, middle = _boxes(p, q, points)
    zeros = [_zeros_box(*boxes[0], p.n), _zeros_box(*boxes[1], q.n)]
    found = {}
    value = float(
        divergence.psi_terms(*(divergence.evidently_zeros(one) for one in _whole_rows(middle, (p.n, q.n)))).sum()
    )
    found["psi/evidently"] = (value, None, _apart(value, *divergence.bounds(divergence.psi_terms, *zeros)))
    found["js/evidently"] = _js(middle, boxes)
    return found


def _boxes(p: _Ranks, q: _Ranks, points: Array) -> tuple[list[Box], list[Array]]:
    """Shares of the bins that the points part: as boxes, and with rows spread evenly."""
    boxes, middle = [], []
    for side in (p, q):
        least, most = _between(*side.box(points), side.n)
        boxes.append((least / side.n, most / side.n))
        middle.append(_spread_between(side.spread(points), side.n) / side.n)
    return boxes, middle


def _whole_rows(shares: list[Array], n: tuple[int, int]) -> list[Array]:
    """Shares of less than half a row are none."""
    import numpy as np

    return [np.where(share * rows < 0.5, 0.0, share) for share, rows in zip(shares, n, strict=True)]


def _zeros_box(least: Array, most: Array, n: int) -> Box:
    """The box of shares after Evidently's rule for zeros."""
    import numpy as np

    if bool((least == most).all()):
        known = divergence.evidently_zeros(least)
        return known, known
    # The smallest share that is not 0 is at least one row, so zero becomes a millionth of that, or more.
    return np.where(least == 0, 1e-6 / n, least), np.where(least == 0, np.maximum(most, divergence.FLOOR), most)


def _js(middle: list[Array], boxes: list[Box], base: float = math.e) -> tuple[float, None, float]:
    value = divergence.js_distance(float(divergence.js_terms(*middle).sum()), base=base)
    low, high = divergence.bounds(divergence.js_terms, boxes[0], boxes[1])
    # The root makes more of rounding where the terms add up to nothing.
    low, high = (divergence.js_distance(max(0.0, end), base=base) for end in (low - ROUNDING, high + ROUNDING))
    return value, None, _apart(value, low, high)


def _as_names(p: _Ranks, q: _Ranks) -> dict[str, tuple[float, None, float]]:
    """Each value of the reference is a bin; a gap between them has as many more as it has new values: one or more."""
    import numpy as np

    boxes, known = [], p.column.counts > 0
    starts = np.concatenate(([-np.inf], p.column.edges))[known]
    ends = p.column.edges[known[:-1]]
    for side in (p, q):
        upper, lower = side.box(ends), side.box(starts)
        boxes.append((np.maximum(upper[0] - lower[1], 0.0), upper[1] - lower[0]))
    reference, (least, most) = boxes[0][0], boxes[1]
    if not bool((least == most).all()):
        return {}
    gaps = _spread_between(q.spread(np.sort(np.concatenate((starts, ends)))), q.n)[::2]
    gaps = gaps[gaps > 0]
    new = float(gaps.sum()) / q.n
    shares = np.append(reference, np.zeros(gaps.size)) / p.n, np.append(least, gaps) / q.n
    filled = [divergence.evidently_zeros(one) for one in shares]
    terms = divergence.psi_terms(*filled)
    value, error = float(terms.sum()), ROUNDING
    if gaps.size:
        # New values: their sum is largest as one value; as many it is no less than 0, and the rule for zeros of the
        # current side then goes by a smaller share.
        zero = float(divergence.evidently_zeros(shares[0]).min())
        rows = q.n * zero
        most_new = new * max(math.log(1 / zero), rows * math.log(max(1.0, rows)))
        absent = shares[1][: reference.size] == 0
        gone = float(
            divergence.psi_terms(shares[0][: reference.size][absent], np.full(int(absent.sum()), 1e-6 / q.n)).sum()
        )
        error += max(float(terms[reference.size :].sum()), most_new) + gone
    return {
        "psi/evidently": (value, None, error + ROUNDING * value),
        "js/evidently": _js(list(shares), [(shares[0], shares[0]), (shares[1], shares[1])]),
    }


def _doane(p: _Ranks, q: _Ranks) -> tuple[float | None, None, float]:
    """NannyML's bins: Doane 1976 (The American Statistician 30, p. 181) on the reference, as numpy has it."""
    import numpy as np

    column, n = p.column, p.n
    if column.deviation is None or not math.isfinite(column.cubes):
        return None, None, 0.0
    assert column.least is not None and column.most is not None
    first, last, bins = column.least, column.most, 1
    if first == last:
        first, last = first - 0.5, last + 0.5
    elif n > 2 and column.deviation > 0:
        skew = abs(column.cubes / n / column.deviation**3)
        usual = math.sqrt(6.0 * (n - 2) / ((n + 1.0) * (n + 3)))
        width = (last - first) / (1.0 + math.log2(n) + math.log2(1.0 + skew / usual))
        bins = math.ceil((last - first) / width)
    edges = np.linspace(first, last, bins + 1)
    points = np.append(np.nextafter(edges[:-1], -np.inf), edges[-1])
    (ours, theirs), (spread_p, spread_q) = _boxes(p, q, points)

    # Rows below and above all bins are one bin, which the reference has none in.
    def folded(shares: Array) -> Array:
        return np.append(shares[1:-1], shares[0] + shares[-1])

    boxes = [(folded(least), folded(most)) for least, most in (ours, theirs)]
    return _js([folded(spread_p), folded(spread_q)], boxes, 2.0)


def _distances(p: _Ranks, q: _Ranks) -> tuple[float, float, float, float]:
    """Kolmogorov-Smirnov and Wasserstein, each with its error."""
    import numpy as np

    points = np.union1d(p.grid(), q.grid())
    boxes = [tuple(one / side.n for one in side.box(points)) for side in (p, q)]
    (p_low, p_high), (q_low, q_high) = boxes
    apart = p.spread(points) / p.n - q.spread(points) / q.n
    # Between two neighbouring points both shares can be anything from the left's least to the right's most.
    inside = np.nextafter(points[:-1], np.inf) < points[1:]
    most = np.where(inside, np.maximum(p_high[1:] - q_low[:-1], q_high[1:] - p_low[:-1]), 0.0)
    least = np.maximum(np.maximum(p_low[:-1] - q_high[1:], q_low[:-1] - p_high[1:]), 0.0)
    at_most = float(np.maximum(p_high - q_low, q_high - p_low).max())
    at_least = float(np.maximum(np.maximum(p_low - q_high, q_low - p_high), 0.0).max())
    ks = float(np.abs(apart).max())
    ks_error = _apart(ks, at_least, max(at_most, float(most.max(initial=0.0))))
    with np.errstate(over="ignore", invalid="ignore"):
        width = np.diff(points)
        left, right = np.abs(apart[:-1]), np.abs(apart[1:])
        crossing = (left**2 + right**2) / (2 * np.maximum(left + right, 1e-300))
        mean = np.where(np.sign(apart[:-1]) * np.sign(apart[1:]) < 0, crossing, (left + right) / 2)
        work, low, high = (float(np.dot(one, width)) for one in (mean, least, most))
    return ks, ks_error, work, _apart(work, low, high)
