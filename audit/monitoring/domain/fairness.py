"""Whether groups of people are treated alike: gaps between their rates, decided only by groups that are large enough.

A gap is the largest difference between two groups. Which two differ most is seen in the data, and that alone would make
an interval for them too narrow; so the interval holds for all pairs at once (Dunn 1961, JASA 56, p. 52: each pair at
1 - 0.05 / pairs), each pair by Newcombe's hybrid score method (1998, Statistics in Medicine 17, p. 873, method 10). Its
ends are the largest low and the largest high end of all pairs: with two groups it is Newcombe's interval, with more it
is conservative, which is to say that it holds the true gap at least 95 times in 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from audit.base.errors import InvalidInput
from audit.monitoring.domain.estimate import Estimate, wilson
from audit.monitoring.domain.outcomes import Binary, Outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MINIMUM: Final = 100
"""A rate of a group with fewer rows below the line is shown and decides nothing."""
SELECTION: Final = "selection_rate"
ODDS: Final = ("true_positive_rate", "false_positive_rate")


@dataclass(frozen=True, slots=True)
class Group:
    """A group's predictions: how many, how many flagged; and of those with a label tp, fp, fn, tn."""

    predictions: int
    flagged: int
    tp: int
    fp: int
    fn: int
    tn: int

    def counts(self, rate: str) -> tuple[int, int]:
        """How many, of how many, the rate is."""
        return {
            SELECTION: (self.flagged, self.predictions),
            "true_positive_rate": (self.tp, self.tp + self.fn),
            "false_positive_rate": (self.fp, self.fp + self.tn),
        }[rate]


@dataclass(frozen=True, slots=True)
class Gap:
    """A difference between the groups with the highest and the lowest ``rate``; ``found.n`` is the rows of these two.

    With fewer than two groups that decide, the figure is None and the names are empty.
    """

    found: Estimate
    rate: str
    highest: str
    lowest: str


@dataclass(frozen=True, slots=True)
class Fairness:
    """The rates of each group with Wilson's interval, which groups were too small for which rate, and the gaps."""

    minimum: int
    rates: dict[str, dict[str, Estimate]]
    too_small: dict[str, tuple[str, ...]]
    parity: Gap
    ratio: Estimate
    odds: Gap

    def metrics(self) -> dict[str, Estimate]:
        """The gaps by their names as metrics."""
        return {
            "demographic_parity_difference": self.parity.found,
            "demographic_parity_ratio": self.ratio,
            "equalised_odds_difference": self.odds.found,
        }


def groups(outcomes: Outcomes, column: str, *, threshold: float = 0.5) -> dict[str, Group]:
    """The groups of a segment column: its values that are told apart; rows without a value are no group.

    Raises:
        InvalidInput: the model does not answer yes or no.
    """
    found = {}
    for name, part in outcomes.segments[column].values.items():
        if not isinstance(part, Binary):
            raise InvalidInput("Fairness is measured of models that answer yes or no.", where=column)
        if name:
            told = part.confusion(threshold)
            found[name] = Group(part.rows - part.silent, part.flagged(threshold), told.tp, told.fp, told.fn, told.tn)
    return found


def measure(groups: Mapping[str, Group], *, minimum: int = MINIMUM) -> Fairness:
    """Selection rates, demographic parity difference and ratio, and equalised odds difference.

    The difference is the highest minus the lowest selection rate, the ratio the lowest by the highest (None where
    nobody is selected; it has no interval, that of the difference decides), equalised odds the larger of the gaps of
    true and false positive rates, as in fairlearn 0.15. Selection counts all predictions, the other two rates those
    with a label. A group decides a rate from ``minimum`` rows below its line on (at least 1).
    """
    all_rates = (SELECTION, *ODDS)
    deciding = {
        rate: {name: group.counts(rate) for name, group in groups.items() if group.counts(rate)[1] >= max(1, minimum)}
        for rate in all_rates
    }
    parity = _gap(deciding, (SELECTION,))
    ratio = Estimate(None, None, None, parity.found.n)
    if parity.highest:
        high, low = (wilson(*deciding[SELECTION][name]).value for name in (parity.highest, parity.lowest))
        if high and low is not None:
            ratio = Estimate(low / high, None, None, parity.found.n)
    return Fairness(
        minimum,
        {name: {rate: wilson(*group.counts(rate)) for rate in all_rates} for name, group in sorted(groups.items())},
        {rate: tuple(sorted(set(groups) - set(deciding[rate]))) for rate in all_rates},
        parity,
        ratio,
        _gap(deciding, ODDS),
    )


def _gap(deciding: Mapping[str, Mapping[str, tuple[int, int]]], rates: tuple[str, ...]) -> Gap:
    """The largest gap of these rates; each of them needs two groups. Memory grows with groups, not with pairs."""
    pairs = sum(len(deciding[rate]) * (len(deciding[rate]) - 1) for rate in rates)
    if min(len(deciding[rate]) for rate in rates) < 2:
        return Gap(Estimate(None, None, None, 0), "", "", "")
    z = NormalDist().inv_cdf(1 - 0.05 / pairs)
    widest, low, high, found = -1.0, 0.0, 0.0, ("", "", "")
    for rate in rates:
        own = deciding[rate]
        ends = _ends(list(own.values()), z)
        low, high = max(low, ends[0]), max(high, ends[1])
        share = {name: count / of for name, (count, of) in sorted(own.items())}
        first = max(share, key=share.__getitem__)
        second = min((name for name in share if name != first), key=share.__getitem__)
        if share[first] - share[second] > widest:
            widest, found = share[first] - share[second], (rate, first, second)
    rate, first, second = found
    n = deciding[rate][first][1] + deciding[rate][second][1]
    return Gap(Estimate(widest, low, min(1.0, high), n), *found)


def _ends(counts: Sequence[tuple[int, int]], z: float) -> tuple[float, float]:
    """The largest low and the largest high end of Newcombe's intervals of all ordered pairs of these shares."""
    import numpy as np

    told = [wilson(*count, z) for count in counts]
    share, below, above = (
        np.array([getattr(one, name) for one in told], dtype=float) for name in ("value", "low", "high")
    )
    low = high = -1.0
    for at in range(len(told)):
        others = np.arange(len(told)) != at
        apart = (share[at] - share)[others]
        low = max(low, float((apart - np.hypot(share[at] - below[at], (above - share)[others])).max()))
        high = max(high, float((apart + np.hypot(above[at] - share[at], (share - below)[others])).max()))
    return low, high
