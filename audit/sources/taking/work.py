"""What one piece is taken in with: the identities that it touches, its entries, and its counts."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final
from uuid import UUID

from audit.base import clock
from audit.base.models import Record
from audit.catalogue.followers import tell
from audit.ledger.domain.canonical import canonical, plain
from audit.ledger.services import Event, record_many
from audit.people.models import User
from audit.sources import ledger_actions
from audit.sources.domain.told import EndpointTold, Kind
from audit.sources.models import Identity, Source, actor_of

AT_ONCE: Final = 500
MOST_TAGS: Final = 100


@dataclass(slots=True)
class Done:
    """How much was new, changed, and known already, and what could not be used."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Work:
    """Collects what a piece changes; ``finish`` writes entries and identities, many at a time."""

    def __init__(self, source: Source, *, origin: str = "") -> None:
        self.source, self.team, self.at = source, source.team, clock.now()
        self.actor = actor_of(source, origin=origin)
        self.done = Done()
        self.known: dict[tuple[Kind, str], Identity] = {}
        self.events: list[Event] = []
        self._touched: list[Record] = []
        self._new: list[Identity] = []
        self._changed: dict[UUID, Identity] = {}
        self._users: dict[str, User | None] = {}

    def look_up(self, kind: Kind, ids: Iterable[str]) -> None:
        """Reads the identities of these ids; those that the source never told of are not there."""
        wanted = sorted({one for one in ids if one and (kind, one) not in self.known})
        for at in range(0, len(wanted), AT_ONCE):
            rows = Identity.objects.filter(source=self.source, kind=kind, external__in=wanted[at : at + AT_ONCE])
            self.known |= {(kind, row.external): row for row in rows}

    def record_of(self, kind: Kind, external: str) -> UUID | None:
        """The id of the record that a thing of the source is; None when it is not known. ``look_up`` comes first."""
        found = self.known.get((kind, external))
        return found.record if found else None

    def records_of(self, kind: Kind, ids: Iterable[str]) -> set[UUID]:
        """The ids of the records of those that are known."""
        return {record for one in ids if (record := self.record_of(kind, one)) is not None}

    def note(
        self, kind: Kind, told: Any, *, name: str = "", but: tuple[str, ...] = ()
    ) -> tuple[Identity, dict[str, Any]] | None:
        """The thing's identity with what it said before (empty for a new one); None when nothing is new.

        A thing that was gone and is told of again is changed; one of which only the fields ``but`` differ is not.
        """
        said = plain(_bounded({key: value for key, value in _fields(told).items() if key not in but}))
        digest = hashlib.sha256(canonical(said)).hexdigest()
        found = self.known.get((kind, told.id))
        if found is None:
            found = self._made(kind, told.id, name or getattr(told, "name", "") or told.id)
            before: dict[str, Any] = {}
            self._new.append(found)
        elif found.digest == digest and found.gone_at is None:
            self.done.counts["same"] += 1
            return None
        else:
            before = found.said
            self._changed[found.pk] = found
        found.said, found.digest, found.told_at, found.gone_at = said, digest, self.at, None
        found.url = str(getattr(told, "url", ""))[:1000]
        self.done.counts["changed" if before else "new"] += 1
        return found, before

    def plainly(self, kind: Kind, external: str, *, name: str, record: UUID, merged_by: str = "") -> Identity:
        """An identity without a statement of its own, such as that of a data set, whose versions are what is told."""
        found = self._made(kind, external, name)
        found.record, found.merged_by = record, merged_by
        self._new.append(found)
        return found

    def _made(self, kind: Kind, external: str, name: str) -> Identity:
        found = Identity(source=self.source, kind=kind, external=external, name=name[:300], told_at=self.at)
        self.known[kind, external] = found
        return found

    def lost(self, kind: Kind, present: set[str], within: str) -> list[Identity]:
        """Those that the source told of before and no longer has; each is an entry."""
        rows = Identity.objects.filter(source=self.source, kind=kind, gone_at=None, external__startswith=within)
        found = [row for row in rows.iterator() if row.external not in present]
        for row in found:
            row.gone_at = self.at
            self._changed[row.pk] = row
            name = f"the {row.kind} {row.name}"
            self.events.append(
                Event(ledger_actions.GONE, subject=self.source, subject_name=name, team=self.team.pk,
                      changes={"id": (row.external, None)})
            )  # fmt: skip
        return found

    def user(self, name: str) -> User | None:
        """The user whom the source calls so: the one with that e-mail."""
        if "@" not in name:
            return None
        if name not in self._users:
            self._users[name] = User.objects.filter(email__iexact=name).first()
        return self._users[name]

    def entry(self, event: Event, *touched: Record) -> None:
        """One change: its entry, and the records that others hear of."""
        self.events.append(event)
        self._touched += touched

    def problem(self, sentence: str) -> None:
        """Something that the source told cannot be used."""
        self.done.problems.append(sentence)

    def finish(self) -> Done:
        """Writes what was collected."""
        made = {row.pk for row in self._new}
        Identity.objects.bulk_create(self._new, batch_size=AT_ONCE)
        Identity.objects.bulk_update(
            [row for row in self._changed.values() if row.pk not in made],
            ("said", "digest", "told_at", "gone_at", "url", "name", "record"),
            batch_size=AT_ONCE,
        )
        record_many(actor=self.actor, events=self.events)
        if self._touched:
            tell(self._touched)
        return self.done


def in_pieces(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Rows, so many at a time as one statement takes."""
    return (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE))


def _fields(told: Any) -> dict[str, Any]:
    """The statement as a mapping. Only an endpoint has parts that are statements; the others need no deep copy."""
    if isinstance(told, EndpointTold):
        return asdict(told)
    return {one.name: getattr(told, one.name) for one in fields(told)}


def _bounded(said: dict[str, Any]) -> dict[str, Any]:
    """With so many tags as are kept: the first by name, and how many there were."""
    tags = said.get("tags")
    if tags and len(tags) > MOST_TAGS:
        kept = {name: tags[name] for name in sorted(tags)[:MOST_TAGS]}
        said["tags"] = kept | {"…": f"{len(tags):,} tags in all"}
    return said
