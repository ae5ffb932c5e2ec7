"""What a hold is on: entries of its model, use case or team; entries that a person is in; documents of either."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from audit.catalogue.models import Model, UseCase
from audit.ledger.domain.commitments import PREFIX
from audit.ledger.models import Entry
from audit.retention.documents import Document
from audit.retention.models import Hold, Kind
from audit.retention.persons import Person, person_of

TEXTS = ("actor_id", "actor_name", "on_behalf_of", "subject_name", "reason", "changes", "address")
"""The columns of an entry in which commitments stand."""
WHOLE = ("actor_id", "actor_name", "subject_name", "reason", "address")
"""Those that hold nothing beside one."""
AT_ONCE = 5_000


def open_holds() -> list[Hold]:
    """The holds that stand, oldest first."""
    return list(Hold.objects.filter(released_at=None).order_by("created_at"))


def scope(hold: Hold) -> Q | None:
    """The entries that the hold is on; None for one on a person, whom no column names."""
    if hold.kind == Kind.ALL:
        return ~Q(pk=None)
    if hold.kind == Kind.MODEL:
        return Q(model=hold.target)
    if hold.kind == Kind.USE_CASE:
        return Q(use_case=hold.target) | Q(model__in=_ids(Model, use_case=hold.target))
    if hold.kind == Kind.TEAM:
        models = _ids(Model, use_case__team=hold.target)
        return Q(team=hold.target) | Q(use_case__in=_ids(UseCase, team=hold.target)) | Q(model__in=models)
    return None


def _ids(kind: Any, **where: Any) -> list[Any]:
    return list(kind.objects.filter(**where).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Held:
    """What the open holds are on: entries that fit ``scope``, and those in which one of ``persons`` is."""

    holds: Sequence[Hold]
    scope: Q
    persons: Sequence[tuple[Hold, Person]]

    @classmethod
    def now(cls) -> "Held":
        """By the holds that stand now."""
        holds = open_holds()
        covered = Q(pk__in=())
        for one in holds:
            covered |= scope(one) or Q(pk__in=())
        persons = [(one, person_of(one.target)) for one in holds if one.kind == Kind.PERSON]
        return cls(holds, covered, persons)

    def renewed(self) -> "Held":
        """The same, or anew when other holds stand by now."""
        return self if [one.pk for one in open_holds()] == [one.pk for one in self.holds] else Held.now()

    def has(self, row: dict[str, Any]) -> bool:
        """Whether a held person is in the entry with these values: id, subject_type, subject_id, TEXTS."""
        return any(person.is_in(row) for _, person in self.persons)

    def of_document(self, document: Document) -> list[Hold]:
        """The holds that keep a document."""
        return [one for one in self.holds if self._keeps(one, document)]

    def _keeps(self, hold: Hold, document: Document) -> bool:
        if hold.kind == Kind.PERSON:
            person = next(person for one, person in self.persons if one == hold)
            return any(person.is_called(one) for one in document.people)
        ids = {Kind.MODEL: document.model, Kind.USE_CASE: document.use_case, Kind.TEAM: document.team}
        return hold.kind == Kind.ALL or str(ids[Kind(hold.kind)]) == hold.target


def on_person(person: Person) -> list[Hold]:
    """The open holds that forbid to erase the person: on them, on everything, or on what they are in entries of."""
    found = []
    for hold in open_holds():
        covered = scope(hold)
        if hold.target == person.id or hold.kind == Kind.ALL or (covered is not None and is_in(person, covered)):
            found.append(hold)
    return found


def is_in(person: Person, covered: Q) -> bool:
    """Whether the person acts in, or is told of by, an entry of ``covered``."""
    rows = Entry.objects.filter(covered, pruned=False).order_by()
    told = Q(subject_type=person.LABEL, subject_id=person.id) | Q(changes__contains=person.id)
    if rows.filter(told).exists():
        return True
    signs = sorted(person.signs)
    for at in range(0, len(signs), AT_ONCE):
        some = signs[at : at + AT_ONCE]
        for column in WHOLE:
            if rows.filter(**{f"{column}__in": some}).exists():
                return True
    inside = rows.filter(Q(changes__contains=PREFIX) | Q(on_behalf_of__contains=PREFIX))
    listed = inside.values("id", "subject_type", "subject_id", *TEXTS).iterator(chunk_size=2000)
    return any(person.is_in(row) for row in listed) or _mentioned(person, covered)


def _mentioned(person: Person, covered: Q) -> bool:
    pks = sorted(person.mentions)
    return any(
        Entry.objects.filter(covered, pk__in=pks[at : at + AT_ONCE]).exists() for at in range(0, len(pks), AT_ONCE)
    )


def words(holds: Iterable[Hold]) -> str:
    """The holds in words: "the hold on the model late-arrival of 3 May 2026 (“litigation”)"."""
    return " and ".join(
        f"the hold on {one.words} of {timezone.localtime(one.created_at):%-d %B %Y} (“{one.reason}”)" for one in holds
    )


def stand(holds: Collection[Hold]) -> str:
    """The verb for so many."""
    return "stands" if len(holds) == 1 else "stand"
