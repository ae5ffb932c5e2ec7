"""The installation's own key (Ed25519, RFC 8032) signs checkpoints: readable by its owner only, never in the database.

A key that is missing although the log has signed before is never made anew in silence: someone must say that it is
lost (``audit.ledger.keys``), and until then nothing is sealed.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from audit.base.errors import Refused
from audit.ledger.domain import note

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KeyMissing(Refused):
    """The key that the log is signed with is not there."""


def path() -> Path:
    """Where the private key lies (PEM, PKCS 8, mode 0600)."""
    return Path(settings.TOLLGATE_HOME) / "signing.key"


def coming_path() -> Path:
    """Where the next key lies while keys change: it takes the place of the other once the change is committed."""
    return path().with_suffix(".key.next")


class Signer:
    """A private key and the name under which it signs."""

    def __init__(self, name: str, key: "Ed25519PrivateKey") -> None:
        self.name, self._key = name, key
        self.public = key.public_key().public_bytes_raw()
        self.key_id = note.key_id(name, self.public)
        self.vkey = note.vkey(name, self.public)

    def line(self, text: str) -> str:
        """The signature line of ``text``, which ends with a newline."""
        return note.signature_line(self.name, self.key_id, self._key.sign(text.encode()))

    def note(self, text: str) -> str:
        """``text`` as a signed note."""
        return f"{text}\n{self.line(text)}"


def make(target: Path | None = None) -> None:
    """Makes a key file unless it is there."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    target = target or path()
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was first, and its key stands
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def load(name: str, source: Path | None = None) -> Signer:
    """The key in the file, signing as ``name``.

    Raises:
        KeyMissing: there is no file, or no Ed25519 key in it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    source = source or path()
    try:
        found = load_pem_private_key(source.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise KeyMissing("The signing key cannot be read; entries wait until it is back or declared lost.") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise KeyMissing("The signing key is not an Ed25519 key.")
    return Signer(name, found)


def verified(text: str, signatures: list[note.Signature], vkey: str) -> bool:
    """Whether one of the signatures under ``text`` is this key's and holds."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, public = note.public_of(vkey)
    identifier = note.key_id(name, public)
    for signature in signatures:
        if signature.name == name and signature.key_id == identifier:
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(signature.value, text.encode())
            except InvalidSignature:
                return False
            return True
    return False


def check(signed: str, vkeys: list[str]) -> note.Checkpoint:
    """The checkpoint in a note that one of the keys signed.

    Raises:
        NoteError: it is none, or none of the keys signed it.
    """
    text, signatures = note.parse(signed)
    if not any(verified(text, signatures, vkey) for vkey in vkeys):
        raise note.NoteError("None of the known keys signed this checkpoint.")
    return note.checkpoint_of(signed)


def prepare(**_: Any) -> None:
    """After migrations: makes the first key, when nothing was ever signed. The receiver of Django's post_migrate."""
    from audit.ledger.models import Key

    if not Key.objects.exists():
        make()
