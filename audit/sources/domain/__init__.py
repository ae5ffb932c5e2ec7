"""How a file's path says what is in it, and how late a source is."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

ENDING: Final = r"(?:(?:csv|tsv|ndjson|jsonl)(?:\.gz)?|parquet)"
MODEL: Final = r"(?P<model>[a-z0-9][a-z0-9_-]*)"
KIND: Final = r"(?P<kind>predictions|labels)"
NAME: Final = re.compile(rf"{MODEL}\.{KIND}(?:\..+)?\.{ENDING}")
PLACE: Final = re.compile(rf"{MODEL}/{KIND}/(?:.+/)?[^/]+\.{ENDING}")
VERSION: Final = re.compile(r"/version=([1-9]\d{0,8})/")
PATTERN: Final = "model.predictions.anything.csv or model/predictions/anything.csv"
LATE_AFTER: Final = 3


@dataclass(frozen=True, slots=True)
class Named:
    """The short name of the model, the kind of content, and the version (None: the rows say) that a path states."""

    model: str
    kind: str
    version: int | None = None


def named(path: str) -> Named | None:
    """``late-arrival.labels.2013-w28.csv.gz``, and ``late-arrival/labels/2013/w28.parquet``, hold labels of
    late-arrival; a folder ``version=3`` further below says the version. None for a path that says no such thing.
    """
    found = PLACE.fullmatch(path) if "/" in path else NAME.fullmatch(path)
    if found is None:
        return None
    version = VERSION.search(path) if found["kind"] == "predictions" else None
    return Named(found["model"], found["kind"], int(version[1]) if version else None)


def is_aside(path: str) -> bool:
    """Whether a part of the path begins with a dot or an underscore: writers call so what is not data, or not yet."""
    return any(part.startswith((".", "_")) for part in path.split("/"))


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
