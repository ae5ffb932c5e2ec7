"""How many false alarms a model may raise: each test is paid from a budget, and the budget is never overdrawn.

The promise: over all columns and windows, the expected number of windows that raise an alarm although nothing drifted
is at most the budget. It holds in two steps.

1. A month's budget is split equally over its windows: by linearity of expectation (Bonferroni) the false alarms of
   windows add up to no more than the sum of their levels, whatever depends on what. What a window could not use, since
   nothing in it could be tested, goes to the windows that are left. (Alpha investing, Foster & Stine 2008, JRSS B 70,
   p. 429, earns new level with each alarm: it bounds the false share of alarms and not their number.)
2. Within a window, columns share its level by Benjamini & Hochberg (1995, JRSS B 57, p. 289), or by Benjamini &
   Yekutieli (2001, Annals of Statistics 29, p. 1165), which also holds when columns depend on each other in any way. If
   nothing drifted, either raises any alarm with at most that chance; if something did, at most that share of the
   columns named is expected to be wrong.

With many rows each p is tiny, so an alarm also needs a least effect (PSI of 0.1, say). It is asked after step 2 and
only takes alarms away: the promise stays; the share of wrong columns is then no longer bounded exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.base.errors import InvalidInput

BH, BY = "bh", "by"
METHODS: Final = {BH: "Benjamini-Hochberg", BY: "Benjamini-Yekutieli"}
LEAST_EFFECT: Final = 0.1
"""The least effect of an alarm, for PSI and Jensen-Shannon distance: the bound that peers take for drift."""
MOST_LEVEL: Final = 0.05
"""No window is tested at a higher level, however large the budget is."""
ALARM, SMALL, QUIET, UNTESTED = "alarm", "small", "quiet", "untested"


@dataclass(frozen=True, slots=True)
class Budget:
    """At most ``alarms`` false alarms are expected in ``months`` months."""

    alarms: float
    months: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.alarms) and self.alarms > 0):
            raise InvalidInput("A budget of false alarms has to be above 0.", where="alarms")
        if self.months < 1:
            raise InvalidInput("A budget is for at least one month.", where="months")

    @property
    def monthly(self) -> float:
        """The expected number of false alarms that one month may cost."""
        return self.alarms / self.months

    def words(self) -> str:
        """As in "at most 1 false alarm in 12 months"."""
        alarms = "alarm" if self.alarms == 1 else "alarms"
        months = "a month" if self.months == 1 else f"{self.months} months"
        return f"at most {self.alarms:g} false {alarms} in {months}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column's test in one window: ``p`` against no drift and ``effect`` (0 is none), None where unknown."""

    column: str
    p: float | None
    effect: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a window says of a column. ``adjusted``: the level at which this p would just raise an alarm.

    ``outcome``: alarm; small (sure, but below the least effect, or its effect is unknown); quiet; untested (no p).
    """

    column: str
    outcome: str
    p: float | None
    adjusted: float | None
    effect: float | None


@dataclass(frozen=True, slots=True)
class Spent:
    """A window's decisions, in the order of its candidates, the level they were made at, and what is left."""

    level: float
    remaining: float
    decisions: tuple[Decision, ...]
    sentence: str

    @property
    def alarms(self) -> tuple[str, ...]:
        """The columns that raise the window's alarm, the surest first."""
        raised = [decision for decision in self.decisions if decision.outcome == ALARM]
        return tuple(decision.column for decision in sorted(raised, key=lambda one: (one.p or 0.0, one.column)))


def adjusted(ps: Sequence[float], method: str = BY) -> list[float]:
    """Each p adjusted for its company, in the given order: it is at most the level exactly where an alarm is raised.

    Raises:
        InvalidInput: a p lies outside 0 to 1, or the method is not known.
    """
    if method not in METHODS:
        raise InvalidInput(f"A method is one of {', '.join(METHODS)}, not {method!r}.", where="method")
    if not all(0 <= p <= 1 for p in ps):
        raise InvalidInput("A p lies between 0 and 1.", where="p")
    tests = len(ps)
    factor = 1.0 if method == BH else math.fsum(1 / rank for rank in range(1, tests + 1))
    found, least = [1.0] * tests, 1.0
    by_size = sorted(range(tests), key=lambda place: ps[place])
    for rank in range(tests, 0, -1):
        place = by_size[rank - 1]
        least = min(least, factor * tests / rank * ps[place])
        found[place] = least
    return found


def decide(
    candidates: Sequence[Candidate],
    *,
    remaining: float,
    windows_left: int,
    least_effect: float = LEAST_EFFECT,
    method: str = BY,
) -> Spent:
    """Which columns raise an alarm in this window, paid from the month's ``remaining`` budget.

    ``windows_left`` counts this window and those of the month that come after it. A column without p (or with NaN) is
    untested; a window with no tested column costs nothing. The order of candidates does not matter to the outcome.

    Raises:
        InvalidInput: the budget is negative, no window is left, or a p lies outside 0 to 1.
    """
    if remaining < 0 or windows_left < 1:
        raise InvalidInput("A window needs a budget that is not overdrawn, and counts itself.", where="remaining")
    tested = [candidate for candidate in candidates if _known(candidate.p)]
    if not tested:
        untested = tuple(Decision(one.column, UNTESTED, None, None, one.effect) for one in candidates)
        return Spent(0.0, remaining, untested, "Nothing could be tested, so nothing was spent of the budget.")
    level = min(remaining / windows_left, MOST_LEVEL)
    of = iter(adjusted([candidate.p or 0.0 for candidate in tested], method))
    decisions = []
    for candidate in candidates:
        if not _known(candidate.p):
            decisions.append(Decision(candidate.column, UNTESTED, None, None, candidate.effect))
            continue
        sure = next(of)
        if level == 0 or sure > level:
            outcome = QUIET
        else:
            outcome = ALARM if _known(candidate.effect) and (candidate.effect or 0.0) >= least_effect else SMALL
        decisions.append(Decision(candidate.column, outcome, candidate.p, sure, candidate.effect))
    raised = sum(decision.outcome == ALARM for decision in decisions)
    small = sum(decision.outcome == SMALL for decision in decisions)
    sentence = (
        f"{raised} of {len(tested)} tested columns raise an alarm at level {level:.2g} ({METHODS[method]}); {small} "
        f"more are sure but below the least effect of {least_effect:g}."
    )
    return Spent(level, max(0.0, remaining - level), tuple(decisions), sentence)


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
