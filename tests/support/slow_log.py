"""The ledger's arithmetic once more, from the RFCs' own definitions: slow, recursive, and of nobody else's code.

Lists of leaf bytes stand for trees. Sources: RFC 9162 sections 2.1.1, 2.1.3.1 and 2.1.4.1; C2SP signed-note and
tlog-checkpoint; docs of the bundle for chains and index.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

BUCKETS = 65_536


def canonical(value: Any) -> bytes:
    """JSON of RFC 8785 for values with ASCII keys and without fractions."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    at = split(len(leaves))
    return node(root(leaves[:at]), root(leaves[at:]))


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH."""
    if len(leaves) == 1:
        return []
    at = split(len(leaves))
    if index < at:
        return [*path(index, leaves[:at]), root(leaves[at:])]
    return [*path(index - at, leaves[at:]), root(leaves[:at])]


def proof(old: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """PROOF, with SUBPROOF's flag."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    at = split(len(leaves))
    if old <= at:
        return [*proof(old, leaves[:at], whole), root(leaves[at:])]
    return [*proof(old - at, leaves[at:], False), root(leaves[:at])]


def chain_head(leaf_hashes: Sequence[bytes]) -> bytes:
    head = bytes(32)
    for hashed in leaf_hashes:
        head = sha256(b"\x02" + head + hashed).digest()
    return head


class Index:
    """The tree over all buckets. ``chains``: key to (count, head)."""

    def __init__(self, chains: Mapping[str, tuple[int, bytes]]) -> None:
        self.rows: dict[int, list[list[Any]]] = {}
        for key, (count, head) in sorted(chains.items()):
            self.rows.setdefault(self.bucket(key), []).append([key, count, head.hex()])
        empty = leaf_hash(b"[]")
        row = [leaf_hash(canonical(self.rows[at])) if at in self.rows else empty for at in range(BUCKETS)]
        self.levels = [row]
        while len(row) > 1:
            row = [node(row[at], row[at + 1]) for at in range(0, len(row), 2)]
            self.levels.append(row)

    @staticmethod
    def bucket(key: str) -> int:
        return int(sha256(key.encode()).hexdigest()[:4], 16)

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def proof(self, key: str) -> dict[str, Any]:
        """index.json of a chain."""
        bucket = self.bucket(key)
        steps = [level[(bucket >> at) ^ 1].hex() for at, level in enumerate(self.levels[:-1])]
        return {"bucket": bucket, "rows": self.rows.get(bucket, []), "path": steps}


class Signer:
    """A key made of one repeated byte, signing notes."""

    def __init__(self, seed: int = 1, name: str = "tollgate.example.org/ledger") -> None:
        self.name, self.key = name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self.key.public_key().public_bytes_raw()
        self.id = sha256(name.encode() + b"\n\x01" + self.public).digest()[:4]
        self.vkey = "+".join((name, self.id.hex(), base64.b64encode(b"\x01" + self.public).decode()))

    def line(self, text: str) -> str:
        return f"\u2014 {self.name} {base64.b64encode(self.id + self.key.sign(text.encode())).decode()}\n"

    def note(self, text: str) -> str:
        return f"{text}\n{self.line(text)}"


def checkpoint_text(origin: str, size: int, root_hash: bytes, index_root: bytes) -> str:
    roots = [base64.b64encode(hashed).decode() for hashed in (root_hash, index_root)]
    return f"{origin}\n{size}\n{roots[0]}\ntollgate-index-v1 {roots[1]}\n"
