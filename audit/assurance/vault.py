"""Secrets of witnesses lie encrypted in the database, under a key that SECRET_KEY gives; they are never shown again."""

import base64
import json
from typing import TYPE_CHECKING

from django.conf import settings

from audit.base.errors import Refused

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

PURPOSE = b"tollgate witness secrets v1"


def _box() -> "Fernet":
    """Fernet with a key by HKDF-SHA-256 (RFC 5869) of SECRET_KEY, for this purpose alone."""
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def closed(secrets: dict[str, str]) -> str:
    """The secrets as one encrypted text; empty for none."""
    kept = {name: value for name, value in secrets.items() if value}
    return _box().encrypt(json.dumps(kept).encode()).decode() if kept else ""


def opened(text: str) -> dict[str, str]:
    """What ``closed`` has closed.

    Raises:
        Refused: SECRET_KEY is another one now.
    """
    from cryptography.fernet import InvalidToken

    if not text:
        return {}
    try:
        found: dict[str, str] = json.loads(_box().decrypt(text.encode()))
    except InvalidToken:
        raise Refused("The secret cannot be read any more, because SECRET_KEY has changed. Enter it again.") from None
    return found
