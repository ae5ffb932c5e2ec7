"""What systems answer, read with care: any field may be missing, of another type, or huge."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

Answer = Mapping[str, Any]
MOST = 100
LONGEST = 2000


def part(value: object) -> Answer:
    """``value`` where it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def rows(value: object) -> list[Answer]:
    """The mappings in ``value`` where it is a list."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def text(value: object, most: int = LONGEST) -> str:
    """``value`` as text; empty for nothing."""
    return "" if value is None or isinstance(value, Mapping | list) else str(value)[:most]


def few(pairs: Mapping[str, object]) -> dict[str, str]:
    """The first 100 by name; how many there were stands under "…" where there were more."""
    kept = {text(name, 200): text(pairs[name]) for name in sorted(pairs, key=str)[:MOST]}
    return kept | ({"…": f"{len(pairs)} in all"} if len(pairs) > MOST else {})


def number(value: object) -> TypeGuard[int | float]:
    """Whether ``value`` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def moment(value: object) -> datetime | None:
    """An aware time in UTC from a datetime, seconds since 1970, or ISO 8601 (UTC where it names no zone); else None."""
    try:
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str) and value:
            found = datetime.fromisoformat(value)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
