"""When a model had paid back what it cost: a fact of counts and bills, as sure as the stated values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from costs.returns.domain.uncertainty import DRAWS, LEVELS, SEED, bounded, drawn_values, worth_of_cells
from costs.returns.domain.values import CLASSES, PREDICTION, UNIT_OF_ERROR, Counts, Stated


@dataclass(frozen=True, slots=True)
class PaidWeek:
    """A week (a Monday): its cost as billed, and what each model's outcomes were under which statement."""

    week: date
    cost: float
    outcomes: tuple[tuple[Stated, Counts], ...]


@dataclass(frozen=True, slots=True)
class Payback:
    """The first week in which the value of all weeks so far is at least their cost: its interval of 90%.

    None stands for "not yet". ``share`` of the draws have paid back by the last week.
    """

    first: date | None
    middle: date | None
    last: date | None
    share: float


def payback(weeks: Sequence[PaidWeek], *, seed: int = SEED, draws: int = DRAWS) -> Payback | None:
    """The payback of ``weeks`` in order, from the first cost on; None without a week that has a value.

    Payback is the first t with a cumulative net value of at least zero after the first cost.
    """
    import numpy as np

    stated = [statement for week in weeks for statement, _ in week.outcomes]
    if not stated:
        return None
    rng = np.random.default_rng(seed)
    if all(found.is_certain for one in stated for found in one.ranges.values()):
        draws = 1
    draws = bounded(draws, len(weeks))
    values = drawn_values(stated, rng, draws)
    cells = {one.id: worth_of_cells(one, values[one.id], draws) for one in stated}
    net = np.zeros((draws, len(weeks)))
    for at, week in enumerate(weeks):
        net[:, at] -= week.cost
        for statement, counts in week.outcomes:
            own, nothing = values[statement.id], np.zeros(draws)
            known = own.get(PREDICTION, nothing) - float(statement.baseline.amount)
            net[:, at] += counts.labelled * known
            if counts.tp is not None:
                numbers = np.array([getattr(counts, name) or 0 for name in CLASSES], dtype=np.float64)
                net[:, at] += cells[statement.id] @ numbers
            elif counts.absolute_error is not None:
                net[:, at] += own.get(UNIT_OF_ERROR, nothing) * counts.absolute_error
    paid = (net.cumsum(axis=1) >= 0) & (np.cumsum([week.cost for week in weeks]) > 0)
    first = np.where(paid.any(axis=1), paid.argmax(axis=1), len(weeks))
    days = [*(week.week for week in weeks), None]
    low, middle, high = (days[int(at)] for at in np.quantile(first, LEVELS, method="inverted_cdf"))
    return Payback(low, middle, high, float(paid.any(axis=1).mean()))
