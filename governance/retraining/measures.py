"""Champion and challenger on the same labelled rows: each difference is paired, and has a 95% interval by day.

Rows of one day share their weather, their outages and their news, so they are not independent: days are. Differences
are challenger minus champion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from audit.catalogue.words import LABELS
from audit.monitoring.domain.classification import delong_paired
from audit.monitoring.domain.meaning import HIGHER_IS_BETTER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAWS: Final = 2000
LEAST_DAYS: Final = 7
"""Fewer days give no interval: the spread of days cannot be judged from so few."""

DELONG: Final = "DeLong, paired, by day"
BOOTSTRAP: Final = "Bootstrap of days, paired"
HINTS: Final = {
    "roc_auc": "how well it ranks",
    "recall": "positives that were flagged",
    "precision": "flags that were right",
    "brier": "less is better",
    "mae": "less is better",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """The same rows answered twice; one-dimensional arrays in the same order.

    ``truth`` is boolean or a number, ``champion`` and ``challenger`` are probabilities or values, ``days`` names each
    row's day.
    """

    truth: NDArray[Any]
    champion: NDArray[np.float64]
    challenger: NDArray[np.float64]
    days: NDArray[Any]


def classification(answers: Answers, *, threshold: float, seed: int) -> list[dict[str, Any]]:
    """ROC AUC, recall and precision at ``threshold``, and Brier score; the first is the main measure.

    A measure that is undefined, or that rests on fewer than seven days, has None and is unknown.
    """
    truth = answers.truth.astype(bool)
    before, after = answers.champion, answers.challenger
    drawn = _Days(answers.days, seed)
    auc = delong_paired(after, before, truth, clusters=answers.days) if drawn.enough else None
    size = int(truth.size)
    ranks = measure("roc_auc", None, None, None, size, DELONG)
    if auc:
        ranks = measure("roc_auc", auc.auc_b, auc.auc_a, (auc.difference, auc.low, auc.high), size, DELONG)
    flags = (before >= threshold, after >= threshold)
    return [
        ranks,
        drawn.ratio("recall", [truth & flag for flag in flags], [truth, truth], int(truth.sum())),
        drawn.ratio("precision", [truth & flag for flag in flags], list(flags), size),
        drawn.mean("brier", (before - truth) ** 2, (after - truth) ** 2),
    ]


def regression(answers: Answers, *, seed: int) -> list[dict[str, Any]]:
    """The mean absolute error."""
    import numpy as np

    before, after = (np.abs(values - answers.truth) for values in (answers.champion, answers.challenger))
    return [_Days(answers.days, seed).mean("mae", before, after)]


class _Days:
    """Draws days with replacement, 2,000 times; how often a day is drawn weighs its sums, so no row is touched again.

    The bootstrap of groups: Davison and Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8.
    """

    def __init__(self, days: NDArray[Any], seed: int) -> None:
        import numpy as np

        names, self.group = np.unique(days, return_inverse=True)
        self.count = int(names.size)
        self.enough = self.count >= LEAST_DAYS
        if self.count:
            generator = np.random.default_rng(seed)
            self.weights = generator.multinomial(self.count, np.full(self.count, 1 / self.count), DRAWS)

    def _sums(self, values: NDArray[Any]) -> NDArray[np.float64]:
        import numpy as np

        return np.bincount(self.group, values, self.count).astype(np.float64)

    def mean(self, metric: str, before: NDArray[np.float64], after: NDArray[np.float64]) -> dict[str, Any]:
        """The measure that is a mean over rows."""
        import numpy as np

        ones = np.ones(before.size)
        return self.ratio(metric, [before, after], [ones, ones], int(before.size))

    def ratio(self, metric: str, over: list[NDArray[Any]], under: list[NDArray[Any]], n: int) -> dict[str, Any]:
        """The measure that is a sum of ``over`` by a sum of ``under``, for champion and challenger."""
        import numpy as np

        points: list[float | None] = []
        spread = []
        for top, bottom in zip(over, under, strict=True):
            whole = float(bottom.sum())
            points.append(float(top.sum()) / whole if whole else None)
            if self.enough and whole:
                below = self.weights @ self._sums(bottom)
                above = self.weights @ self._sums(top)
                spread.append(np.divide(above, below, out=np.full(DRAWS, np.nan), where=below > 0))
        if len(spread) < 2 or points[0] is None or points[1] is None or np.isnan(spread).any():
            return measure(metric, points[0], points[1], None, n, BOOTSTRAP)
        low, high = np.quantile(spread[1] - spread[0], (0.025, 0.975))
        return measure(metric, points[0], points[1], (points[1] - points[0], float(low), float(high)), n, BOOTSTRAP)


def measure(
    metric: str,
    champion: float | None,
    candidate: float | None,
    interval: tuple[float, float, float] | None,
    n: int,
    method: str,
) -> dict[str, Any]:
    """One line of the evidence of a promotion request. ``interval`` is (difference, low, high)."""
    difference, low, high = interval if interval else (None, None, None)
    return {
        "metric": metric,
        "name": LABELS[metric],
        "hint": HINTS.get(metric, ""),
        "champion": champion,
        "candidate": candidate,
        "difference": difference,
        "low": low,
        "high": high,
        "n": n,
        "method": method,
        "higher_is_better": HIGHER_IS_BETTER[metric],
    }


def confusion(truth: NDArray[np.bool_], flagged: NDArray[np.bool_]) -> dict[str, int]:
    """The four counts, as a value model needs them."""
    return {
        "tp": int((truth & flagged).sum()),
        "fp": int((~truth & flagged).sum()),
        "fn": int((truth & ~flagged).sum()),
        "tn": int((~truth & ~flagged).sum()),
    }
