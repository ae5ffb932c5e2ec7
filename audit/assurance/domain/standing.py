"""How a witness does, from what is known of it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

PATIENCE: Final = timedelta(minutes=5)
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(minutes=15)


class Standing(StrEnum):
    """From switched off to in time."""

    OFF = "off"
    DISAGREES = "disagrees"
    FAILING = "failing"
    NEW = "new"
    BEHIND = "behind"
    WELL = "well"


def standing(
    *,
    enabled: bool,
    agrees: bool | None,
    error: str,
    behind: bool,
    since: datetime,
    ever: bool,
    pause: timedelta,
    at: datetime,
) -> Standing:
    """A witness is behind when it lacks the newest checkpoint five minutes after it should have had one."""
    if not enabled:
        return Standing.OFF
    if agrees is False:
        return Standing.DISAGREES
    if error:
        return Standing.FAILING
    if behind and at - since > pause + PATIENCE:
        return Standing.BEHIND
    return Standing.WELL if ever else Standing.NEW


def next_try(failures: int, at: datetime) -> datetime:
    """When to try again after so many failures in a row: 15 seconds, doubled each time, 15 minutes at most."""
    return at + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10))


def may_try(next_at: datetime | None, at: datetime) -> bool:
    """Whether it is time. A moment further away than any pause means that the clock was put back."""
    return next_at is None or next_at <= at or next_at > at + LONGEST_PAUSE


def has_rested(last: datetime | None, pause: timedelta, at: datetime) -> bool:
    """Whether ``pause`` has passed since ``last``; a ``last`` in the future means that the clock was put back."""
    return last is None or last > at or at - last >= pause
