"""The one place that reads the clock: everything else takes a time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

WEEK: Final = timedelta(weeks=1)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def week_of(moment: datetime | date) -> datetime:
    """Monday 00:00 UTC of the week that holds ``moment``."""
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return datetime.combine(day - timedelta(days=day.weekday()), time(), UTC)


def start_of(day: date) -> datetime:
    """00:00 UTC of ``day``."""
    return datetime.combine(day, time(), UTC)
