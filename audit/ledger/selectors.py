"""Reads entries as the viewer may see them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.ledger import personal
from audit.ledger.models import Checkpoint, Entry, Head, Incident, SavedView, Verification

SCOPE = {"team": "team", "model": "model", "use_case": "use_case", "at": "at"}
"""Where an entry says whose it is, and when it happened."""


MOST_GAPS = 500
"""Of ids that were not there when their neighbours were sealed, so many of the newest are looked at again."""


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as people read it: what was personal and is not erased stands in clear."""

    id: int
    number: int | None
    digest: str
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    on_behalf_of: str
    action: str
    subject_type: str
    subject_id: str
    subject_name: str
    model: UUID | None
    use_case: UUID | None
    team: UUID | None
    reason: str
    changes: dict[str, list[Any]]
    states: dict[str, str]
    address: str
    origin: str
    pruned: bool

    @property
    def mark(self) -> str:
        """The shape of who did it: "person" (a ring) or "machine" (a square)."""
        return "person" if self.actor_kind == "person" else "machine"


def told(entries: Iterable[Entry]) -> list[Told]:
    """The entries with what their commitments stand for; one query for all of them."""
    rows = list(entries)
    known = personal.values({sign for row in rows for sign in _signs(row)})
    return [_told(row, known) for row in rows]


def _signs(row: Entry) -> set[str]:
    texts = [row.actor_id, row.actor_name, row.on_behalf_of, row.address, row.subject_name, row.reason]
    return personal.signs_in([*texts, row.changes])


def _told(row: Entry, known: dict[str, str]) -> Told:
    def text(value: Any) -> Any:
        return personal.revealed(value, known)

    leaf = getattr(row, "leaf", None)
    return Told(
        id=row.pk,
        number=leaf.number if leaf else None,
        digest=bytes(leaf.hash).hex() if leaf else "",
        at=row.at,
        actor_kind=row.actor_kind,
        actor_id=text(row.actor_id),
        actor_name=text(row.actor_name),
        on_behalf_of=text(row.on_behalf_of),
        action=row.action,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        subject_name=text(row.subject_name),
        model=row.model,
        use_case=row.use_case,
        team=row.team,
        reason=text(row.reason),
        changes=text(row.changes),
        states=row.states,
        address=text(row.address),
        origin=row.origin,
        pruned=row.pruned,
    )


def entries(*, viewer: Actor) -> QuerySet[Entry]:
    """Entries that the viewer may see, newest first; those not sealed yet among them."""
    return visible(Entry.objects.select_related("leaf"), viewer=viewer, right="ledger.read", **SCOPE)


def by_ids(*, viewer: Actor, ids: Sequence[int]) -> list[Entry]:
    """Those entries of ``ids`` that the viewer may see, newest first."""
    return list(entries(viewer=viewer).filter(pk__in=ids).order_by("-pk"))


def waiting_entry(*, viewer: Actor, ident: int) -> Entry:
    """One entry by its id, which it has before it has a number.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = entries(viewer=viewer).filter(pk=ident).first()
    if found is None:
        raise NotFound("There is no such entry, or it belongs to a team whose ledger you may not read.")
    return found


def entry(*, viewer: Actor, number: int) -> Entry:
    """One sealed entry.

    Raises:
        NotFound: there is none with this number that the viewer may see.
    """
    found = entries(viewer=viewer).filter(leaf__number=number).first()
    if found is None:
        raise NotFound(f"There is no entry {number}, or it belongs to a team whose ledger you may not read.")
    return found


def of_subjects(
    *, viewer: Actor, subjects: list[Model], model: UUID | None = None, kinds: Iterable[type[Model]] = ()
) -> QuerySet[Entry]:
    """Entries about any of ``subjects``, newest first; with a ``model``, also those of its life about these kinds."""
    ids: dict[str, list[str]] = defaultdict(list)
    for subject in subjects:
        ids[subject._meta.label_lower].append(str(subject.pk))
    about = Q(model=model, subject_type__in=[kind._meta.label_lower for kind in kinds]) if model else Q(pk__in=())
    for kind, keys in ids.items():
        about |= Q(subject_type=kind, subject_id__in=keys)
    rows = Entry.objects.select_related("leaf").filter(about)
    return visible(rows, viewer=viewer, right="ledger.read", **SCOPE)


def last_verification() -> Verification | None:
    """The newest computation of the whole log."""
    return Verification.objects.first()


def head() -> Head:
    """How far the log is sealed."""
    return Head.objects.get(pk=1)


def waiting(head: Head) -> int:
    """How many entries are not sealed yet."""
    late = Entry.objects.filter(pk__in=head.gaps[-MOST_GAPS:], leaf=None).count() if head.gaps else 0
    return Entry.objects.filter(pk__gt=head.last).count() + late


def saved_views(*, viewer: Actor) -> QuerySet[SavedView]:
    """The searches that the viewer keeps."""
    return SavedView.objects.filter(user=viewer.user_id) if viewer.user_id else SavedView.objects.none()


def checkpoint(*, size: int | None = None) -> Checkpoint | None:
    """The newest checkpoint, or the one at ``size``."""
    rows = Checkpoint.objects.all()
    return rows.first() if size is None else rows.filter(size=size).first()


def open_incidents() -> QuerySet[Incident]:
    """What must be looked at, newest first."""
    return Incident.objects.filter(closed_at=None)
