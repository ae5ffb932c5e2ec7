"""Metrics of a regression from exact sums over its errors: prediction minus truth, in the model's unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Self

from audit.monitoring.domain.estimate import Estimate, Z, within
from audit.monitoring.domain.spread import Spread
from audit.monitoring.domain.sums import Sum, normal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LIMIT: Final = 1e70
"""Larger predictions and truths are counted and left out: their fourth powers are no doubles."""
QUANTILES: Final = {
    "error_q05": Fraction(1, 20),
    "error_q50": Fraction(1, 2),
    "error_q95": Fraction(19, 20),
}
FAR: Final = 1e6
"""Beyond a thousand standard deviations from 0, rounding spoils the fourth moments of the truth."""
CONSTANT: Final = 1e30
"""A truth whose variance is this many times less than the mean squared error counts as one that does not vary."""
SUMS: Final = ("e", "absolute", "ee", "eeee", "y", "yy", "yyy", "yyyy", "eey", "eeyy")


def _root(squared: Estimate) -> Estimate:
    def root(value: float | None) -> float | None:
        return None if value is None else math.sqrt(value)

    return Estimate(root(squared.value), root(squared.low), root(squared.high), squared.n)


@dataclass(frozen=True, slots=True)
class Regression:
    """Outcomes of estimates, that merge exactly: rows, those with a label, those beyond use, and sums over the rest.

    ``beyond`` are rows whose prediction is NaN, or whose prediction or label is infinite or above ``LIMIT``: they
    count as rows, and among ``labelled`` if they have a label, but no metric uses them. ``sums`` has the exact sums of
    powers of the errors (prediction minus truth) and of the truth, by the names in ``SUMS``.
    """

    rows: int
    labelled: int
    beyond: int
    used: int
    sums: dict[str, Sum]
    errors: Spread

    @classmethod
    def of(cls, predicted: ArrayLike, labels: ArrayLike) -> Regression:
        """The outcomes of these rows; a label that is NaN is not yet known."""
        import numpy as np

        told, truth = np.asarray(predicted, dtype=float), np.asarray(labels, dtype=float)
        known = ~np.isnan(truth)
        beyond = ~(np.abs(told) <= LIMIT) | (np.abs(truth) > LIMIT)
        used = known & ~beyond
        y = truth[used]
        e = told[used] - y
        ee, yy = e * e, y * y
        sums = {
            "e": Sum.of(e),
            "absolute": Sum.of(np.abs(e)),
            "ee": Sum.of_products(e, e),
            "eeee": Sum.of_products(ee, ee),
            "y": Sum.of(y),
            "yy": Sum.of_products(y, y),
            "yyy": Sum.of_products(yy, y),
            "yyyy": Sum.of_products(yy, yy),
            "eey": Sum.of_products(ee, y),
            "eeyy": Sum.of_products(ee, yy),
        }
        return cls(told.size, int(known.sum()), int(beyond.sum()), int(used.sum()), sums, Spread.of(e))

    def merged(self, other: Self) -> Self:
        """The outcomes of both together."""
        return type(self)(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.beyond + other.beyond,
            self.used + other.used,
            {name: self.sums[name] + other.sums[name] for name in SUMS},
            self.errors.merged(other.errors),
        )

    def metrics(self, threshold: float = 0.5) -> dict[str, Estimate]:
        """MAE, RMSE, bias, R2, quantiles of the error, and the mean of the truth, each from ``used`` rows.

        There is no threshold to use. MAE, bias and the mean of the truth have normal intervals, that of MAE cut at 0;
        RMSE has the root of that of the squared errors, and quantiles are those of ``Spread.quantile``.
        """
        n, total = self.used, {name: self.sums[name].fraction for name in SUMS}
        squared = within(normal(n, total["ee"], total["eeee"]), 0.0, math.inf)
        return {
            "mae": within(normal(n, total["absolute"], total["ee"]), 0.0, math.inf),
            "rmse": _root(squared),
            "bias": normal(n, total["e"], total["ee"]),
            "r2": self._r2(total),
            **{name: self.errors.quantile(share) for name, share in QUANTILES.items()},
            "label_mean": normal(n, total["y"], total["yy"]),
        }

    def doubts(self, threshold: float = 0.5) -> dict[str, float]:
        """How far each quantile may lie from that of the rows, because errors are in bins; empty while exact."""
        if self.errors.exact:
            return {}
        found = {name: self.errors.quantile(share).value for name, share in QUANTILES.items()}
        return {name: abs(value) * self.errors.error for name, value in found.items() if value is not None}

    def _r2(self, total: dict[str, Fraction]) -> Estimate:
        """1 - (mean squared error) / (variance of the truth), which is below 0 for worse than the mean of the truth.

        The interval is the delta method's (van der Vaart 1998, chapter 3) for that ratio of means, cut at 1; none where
        the truth lies ``FAR`` from 0. None for fewer than two rows, or where the truth does not vary (``CONSTANT``).
        """
        n = self.used
        centre = total["y"] / n if n else Fraction(0)
        varies = total["yy"] / n - centre**2 if n else Fraction(0)
        if n < 2 or varies == 0:
            return Estimate(None, None, None, n)
        ratio = total["ee"] / n / varies
        if ratio > CONSTANT:
            return Estimate(None, None, None, n)
        if centre**2 > FAR * varies:
            return Estimate(float(1 - ratio), None, None, n)
        ee_yy = total["eeyy"] - 2 * centre * total["eey"] + centre**2 * total["ee"]
        y_4 = total["yyyy"] - 4 * centre * total["yyy"] + 6 * centre**2 * total["yy"] - 3 * n * centre**4
        spread = max(Fraction(0), total["eeee"] - 2 * ratio * ee_yy + ratio**2 * y_4) / n / varies**2
        half = Z * math.sqrt(spread / n)
        value = float(1 - ratio)
        return Estimate(value, value - half, min(1.0, value + half), n)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "kind": "regression",
            "rows": self.rows,
            "labelled": self.labelled,
            "beyond": self.beyond,
            "used": self.used,
            "sums": {name: self.sums[name].to_text() for name in SUMS},
            "errors": self.errors.to_dict(),
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Self:
        """What ``to_dict`` wrote.

        Raises:
            InvalidInput: a sum cannot be read.
        """
        sums = {name: Sum.from_text(told["sums"][name]) for name in SUMS}
        spread = Spread.from_dict(told["errors"])
        return cls(told["rows"], told["labelled"], told["beyond"], told["used"], sums, spread)
