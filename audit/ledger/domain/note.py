"""Checkpoints are signed notes (C2SP signed-note and tlog-checkpoint), with one extension line for the index."""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

ED25519 = b"\x01"
INDEX_LINE = "tollgate-index-v1"
DASH = "—"


class NoteError(ValueError):
    """The text is not such a note, or its signature does not hold; says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log stands for at one size: the roots of its tree and of its index, 32 bytes each."""

    origin: str
    size: int
    root: bytes
    index_root: bytes

    def text(self) -> str:
        """What is signed."""
        return (
            f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"
            f"{INDEX_LINE} {base64.b64encode(self.index_root).decode()}\n"
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """A line of a note: who signed, with which key (4 bytes), and the signature's bytes."""

    name: str
    key_id: bytes
    value: bytes


def key_id(name: str, public: bytes, kind: bytes = ED25519) -> bytes:
    """The first four bytes of SHA-256 over name, newline, kind and public key (C2SP signed-note, "Signatures")."""
    return sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def vkey(name: str, public: bytes) -> str:
    """The verifier key: name, key id in hex, and the kind and key in base64, joined by plus signs."""
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def public_of(verifier: str) -> tuple[str, bytes]:
    """The name and the 32 bytes of a verifier key.

    Raises:
        NoteError: it is not one for Ed25519.
    """
    try:
        name, hashed, key = verifier.split("+", 2)
        raw = base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        raise NoteError("This is not a verifier key.") from None
    if raw[:1] != ED25519 or len(raw) != 33 or key_id(name, raw[1:]).hex() != hashed:
        raise NoteError("This is not a verifier key of Ed25519, or its id does not fit.")
    return name, raw[1:]


def signature_line(name: str, identifier: bytes, signature: bytes) -> str:
    """The line that carries a signature."""
    return f"{DASH} {name} {base64.b64encode(identifier + signature).decode()}\n"


def parse(note: str) -> tuple[str, list[Signature]]:
    """The signed text (with its last newline) and the signatures.

    Raises:
        NoteError: it is not a note.
    """
    text, found, lines = note.rpartition("\n\n")
    if not found or not lines.endswith("\n"):
        raise NoteError("The note has no signature lines behind an empty line.")
    signatures = []
    for line in lines.splitlines():
        pieces = line.split(" ")
        try:
            raw = base64.b64decode(pieces[2], validate=True)
        except (IndexError, binascii.Error, ValueError):
            raise NoteError(f"This is not a signature line: {line!r}.") from None
        if pieces[0] != DASH or len(pieces) != 3 or len(raw) < 5:
            raise NoteError(f"This is not a signature line: {line!r}.")
        signatures.append(Signature(pieces[1], raw[:4], raw[4:]))
    return text + "\n", signatures


def checkpoint_of(note: str) -> Checkpoint:
    """What a signed checkpoint says; its signatures are not checked here.

    Raises:
        NoteError: it is no checkpoint.
    """
    lines = parse(note)[0].splitlines()
    try:
        origin, size, root = lines[0], lines[1], base64.b64decode(lines[2], validate=True)
        extensions = dict(line.split(" ", 1) for line in lines[3:] if " " in line)
        index = base64.b64decode(extensions.get(INDEX_LINE, ""), validate=True)
    except (IndexError, binascii.Error, ValueError):
        raise NoteError("This is not a checkpoint.") from None
    if not origin or not size.isdecimal() or str(int(size)) != size or len(root) != 32 or len(index) not in {0, 32}:
        raise NoteError("This is not a checkpoint.")
    return Checkpoint(origin, int(size), root, index)
