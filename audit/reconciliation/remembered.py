"""What the log remembers of one record: its digest, its fields as far as entries tell them, its name and its place."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, Value
from django.db.models.functions import StrIndex

from audit.ledger import personal
from audit.ledger.models import Entry, Head, Leaf, State
from audit.ledger.registry import ACTIONS

FARTHEST = 500
"""Entries of one record that are read to find its fields, newest first."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The newest digest (empty: the record should not be there), known fields, and where its newest entry placed it.

    ``left_by`` is the number of the entry that left the digest, None while it is not sealed. ``whole`` says that
    entries about this very record tell of all its fields: one that they do not name was empty.
    ``name`` is as entries keep it: a commitment where it is a person's.
    """

    digest: str
    left_by: int | None
    fields: dict[str, Any]
    whole: bool
    name: str
    team: UUID | None
    model: UUID | None
    use_case: UUID | None
    told: bool


def remembered(label: str, ident: str) -> Remembered:
    """What entries say of the record, those that are not sealed yet among them."""
    entries = Entry.objects.filter(subject_type=label, subject_id=ident).order_by("-pk")[:FARTHEST]
    rows = [row for row in entries if not row.pruned]
    newest = rows[0] if rows else None
    own = [row for row in rows if _touches(row)]
    digest, left_by = newest_digest(f"{label}:{ident}")
    return Remembered(
        digest=digest,
        left_by=Leaf.objects.filter(entry=left_by).values_list("number", flat=True).first(),
        fields=_fields(own),
        whole=bool(own) and own[0].pk == left_by and len(rows) == len(entries) < FARTHEST,
        name=newest.subject_name if newest else "",
        team=newest.team if newest else None,
        model=newest.model if newest else None,
        use_case=newest.use_case if newest else None,
        told=newest is not None,
    )


def newest_digest(key: str) -> tuple[str, int]:
    """What the newest entry left, and its id: of an entry that waits for the sealer, else of what the sealer kept."""
    head = Head.objects.get(pk=1)
    waiting = Entry.objects.filter(Q(pk__gt=head.last) | Q(pk__in=head.gaps), leaf=None)
    late = waiting.annotate(place=StrIndex("states", Value(f'"{key}"'))).filter(place__gt=0).order_by("-pk").first()
    if late is not None:
        return str(late.states[key]), late.pk
    kept = State.objects.filter(pk=key).first()
    return (kept.digest, kept.entry) if kept else ("", 0)


def _touches(row: Entry) -> bool:
    action = ACTIONS.get(row.action)
    return action is not None and action.touches


def _fields(rows: list[Entry]) -> dict[str, Any]:
    """The last value that an entry gave to each field; personal ones in clear while they are not erased."""
    found: dict[str, Any] = {}
    for row in rows:
        for name, (_, after) in row.changes.items():
            found.setdefault(name, after)
    known = personal.values(personal.signs_in(found))
    return {name: personal.revealed(value, known) for name, value in found.items()}
