"""A day of outcomes in the lake: a gzipped JSON document with the day cut by groups, and its hours without them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.lake import store as lake
from audit.monitoring.domain.outcomes import Outcomes

if TYPE_CHECKING:
    from audit.lake.store import Stored

FORMAT: Final = "tollgate-outcomes/1"


def keep(prefix: str, day: Outcomes, hours: Mapping[int, Outcomes]) -> "Stored":
    """Writes a day and its hours (0 to 23, UTC); the same outcomes give the same document."""
    told = {
        "format": FORMAT,
        "day": day.to_dict(),
        "hours": {str(hour): hours[hour].to_dict() for hour in sorted(hours)},
    }
    return lake.put_json(prefix, told)


def read_day(path: str) -> Outcomes:
    """The day's outcomes, with their groups."""
    return Outcomes.from_dict(_read(path)["day"])


def read_hours(path: str) -> dict[int, Outcomes]:
    """The outcomes of each hour (0 to 23, UTC) that has predictions, in order."""
    return {int(hour): Outcomes.from_dict(told) for hour, told in _read(path)["hours"].items()}


def _read(path: str) -> dict[str, Any]:
    told: dict[str, Any] = lake.read_json(path)
    if told.get("format") != FORMAT:
        raise InvalidInput(f"This is no document of the format {FORMAT}.", where="format")
    return told
