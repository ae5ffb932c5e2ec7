"""Reads what was sent, whatever it is: any value may be missing, of another type, or huge, and nothing breaks of it."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import urlsplit, urlunsplit

from audit.sources.contract import Malformed
from audit.sources.domain.told import cleaned

T = TypeVar("T")
MOST_COMMITS: Final = 100
"""Commits of a push that are told one by one: the newest."""
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Systems write "no time" as the year 1; nothing that they tell of is older than this."""
_HEX: Final = re.compile(r"[0-9a-f]{7,64}")
_ZONED: Final = re.compile(r"(?P<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?) (?P<zone>UTC|[+-]\d{4})")
_BOT: Final = re.compile(r"\[bot\]$|^(?:project|group)_\d+_bot", re.IGNORECASE)


def parsed(body: bytes) -> Any:
    """The body as JSON (RFC 8259).

    Raises:
        Malformed: it is not JSON, or nested deeper than can be read.
    """
    try:
        return cleaned(json.loads(body, parse_constant=_no_number))
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {text(str(error), 200)}.") from None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def inside(value: Any, *path: str) -> Any:
    """What stands at the end of ``path``; None where there is nothing, or no object on the way."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def rows(value: Any, most: int = MOST_COMMITS) -> list[Mapping[str, Any]]:
    """The objects of a list, the last ``most``; of anything else, none."""
    found = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    return found[-most:]


def text(value: Any, most: int = 200) -> str:
    """A text that can be kept: at most so long, without NUL and broken characters; empty for what is no text."""
    if not isinstance(value, str):
        return ""
    return value[: most * 2].replace("\x00", "").encode("utf-8", "replace").decode().strip()[:most]


def first_line(value: Any) -> str:
    """The first line of a message."""
    return next(iter(text(value, 2000).splitlines()), "")[:200]


def ident(value: Any) -> str:
    """An id: a number, or a text; empty for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**40 else ""
    return text(value, 100)


def sha(value: Any) -> str:
    """A commit, 7 to 64 hex digits, in lower case; empty for anything else, and for the zeros that stand for none."""
    found = text(value, 65).lower()
    return found if _HEX.fullmatch(found) and found.strip("0") else ""


def address(value: Any) -> str:
    """A web address without user, password and ".git"; empty for anything else."""
    try:
        parts = urlsplit(text(value, 1000))
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    return urlunsplit(parts._replace(netloc=host)).removesuffix(".git")


def moment(value: Any) -> datetime | None:
    """A time in UTC, from ISO 8601, "2016-08-12 15:23:28 UTC", or seconds since 1970; without a zone it is UTC."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        elif zoned := _ZONED.fullmatch(text(value, 60)):
            found = datetime.fromisoformat(zoned["time"] + zoned["zone"].replace("UTC", "+00:00"))
        else:
            found = datetime.fromisoformat(text(value, 60))
        found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found >= EARLIEST else None


def is_bot(name: str) -> bool:
    """Whether the name is one that systems give to programs."""
    return _BOT.search(name) is not None


def needed(value: T | None, where: str, what: str) -> T:
    """The value, when there is one.

    Raises:
        Malformed: ``where`` holds no ``what``.
    """
    if not value:
        raise Malformed(f"{where} holds no {what}.")
    return value
