"""A figure with its 95% interval and how many rows it is from. Undefined is None (no rows, or one class), never zero.

Arrays are one-dimensional and equally long; numpy is imported inside the functions, so that a web worker that only
shows names stays small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Z: Final = 1.959963984540054
"""The 97.5% quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95% interval, from ``n`` rows; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def wilson(successes: int, n: int, z: float = Z) -> Estimate:
    """The share ``successes / n`` with its score interval (Wilson 1927, JASA 22, p. 209), ``z`` for other than 95%."""
    if n == 0:
        return Estimate(None, None, None, 0)
    share, z2 = successes / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return Estimate(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)), n)


def paired_bootstrap_mean(differences: ArrayLike, seed: int, draws: int = 2000) -> Estimate:
    """The mean of paired differences with its percentile bootstrap interval (Efron & Tibshirani 1993, ch. 13).

    ``seed`` makes the draws repeatable.
    """
    import numpy as np

    values = np.asarray(differences, dtype=float)
    if values.size == 0:
        return Estimate(None, None, None, 0)
    generator = np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):
        means[draw] = values[generator.integers(0, values.size, values.size)].mean()
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(values.mean()), float(low), float(high), int(values.size))


def within(found: Estimate, least: float, most: float) -> Estimate:
    """The estimate with its interval cut at the ends of what the figure can be."""
    if found.low is None or found.high is None:
        return found
    return Estimate(found.value, max(least, found.low), min(most, found.high), found.n)
