"""How a report says values: in UTC, whoever exports and wherever; unknown is a mark and never a zero."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from audit.exports.report import Cell, known
from config.ui.format import count, duration, number

__all__ = ("count", "duration", "number")


def day(value: date | datetime | None) -> str:
    """As in "15 July 2013"; empty for none."""
    if value is None:
        return ""
    value = value.astimezone(UTC).date() if isinstance(value, datetime) else value
    return f"{value.day} {value:%B} {value.year}"


def moment(value: datetime | None) -> str:
    """As in "15 Jul 2013, 09:40", in UTC; empty for none."""
    if value is None:
        return ""
    value = value.astimezone(UTC)
    return f"{value.day} {value:%b} {value.year}, {value:%H:%M}"


def second(value: datetime | str) -> str:
    """As in "15 Jul 2013, 09:40:12", in UTC; takes ISO 8601 as well."""
    value = datetime.fromisoformat(value) if isinstance(value, str) else value
    value = value.astimezone(UTC)
    return f"{value.day} {value:%b} {value.year}, {value:%H:%M:%S}"


def full(value: datetime) -> str:
    """As in "15 July 2013, 09:40:12 UTC"."""
    value = value.astimezone(UTC)
    return f"{value.day} {value:%B} {value.year}, {value:%H:%M:%S} UTC"


def covered(since: datetime | None, until: datetime | None) -> Cell:
    """Days that data cover; ``until`` (exclusive) is said as the day that it ends before."""
    if since is None and until is None:
        return known("")
    return f"{day(since) or 'unknown'} until {day(until) or 'unknown'}"


def pairs(values: Mapping[str, Any]) -> str:
    """As in "seed 0, max_iter 100"; nested values as JSON. Empty for none."""
    return ", ".join(f"{name} {_one(value)}" for name, value in sorted(values.items()))


def _one(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def listed(names: Iterable[str]) -> str:
    """As in "a, b and c"; empty for none."""
    parts = list(names)
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def some(names: Sequence[str], most: int = 3) -> str:
    """The first few: "a, b, c and 4 more"."""
    if len(names) <= most:
        return listed(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def size(value: int) -> Cell:
    """Bytes for people, in powers of ten: "1.2 MB"; unknown for zero, which no file has."""
    if value <= 0:
        return known("")
    amount, unit = float(value), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
