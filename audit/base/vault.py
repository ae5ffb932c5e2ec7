"""Secrets lie encrypted in the database, under a key that SECRET_KEY gives for each purpose; never shown again."""

import base64
import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings

from audit.base.errors import Refused

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def _box(purpose: str) -> "Fernet":
    """Fernet with a key by HKDF-SHA-256 (RFC 5869) of SECRET_KEY, for this purpose alone."""
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = f"tollgate {purpose} secrets v1".encode()
    key = HKDF(SHA256(), 32, salt=None, info=info).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def closed(secrets: dict[str, str], *, purpose: str) -> str:
    """The secrets as one encrypted text; empty for none."""
    kept = {name: value for name, value in secrets.items() if value}
    return _box(purpose).encrypt(json.dumps(kept).encode()).decode() if kept else ""


def opened(text: str, *, purpose: str) -> dict[str, str]:
    """What ``closed`` has closed for the same purpose.

    Raises:
        Refused: SECRET_KEY is another one now.
    """
    from cryptography.fernet import InvalidToken

    if not text:
        return {}
    try:
        found: dict[str, str] = json.loads(_box(purpose).decrypt(text.encode()))
    except InvalidToken:
        raise Refused("The secret cannot be read any more, because SECRET_KEY has changed. Enter it again.") from None
    return found


def split(values: Mapping[str, Any], names: Collection[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that may be shown, and the secrets, which are those of ``names``."""
    shown = {name: value for name, value in values.items() if name not in names}
    return shown, {name: str(values.get(name) or "") for name in names}


def told(secrets: Mapping[str, str]) -> dict[str, Any]:
    """What an entry tells of new secrets: that they were set."""
    return {name: (None, "set") for name, value in secrets.items() if value}


def renewed(text: str, entered: Mapping[str, str], *, purpose: str) -> tuple[str, dict[str, Any]]:
    """The secrets with those that were entered anew, closed, and what an entry tells of it. One left empty stays.

    When SECRET_KEY has changed, the old ones cannot be read and are dropped: they are being entered again.
    """
    fresh = {name: value for name, value in entered.items() if value}
    if not fresh:
        return text, {}
    try:
        kept = opened(text, purpose=purpose)
    except Refused:
        kept = {}
    changes = {name: ("set" if kept.get(name) else "not set", "set anew") for name in fresh}
    return closed(kept | fresh, purpose=purpose), changes
