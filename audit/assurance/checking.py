"""The newest checkpoint that a witness has must be one of this log; where not, the first differing entry is named.

A witness that cannot be asked says nothing about the log: that is no fork, and stands on its page.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.db import DatabaseError

from audit.assurance.delivery import FORK, opening
from audit.assurance.domain.differences import Range, first_difference, narrowed, parting
from audit.assurance.models import Receipt, Witness
from audit.assurance.witnesses import folder
from audit.assurance.witnesses.contract import Held, Keeper, Ours, Place
from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import TollgateError
from audit.ledger import bulk, keys, signing
from audit.ledger.domain import merkle, note
from audit.ledger.models import Checkpoint, Head, Leaf
from audit.ledger.services import open_incident
from audit.ledger.tree import Tree

BY_ITSELF = Actor.service("witness check")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What asking a witness has shown: whether it has our log (None: it did not tell), up to which size, in words.

    ``within`` is where the first differing entry stands.
    """

    name: str
    agrees: bool | None
    size: int | None
    sentence: str
    within: Range | None = None


class Log:
    """This log as it is when it is first asked: so ask the witness before."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._roots: dict[int, bytes | None] = {}

    @cached_property
    def size(self) -> int:
        """How many entries it has."""
        return Head.objects.get(pk=1).size

    @cached_property
    def _tree(self) -> Tree:
        return Tree()

    def root(self, size: int) -> bytes | None:
        """The root of its first ``size`` entries; None when it has not so many, or lacks a hash."""
        if size > self.size:
            return None
        if size not in self._roots:
            try:
                self._roots[size] = merkle.root(self._tree.subtree, size)
            except LookupError:
                self._roots[size] = None
        return self._roots[size]

    def text(self, size: int) -> str | None:
        """Its signed checkpoint of ``size``, when that states the root that the tree has."""
        row = Checkpoint.objects.filter(origin=self.origin, size=size).first()
        try:
            stated = note.checkpoint_of(row.note).root if row else None
        except note.NoteError:
            return None
        return row.note if row and stated == self.root(size) else None

    def hashes(self, first: int, last: int) -> Mapping[int, bytes]:
        """Number to leaf hash of those of these entries that it has."""
        where = "number >= %s AND number <= %s"
        rows = bulk.select(Leaf, ("number", "hash"), where, (first, min(last, self.size)))
        return {number: bytes(hashed) for number, hashed in rows}


def look(witness: Witness) -> Finding:
    """Asks one witness. Nothing is raised but errors of our own database."""
    head = Head.objects.get(pk=1)
    ours = Ours(head.origin, opening(witness, head.origin), witness.delivered(head.origin))
    try:
        place = witness.place()
        held = place.newest(ours)
        if held is None:
            return _nothing(witness, ours.delivered)
        return _compared(witness, place, held, Log(head.origin))
    except TollgateError as error:
        return Finding(witness.name, None, None, f"The witness “{witness}” could not be asked: {error.sentence}")
    except DatabaseError:
        raise
    except Exception:
        logger.exception("The witness %s could not be asked.", witness.pk)
        return Finding(witness.name, None, None, f"The witness “{witness}” could not be asked; the log has the error.")


def _nothing(witness: Witness, delivered: int) -> Finding:
    words = f"The witness “{witness}” has no checkpoint of this log"
    if delivered:
        return Finding(witness.name, None, None, f"{words} any more, although it took the one of size {delivered:,}.")
    return Finding(witness.name, None, None, f"{words} yet.")


def _compared(witness: Witness, place: Place, held: Held, log: Log) -> Finding:
    who = f"The witness “{witness}”"
    if held.text is None:
        text = log.text(held.size)
        said = Receipt.objects.filter(witness=witness, origin=log.origin, size=held.size).values_list("answer").first()
        agrees = text is not None and place.confirms(text, said[0] if said else "")
    else:
        try:
            found = note.checkpoint_of(held.text)
        except note.NoteError as error:
            return Finding(witness.name, None, None, f"{who} could not be understood: {error}")
        if (found.origin, found.size) != (log.origin, held.size):
            return Finding(witness.name, None, None, f"{who} shows a checkpoint of another log or size.")
        agrees = log.root(held.size) == found.root
        if agrees and not _signed(held.text):
            words = f"{who} has checkpoint {held.size:,}, which none of the keys that this log knows has signed."
            return Finding(witness.name, False, held.size, words)
    if agrees:
        return Finding(witness.name, True, held.size, f"{who} has checkpoint {held.size:,}, which is this log's.")
    return _parted(witness, place, held, log)


def _signed(text: str) -> bool:
    try:
        signing.check(text, keys.vkeys())
    except note.NoteError:
        return False
    return True


def _parted(witness: Witness, place: Place, held: Held, log: Log) -> Finding:
    """Names the first differing entry: exactly where leaf hashes are kept, else between two witnessed checkpoints."""
    within = _within(witness, place, held, log)
    if isinstance(place, Keeper):
        exact = first_difference(place.pieces(log.origin, within.first, within.last), log.hashes, within)
        within = Range(exact, exact) if exact else within
    return Finding(witness.name, False, held.size, _sentence(witness, held.size, log.size, within), within)


def _within(witness: Witness, place: Place, held: Held, log: Log) -> Range:
    if isinstance(place, Keeper):
        keeper = place

        def kept(size: int) -> bool:
            try:
                return note.checkpoint_of(keeper.text(log.origin, size)).root == log.root(size)
            except note.NoteError:
                return False

        agreed, parted = parting(keeper.sizes(log.origin), kept)
        return narrowed(agreed, parted or held.size, log.size)
    rows = Receipt.objects.filter(witness=witness, origin=log.origin, size__lt=held.size)
    sizes = sorted(rows.values_list("size", flat=True))

    def receipted(size: int) -> bool:
        row, text = rows.get(size=size), log.text(size)
        if text is None or bytes(row.root) != log.root(size):
            return False
        return place.proves(text, row.answer) is not False

    agreed, parted = parting(sizes, receipted)
    return narrowed(agreed, parted or held.size, log.size)


def _sentence(witness: Witness, held: int, size: int, within: Range) -> str:
    who = f"The witness “{witness}” has checkpoint {held:,}"
    if within.exact and within.first == size + 1:
        return (
            f"{who}, but this log ends at entry {size:,}: entry {within.first:,} and those after it are missing. "
            "Was an older database restored?"
        )
    if within.exact:
        return f"{who}, in which entry {within.first:,} is another than here: it is the first that differs."
    return (
        f"{who}, which is not this log's: the first entry that differs is one of {within.first:,} to {within.last:,}."
    )


def check_witnesses(*, actor: Actor = BY_ITSELF) -> list[Finding]:
    """Asks each witness that is switched on, keeps what it said, and opens an incident when one has another log."""
    findings = []
    for witness in _asked():
        finding = look(witness)
        findings.append(finding)
        kept = {"checked_at": clock.now(), "agrees": finding.agrees, "finding": finding.sentence}
        Witness.objects.filter(pk=witness.pk).update(**kept)
    contradictions = [finding for finding in findings if finding.agrees is False]
    if contradictions:
        worst = min(contradictions, key=_precision)
        first = worst.within.first if worst.within else None
        open_incident(actor=actor, kind=FORK, sentence=worst.sentence, first_number=first, halts=True)
    return findings


def _precision(finding: Finding) -> int:
    """How many entries the first difference may be; small is better."""
    return finding.within.last - finding.within.first if finding.within else 2**62


def _asked() -> list[Witness]:
    """The witnesses that are switched on; before the first is added, the folder that every installation has."""
    if Witness.objects.exists():
        return list(Witness.objects.filter(enabled=True))
    settings = folder.standard()
    there = Path(settings["path"]).is_dir()
    return [Witness(kind=folder.Folder.kind, name="Witness folder", settings=settings)] if there else []


def before_first_seal() -> None:
    """A process that starts may stand on another database than the last one: it asks before it seals."""
    check_witnesses()
