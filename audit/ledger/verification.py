"""Computes the whole log anew from its entries and holds it to what was sealed; names the first entry that differs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from audit.ledger import pruning, signing
from audit.ledger.domain import index, leaves, merkle, note
from audit.ledger.models import Chain, Checkpoint, Head, Key
from audit.ledger.rows import Sealed, read
from audit.ledger.tree import Index, Tree

AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Computed:
    """How far the log was computed, the first number that does not hold (None: all do), and that in words."""

    size: int
    broken_at: int | None
    sentence: str
    seconds: float


class Broken(Exception):
    """The first difference that was found."""

    def __init__(self, number: int, sentence: str) -> None:
        super().__init__(sentence)
        self.number, self.sentence = number, sentence


@dataclass
class Stack:
    """The perfect subtrees over the leaves so far, left to right."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def push(self, hashed: bytes) -> None:
        """One leaf more."""
        rest = self.size
        while rest & 1:
            hashed = merkle.node_hash(self.hashes.pop(), hashed)
            rest >>= 1
        self.hashes.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """The root over the leaves so far."""
        return merkle.fold(self.hashes)


def compute(*, progress: Callable[[int, int], None] | None = None) -> Computed:
    """Walks all that is sealed now; what is sealed meanwhile is the next walk's."""
    started, size = time.monotonic(), Head.objects.get(pk=1).size
    newest = Checkpoint.objects.first()
    try:
        if newest is not None and newest.size > size:
            raise Broken(size + 1, f"Checkpoint {newest.size:,} is signed, but the log ends at entry {size:,}.")
        _walk(size, progress)
    except Broken as broken:
        return Computed(size, broken.number, broken.sentence, time.monotonic() - started)
    words = f"All {size:,} entries are as they were sealed." if size else "Nothing has been sealed yet."
    return Computed(size, None, words, time.monotonic() - started)


def _walk(size: int, progress: Callable[[int, int], None] | None) -> None:
    stack, chains = Stack(), dict[str, tuple[int, bytes]]()
    checkpoints = _checkpoints(size)
    due, sealed = next(checkpoints, None), 0
    for number, hashed, chained in _sealed(size):
        stack.push(hashed)
        for key, position in chained.items():
            count, head = chains.get(key, (0, index.START))
            if position != count + 1:
                raise Broken(number, f"Entry {number:,} says that it is number {position} of {key}; it is {count + 1}.")
            chains[key] = (position, index.next_head(head, hashed))
        while due is not None and due.size == number:
            if due.root != stack.root():
                raise Broken(
                    sealed + 1,
                    f"The log differs from checkpoint {number:,}, which was signed: "
                    f"an entry from {sealed + 1:,} to {number:,} is not what was sealed.",
                )
            sealed, due = number, next(checkpoints, None)
        if progress and number % AT_ONCE == 0:
            progress(number, size)
    if sealed != size:
        raise Broken(sealed + 1, f"No checkpoint is signed for entries {sealed + 1:,} to {size:,}.")
    if size and merkle.root(Tree().subtree, size) != stack.root():
        raise Broken(1, "The stored hashes of the tree are not those of its entries.")
    _hold_chains(chains)


def _sealed(size: int) -> Iterator[tuple[int, bytes, dict[str, int]]]:
    """Number, recomputed leaf hash and chain positions of each entry; the first difference raises Broken."""
    covered = pruning.Covered()
    for first in range(1, size + 1, AT_ONCE):
        end = min(first + AT_ONCE, size + 1)
        found = {row.number: row for row in read("l.number >= %s AND l.number < %s", (first, end))}
        for number in range(first, end):
            if number not in found:
                raise Broken(number, f"Entry {number:,} is missing from the log.")
            row = found[number]
            yield number, *_held(row, covered)


def _held(row: Sealed, covered: pruning.Covered) -> tuple[bytes, dict[str, int]]:
    number, body = row.number, row.body
    if body is None:
        raise Broken(number, f"The content of entry {number:,} was deleted.")
    positions = row.positions()
    if positions is None:
        raise Broken(number, f"Entry {number:,} was given to another subject, model or team.")
    if row.pruned and (body["action"] == pruning.ACTION or number not in covered):
        raise Broken(number, f"The content of entry {number:,} is gone, and no entry says that retention removed it.")
    if not row.pruned and merkle.leaf_hash(leaves.leaf(body, number, positions)) != row.hash:
        raise Broken(number, f"Entry {number:,} was changed after it was sealed.")
    return row.hash, positions


def _checkpoints(size: int) -> Iterator[note.Checkpoint]:
    """The signed checkpoints up to ``size``, smallest first; one whose signature does not hold raises Broken."""
    known = list(Key.objects.values_list("vkey", flat=True))
    for row in Checkpoint.objects.filter(size__lte=size).order_by("size", "pk").iterator(chunk_size=1000):
        try:
            yield signing.check(row.note, known)
        except note.NoteError as error:
            raise Broken(row.size, f"Checkpoint {row.size:,}: {error}") from error


def _hold_chains(chains: dict[str, tuple[int, bytes]]) -> None:
    stored = {key: (count, bytes(head)) for key, count, head in Chain.objects.values_list("key", "count", "head")}
    if stored != chains:
        wrong = min(key for key in {*stored, *chains} if stored.get(key) != chains.get(key))
        raise Broken(1, f"The index says something else of {wrong} than its entries.")
    newest = Checkpoint.objects.first()
    if newest is not None and note.checkpoint_of(newest.note).index_root != Index().root():
        raise Broken(newest.size, "The index is not the one that the newest checkpoint signs.")
