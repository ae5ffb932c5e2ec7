"""An event as it was sent: held to the core of the specification (OpenLineage 2-0-2), and never to a facet's schema.

Source: OpenLineage.json, $defs BaseEvent, RunEvent, JobEvent, DatasetEvent, Run, Job and Dataset.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import rfc8785

TYPES: Final = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
LONGEST_NAME: Final = 2000
LONGEST_FACET_NAME: Final = 200
_EXACT: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_ELSE: Final = re.compile(r"(?:\A|[:,\[])-?(?:\d{16}|\d+[.eE]|[IN])")
"""Finds every number that RFC 8785 may write otherwise: one that is not whole, or has 16 digits and more."""


class Malformed(ValueError):
    """The event cannot be kept; ``reason`` is a sentence that names the place."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reading:
    """A well-formed event. ``digest`` is the SHA-256, in hex, of its canonical form; ``at`` its eventTime (UTC)."""

    body: Mapping[str, Any]
    text: str
    digest: str
    at: datetime


def parse(content: bytes) -> Any:
    """The JSON value.

    Raises:
        Malformed: it is none (RFC 8259): not UTF-8, not JSON, NaN or Infinity, or nested too deeply.
    """
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {error}.") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def canonical(value: Any) -> str:
    """The RFC 8785 form; with numbers beyond its domain, the same form with these digit by digit, so none is lost.

    Raises:
        Malformed: half of a surrogate pair, or a number beyond every double.
    """
    try:
        text = _EXACT(value)
        if text.isascii() and not _ELSE.search(text):
            return text
        return rfc8785.dumps(value).decode()
    except rfc8785.IntegerDomainError:
        pass
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        raise Malformed("The body holds a number or a text that JSON cannot carry.") from None
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Malformed("The body holds a text that JSON cannot carry.") from None
    return text


def digest_of(text: str) -> str:
    """The SHA-256 of a canonical form, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(body: Any) -> Reading:
    """The event that the JSON value ``body`` is.

    Raises:
        Malformed: a field of the specification's core is missing or of another kind.
    """
    event = _object(body, "The event")
    at = moment(_text(event, "eventTime", ""))
    for name in ("producer", "schemaURL"):
        _text(event, name, "")
    if event.get("run") is not None:
        _run(event)
        _named(event.get("job"), "job")
    elif event.get("job") is not None:
        _named(event["job"], "job")
    elif event.get("dataset") is None:
        raise Malformed("The event has neither a run with its job, nor a job, nor a dataset.")
    if event.get("dataset") is not None:
        _named(event["dataset"], "dataset")
    for side in ("inputs", "outputs"):
        rows = event.get(side)
        if rows is not None and not isinstance(rows, list):
            raise Malformed(f"{side} is not an array.")
        for at_, row in enumerate(rows or ()):
            where = f"{side}[{at_}]"
            _named(row, where)
            _facets(row.get(f"{side[:-1]}Facets"), f"{where}.{side[:-1]}Facets")
    text = canonical(event)
    return Reading(event, text, digest_of(text), at)


def moment(text: str) -> datetime:
    """``eventTime`` in UTC; without an offset it is taken as UTC, as senders mean it that leave it out.

    Raises:
        Malformed: it is not a date with a time (RFC 3339, section 5.6).
    """
    try:
        if "T" not in text.upper():
            raise ValueError
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(
            f"eventTime: {text[:60]!r} is not a date with a time, as 2020-12-28T19:52:00.001Z is."
        ) from None


def _run(event: Mapping[str, Any]) -> None:
    run = _object(event["run"], "run")
    _text(run, "runId", "run.")
    _facets(run.get("facets"), "run.facets")
    kind = event.get("eventType")
    if kind is not None and kind not in TYPES:
        raise Malformed(f"eventType: {str(kind)[:60]!r} is none of {', '.join(TYPES)}.")


def run_id(text: str) -> str:
    """A run's UUID in its usual form; another text as it is, for the schema's format is a remark and senders differ."""
    try:
        return str(UUID(text))
    except ValueError:
        return text


def _named(value: Any, where: str) -> None:
    thing = _object(value, where)
    for name in ("namespace", "name"):
        _text(thing, name, f"{where}.")
    _facets(thing.get("facets"), f"{where}.facets")


def _facets(value: Any, where: str) -> None:
    if value is None:
        return
    for name in _object(value, where):
        if len(name) > LONGEST_FACET_NAME or "\x00" in name:
            raise Malformed(f"{where}: a facet's name is too long, or holds a zero character.")


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{where} is missing or not an object.")
    return value


def _text(thing: Mapping[str, Any], name: str, before: str) -> str:
    value = thing.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{before}{name} is missing or not text.")
    if len(value) > LONGEST_NAME or "\x00" in value:
        raise Malformed(f"{before}{name} is longer than {LONGEST_NAME} characters, or holds a zero character.")
    return value
