"""The one way into the ledger: ``record`` inside the transaction of the change that it tells of.

Writers do not wait for one another: an entry gets its number, and its place in the tree, from the sealer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import models, transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.ledger import audited, personal, verification
from audit.ledger.domain.canonical import plain
from audit.ledger.ledger_actions import INCIDENT_CLOSED, INCIDENT_OPENED, VERIFIED
from audit.ledger.models import Entry, Head, Incident, Key, Verification
from audit.ledger.registry import ACTIONS

BATCH = 500
ALTERED = "altered"
"""The kind of an incident about an entry that is not what was sealed."""
Changes = audited.Changes


@dataclass(frozen=True, slots=True)
class Event:
    """What an entry tells beside its actor.

    ``changes`` maps a field to its value before and after. ``also`` are other records that the same change touched;
    ``gone`` says that the subject is deleted by it. ``within`` overrides the model and use case that the subject's
    class names; ``person`` is whose personal values the entry holds, when it is not the subject's person.
    """

    action: str
    subject: models.Model | None = None
    subject_name: str = ""
    reason: str = ""
    changes: Changes = field(default_factory=dict)
    team: UUID | None = None
    also: Sequence[models.Model] = ()
    gone: bool = False
    within: tuple[UUID | None, UUID | None] | None = None
    person: UUID | None = None


def take_turn() -> Head:
    """The head of the log, held until the transaction ends: nobody else who asks for it goes on before."""
    return Head.objects.select_for_update().get(pk=1)


def record(
    *,
    actor: Actor,
    action: str,
    subject: models.Model | None = None,
    subject_name: str = "",
    reason: str = "",
    changes: Changes | None = None,
    team: UUID | None = None,
    also: Sequence[models.Model] = (),
    gone: bool = False,
    within: tuple[UUID | None, UUID | None] | None = None,
    person: UUID | None = None,
) -> Entry:
    """Writes one entry (see ``Event``).

    Raises:
        RuntimeError: there is no transaction, or the action is not registered.
    """
    event = Event(action, subject, subject_name, reason, changes or {}, team, also, gone, within, person)
    entry = _entry(actor, event)
    entry.save(force_insert=True)
    return entry


def record_many(*, actor: Actor, events: Iterable[Event]) -> list[Entry]:
    """Writes an entry for each event: a change of many records is as many entries.

    Raises:
        RuntimeError: there is no transaction, or an action is not registered.
    """
    return Entry.objects.bulk_create([_entry(actor, event) for event in events], batch_size=BATCH)


def _entry(actor: Actor, event: Event) -> Entry:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A ledger entry is written in the transaction of the change that it tells of.")
    action = ACTIONS.get(event.action)
    if action is None:
        raise RuntimeError(f"The ledger action {event.action} is not registered.")
    subject, about = event.subject, None
    label = subject._meta.label_lower if subject is not None else ""
    if subject is not None:
        about = audited.AUDITED.get(label)
    model, use_case = event.within or (about.within(subject) if about and about.within else (None, None))
    entry = Entry(
        at=clock.now(),
        actor_kind=actor.kind,
        action=event.action,
        subject_type=label,
        subject_id=str(subject.pk) if subject is not None else "",
        subject_name=(event.subject_name or _name(subject)).replace("\x00", "�")[:300],
        model=model,
        use_case=use_case,
        team=event.team,
        reason=event.reason.replace("\x00", "�"),
        changes={name: [plain(value) for value in pair] for name, pair in event.changes.items()},
        states=_states(event),
        origin=actor.origin,
    )
    _name_actor(entry, actor)
    if action.personal:
        person = event.person or (about.person(subject) if about and about.person else None)
        _hide(entry, action.personal, str(person or ""))
    return entry


def _name_actor(entry: Entry, actor: Actor) -> None:
    """Who a person or their token is enters as commitments; what a service is called is no personal value."""
    person = str(actor.user_id or "")
    if actor.user_id is None and actor.kind not in {"person", "outside"}:
        entry.actor_id, entry.actor_name = actor.id, actor.name
    else:
        entry.actor_id = personal.commit(person, actor.id)
        entry.actor_name = personal.commit(person, actor.name) if person or actor.id else actor.name
    behalf = actor.on_behalf_of.split(", ")
    entry.on_behalf_of = ", ".join(personal.commit(person, one) if "@" in one else one for one in behalf)
    entry.address = personal.commit(person, actor.address)


def _hide(entry: Entry, fields: tuple[str, ...], person: str) -> None:
    for name in fields:
        if name.startswith("changes."):
            changed = name.removeprefix("changes.")
            if changed in entry.changes:
                entry.changes[changed] = [
                    personal.commit(person, value) if isinstance(value, str) else value
                    for value in entry.changes[changed]
                ]
        else:
            setattr(entry, name, personal.commit(person, getattr(entry, name)))


def _states(event: Event) -> dict[str, str]:
    found = {}
    touched = event.subject is not None and ACTIONS[event.action].touches
    if touched and event.subject is not None and event.subject._meta.label_lower in audited.AUDITED:
        found[audited.key_of(event.subject)] = "" if event.gone else audited.digest_of(event.subject)
    for record_ in event.also:
        if record_._meta.label_lower in audited.AUDITED:
            found[audited.key_of(record_)] = audited.digest_of(record_)
    return found


def _name(subject: models.Model | None) -> str:
    if subject is None:
        return ""
    return subject.ledger_name() if hasattr(subject, "ledger_name") else str(subject)


def verify(*, actor: Actor, progress: Callable[[int, int], None] | None = None) -> Verification:
    """Computes the whole log anew, keeps the result, and writes that it was done. ``progress`` gets (done, of).

    An entry that does not hold opens an incident, which names it and halts; one that was sealed before the log began
    again under a new name does not, for that was known when it began.

    Raises:
        NotPermitted: the actor may not read the ledger.
    """
    if not actor.may_anywhere("ledger.read"):
        actor.check("ledger.read")
    at = clock.now()
    found = verification.compute(progress=progress)
    with transaction.atomic():
        kept = Verification.objects.create(
            at=at,
            seconds=found.seconds,
            size=found.size,
            broken_at=found.broken_at,
            sentence=found.sentence,
            actor_name=actor.name,
        )
        record(actor=actor, action=VERIFIED, subject=kept, changes={"broken_at": (None, found.broken_at)})
        if found.broken_at is not None and found.broken_at > _begun_at():
            open_incident(actor=actor, kind=ALTERED, sentence=found.sentence, first_number=found.broken_at)
    return kept


def _begun_at() -> int:
    """How many entries the log had when it took the name that it has now."""
    name = Head.objects.values_list("origin", flat=True).get(pk=1)
    first = Key.objects.filter(vkey__startswith=f"{name}+").order_by("at").first()
    return first.since_size if first else 0


@transaction.atomic
def open_incident(
    *, actor: Actor, kind: str, sentence: str, first_number: int | None = None, halts: bool = True
) -> Incident:
    """The open incident of this kind: new and written to the ledger, or the one that is open already."""
    found = Incident.objects.select_for_update().filter(kind=kind, closed_at=None).first()
    if found is not None:
        return found
    incident = Incident.objects.create(
        kind=kind, at=clock.now(), sentence=sentence, first_number=first_number, halts=halts
    )
    record(
        actor=actor,
        action=INCIDENT_OPENED,
        subject=incident,
        changes={"kind": (None, kind), "first_number": (None, first_number), "halts": (None, halts)},
    )
    return incident


@transaction.atomic
def close_incident(*, actor: Actor, incident: Incident, reason: str) -> Incident:
    """Closes it, with why; sealing goes on when no other that halts is open.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: there is no reason.
        Refused: it is closed.
    """
    actor.check("ledger.manage")
    if not reason.strip():
        raise InvalidInput("Say why the incident can be closed.", where="reason")
    locked = Incident.objects.select_for_update().get(pk=incident.pk)
    if locked.closed_at:
        raise Refused("This incident is closed.")
    locked.closed_at, locked.closed_by, locked.reason = clock.now(), actor.name, reason
    locked.save(update_fields=("closed_at", "closed_by", "reason"))
    record(actor=actor, action=INCIDENT_CLOSED, subject=locked, reason=reason, changes={"open": (True, False)})
    return locked
