"""How a stream does: what it lacks, and for how long."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

PATIENCE: Final = timedelta(minutes=5)


class Standing(StrEnum):
    """From paused to in time."""

    PAUSED = "paused"
    FAILING = "failing"
    NEW = "new"
    BEHIND = "behind"
    WELL = "well"


def standing(*, enabled: bool, error: str, waiting_since: datetime | None, ever: bool, at: datetime) -> Standing:
    """A stream is behind when an entry (the oldest, from ``waiting_since``) has waited for it for five minutes."""
    if not enabled:
        return Standing.PAUSED
    if error:
        return Standing.FAILING
    if waiting_since is not None and at - waiting_since > PATIENCE:
        return Standing.BEHIND
    return Standing.WELL if ever or waiting_since is None else Standing.NEW
