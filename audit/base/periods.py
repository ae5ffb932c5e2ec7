"""A period ends with the last data in view, never with today: a year that was replayed shows its data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from audit.base.clock import WEEK, start_of, week_of
from audit.base.errors import InvalidInput

WEEKS: Final[Mapping[str, tuple[str, int]]] = {"4w": ("4 weeks", 4), "q": ("Quarter", 13), "y": ("Year", 52)}
CUSTOM: Final = "custom"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` until, not including, ``end``; both are aware, 00:00 UTC.

    ``key`` stands in addresses (``?p=q``), ``label`` on the link that chooses the period.
    """

    start: datetime
    end: datetime
    key: str
    label: str

    @property
    def first_day(self) -> date:
        """The first day of the period."""
        return self.start.date()

    @property
    def last_day(self) -> date:
        """The last day of the period, which belongs to it."""
        return (self.end - timedelta(days=1)).date()

    @property
    def words(self) -> str:
        """The period for people: "17 June to 14 July 2013"."""
        first, last = self.first_day, self.last_day
        year = f" {first.year}" if first.year != last.year else ""
        return f"{first.day} {first:%B}{year} to {last.day} {last:%B %Y}"

    @property
    def query(self) -> str:
        """The query string that shows this period again."""
        if self.key == CUSTOM:
            return f"p={CUSTOM}&from={self.first_day:%Y-%m-%d}&until={self.last_day:%Y-%m-%d}"
        return f"p={self.key}"

    def before(self) -> "Period":
        """The period of the same length that ends where this one starts."""
        return Period(self.start - (self.end - self.start), self.start, self.key, self.label)

    def holds(self, moment: datetime) -> bool:
        """Whether ``moment`` (aware) lies in the period."""
        return self.start <= moment < self.end


def end_of(last: datetime | date) -> datetime:
    """The Monday 00:00 UTC with which the week of the last data ends.

    ``last`` is a day or moment that data cover, or the exclusive end of a week (itself a Monday 00:00 UTC).
    """
    monday = week_of(last)
    return monday if isinstance(last, datetime) and last.astimezone(UTC) == monday else monday + WEEK


def ending(key: str, last: datetime | date) -> Period:
    """The whole weeks of ``key`` ("4w", "q", "y") that end with the week of ``last``."""
    label, weeks = WEEKS[key]
    end = end_of(last)
    return Period(end - weeks * WEEK, end, key, label)


def chosen(query: Mapping[str, str], *, last: datetime | date, default: str = "4w") -> Period:
    """The period that an address asks for: ``?p=4w|q|y``, or ``?from=2013-06-01&until=2013-06-30``.

    ``last`` is where the data in view end. Unknown names give the default; ``until`` belongs to the period.

    Raises:
        InvalidInput: a date is not a date, or the two are in the wrong order.
    """
    if query.get("from") or query.get("until"):
        last_day = day_in(query, "until") or (end_of(last) - timedelta(days=1)).date()
        first_day = day_in(query, "from") or last_day - timedelta(days=27)
        if first_day > last_day:
            raise InvalidInput("The period ends before it starts.", mend="Swap the two dates.")
        return Period(start_of(first_day), start_of(last_day) + timedelta(days=1), CUSTOM, "Other dates")
    key = query.get("p", default)
    return ending(key if key in WEEKS else default, last)


def choices(current: Period) -> list[tuple[str, str, bool]]:
    """The links that choose a period: (query string, label, whether it is the current one)."""
    links = [(f"p={key}", label, key == current.key) for key, (label, _) in WEEKS.items()]
    own = f"p={CUSTOM}&from={current.first_day:%Y-%m-%d}&until={current.last_day:%Y-%m-%d}"
    return [*links, (own, "Other dates", current.key == CUSTOM)]


def day_in(query: Mapping[str, str], name: str) -> date | None:
    """The day under ``name`` in an address's query; None without one.

    Raises:
        InvalidInput: it is not a date.
    """
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"“{text}” is not a date.", where=name, mend="Write it like 2013-06-17.") from None
