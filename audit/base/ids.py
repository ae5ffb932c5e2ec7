"""Ids of ours are UUIDv7 (RFC 9562, section 5.7): they sort by the time at which they were made."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> UUID:
    """A new id."""
    return _uuid7()


def salt() -> str:
    """16 random bytes in hex."""
    return secrets.token_hex(16)
