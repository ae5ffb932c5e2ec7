"""A budget runs by calendar months, quarters or years of UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MONTH, QUARTER, YEAR = "month", "quarter", "year"
MONTHS: Final[Mapping[str, int]] = {MONTH: 1, QUARTER: 3, YEAR: 12}
NAMES: Final[Mapping[str, str]] = {MONTH: "Calendar month", QUARTER: "Quarter", YEAR: "Calendar year"}


@dataclass(frozen=True, slots=True)
class Span:
    """The days from ``first`` until, not including, ``until``."""

    first: date
    until: date

    @property
    def last(self) -> date:
        """The last day, which belongs to it."""
        return self.until - timedelta(days=1)

    @property
    def words(self) -> str:
        """As in "June 2013", "April to June 2013", "2013"."""
        last = self.last
        if self.first.month == last.month:
            return f"{self.first:%B %Y}"
        if (self.first.month, last.month) == (1, 12):
            return f"{self.first:%Y}"
        return f"{self.first:%B} to {last:%B %Y}"


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month that lies ``months`` after that of ``day``; negative goes back."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def span_of(period: str, day: date) -> Span:
    """The month, quarter or year that holds ``day``."""
    months = MONTHS[period]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Span(first, month_after(first, months))


def months_between(first: date, until: date) -> list[Span]:
    """The calendar months that lie wholly from ``first`` until, not including, ``until``, in order."""
    start = first if first.day == 1 else month_after(first)
    found = []
    while (end := month_after(start)) <= until:
        found.append(Span(start, end))
        start = end
    return found
