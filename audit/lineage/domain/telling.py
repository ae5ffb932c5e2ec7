"""What events said of a thing, as evidence for people: short values as pairs, nested ones as indented JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from audit.lineage.domain.fold import STATE
from audit.lineage.domain.reading import moment

LONGEST_TEXT: Final = 300
ABOUT: Final = ("_producer", "_schemaURL")
STATES: Final[Mapping[str, str]] = {
    "START": "Started",
    "RUNNING": "Was running",
    "COMPLETE": "Was completed",
    "ABORT": "Was aborted",
    "FAIL": "Failed",
    "OTHER": "Was spoken of",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A facet: its short values by name, and those that are long or nested as JSON."""

    name: str
    pairs: list[tuple[str, str]]
    nested: list[tuple[str, str]]
    producer: str


def facets_told(facets: Mapping[str, Any]) -> list[Told]:
    """The facets by name, without those that hold when a run came into a state."""
    return [_told(name, body) for name, body in sorted(facets.items()) if not name.startswith(STATE)]


def states_told(facets: Mapping[str, Any]) -> list[tuple[str, datetime]]:
    """(what happened to a run, when (UTC)), in the order of time."""
    found = [
        (STATES[name.removeprefix(STATE)], moment(body["at"]))
        for name, body in facets.items()
        if name.startswith(STATE) and name.removeprefix(STATE) in STATES
    ]
    return sorted(found, key=lambda one: one[1])


def _told(name: str, body: Any) -> Told:
    pairs, nested = [], []
    for key, value in (body if isinstance(body, dict) else {"value": body}).items():
        if key in ABOUT:
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        if isinstance(value, dict | list) or len(text) > LONGEST_TEXT:
            nested.append((key, text))
        else:
            pairs.append((key, text))
    producer = body.get("_producer") if isinstance(body, dict) else ""
    return Told(name, pairs, nested, producer if isinstance(producer, str) else "")
