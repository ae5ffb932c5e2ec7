"""The formulas of drift between two shares of the same bins; whose definition each is, is in the variant's name.

Shares are arrays of one number a bin. A box is the least and the most that each share may be; the bounds hold for all
shares inside, because each term below is convex and grows as its two shares move apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Shares = NDArray[np.float64]
    Term = Callable[[Shares, Shares], Shares]

FLOOR: Final = 0.0001
"""The smallest share that psi/credit knows, and what psi/evidently puts for zero."""

EXACT_SIZE: Final = 10_000
"""Beyond so many rows the exact distribution of Kolmogorov-Smirnov takes long to work out."""


def psi_terms(p: Shares, q: Shares) -> Shares:
    """(p - q) ln(p / q) of each bin, 0 where both are 0."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p == q, 0.0, (p - q) * np.log(p / q))


def js_terms(p: Shares, q: Shares) -> Shares:
    """p ln(p / m) + q ln(q / m) of each bin, where m is the mean of p and q; in nats."""
    import numpy as np

    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(p > 0, p * np.log(p / middle), 0.0)
        right = np.where(q > 0, q * np.log(q / middle), 0.0)
    return np.maximum(left + right, 0.0)


def js_distance(divergence: float, *, base: float = math.e) -> float:
    """The Jensen-Shannon distance of the terms' sum (Endres & Schindelin 2003, IEEE Trans. Inf. Theory 49, p. 1858)."""
    return math.sqrt(max(0.0, divergence) / 2 / math.log(base))


def evidently_zeros(shares: Shares) -> Shares:
    """Zero becomes 0.0001; or a millionth of the smallest other share, where that is at most 0.0001."""
    import numpy as np

    least = float(shares[shares > 0].min())
    return np.where(shares == 0, least / 10**6 if least <= FLOOR else FLOOR, shares)


def floored(shares: Shares) -> Shares:
    """No share below ``FLOOR``."""
    import numpy as np

    return np.maximum(shares, FLOOR)


def bounds(term: Term, p: tuple[Shares, Shares], q: tuple[Shares, Shares]) -> tuple[float, float]:
    """The least and the most that the sum of ``term`` can be, p and q each inside its box."""
    import numpy as np

    least = np.where(p[1] < q[0], term(p[1], q[0]), np.where(q[1] < p[0], term(p[0], q[1]), 0.0))
    most = np.maximum(term(p[0], q[1]), term(p[1], q[0]))
    return float(least.sum()), float(most.sum())


def psi_evidently(reference: Shares, current: Shares) -> float:
    """PSI of the counts in the same bins, zero shares replaced as Evidently does."""
    p, q = (evidently_zeros(counts / counts.sum()) for counts in (reference, current))
    return float(psi_terms(p, q).sum())


def psi_credit(reference: Shares, current: Shares) -> float:
    """PSI of the counts in the same bins, which hold all rows; no share below ``FLOOR``."""
    p, q = (floored(counts / counts.sum()) for counts in (reference, current))
    return float(psi_terms(p, q).sum())


def js_evidently(reference: Shares, current: Shares) -> float:
    """The Jensen-Shannon distance of the counts in the same bins, natural logarithm."""
    return js_distance(float(js_terms(reference / reference.sum(), current / current.sum()).sum()))


def js_nannyml(reference: Shares, current: Shares, n_current: int) -> float:
    """The same with base 2; current rows that are in none of the bins have one, where the reference has none."""
    import numpy as np

    p = np.append(reference / reference.sum(), 0.0)
    q = np.append(current, n_current - current.sum()) / n_current
    return js_distance(float(js_terms(p, q).sum()), base=2)


def chi2_one_sample(reference: Shares, current: Shares) -> tuple[float | None, float]:
    """Pearson's test of current counts against the reference's, scaled to as many rows: statistic and p.

    A bin that is new has nothing expected: the statistic is infinite, told as None, and p is 0.
    """
    from scipy.stats import chisquare

    if bool(((reference == 0) & (current > 0)).any()):
        return None, 0.0
    there = reference > 0
    found = chisquare(current[there], reference[there] * (current.sum() / reference.sum()))
    # One bin alone leaves no degree of freedom: nothing can differ.
    return float(found.statistic), 1.0 if there.sum() == 1 else float(found.pvalue)


def chi2_contingency(reference: Shares, current: Shares) -> tuple[float, float]:
    """Pearson's test of independence of counts, with Yates' correction for two bins: statistic and p."""
    import numpy as np
    from scipy.stats import chi2_contingency as test

    table = np.stack((reference, current))
    found = test(table[:, table.sum(axis=0) > 0])
    return float(found.statistic), float(found.pvalue)


def ks_p(distance: float, n_reference: int, n_current: int) -> float:
    """The two-sided p of a Kolmogorov-Smirnov distance: that of one sample of the rounded effective size.

    Up to ``EXACT_SIZE`` as scipy.stats.ks_2samp has it; beyond by the limiting distribution with Vrbik's correction
    (2018, Pioneer Journal of Theoretical and Applied Statistics 15, p. 15), which then agrees to 2e-6.
    """
    from scipy.special import kolmogorov
    from scipy.stats import kstwo

    effective = max(1, round(n_reference * n_current / (n_reference + n_current)))
    if effective <= EXACT_SIZE:
        return min(1.0, max(0.0, float(kstwo.sf(distance, effective))))
    scaled = math.sqrt(effective) * distance
    return float(kolmogorov(scaled + 1 / (6 * math.sqrt(effective)) + (scaled - 1) / (4 * effective)))
