"""A first sign that a classifier got worse, before labels come: its estimate falls below what estimates usually are.

An estimate is an average over chances, so it moves less from week to week than what really happens. Held against the
bounds of realised values (`estimating.Fitted.bounds`) it hardly ever leaves them; held against estimates of the
reference's own windows, like with like, it says earlier that something changed. A sign is no alarm: concept drift gives
none, and the season may give one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from audit.monitoring.domain.estimating import METRICS, Bounds, Fitted, bounds_of, estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SIGMAS: Final = 2.0
"""So many standard deviations below the mean of the reference windows' estimates: about one calm week in 40."""


def usual(fitted: Fitted, scores: ArrayLike, decided: ArrayLike, windows: ArrayLike) -> dict[str, Bounds]:
    """Where the estimate of each metric lay in the reference's windows; arguments as those of `estimating.fit`."""
    import numpy as np

    values, sent, named = np.asarray(scores, dtype=float), np.asarray(decided, dtype=float), np.asarray(windows)
    parts = [estimate(fitted, values[named == window], sent[named == window]) for window in np.unique(named)]
    return {metric: bounds_of([part[metric].value for part in parts], SIGMAS) for metric in METRICS}


def is_sign(value: float | None, found: Bounds) -> bool | None:
    """Whether the estimate lies below its usual range; None where either is unknown. All metrics rise with quality."""
    if value is None or found.low is None:
        return None
    return value < found.low
