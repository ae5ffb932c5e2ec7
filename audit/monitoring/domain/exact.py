"""Drift of a column from its raw rows: each variant as the library that it is named after defines it.

Evidently 0.7.23 (``legacy.calculations.stattests``) and NannyML 0.13.1 (``drift.univariate.methods``; its
Kolmogorov-Smirnov and chi-squared too). Rows without a finite number or a name are dropped before all variants but
psi/credit, which gives them a bin of their own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from audit.monitoring.domain import divergence
from audit.monitoring.domain.columns import Categories
from audit.monitoring.domain.drift import DEVIATION_FLOOR, FEW, OF_NUMBERS, Drift, of_columns, told

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

EXACT_P: Final = 10_000
"""Up to so many rows on the larger side, p of the Kolmogorov-Smirnov test is the exact one."""


def numbers(reference: ArrayLike, current: ArrayLike) -> dict[str, Drift]:
    """Each variant for a column of numbers (float64, NaN for null), by its name; a value is None without rows."""
    import numpy as np

    rows = [np.asarray(values, dtype=np.float64) for values in (reference, current)]
    p, q = (np.sort(values[np.isfinite(values)]) for values in rows)
    found: dict[str, tuple[float | None, float | None, float]] = {}
    if rows[0].size and rows[1].size:
        found["psi/credit"] = (_credit(rows, p, q), None, 0.0)
    if p.size and q.size:
        bins = _evidently_counts(p, q)
        found["psi/evidently"] = (divergence.psi_evidently(*bins), None, 0.0)
        found["js/evidently"] = (divergence.js_evidently(*bins), None, 0.0)
        edges = np.histogram_bin_edges(p, bins="doane")
        ours, theirs = (np.histogram(side, edges)[0] for side in (p, q))
        found["js/nannyml"] = (divergence.js_nannyml(ours, theirs, q.size), None, 0.0)
        distance, work = _distances(p, q)
        found["ks"] = (distance, _ks_p(distance, p, q), 0.0)
        found["wasserstein"] = (work, None, 0.0)
        found["wasserstein/evidently"] = (work / max(float(p.std()), DEVIATION_FLOOR), None, 0.0)
    return told(found, OF_NUMBERS, (p.size, q.size), (rows[0].size, rows[1].size))


def categories(reference: ArrayLike, current: ArrayLike) -> dict[str, Drift]:
    """Each variant for a column of names (None for null), by its name; a value is None without rows."""
    return of_columns(*(_counted(values) for values in (reference, current)))


def _counted(values: ArrayLike) -> Categories:
    import numpy as np

    rows = np.asarray(values, dtype=object).ravel()
    counts = Counter(str(one) for one in rows if one is not None and one == one)  # noqa: PLR0124 - NaN
    return Categories(n=rows.size, nulls=rows.size - counts.total(), counts=dict(counts), others=0)


def _credit(rows: list[Array], p: Array, q: Array) -> float:
    """Reference deciles (the least value with i/10 of the rows at or below it), and a bin for rows without a number."""
    import numpy as np

    deciles = np.unique(p[-(-np.arange(1, 10) * p.size // 10) - 1]) if p.size else p
    sides = []
    for values, finite in zip(rows, (p, q), strict=True):
        below = np.searchsorted(finite, deciles, side="right")
        sides.append(np.append(np.diff(below, prepend=0, append=finite.size), values.size - finite.size))
    return divergence.psi_credit(*sides)


def _evidently_counts(p: Array, q: Array) -> tuple[Array, Array]:
    """The counts in Evidently's bins: each value of few, or Sturges' bins over both sides together."""
    import numpy as np

    if np.count_nonzero(np.diff(p)) + 1 <= FEW:
        values = np.union1d(p, q)
        return _at(p, values), _at(q, values)
    edges = np.histogram_bin_edges(np.concatenate((p, q)), bins="sturges")
    return np.histogram(p, edges)[0].astype(float), np.histogram(q, edges)[0].astype(float)


def _at(ordered: Array, values: Array) -> Array:
    import numpy as np

    low, high = (np.searchsorted(ordered, values, side="left"), np.searchsorted(ordered, values, side="right"))
    return (high - low).astype(float)


def _distances(p: Array, q: Array) -> tuple[float, float]:
    """The Kolmogorov-Smirnov distance, sup |F - G|, and Wasserstein's first, the integral of |F - G|."""
    import numpy as np

    steps = np.concatenate((p, q))
    steps.sort(kind="stable")
    apart = np.abs(np.searchsorted(p, steps, side="right") / p.size - np.searchsorted(q, steps, side="right") / q.size)
    return float(apart.max()), float(np.dot(apart[:-1], np.diff(steps)))


def _ks_p(distance: float, p: Array, q: Array) -> float:
    """As scipy.stats.ks_2samp: exact for few rows, else that of one sample of the rounded effective size."""
    from scipy.stats import ks_2samp, kstwo

    if max(p.size, q.size) <= EXACT_P:
        return float(ks_2samp(p, q).pvalue)
    return float(min(1.0, max(0.0, kstwo.sf(distance, round(p.size * q.size / (p.size + q.size))))))
