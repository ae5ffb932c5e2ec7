"""The sealed index commits to each chain's key, count and head: a chain has one place, so it cannot have two heads.

65,536 buckets are the leaves of a Merkle tree of its own; a chain stands in the bucket that its key's hash names.
"""

from collections.abc import Iterable
from hashlib import sha256

from audit.ledger.domain import merkle
from audit.ledger.domain.canonical import canonical

LEVELS = 16
BUCKETS = 1 << LEVELS
START = bytes(32)
Row = tuple[str, int, str]


def bucket_of(key: str) -> int:
    """The bucket of a chain: the first two bytes of the SHA-256 of its key."""
    return int.from_bytes(sha256(key.encode()).digest()[:2], "big")


def next_head(head: bytes, leaf: bytes) -> bytes:
    """The head of a chain after one more entry with this leaf hash; ``START`` stands before the first."""
    return sha256(b"\x02" + head + leaf).digest()


def bucket_hash(rows: Iterable[Row]) -> bytes:
    """The leaf hash of a bucket with these rows: key, count, head in hex."""
    return merkle.leaf_hash(canonical(sorted([list(row) for row in rows])))


EMPTY_BUCKET = bucket_hash(())
EMPTY_LEVELS = [EMPTY_BUCKET]
"""The hash of a perfect subtree of empty buckets, by level from 0 to 16."""
for _ in range(LEVELS):
    EMPTY_LEVELS.append(merkle.node_hash(EMPTY_LEVELS[-1], EMPTY_LEVELS[-1]))
EMPTY_ROOT = EMPTY_LEVELS[LEVELS]
