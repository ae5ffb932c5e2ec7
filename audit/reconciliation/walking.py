"""Walks the records of a class and names those that need a closer look: it reads, in batches, and holds nothing up.

What it names is only suspected. A change may have been written between reading a record and reading the log; whoever
reports looks again while nobody else can change the record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Value
from django.db.models.functions import Concat, StrIndex, Substr

from audit.ledger import bulk
from audit.ledger.audited import AUDITED, Audited, digests_of
from audit.ledger.models import Entry, State

BATCH = 2_000
NAMES = ("key", "digest")


@dataclass
class Walked:
    """What one class came to: its records, those that have a digest in the log, and the ids of those suspected."""

    rows: int = 0
    known: int = 0
    suspects: list[str] = field(default_factory=list)


def walk(about: Audited, *, doubted: set[str]) -> Iterator[Walked]:
    """Compares all records of a class; yields the state of the work after each batch, the last one is the result.

    ``doubted`` are keys whose kept digest is not to be believed.
    """
    done, label = Walked(), about.model._meta.label_lower
    for batch in _batches(about):
        keys = [f"{label}:{row[0]}" for row in batch]
        kept = dict(bulk.select_in(State, NAMES, "key", keys))
        for key, row, digest in zip(keys, batch, digests_of(about, (row[1:] for row in batch)), strict=True):
            there = kept.get(key, "")
            done.known += bool(there)
            if there != digest or key in doubted:
                done.suspects.append(str(row[0]))
        done.rows += len(batch)
        yield done
    yield done


def _batches(about: Audited) -> Iterator[Sequence[Any]]:
    """Rows as tuples: the key, then ``about.fields``, in the order of keys, from where the batch before ended."""
    rows, last = about.model._base_manager.order_by("pk").values_list("pk", *about.fields), None
    while batch := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
        yield batch
        last = batch[-1][0]


def kept_counts() -> dict[str, int]:
    """How many records of each class should be there, by the log."""
    kind = Substr("key", 1, StrIndex("key", Value(":")) - 1)
    rows = State.objects.exclude(digest="").annotate(kind=kind).values_list("kind").annotate(count=Count("pk"))
    return {label: count for label, count in rows.order_by() if label in AUDITED}


def gone(about: Audited) -> list[str]:
    """The ids of records that the log knows and the table does not hold."""
    label = about.model._meta.label_lower
    keys = State.objects.filter(key__startswith=f"{label}:").exclude(digest="").values_list("key", flat=True)
    known = [key.removeprefix(f"{label}:") for key in keys]
    pieces = (known[at : at + BATCH] for at in range(0, len(known), BATCH))
    return [one for piece in pieces for one in _missing(about, piece)]


def _missing(about: Audited, ids: list[str]) -> list[str]:
    there = {str(pk) for pk in about.model._base_manager.filter(pk__in=ids).values_list("pk", flat=True)}
    return [one for one in ids if one not in there]


def doubted() -> set[str]:
    """Keys whose kept digest is not the one in the entry that it names, or whose record has a newer entry.

    Entries cannot be changed unseen; what is kept of them could be, together with the record.
    """
    mark = Value('"')
    digest_there = StrIndex("states", Concat(mark, OuterRef("key"), Value('":"'), OuterRef("digest"), mark))
    named = Entry.objects.filter(pk=OuterRef("entry"))
    held = Exists(named.filter(pruned=True)) | Exists(named.annotate(place=digest_there).filter(place__gt=0))
    split = StrIndex(OuterRef("key"), Value(":"))
    newer = Entry.objects.filter(
        subject_type=Substr(OuterRef("key"), 1, split - 1),
        subject_id=Substr(OuterRef("key"), split + 1),
        pk__gt=OuterRef("entry"),
        leaf__isnull=False,
    ).annotate(place=StrIndex("states", Concat(mark, OuterRef("key"), mark)))
    rows = State.objects.filter(~held | Exists(newer.filter(place__gt=0)))
    return set(rows.values_list("key", flat=True))
