"""Which hours of which endpoint are read at a pull: those that are over, and once more those that may still be late."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from audit.monitoring.domain.service import HOUR
from audit.sources.domain.answers import moment, part

AGAIN: Final = 3 * HOUR
"""Hours before the last one that was read are read again: figures come late."""
SETTLED: Final = timedelta(minutes=5)
AT_ONCE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Window:
    """Read [since, until), full hours in UTC, of these names."""

    names: frozenset[str]
    since: datetime
    until: datetime

    def parts(self) -> Iterator["Window"]:
        """Parts of at most a week, the oldest first."""
        since = self.since
        while since < self.until:
            until = min(since + AT_ONCE, self.until)
            yield Window(self.names, since, until)
            since = until


def due(cursor: Mapping[str, Any], names: Iterable[str], *, at: datetime, days: int) -> list[Window]:
    """What is to be read ``at``, the oldest first. A name that is new is read ``days`` back, as far as hours are over.

    ``cursor["read"]`` maps names to the end (ISO 8601) of what was read of them.
    """
    until = (at - SETTLED).replace(minute=0, second=0, microsecond=0)
    first, read = until - timedelta(days=days), part(cursor.get("read"))
    groups: dict[datetime, set[str]] = {}
    for name in names:
        last = moment(read.get(name))
        if last is None or last < until:
            groups.setdefault(max(first, last - AGAIN) if last else first, set()).add(name)
    return [Window(frozenset(group), since, until) for since, group in sorted(groups.items())]


def after(cursor: Mapping[str, Any], names: Iterable[str], until: datetime) -> dict[str, Any]:
    """The cursor once ``names`` are read until then."""
    return {"read": {**part(cursor.get("read")), **dict.fromkeys(sorted(names), until.isoformat())}}
