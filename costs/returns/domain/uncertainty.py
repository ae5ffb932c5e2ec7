"""How sure a return is: what weeks like the measured ones bring, drawn many times with a fixed seed.

Our derivation. What may differ in another such time is drawn: shares of outcomes from Dirichlet(count + 1/2), the
posterior of a multinomial under the prior of Jeffreys (Gelman and others, Bayesian Data Analysis, 3rd ed., 3.4); the
mean absolute error of a regression from the normal distribution of a mean; each stated value from its range, uniform
from low to high, triangular where a likely value is stated; weekly costs by a bootstrap of their residuals, which are
widened by sqrt(W / (W - 1)) as a mean was taken of them (Davison and Hinkley, Bootstrap Methods and their Application,
1997, 6.2.3). Figures are 90% intervals: the quantiles 0.05, 0.5 and 0.95 of the draws. They are binary fractions, and
are shown as estimates beside the exact figure; they are never stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from costs.returns.domain.values import CLASSES, PREDICTION, UNIT_OF_ERROR, Counts, Range, Stated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Draws = NDArray[np.float64]

DRAWS: Final = 10_000
SEED: Final = 2001
"""Fixed, so that the same evidence gives the same interval on every page and day."""
MOST_CELLS: Final = 260_000
"""Draws times weeks: a year is drawn 5,000 times, so that a page has its answer within a tenth of a second."""
LEVELS: Final = (0.05, 0.5, 0.95)
YEAR_IN_WEEKS: Final = 365.25 / 7


@dataclass(frozen=True, slots=True)
class Interval:
    """The quantiles 0.05, 0.5 and 0.95; an end is None where it is beyond all bounds."""

    low: float | None
    middle: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """All weeks of one model under one statement: outcomes summed, and those with a known outcome week by week."""

    statement: Stated
    counts: Counts
    labelled: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured and billed in W weeks, in one currency.

    ``fixed`` and ``variable`` are costs of each week; ``variable`` grows with the number of predictions.
    """

    measured: tuple[Measured, ...]
    fixed: tuple[float, ...]
    variable: tuple[float, ...]

    @property
    def labelled(self) -> float:
        """Predictions with a known outcome."""
        return sum(sum(one.labelled) for one in self.measured)

    def what_if(
        self, *, volume: float = 1.0, cost: float = 1.0, values: Mapping[str, Decimal] | None = None
    ) -> Evidence:
        """The same rates of outcomes at ``volume`` times the predictions and ``cost`` times all costs.

        ``values`` takes the place of what is stated of these outcomes, as certain.
        """
        certain = {outcome: Range.certain(amount) for outcome, amount in (values or {}).items()}
        return Evidence(
            tuple(
                replace(
                    one,
                    statement=replace(one.statement, ranges={**one.statement.ranges, **certain}),
                    labelled=tuple(number * volume for number in one.labelled),
                )
                for one in self.measured
            ),
            tuple(amount * cost for amount in self.fixed),
            tuple(amount * cost * volume for amount in self.variable),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What weeks like these bring, over as many weeks: money in the currency of the evidence.

    ``roi`` is (value - cost) / cost, None without cost. ``npv`` is the sum of net / (1 + rate) ** (weeks / 52.18) from
    the first week on (Nagrecha and Chawla, "Quantifying decision making for data science", 2016), None without a rate.
    ``each`` is the value of a prediction with a known outcome; ``break_even`` the number of those a week from which
    their value pays the fixed cost, fixed / (each - variable cost of one), None where no number does. ``gain`` is the
    share of draws with a positive net value.
    """

    net: Interval
    value: Interval
    cost: Interval
    roi: Interval | None
    npv: Interval | None
    each: Interval
    break_even: Interval
    gain: float
    draws: int


def simulate(evidence: Evidence, *, rate: float | None = None, seed: int = SEED, draws: int = DRAWS) -> Result | None:
    """Draws ``draws`` times what the weeks bring; None when no outcome is known.

    ``rate`` is the discount rate per year (0.08 is 8%), more than -1.
    """
    import numpy as np

    labelled = evidence.labelled
    if labelled <= 0:
        return None
    rng = np.random.default_rng(seed)
    weeks = len(evidence.fixed)
    draws = bounded(draws, weeks)
    values = drawn_values([one.statement for one in evidence.measured], rng, draws)
    value, later = np.zeros(draws), np.zeros(draws)
    worth_then = discounts(weeks, rate or 0.0)
    for one in evidence.measured:
        worth, known = _each(one, values[one.statement.id], rng, draws), np.asarray(one.labelled)
        value += worth * known.sum()
        later += worth * (known @ worth_then)
    fixed, variable = _costs(evidence, rng, draws)
    fixed_sum, variable_sum = fixed.sum(axis=1), variable.sum(axis=1)
    cost = fixed_sum + variable_sum
    net, each = value - cost, value / labelled
    margin = each - variable_sum / labelled
    with np.errstate(divide="ignore", invalid="ignore"):
        enough = np.where(margin > 0, fixed_sum / weeks / margin, np.inf)
        roi = net / cost if (cost > 0).all() else None
    return Result(
        net=interval(net),
        value=interval(value),
        cost=interval(cost),
        roi=None if roi is None else interval(roi),
        npv=None if rate is None else interval(later - fixed @ worth_then - variable @ worth_then),
        each=interval(each),
        break_even=interval(enough),
        gain=float((net > 0).mean()),
        draws=draws,
    )


def bounded(draws: int, weeks: int) -> int:
    """As many of ``draws`` as there is room for in so many weeks, and at least one."""
    return max(1, min(draws, MOST_CELLS // max(weeks, 1)))


def discounts(weeks: int, rate: float) -> Draws:
    """What money of each of ``weeks`` weeks is worth in the first, at ``rate`` a year."""
    import numpy as np

    return np.asarray((1.0 + rate) ** (-np.arange(weeks) / YEAR_IN_WEEKS), dtype=np.float64)


def interval(drawn: Draws) -> Interval:
    """The quantiles of LEVELS; each is one of the draws, so that what is beyond all bounds stays so."""
    import numpy as np

    low, middle, high = (float(one) for one in np.quantile(drawn, LEVELS, method="inverted_cdf"))
    return Interval(*(one if np.isfinite(one) else None for one in (low, middle, high)))


def drawn_values(statements: Sequence[Stated], rng: np.random.Generator, draws: int) -> dict[UUID, dict[str, Draws]]:
    """A draw of each stated value, once for a statement whatever number of models and weeks it values."""
    found: dict[UUID, dict[str, Draws]] = {}
    for one in sorted(statements, key=lambda one: one.id):
        if one.id not in found:
            ranges = sorted(one.ranges.items())
            found[one.id] = {outcome: _from_range(known, rng, draws) for outcome, known in ranges}
    return found


def _from_range(known: Range, rng: np.random.Generator, draws: int) -> Draws:
    import numpy as np

    low, high = float(known.low), float(known.high)
    if low >= high:
        return np.full(draws, float(known.point))
    if known.likely is None:
        return rng.uniform(low, high, draws)
    return rng.triangular(low, float(known.likely), high, draws)


def worth_of_cells(statement: Stated, values: Mapping[str, Draws], draws: int) -> Draws:
    """What each of tp, fp, fn, tn brings beyond the baseline, by draw: (draws, 4)."""
    import numpy as np

    cells = np.stack([values.get(name, np.zeros(draws)) for name in CLASSES], axis=1)
    shares = statement.baseline.shares
    if shares is not None:
        caught, flagged = float(shares[0]), float(shares[1])
        tp, fp, fn, tn = cells.T
        positive = caught * tp + (1 - caught) * fn
        negative = flagged * fp + (1 - flagged) * tn
        cells = cells - np.stack([positive, negative, positive, negative], axis=1)
    return cells


def _each(one: Measured, values: Mapping[str, Draws], rng: np.random.Generator, draws: int) -> Draws:
    """What a prediction with a known outcome is worth beyond the baseline, by draw."""
    import numpy as np

    counts, statement = one.counts, one.statement
    worth = values.get(PREDICTION, np.zeros(draws)) - float(statement.baseline.amount)
    if counts.tp is not None:
        cells = np.array([getattr(counts, name) or 0 for name in CLASSES], dtype=np.float64)
        worth = worth + (rng.dirichlet(cells + 0.5, draws) * worth_of_cells(statement, values, draws)).sum(axis=1)
    elif counts.absolute_error is not None and UNIT_OF_ERROR in values:
        mean = counts.absolute_error / counts.labelled
        squares = counts.squared_error
        spread = 0.0 if squares is None else max(squares / counts.labelled - mean**2, 0.0) ** 0.5
        worth = worth + values[UNIT_OF_ERROR] * rng.normal(mean, spread / counts.labelled**0.5, draws)
    return worth


def _costs(evidence: Evidence, rng: np.random.Generator, draws: int) -> tuple[Draws, Draws]:
    """Fixed and variable costs by draw and week: their means, and residuals of weeks drawn with replacement."""
    import numpy as np

    fixed, variable = np.asarray(evidence.fixed), np.asarray(evidence.variable)
    weeks = len(fixed)
    if weeks < 2:
        return np.tile(fixed, (draws, 1)), np.tile(variable, (draws, 1))
    picked = rng.integers(0, weeks, (draws, weeks))
    wider = (weeks / (weeks - 1)) ** 0.5
    return (
        fixed.mean() + wider * (fixed - fixed.mean())[picked],
        variable.mean() + wider * (variable - variable.mean())[picked],
    )
