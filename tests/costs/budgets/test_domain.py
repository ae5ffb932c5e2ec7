"""Periods are calendar ones; a threshold is reached at its amount, a budget exceeded only beyond it."""

from datetime import date
from decimal import Decimal

import pytest

from costs.budgets.domain.forecast import Forecast
from costs.budgets.domain.periods import Span, month_after, months_between, span_of
from costs.budgets.domain.standing import parse_thresholds, reached, standing

HUNDRED = Decimal(100)


@pytest.mark.parametrize(
    ("period", "first", "until", "words"),
    [
        ("month", date(2024, 2, 1), date(2024, 3, 1), "February 2024"),
        ("quarter", date(2024, 1, 1), date(2024, 4, 1), "January to March 2024"),
        ("year", date(2024, 1, 1), date(2025, 1, 1), "2024"),
    ],
)
def test_span_of_holds_the_day(period: str, first: date, until: date, words: str) -> None:
    span = span_of(period, date(2024, 2, 29))
    assert (span, span.words) == (Span(first, until), words)


def test_months_between_are_whole() -> None:
    assert [span.first for span in months_between(date(2023, 11, 2), date(2024, 2, 29))] == [
        date(2023, 12, 1),
        date(2024, 1, 1),
    ]
    assert month_after(date(2024, 1, 31), -1) == date(2023, 12, 1)


@pytest.mark.parametrize(
    ("spent", "coming", "state"),
    [
        (None, None, "unknown"),
        ("100", None, "within"),
        ("100.01", None, "exceeded"),
        ("50", ("80", "90", "100"), "within"),
        ("50", ("80", "100", "100.01"), "possible"),
        ("50", ("80", "100.01", "120"), "heading"),
    ],
)
def test_standing(spent: str | None, coming: tuple[str, str, str] | None, state: str) -> None:
    found = Forecast(*map(Decimal, coming)) if coming else None
    assert standing(HUNDRED, Decimal(spent) if spent else None, found) == state


def test_reached_at_the_amount_itself() -> None:
    assert reached(HUNDRED, [100, 50, 80], Decimal("80")) == [50, 80]
    assert reached(HUNDRED, [100, 50, 80], Decimal("79.99")) == [50]


def test_parse_thresholds() -> None:
    assert parse_thresholds(["80", " 50%", 80]) == [50, 80]
    for said in ([], ["much"], ["0"], ["1001"], ["50.5"], range(1, 12)):
        with pytest.raises(ValueError, match="threshold"):
            parse_thresholds(said)
