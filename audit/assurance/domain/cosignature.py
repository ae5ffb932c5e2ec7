"""A witness cosigns a checkpoint with the time at which it was the newest (C2SP tlog-cosignature, type 0x04)."""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from audit.ledger.domain.note import NoteError, Signature, key_id, signature_line

ED25519 = b"\x04"
TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Verifier:
    """The name, key id (4 bytes) and public key (32 bytes) of a witness."""

    name: str
    key_id: bytes
    public: bytes


def vkey(name: str, public: bytes) -> str:
    """The witness's verifier key: name, key id in hex, and 0x04 with the public key in base64."""
    return f"{name}+{key_id(name, public, ED25519).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def verifier(text: str) -> Verifier:
    """The parts of a verifier key.

    Raises:
        NoteError: it is not one of a witness that cosigns with Ed25519.
    """
    try:
        name, hashed, key = text.strip().split("+", 2)
        raw = base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        raise NoteError("This is not a verifier key: it reads name+id+key.") from None
    if raw[:1] != ED25519 or len(raw) != 33 or key_id(name, raw[1:], ED25519).hex() != hashed:
        raise NoteError("This is not the verifier key of a witness (Ed25519, type 0x04), or its id does not fit.")
    return Verifier(name, bytes.fromhex(hashed), raw[1:])


def message(text: str, at: int) -> bytes:
    """What is signed: the header, the POSIX time ``at``, and the checkpoint's text with its last newline."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def line(name: str, public: bytes, sign: Callable[[bytes], bytes], text: str, at: int) -> str:
    """The signature line of a witness whose private key ``sign`` uses, for a checkpoint's text at POSIX time ``at``."""
    value = at.to_bytes(TIME_BYTES, "big") + sign(message(text, at))
    return signature_line(name, key_id(name, public, ED25519), value)


def cosigned_at(text: str, signatures: Iterable[Signature], by: Verifier) -> int | None:
    """The POSIX time of the cosignature of ``by`` among ``signatures``; None when there is none that holds."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    for signature in signatures:
        if (signature.name, signature.key_id) != (by.name, by.key_id) or len(signature.value) != TIME_BYTES + 64:
            continue
        at = int.from_bytes(signature.value[:TIME_BYTES], "big")
        try:
            Ed25519PublicKey.from_public_bytes(by.public).verify(signature.value[TIME_BYTES:], message(text, at))
        except InvalidSignature:
            continue
        return at
    return None
