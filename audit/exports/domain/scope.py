"""A scope says whose evidence a bundle holds and of which days; a day named as the last belongs to it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

MODEL, USE_CASE, TEAM, ALL = "model", "use_case", "team", "all"
KINDS: Final = {MODEL: "the model", USE_CASE: "the use case", TEAM: "the team", ALL: "the whole organisation"}


@dataclass(frozen=True, slots=True)
class Scope:
    """``kind`` is a key of KINDS; ``id`` and ``name`` are empty for everything.

    ``since`` and ``until`` (both days belong to it, UTC; None: no bound) narrow the period. ``models`` are the ids of
    the models inside, in order.
    """

    kind: str
    id: UUID | None
    name: str
    since: date | None = None
    until: date | None = None
    models: tuple[UUID, ...] = ()

    @property
    def chain(self) -> str | None:
        """The key of the chain whose completeness is proved; None for everything, which the tree itself proves."""
        return None if self.kind == ALL else f"{self.kind}:{self.id}"

    @property
    def start(self) -> datetime | None:
        """The first moment of the period, UTC."""
        return _midnight(self.since) if self.since else None

    @property
    def end(self) -> datetime | None:
        """The first moment after the period, UTC."""
        return _midnight(self.until + timedelta(days=1)) if self.until else None

    @property
    def whose(self) -> str:
        """Whose evidence, as words: "the model late-arrival"."""
        return f"{KINDS[self.kind]} {self.name}".strip()

    @property
    def when(self) -> str:
        """Of which days, as words: "from 1 June 2013 to 30 June 2013", "of all time"."""
        first = f"from {_say(self.since)}" if self.since else ""
        last = f"{'to' if first else 'until'} {_say(self.until)}" if self.until else ""
        return " ".join(part for part in (first, last) if part) or "of all time"

    @property
    def words(self) -> str:
        """Both: "the model late-arrival, of all time"."""
        return f"{self.whose}, {self.when}"

    @property
    def title(self) -> str:
        """Both, to begin a line with."""
        return self.words[:1].upper() + self.words[1:]

    def holds(self, moment: datetime) -> bool:
        """Whether ``moment`` (aware) lies in the period."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _say(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
