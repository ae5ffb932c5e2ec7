"""JSON that is the same bytes everywhere (RFC 8785), from values that have one form only: no floats."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import rfc8785

LARGEST_NUMBER = 2**53 - 1
"""Beyond it JSON numbers lose digits in some readers (RFC 8785, section 3.2.2.3)."""
_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode


def moment(at: datetime) -> str:
    """``at`` in UTC with microseconds: "2013-07-08T09:00:00.000000+00:00"."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def plain(value: Any) -> Any:
    """``value`` as None, text, a boolean, a whole number, or lists and mappings of these.

    Dates, decimals, ids and fractions become text. A float that is whole becomes a number, because databases do not
    keep the difference; numbers too large for JSON become text.

    Raises:
        TypeError: the value is of another kind.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return str(value).replace("\x00", "�")  # PostgreSQL holds no zero character
    if isinstance(value, float) and value.is_integer():
        # PostgreSQL keeps a JSON number by its digits: 1.152921504606847e+18 comes back as 1152921504606847000.
        value = int(Decimal(repr(float(value))))
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_NUMBER else str(value)
    if isinstance(value, float):
        return repr(float(value))  # of numpy's floats, which are floats, repr says something else
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.6f} s"
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"A ledger entry cannot hold {type(value).__name__}.")


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a plain value.

    Where every key is ASCII, Python's own encoder writes exactly these bytes, and ten times as fast: without floats
    the two differ only in the order of keys outside the Basic Multilingual Plane. Tests hold one to the other.
    """
    if _keys_are_ascii(value):
        return _ENCODE(value).encode()
    return rfc8785.dumps(value)


def _keys_are_ascii(value: Any) -> bool:
    if isinstance(value, dict):
        return all(key.isascii() and _keys_are_ascii(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_keys_are_ascii(item) for item in value)
    return True
