"""Proofs that anyone can check: an entry is in the log, a later log continues an earlier one, a chain is complete."""

from dataclasses import dataclass
from typing import Any

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.ledger import selectors
from audit.ledger.domain import index, leaves, merkle
from audit.ledger.models import Chain, Checkpoint, Entry, Key, Leaf
from audit.ledger.rows import PLACES
from audit.ledger.tree import Index, Tree


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Entry ``number`` is in the log that ``checkpoint`` signs: its bytes, and its audit path in hex."""

    number: int
    size: int
    leaf: str
    leaf_hash: str
    path: list[str]
    checkpoint: str
    vkey: str

    def as_dict(self) -> dict[str, Any]:
        """As ``verify.py --proof`` reads it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Consistency:
    """The log at ``checkpoint_to`` continues the log at ``checkpoint_from``; ``path`` in hex."""

    size_from: int
    size_to: int
    checkpoint_from: str
    checkpoint_to: str
    path: list[str]
    vkey: str


@dataclass(frozen=True, slots=True)
class ChainProof:
    """The index row of a chain, its bucket's rows, and the path from the bucket to the index root, in hex."""

    key: str
    count: int
    head: str
    bucket: int
    rows: list[list[Any]]
    path: list[str]


def leaf_bytes(entry: Entry, leaf: Leaf) -> bytes:
    """What was sealed of the entry; it has no content any more when ``entry.pruned``."""
    body = entry.body()
    places = (leaf.subject_at, leaf.model_at, leaf.use_case_at, leaf.team_at)
    known = dict(zip(PLACES, places, strict=True))
    positions = {key: known[kind] or 0 for kind, key in leaves.chains_of(body).items()}
    return leaves.leaf(body, leaf.number, positions)


def _newest(size: int | None = None) -> Checkpoint:
    found = selectors.checkpoint(size=size)
    if found is None:
        words = "Nothing has been sealed yet." if size is None else f"There is no checkpoint of size {size:,}."
        raise NotFound(words)
    return found


def vkey_at(size: int) -> str:
    """The verifier key that signed checkpoints of this size."""
    rows = Key.objects.order_by("at").values_list("vkey", "until_size")
    fitting = [vkey for vkey, until in rows if until is None or size <= until]
    return fitting[0] if fitting else ""


def inclusion(*, viewer: Actor, number: int, size: int | None = None) -> Inclusion:
    """The proof that entry ``number`` is in the log at the newest checkpoint, or at the one of ``size``.

    Raises:
        NotFound: the viewer sees no such entry, or there is no such checkpoint.
    """
    entry = selectors.entry(viewer=viewer, number=number)
    checkpoint = _newest(size)
    if number > checkpoint.size:
        raise NotFound(f"The log at size {checkpoint.size:,} has no entry {number:,}.")
    path = merkle.inclusion(Tree().subtree, number - 1, checkpoint.size)
    return Inclusion(
        number=number,
        size=checkpoint.size,
        leaf="" if entry.pruned else leaf_bytes(entry, entry.leaf).decode(),
        leaf_hash=bytes(entry.leaf.hash).hex(),
        path=[step.hex() for step in path],
        checkpoint=checkpoint.note,
        vkey=vkey_at(checkpoint.size),
    )


def consistency(*, first: int, second: int | None = None) -> Consistency:
    """The proof that the log at checkpoint ``second`` (the newest) continues the log at checkpoint ``first``.

    Raises:
        NotFound: there is no such checkpoint, or the second is smaller.
    """
    old, new = _newest(first), _newest(second)
    if old.size > new.size:
        raise NotFound(f"Checkpoint {new.size:,} is older than checkpoint {old.size:,}.")
    path = merkle.consistency(Tree().subtree, old.size, new.size)
    return Consistency(
        size_from=old.size,
        size_to=new.size,
        checkpoint_from=old.note,
        checkpoint_to=new.note,
        path=[step.hex() for step in path],
        vkey=vkey_at(new.size),
    )


def chain(*, key: str) -> ChainProof:
    """What the sealed index says of a chain now, with the proof.

    Raises:
        NotFound: no sealed entry belongs to such a chain.
    """
    row = Chain.objects.filter(key=key).first()
    if row is None:
        raise NotFound(f"No entry of {key} has been sealed.")
    rows = Chain.objects.filter(bucket=row.bucket).values_list("key", "count", "head")
    content = sorted([one, count, bytes(head).hex()] for one, count, head in rows)
    return ChainProof(
        key=key,
        count=row.count,
        head=bytes(row.head).hex(),
        bucket=row.bucket,
        rows=content,
        path=[step.hex() for step in Index().path(index.bucket_of(key))],
    )
