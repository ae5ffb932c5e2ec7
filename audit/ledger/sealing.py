"""The sealer: one at a time, it numbers what was written, extends the tree and the chains, and signs a checkpoint.

All of it is one transaction: a sealer that is killed between writing and signing has done nothing, and two at once
take turns on the head row. Order comes from that row and from ids, never from a clock.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import Refused
from audit.ledger import bulk, keys, rows
from audit.ledger.domain import index, leaves, merkle, note
from audit.ledger.models import Chain, Checkpoint, Entry, Head, Incident, IndexNode, Leaf, Node, State
from audit.ledger.rows import PLACES, Waiting
from audit.ledger.services import open_incident
from audit.ledger.signing import KeyMissing
from audit.ledger.tree import STEP, WIDTH, Index, Tree

AT_ONCE = 20_000
MOST_GAPS = 1_000
NO_STATES = "{}"
MANY = 32
"""From so many parts of the index on, it is read as a whole."""
SEALER = Actor.service("sealer")
BEFORE_FIRST_SEAL: list[Callable[[], None]] = []
"""Called once in each process, before it seals for the first time, and again when the log is shorter than the process
left it: what finds that this is not the log that others have seen opens an incident that halts. A call that fails is
made again before the next try."""


class Halted(Refused):
    """An incident stands open: nothing is sealed until a person has closed it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many entries were sealed, and the log's size now."""

    count: int
    size: int


@dataclass
class _Looks:
    """Which calls this process has made, and at what size it left the log."""

    made: set[Callable[[], None]] = field(default_factory=set)
    left: int = 0

    def make(self) -> None:
        """Makes those that are still to be made."""
        if Head.objects.get(pk=1).size < self.left:
            self.made.clear()
        for look in BEFORE_FIRST_SEAL:
            if look not in self.made:
                look()
                self.made.add(look)


_looks = _Looks()


@dataclass(frozen=True, slots=True)
class _Batch:
    leaves: list[tuple[Any, ...]]
    hashes: list[bytes]
    chains: dict[str, tuple[int, bytes]]
    states: dict[str, tuple[str, int]]


def waiting() -> bool:
    """Whether entries wait for the sealer."""
    head = Head.objects.get(pk=1)
    return Entry.objects.filter(pk__gt=head.last).exists() or (
        bool(head.gaps) and Entry.objects.filter(pk__in=head.gaps, leaf=None).exists()
    )


def seal() -> Sealed:
    """Seals all that is waiting, in pieces.

    Raises:
        Halted: an incident is open.
        KeyMissing: the key is not there.
    """
    count = 0
    while True:
        done = seal_some(limit=AT_ONCE)
        count += done.count
        if done.count < AT_ONCE:
            return Sealed(count, done.size)


def seal_or_say_why() -> Sealed | None:
    """As ``seal``, for the background: what stops it becomes an incident that people see. None when it was stopped.

    A missing key halts nothing by itself: once the key is back, sealing goes on.
    """
    try:
        return seal()
    except Halted:
        return None
    except KeyMissing as error:
        open_incident(actor=SEALER, kind="key_missing", sentence=error.sentence, halts=False)
        return None


def seal_some(*, limit: int) -> Sealed:
    """Seals at most ``limit`` entries.

    Raises:
        Halted: an incident is open.
        KeyMissing: the key is not there.
    """
    if not waiting():
        return Sealed(0, Head.objects.get(pk=1).size)
    _looks.make()
    with transaction.atomic():
        head = Head.objects.select_for_update().get(pk=1)
        stopped = Incident.objects.filter(halts=True, closed_at=None).first()
        if stopped is not None:
            raise Halted(f"Sealing has stopped: {stopped.sentence}")
        entries = _pending(head, limit)
        if not entries:
            return Sealed(0, head.size)
        signer = keys.signer(head=head)
        batch = _place(head.size, entries)
        size = head.size + len(entries)
        bulk.insert(Leaf, ("number", "entry", "hash", *(f"{place}_at" for place in PLACES)), batch.leaves)
        _grow(head.size, batch.hashes)
        _keep_chains(batch.chains)
        index_root = _keep_index(batch.chains)
        states = [(key, digest, entry) for key, (digest, entry) in batch.states.items()]
        # An entry that came late through a gap may be older than what is kept of its record.
        bulk.upsert(State, ("key", "digest", "entry"), states, key=("key",), rising="entry")
        root = merkle.root(Tree().subtree, size)
        checkpoint = note.Checkpoint(head.origin, size, root, index_root)
        Checkpoint.objects.create(origin=head.origin, size=size, note=signer.note(checkpoint.text()), at=clock.now())
        _move(head, [entry.id for entry in entries], size)
    _looks.left = size
    return Sealed(len(entries), size)


def _pending(head: Head, limit: int) -> list[Waiting]:
    """Unsealed entries in the order of their ids: those that came late through a gap first."""
    late: list[Waiting] = []
    if head.gaps:
        found = Entry.objects.filter(pk__in=head.gaps, leaf=None).values_list("pk", flat=True)
        where, values = bulk.among("e.id", sorted(found))
        late = rows.waiting(f"{where} ORDER BY e.id", values) if found else []
    fresh = rows.waiting("e.id > %s ORDER BY e.id LIMIT %s", (head.last, max(0, limit - len(late))))
    return (late + fresh)[:limit]


def _place(size: int, entries: list[Waiting]) -> _Batch:
    """Numbers, positions and hashes for ``entries``, which follow the log's first ``size``."""
    chained = [leaves.chains_of(entry.body) for entry in entries]
    wanted = sorted({key for chains in chained for key in chains.values()})
    heads = {
        key: (count, bytes(head)) for key, count, head in bulk.select_in(Chain, ("key", "count", "head"), "key", wanted)
    }
    batch, none = _Batch([], [], {}, {}), (0, index.START)
    for number, (entry, chains) in enumerate(zip(entries, chained, strict=True), size + 1):
        positions = {key: heads.get(key, none)[0] + 1 for key in chains.values()}
        hashed = merkle.leaf_hash(leaves.leaf(entry.body, number, positions))
        for key, position in positions.items():
            heads[key] = batch.chains[key] = (position, index.next_head(heads.get(key, none)[1], hashed))
        places = [positions[chains[place]] if place in chains else None for place in PLACES]
        batch.leaves.append((number, entry.id, hashed, *places))
        batch.hashes.append(hashed)
        if entry.body["states"] != NO_STATES:
            for key, digest in json.loads(entry.body["states"] or NO_STATES).items():
                if key not in batch.states or batch.states[key][1] < entry.id:
                    batch.states[key] = (digest, entry.id)
    return batch


def _grow(size: int, hashes: list[bytes]) -> None:
    """Stores the roots of the subtrees that ``hashes``, behind the first ``size`` leaves, complete."""
    level, begin, row = 0, size, hashes
    while row:
        first = begin // WIDTH * WIDTH
        before = list(Tree().group(level, begin // WIDTH)[: begin - first]) if begin > first else []
        row = before + row
        whole = len(row) // WIDTH
        above = [merkle.perfect(row[at * WIDTH : (at + 1) * WIDTH]) for at in range(whole)]
        begin = first // WIDTH
        level += STEP
        bulk.insert(Node, ("level", "position", "hash"), [(level, begin + at, root) for at, root in enumerate(above)])
        row = above


def _keep_chains(chains: dict[str, tuple[int, bytes]]) -> None:
    counted = [(key, index.bucket_of(key), count, head) for key, (count, head) in chains.items()]
    bulk.upsert(Chain, ("key", "bucket", "count", "head"), counted, key=("key",))


def _keep_index(chains: dict[str, tuple[int, bytes]]) -> bytes:
    """Brings the index up to date where these chains stand, and returns its root."""
    touched = sorted({index.bucket_of(key) for key in chains})
    contents: dict[int, list[index.Row]] = {bucket: [] for bucket in touched}
    for bucket, key, count, head in bulk.select_in(Chain, ("bucket", "key", "count", "head"), "bucket", touched):
        contents[bucket].append((key, count, bytes(head).hex()))
    names = ("level", "position", "hash")
    hashes = {bucket: index.bucket_hash(held) for bucket, held in contents.items()}
    bulk.upsert(IndexNode, names, [(0, bucket, h) for bucket, h in hashes.items()], key=("level", "position"))
    tree, tiles = Index(), sorted({bucket // WIDTH for bucket in touched})
    if len(tiles) > MANY:
        tree.read_all()
    above = [(STEP, tile, merkle.perfect(tree.group(0, tile))) for tile in tiles]
    bulk.upsert(IndexNode, names, above, key=("level", "position"))
    return tree.root()


def _move(head: Head, ids: list[int], size: int) -> None:
    """The head after these entries; remembers which ids were not there: a reconciliation looks for older ones."""
    found = set(ids)
    highest = max(head.last, *found)
    missing = set(head.gaps) | set(range(head.last + 1, highest))
    head.size, head.last, head.gaps = size, highest, sorted(missing - found)[-MOST_GAPS:]
    head.save(update_fields=("size", "last", "gaps"))
