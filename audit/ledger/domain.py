"""An entry's digest is SHA-256 over the RFC 8785 canonical JSON of its fields and of the digest before it."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

GENESIS = "0" * 64


def digest(fields: Mapping[str, Any], previous: str) -> str:
    """The digest of an entry, in hex.

    ``fields`` holds strings, whole numbers, booleans, None, lists and mappings of these; ``previous`` is the digest
    of the entry before, ``GENESIS`` for the first.
    """
    return hashlib.sha256(rfc8785.dumps({**fields, "previous": previous})).hexdigest()


def first_break(entries: Iterable[tuple[int, Mapping[str, Any], str]], *, previous: str = GENESIS) -> int | None:
    """The number of the first entry that does not follow from the one before it; None when the chain holds.

    ``entries`` are (number, fields, digest) in order; a number that is left out breaks the chain too.
    """
    expected: int | None = None
    for number, fields, stated in entries:
        if expected is not None and number != expected:
            return expected
        if digest(fields, previous) != stated:
            return number
        previous, expected = stated, number + 1
    return None
