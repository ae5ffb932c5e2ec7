"""A personal value stands in an entry as a salted commitment: without value and salt nobody can tell what it was."""

import base64
import re
from hashlib import sha256

PREFIX = "personal:"
PATTERN = re.compile(r"personal:[A-Za-z0-9_-]{43}")
LENGTH = len(PREFIX) + 43
SALT_BYTES = 16


def commitment(salt: bytes, value: str) -> str:
    """What stands for ``value``: "personal:" and SHA-256 over salt (16 bytes) and value, in base64url."""
    return PREFIX + base64.urlsafe_b64encode(sha256(salt + value.encode()).digest()).decode().rstrip("=")


def is_commitment(text: str) -> bool:
    """Whether ``text`` is one."""
    return len(text) == LENGTH and text.startswith(PREFIX) and bool(PATTERN.fullmatch(text))
