"""Each checkpoint goes to each witness, oldest first; what a witness did not take is brought again, later each time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from audit.assurance.domain.standing import has_rested, may_try, next_try
from audit.assurance.models import Receipt, Witness
from audit.assurance.witnesses.contract import Ahead, Answer, Contradiction, Delivery, Place
from audit.base import clock
from audit.base.errors import TollgateError
from audit.ledger import bulk
from audit.ledger.domain import merkle, note
from audit.ledger.models import Checkpoint, Head, Incident, Leaf
from audit.ledger.tree import Tree

FORK = "fork"
CATCH_UP = 1_000
"""A new witness gets so many of the last checkpoints, and every one from then on."""
AT_ONCE = 200
MOST_SECONDS = 120.0
HOLE = "Nothing can be delivered, because this log's own tree has a hole."


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many checkpoints a witness took, up to which size, and what stopped it ("" when it has all)."""

    count: int
    size: int
    error: str = ""
    contradicts: bool = False


def forked() -> bool:
    """Whether an incident says that this is not the log that others have seen: then nothing of it goes out."""
    return Incident.objects.filter(kind=FORK, closed_at=None).exists()


def is_due(witness: Witness, origin: str, newest: int) -> bool:
    """Whether something waits for this witness, and it is time."""
    at = clock.now()
    return (
        newest > witness.delivered(origin)
        and may_try(witness.next_try_at, at)
        and has_rested(witness.last_success_at, witness.pause, at)
    )


def deliver(*, witness: Witness, progress: Callable[[int, int], None] | None = None) -> Delivered:
    """Brings what waits, for two minutes at most. Nothing is raised: what stops it stands on the witness."""
    origin, until = Head.objects.get(pk=1).origin, time.monotonic() + MOST_SECONDS
    count, total = 0, _waiting(witness, origin).count()
    try:
        place = witness.place()
        while not forked() and time.monotonic() < until:
            rows = _next(witness, origin, place)
            if not rows:
                break
            count += _bring(witness, place, rows)
            if progress:
                progress(min(count, total), total)
    except TollgateError as error:
        note_failure(witness=witness, sentence=error.sentence)
        contradicts = isinstance(error, Contradiction)
        return Delivered(count, witness.delivered(origin), error.sentence, contradicts=contradicts)
    return Delivered(count, witness.delivered(origin))


def _waiting(witness: Witness, origin: str) -> QuerySet[Checkpoint]:
    rows = Checkpoint.objects.filter(origin=origin).order_by("size")
    if witness.origin == origin:
        return rows.filter(size__gt=witness.delivered_size)
    earlier = rows.order_by("-size").values_list("size", flat=True)[CATCH_UP : CATCH_UP + 1]
    return rows.filter(size__gt=earlier[0]) if earlier else rows


def opening(witness: Witness, origin: str) -> str:
    """A checkpoint to ask a witness with: our newest, or the first that it will get; "" when there is none."""
    newest = Checkpoint.objects.filter(origin=origin).order_by("-size").first()
    row = newest if witness.delivered(origin) else _waiting(witness, origin).first()
    return row.note if row else ""


def _next(witness: Witness, origin: str, place: Place) -> list[Checkpoint]:
    rows = _waiting(witness, origin)
    if place.pause():
        newest = rows.last()
        rested = has_rested(witness.last_success_at, witness.pause, clock.now())
        return [newest] if newest and rested else []
    return list(rows[:AT_ONCE])


def _bring(witness: Witness, place: Place, rows: list[Checkpoint]) -> int:
    """Brings these, in order; returns how many were taken."""
    tree, taken = Tree(), 0
    for row in rows:
        since = witness.delivered(row.origin)
        if row.size <= since:
            continue
        checkpoint = note.checkpoint_of(row.note)
        delivery = Delivery(row.note, checkpoint, since, leaf_hashes, _proofs(tree, row.size))
        try:
            answer = place.deliver(delivery)
        except Ahead as ahead:
            _skip(witness, place, row.origin, ahead.size)
            continue
        _keep(witness, row, checkpoint.root, answer)
        taken += 1
    return taken


def _proofs(tree: Tree, size: int) -> Callable[[int], list[bytes]]:
    def prove(old: int) -> list[bytes]:
        try:
            return merkle.consistency(tree.subtree, old, size)
        except LookupError as error:
            raise Contradiction(f"{HOLE} {error}") from error

    return prove


def leaf_hashes(first: int, last: int) -> bytes:
    """The leaf hashes of entries ``first`` to ``last``, 32 bytes each.

    Raises:
        Contradiction: one is missing.
    """
    rows = bulk.select(Leaf, ("hash",), "number >= %s AND number <= %s ORDER BY number", (first, last))
    if len(rows) != last - first + 1:
        raise Contradiction(f"{HOLE} It lacks a leaf between {first:,} and {last:,}.")
    return b"".join(bytes(hashed) for (hashed,) in rows)


def _skip(witness: Witness, place: Place, origin: str, size: int) -> None:
    """The witness is further than we thought, with what another process brought: then we go on from there.

    Raises:
        Contradiction: what it has is not ours.
    """
    row = Checkpoint.objects.filter(origin=origin, size=size).first()
    if row is None or not place.confirms(row.note, ""):
        raise Contradiction(f"It is at size {size:,} with a checkpoint that is not one of this log.")
    _keep(witness, row, note.checkpoint_of(row.note).root, None)


@transaction.atomic
def _keep(witness: Witness, row: Checkpoint, root: bytes, answer: Answer | None) -> None:
    """Notes that the witness has this checkpoint; without an answer nothing was said to it."""
    at = clock.now()
    if answer is not None:
        said = {"root": root, "at": at, "answer": answer.text, "stated_at": answer.stated_at}
        Receipt.objects.get_or_create(witness=witness, origin=row.origin, size=row.size, defaults=said)
    state = {"origin": row.origin, "delivered_size": row.size, "last_success_at": at}
    clean = {"last_error": "", "failures": 0, "next_try_at": None}
    behind = Witness.objects.filter(pk=witness.pk)
    behind.exclude(origin=row.origin, delivered_size__gt=row.size).update(**state, **clean)
    witness.refresh_from_db()


def note_failure(*, witness: Witness, sentence: str) -> None:
    """Keeps what went wrong, and when to try again."""
    failures = witness.failures + 1
    changed = {"failures": failures, "last_error": sentence, "next_try_at": next_try(failures, clock.now())}
    Witness.objects.filter(pk=witness.pk).update(**changed)
    witness.refresh_from_db()
