"""Messages are signed as Standard Webhooks says (https://www.standardwebhooks.com), so receivers need no code of ours.

Signed is ``id.timestamp.body`` with HMAC-SHA-256; the header is ``v1,`` and the signature in base64.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

PREFIX: Final = "whsec_"
LEAST, MOST = 24, 64


def key_of(secret: str) -> bytes:
    """The key in a secret: base64 of 24 to 64 bytes, with ``whsec_`` before it or without.

    Raises:
        ValueError: it is none.
    """
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("A signing secret is base64, with whsec_ before it or without.") from None
    if not LEAST <= len(key) <= MOST:
        raise ValueError(f"A signing secret has {LEAST} to {MOST} bytes; this one has {len(key)}.")
    return key


def signature(*, key: bytes, ident: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``; ``timestamp`` is in seconds since 1970."""
    signed = hmac.new(key, f"{ident}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def headers(*, key: bytes, ident: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed message."""
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(key=key, ident=ident, timestamp=timestamp, body=body),
    }
