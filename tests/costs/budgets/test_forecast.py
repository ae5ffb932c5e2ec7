"""An interval that promises 90 of 100 holds about that many months not seen before; what is too short is unknown."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from costs.budgets.domain.forecast import Series, coverage, forecast, months_ahead
from costs.budgets.domain.periods import Span, month_after

FIRST = date(2024, 1, 1)


def simulated(rng: np.random.Generator, days: int) -> list[float]:
    """Daily costs: a level, a slow trend, weekends apart, and errors that are even, skewed, alike, or rare spikes."""
    at = np.arange(days)
    level, trend = rng.uniform(20, 500), rng.uniform(-0.001, 0.003)
    errors: Any
    weekend = 1 + rng.uniform(-0.5, 0.2) * ((at + rng.integers(7)) % 7 >= 5)
    kind = rng.integers(4)
    if kind == 0:
        errors = rng.normal(0, 0.1 * level, days)
    elif kind == 1:
        errors = 0.4 * level * (rng.gamma(2, 0.5, days) - 1)
    elif kind == 2:
        errors = rng.normal(0, 0.1 * level, days)
        for day in range(1, days):
            errors[day] += 0.4 * errors[day - 1]
    else:
        errors = 4.0 * level * (rng.random(days) < 1 / 14)
    return [float(amount) for amount in level * (1 + trend * at) * weekend + errors]


@pytest.mark.parametrize("ahead", [0, 2], ids=["next month", "third month"])
def test_forecast_interval_covers_nine_of_ten_held_back_months(ahead: int) -> None:
    rng, inside, wide = np.random.default_rng(20240101 + ahead), 0, 0
    for _ in range(1000):
        known = FIRST + timedelta(days=int(rng.integers(60, 200)))
        first = month_after(known, ahead + 1)
        span = Span(first, month_after(first))
        days = simulated(rng, (span.until - FIRST).days)
        held_back = Decimal(sum(days[(span.first - FIRST).days :]))
        found = forecast(Series(FIRST, days[: (month_after(known) - FIRST).days]), span)
        assert found is not None
        inside += found.low <= held_back <= found.high
        wide += found.high - found.low > 4 * abs(held_back)
    assert 880 <= inside <= 920
    assert wide < 20, "an interval that holds because it says nothing is no forecast"


def test_forecast_of_a_weekly_pattern_without_noise_is_exact() -> None:
    days = [7.0 if (FIRST + timedelta(days=at)).weekday() < 5 else 2.0 for at in range(60)]
    found = forecast(Series(FIRST, days), Span(date(2024, 3, 1), date(2024, 4, 1)), spent=Decimal("1.50"))
    assert found is not None
    assert found.value == Decimal("1.50") + 21 * 7 + 10 * 2  # March 2024 has 21 weekdays and 10 days of weekends
    assert (found.low, found.high) == (found.value, found.value)


def test_forecast_is_unknown_with_few_days_and_far_ahead() -> None:
    soon = Span(date(2024, 2, 11), date(2024, 3, 1))
    assert forecast(Series(FIRST, [1.0] * 41), soon) is None
    assert forecast(Series(FIRST, [1.0] * 42), Span(date(2024, 2, 12), date(2024, 3, 1))) is not None
    far = Series(FIRST, [1.0] * 91)  # until 31 March
    assert forecast(far, Span(date(2024, 4, 1), date(2024, 8, 3))) is not None
    assert forecast(far, Span(date(2024, 4, 1), date(2024, 8, 4))) is None


def test_forecast_of_days_that_are_known_is_refused() -> None:
    with pytest.raises(ValueError, match="still to come"):
        forecast(Series(FIRST, [1.0] * 60), Span(date(2024, 2, 1), date(2024, 3, 1)))


def test_forecast_of_costs_is_never_below_zero_but_that_of_credits_may_be() -> None:
    falling = [max(60.0 - at, 0.0) for at in range(60)]
    span = Span(date(2024, 3, 1), date(2024, 4, 1))
    found = forecast(Series(FIRST, falling), span)
    assert found is not None and found.low == found.value == 0
    credited = forecast(Series(FIRST, [amount - 10 for amount in falling]), span)
    assert credited is not None and credited.value < 0


def test_coverage_counts_whole_months_after_six_weeks() -> None:
    flat = [10.0 if at % 2 else 12.0 for at in range(31 + 29 + 31 + 30)]  # January to April 2024
    held = coverage(Series(FIRST, flat))
    assert (held.months, held.inside) == (2, 2)  # March and April: before February only 31 days were known
    jump = [*flat[:91], *(500.0 for _ in range(30))]
    assert (coverage(Series(FIRST, jump)).months, coverage(Series(FIRST, jump)).inside) == (2, 1)
    assert coverage(Series(FIRST, [])).months == 0


def test_months_ahead_are_the_three_after_the_one_that_is_not_over() -> None:
    spans = [(span.words, found is not None) for span, found in months_ahead(Series(FIRST, [1.0] * 80))]
    assert spans == [("April 2024", True), ("May 2024", True), ("June 2024", True)]
    assert next(iter(months_ahead(Series(FIRST, [1.0] * 91))))[0].words == "April 2024"
