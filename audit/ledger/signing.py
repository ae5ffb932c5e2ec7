"""The installation's own key (Ed25519, RFC 8032): made once, readable by its owner only, never in the database."""

import base64
import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def path() -> Path:
    """Where the private key lies (PEM, PKCS 8, mode 0600)."""
    return Path(settings.TOLLGATE_HOME) / "signing.key"


def make(**_: Any) -> None:
    """Makes the key on the first start; later calls leave it alone. Also the receiver of Django's post_migrate."""
    if path().exists():
        return
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with (
        suppress(FileExistsError),  # another process was first, and its key stands
        os.fdopen(os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(content)


@cache
def _key(source: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = load_pem_private_key(source.read_bytes(), password=None)
    if not isinstance(found, Ed25519PrivateKey):
        raise TypeError(f"{source} holds no Ed25519 key.")
    return found


def public_key() -> bytes:
    """The 32 bytes with which anyone can check a signature."""
    make()
    return _key(path()).public_key().public_bytes_raw()


def key_id() -> str:
    """The first 16 hex digits of the public key's SHA-256: enough to tell keys apart."""
    return hashlib.sha256(public_key()).hexdigest()[:16]


def head_text(number: int, digest: str) -> bytes:
    """What is signed of a chain: its last entry's number and digest, a line each."""
    return f"{number}\n{digest}\n".encode()


def sign_head(number: int, digest: str) -> str:
    """The signature of the chain up to this entry, in base64."""
    make()
    return base64.b64encode(_key(path()).sign(head_text(number, digest))).decode()
