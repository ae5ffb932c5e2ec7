"""One digest for a whole graph: what it says, without the numbers of rows and the times of receipt."""

import hashlib
from collections.abc import Iterable

from audit.lineage.domain.reading import canonical


def graph_hash(rows: Iterable[tuple[str | int, ...]]) -> str:
    """The SHA-256, in hex, over ``rows`` in order, each as canonical JSON on a line of its own."""
    hasher = hashlib.sha256()
    for line in sorted(canonical(list(row)) for row in rows):
        hasher.update(line.encode() + b"\n")
    return hasher.hexdigest()
