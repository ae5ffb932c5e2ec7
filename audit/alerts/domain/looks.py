"""Which tests of a week raise an alarm: the budget pays for the level, and each effect has to lie beyond its bound.

The budget of a month is shared by its looks: each week has one at its inputs and one at its outcomes. A look at more
rows of the same week is paid from what is left, like any other; so the expected number of weeks with a false alarm is
at most the budget, however often data come late. (See ``audit.monitoring.domain.budget``.)
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from audit.monitoring.domain import budget
from audit.monitoring.domain.budget import ALARM, SMALL, Budget, Candidate, Decision, Spent

INPUTS, OUTCOMES = "inputs", "outcomes"
LOOKS: Final = (INPUTS, OUTCOMES)
WEEK: Final = timedelta(weeks=1)
SHARE_EFFECT: Final = 0.05
"""The least difference of shares (of labels, of wrong answers) that raises an alarm."""
MEAN_EFFECT: Final = 0.1
"""The least difference of mean errors, in standard deviations of the reference's errors (Cohen 1988: 0.2 is small)."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A test of one week: ``p`` against no change, ``effect`` by ``variant``, and the ``bound`` that it has to reach.

    ``n`` are the week's rows and ``n_reference`` those that they are held against.
    """

    name: str
    p: float | None
    effect: float | None
    bound: float
    variant: str
    n: int
    n_reference: int


def mondays_of(week: datetime) -> list[datetime]:
    """The Mondays of the month in which the week from Monday ``week`` begins: its windows."""
    first = week
    while (first - WEEK).month == week.month:
        first -= WEEK
    found = [first]
    while (found[-1] + WEEK).month == week.month:
        found.append(found[-1] + WEEK)
    return found


def look(
    tests: Sequence[Trial],
    *,
    of: Budget,
    spent: float,
    taken: Collection[tuple[datetime, str]],
    week: datetime,
    kind: str,
    least_rows: int,
    kept: Collection[str] = (),
) -> Spent:
    """One look at a week, paid from what the month's budget has left after ``spent``.

    ``taken`` are the looks (week, kind) of the month that were paid before. Tests of fewer than ``least_rows`` rows on
    a side are not made. What raised an alarm at an earlier look (``kept``) stays one while its effect reaches its
    bound.
    """
    open_looks = {(monday, one) for monday in mondays_of(week) for one in LOOKS} - set(taken)
    left = len(open_looks | {(week, kind)})
    candidates = [
        Candidate(one.name, one.p if min(one.n, one.n_reference) >= least_rows else None, one.effect) for one in tests
    ]
    found = budget.decide(candidates, remaining=max(0.0, of.monthly - spent), windows_left=left, least_effect=0.0)
    by_name = {one.name: one for one in tests}
    return replace(found, decisions=tuple(_bounded(one, by_name[one.column], kept) for one in found.decisions))


def _bounded(decision: Decision, test: Trial, kept: Collection[str]) -> Decision:
    reaches = test.effect is not None and math.isfinite(test.effect) and test.effect >= test.bound
    if decision.outcome == ALARM and not reaches:
        return replace(decision, outcome=SMALL)
    if decision.column in kept and reaches:
        return replace(decision, outcome=ALARM)
    return decision


def of_means(
    name: str, reference: tuple[int, float, float], current: tuple[int, float, float], *, bound: float = MEAN_EFFECT
) -> Trial:
    """Whether a mean of errors changed; each side is (rows, sum, sum of squares).

    The test is Welch's with the normal distribution, two-sided; the effect is in standard deviations of the reference.
    """
    variant = "difference of means in sd"
    (n_old, total_old, squares_old), (n_new, total_new, squares_new) = reference, current
    if n_old < 2 or n_new < 2:
        return Trial(name, None, None, bound, variant, n_new, n_old)
    old, new = total_old / n_old, total_new / n_new
    var_old = max(0.0, squares_old / n_old - old * old)
    var_new = max(0.0, squares_new / n_new - new * new)
    error = math.sqrt(var_old / n_old + var_new / n_new)
    p = math.erfc(abs(new - old) / error / math.sqrt(2)) if error > 0 else (1.0 if new == old else 0.0)
    effect = abs(new - old) / math.sqrt(var_old) if var_old > 0 else (0.0 if new == old else math.inf)
    return Trial(name, p, effect, bound, variant, n_new, n_old)


def told(spent: Spent, tests: Sequence[Trial]) -> dict[str, dict[str, Any]]:
    """What was decided of each test, for keeping; ``as_decided`` gives it back."""
    by_name = {one.name: one for one in tests}
    return {
        one.column: {
            "outcome": one.outcome, "p": one.p, "adjusted": one.adjusted, "effect": _finite(one.effect),
            **{name: getattr(by_name[one.column], name) for name in ("bound", "variant", "n", "n_reference")},
        }
        for one in spent.decisions
    }  # fmt: skip


def as_decided(kept: Mapping[str, Mapping[str, Any]], level: float) -> tuple[Spent, list[Trial]]:
    """The decisions and their tests, as ``told`` kept them; nothing is spent."""
    decisions = tuple(
        Decision(name, one["outcome"], one["p"], one["adjusted"], one["effect"]) for name, one in kept.items()
    )
    tests = [
        Trial(name, one["p"], one["effect"], one["bound"], one["variant"], one["n"], one["n_reference"])
        for name, one in kept.items()
    ]
    return Spent(level, 0.0, decisions, ""), tests


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
