"""Where a daily series is heading, with an interval whose coverage is measured on months of the same series.

A level, a trend and a profile of weekdays are fitted to the newest days by least squares. The interval is that of
the sum of future days of a regression (Draper and Smith, "Applied Regression Analysis", 3rd edition, section 3.3, for a
new observation), with Student's t. Errors of neighbouring days resemble each other; the variance of a sum is
therefore taken (1 + r) / (1 - r) times, r being the errors' correlation from day to day, corrected for its bias in
short series (Kendall, "Note on bias in the estimation of autocorrelation", Biometrika 41, 1954).

Sums of errors are binary fractions here; what is kept of a forecast is rounded to cents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from costs.budgets.domain.periods import Span, month_after, months_between

LEAST: Final = 42
"""Days that must be known: six weeks."""
NEWEST: Final = 84
"""Days that are fitted at most: twelve weeks, so that a new level is not held back by an old one."""
FARTHEST: Final = 124
"""Days beyond which nothing is said: what is left of a month, and three months."""
SHARE: Final = 0.9
MOST_CORRELATED: Final = 0.8
SURE: Final = 1.5
"""Standard errors (1 / sqrt(n), Bartlett) that a correlation must lie above none to count as one."""
HELD_BACK: Final = 24
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Series:
    """One amount a day without gaps, the first on ``first``; a day on which nothing was charged is zero."""

    first: date
    amounts: Sequence[float]

    @property
    def until(self) -> date:
        """The day after the last."""
        return self.first + timedelta(days=len(self.amounts))

    def before(self, day: date) -> "Series":
        """What was known when ``day`` began."""
        return Series(self.first, self.amounts[: max((day - self.first).days, 0)])

    def sum_of(self, span: Span) -> float:
        """The sum of the days of ``span`` that are known."""
        return sum(self.amounts[max((span.first - self.first).days, 0) : max((span.until - self.first).days, 0)])


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the days of a span will add up to, and the interval that holds 90 of 100 such sums."""

    low: Decimal
    value: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of ``months`` that were forecast from what was known before them, ``inside`` lay in their interval."""

    months: int
    inside: int


def forecast(series: Series, span: Span, *, spent: Decimal = Decimal(0)) -> Forecast | None:
    """``spent`` and the sum of the days of ``span``, all of which lie after the series; None where that is unknown.

    Unknown are spans after fewer than six weeks of days, and those that reach more than 124 days ahead.

    Raises:
        ValueError: the span begins within the series, or is empty.
    """
    import numpy as np
    from scipy.special import stdtrit

    ahead, days = (span.first - series.until).days, (span.until - span.first).days
    if ahead < 0 or days < 1:
        raise ValueError("A forecast is made of days that are still to come.")
    if len(series.amounts) < LEAST or ahead + days > FARTHEST:
        return None
    known = np.asarray(series.amounts[-NEWEST:], dtype=float)
    n = len(known)
    weekday = (series.until - timedelta(days=n)).weekday()
    fitted = _design(np.arange(n), n, weekday)
    inverse = np.linalg.pinv(fitted.T @ fitted)
    effects = inverse @ fitted.T @ known
    errors = known - fitted @ effects
    free = n - fitted.shape[1]
    total = _design(np.arange(n + ahead, n + ahead + days), n, weekday).sum(axis=0)
    spread = float(errors @ errors) / free * _stretch(errors) * (days + float(total @ inverse @ total))
    reach = float(stdtrit(free, 0.5 + SHARE / 2)) * max(spread, 0.0) ** 0.5
    middle = float(total @ effects)
    floor = 0.0 if min(series.amounts) >= 0 else -np.inf
    low, value, high = (_cents(max(amount, floor)) for amount in (middle - reach, middle, middle + reach))
    return Forecast(spent + low, spent + value, spent + high)


def months_ahead(series: Series, months: int = 3) -> list[tuple[Span, Forecast | None]]:
    """The whole calendar months that follow the series, each with its forecast."""
    first = series.until if series.until.day == 1 else month_after(series.until)
    spans = [Span(month_after(first, at), month_after(first, at + 1)) for at in range(months)]
    return [(span, forecast(series, span)) for span in spans]


def coverage(series: Series) -> Coverage:
    """How often the interval held: the newest 24 whole months, each forecast from the days before it."""
    inside = months = 0
    for span in months_between(series.first, series.until)[-HELD_BACK:]:
        found = forecast(series.before(span.first), span) if span.first > series.first else None
        if found is not None:
            months += 1
            inside += found.low <= _cents(series.sum_of(span)) <= found.high
    return Coverage(months, inside)


def _design(at: Any, n: int, weekday: int) -> Any:
    """A row a day: level, trend, and six of the seven weekdays."""
    import numpy as np

    rows = np.zeros((len(at), 8))
    rows[:, 0] = 1.0
    rows[:, 1] = at / n
    rows[:, 2:] = ((weekday + at) % 7)[:, None] == np.arange(1, 7)
    return rows


def _stretch(errors: Any) -> float:
    """By what the variance of a sum of such errors exceeds that of independent ones."""
    squares = float(errors @ errors)
    if squares <= 0:
        return 1.0
    r = float(errors[1:] @ errors[:-1]) / squares
    r = min(r + (1 + 4 * r) / len(errors), MOST_CORRELATED)
    if r < SURE / len(errors) ** 0.5:
        return 1.0
    return (1 + r) / (1 - r)


def _cents(amount: float) -> Decimal:
    return Decimal(repr(float(amount))).quantize(CENT)
