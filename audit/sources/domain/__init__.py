"""How a file's name says what is in it, and how late a source is."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

ENDINGS: Final = ("csv", "csv.gz", "parquet", "ndjson")
NAME: Final = re.compile(
    r"(?P<model>[a-z0-9][a-z0-9_-]*)\.(?P<kind>predictions|labels)(?:\..+)?\.(?:csv|csv\.gz|parquet|ndjson)"
)
PATTERN: Final = "model.predictions.anything.csv"
LATE_AFTER: Final = 3


@dataclass(frozen=True, slots=True)
class Named:
    """The short name of the model and the kind of content that a file's name states."""

    model: str
    kind: str


def named(name: str) -> Named | None:
    """``late-arrival.labels.2013-w28.csv.gz`` holds labels of late-arrival; None for a name that says no such thing."""
    found = NAME.fullmatch(name)
    return Named(found["model"], found["kind"]) if found else None


class Standing(StrEnum):
    """How a source does."""

    OFF = "off"
    NEVER = "never"
    FAILING = "failing"
    LATE = "late"
    WELL = "well"


def patience(every: timedelta) -> timedelta:
    """How long after a pull the next one may come without being late."""
    return LATE_AFTER * max(every, timedelta(minutes=1))


def standing(
    *, enabled: bool, every: timedelta, last_success: datetime | None, error: str, created: datetime, at: datetime
) -> Standing:
    """A source is late when three pulls in a row should have succeeded since the last one that did."""
    if not enabled:
        return Standing.OFF
    if error:
        return Standing.FAILING
    if at - (last_success or created) > patience(every):
        return Standing.LATE
    return Standing.WELL if last_success else Standing.NEVER
