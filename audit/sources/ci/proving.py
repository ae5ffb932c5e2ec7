"""Whether a delivery is from who knows the secret; comparing takes as long for a wrong value as for a right one."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Final

from audit.sources.ci.reading import text
from audit.sources.contract import Parcel, Unproven

SIGNING: Final = "whsec_"
"""How a signing secret of Standard Webhooks begins; the rest is the key in Base64."""
TOLERANCE: Final = 300
"""Seconds that a signed time may be off (Standard Webhooks, "Verifying webhook authenticity")."""


def same(one: str | bytes, other: str | bytes) -> bool:
    """Whether both are equal, in constant time."""
    left, right = (value.encode("utf-8", "replace") if isinstance(value, str) else value for value in (one, other))
    return hmac.compare_digest(left, right)


def check_hmac(parcel: Parcel, header: str, secret: str) -> None:
    """Holds when the header is "sha256=" and the HMAC-SHA256 of the body in hex (GitHub, "Validating deliveries").

    Raises:
        Unproven: it is missing or wrong, or there is no secret.
    """
    _check_secret(secret)
    claimed = parcel.headers.get(header, "")
    if not claimed:
        raise Unproven(f"The delivery is not signed: {header} is missing.")
    wanted = "sha256=" + hmac.new(secret.encode("utf-8", "replace"), parcel.body, hashlib.sha256).hexdigest()
    if not same(claimed, wanted):
        raise Unproven(f"The signature in {header} is not that of this body under the secret of this source.")


def check_token(parcel: Parcel, header: str, secret: str) -> None:
    """Holds when the header is the secret itself.

    Raises:
        Unproven: it is missing or wrong, or there is no secret.
    """
    _check_secret(secret)
    if not same(parcel.headers.get(header, ""), secret):
        raise Unproven(f"{header} is not the secret of this source.")


def check_basic(parcel: Parcel, user: str, secret: str) -> None:
    """Holds when user and password are those of the source (RFC 7617).

    Raises:
        Unproven: they are missing or wrong, or there is no secret.
    """
    _check_secret(secret)
    scheme, _, packed = parcel.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(packed.strip().encode("ascii", "replace"), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    if scheme.lower() != "basic" or not same(given, f"{user}:{secret}".encode("utf-8", "replace")):
        raise Unproven("User and password are not those of this source.")


def check_standard(parcel: Parcel, secret: str, *, at: datetime) -> None:
    """Holds when webhook-signature has the HMAC-SHA256 of id, time and body, and the time is within ``TOLERANCE``.

    Source: Standard Webhooks 1.0, which GitLab follows for signing tokens.

    Raises:
        Unproven: it is missing, wrong, or too old, or the secret is no key.
    """
    key = key_of(secret)
    name, sent, signatures = (parcel.headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not name or not signatures or not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        raise Unproven("The delivery is not signed: webhook-id, webhook-timestamp and webhook-signature are needed.")
    signed = b".".join((name.encode("utf-8", "replace"), sent.encode(), parcel.body))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if sum(same(one, wanted) for one in signatures.split(" ")[:10]) == 0:
        raise Unproven("webhook-signature is not that of this body under the secret of this source.")
    if abs(at.timestamp() - int(sent)) > TOLERANCE:
        raise Unproven(f"The delivery was signed more than {TOLERANCE} seconds away from now.")


def key_of(secret: str) -> bytes:
    """The key in a signing secret.

    Raises:
        Unproven: there is none.
    """
    _check_secret(secret)
    try:
        key = base64.b64decode(secret.removeprefix(SIGNING).encode("ascii", "replace"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise Unproven(f"The secret of this source begins with {SIGNING}, and no key in Base64 follows.")
    return key


def _check_secret(secret: str) -> None:
    if not secret:
        raise Unproven("This source has no secret, so no delivery can prove where it is from. Set one.")


def key_or_digest(*claimed: object, body: bytes) -> str:
    """What names a delivery when it comes again: the first id that was given, else the SHA-256 of its body in hex."""
    for one in claimed:
        found = text(str(one), 200) if isinstance(one, str | int) and not isinstance(one, bool) else ""
        if 0 < len(found) <= 150:
            return found
    return hashlib.sha256(body).hexdigest()
