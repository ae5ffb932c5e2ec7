"""Places and releases holds, and erases people. A refusal is an entry that stays although the request fails."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound, NotPermitted, Refused
from audit.catalogue.models import Model, UseCase
from audit.ledger.audited import created
from audit.ledger.services import record, take_turn
from audit.people.models import Team, User
from audit.retention import erasing, holding, ledger_actions
from audit.retention.models import Hold, Kind
from audit.retention.persons import Person, erased, person_of, traces_of

RIGHT = "ledger.manage"
ERASE = "people.erase"
PRUNE, ERASING = "retention.prune", "retention.erase"
"""The jobs of this slice."""
NOT_ONESELF = "Another administrator must do this: who erases stays answerable for it."
TARGETS: dict[str, Any] = {Kind.PERSON: User, Kind.MODEL: Model, Kind.USE_CASE: UseCase, Kind.TEAM: Team}


@transaction.atomic
def place_hold(*, actor: Actor, kind: str, target: str, reason: str) -> Hold:
    """From now on nothing in its scope is erased or removed. ``target`` is an id, empty for everything.

    Raises:
        NotPermitted: the actor may not change holds.
        InvalidInput: the kind is unknown, or there is no reason.
        NotFound: there is no such person, model, use case or team.
        Refused: the person has been erased.
    """
    actor.check(RIGHT)
    if kind not in Kind.values:
        raise InvalidInput(f"“{kind}” is nothing that a hold can be on.", where="kind")
    if not reason.strip():
        raise InvalidInput("Say why it is held: a case, a request, an inquiry.", where="reason")
    take_turn()  # who erases or removes looks at holds in turn with this
    name = "everything"
    if kind != Kind.ALL:
        name, target = _target(kind, target)
    hold = Hold.objects.create(
        kind=kind,
        target="" if kind == Kind.ALL else target,
        target_name=name,
        reason=reason.strip(),
        placed_by_id=actor.user_id,
    )
    record(
        actor=actor,
        action=ledger_actions.HOLD_PLACED,
        subject=hold,
        reason=hold.reason,
        team=UUID(target) if kind == Kind.TEAM else None,
        changes=created(hold),
    )
    return hold


def _target(kind: str, target: str) -> tuple[str, str]:
    """The name and the id of what the hold is on."""
    try:
        row = TARGETS[kind].objects.filter(pk=target).first()
    except (ValidationError, ValueError):
        row = None
    if row is None:
        raise NotFound(f"There is no such {Kind(kind).label.lower()}.")
    if isinstance(row, User) and erased(row):
        raise Refused(f"{row.name} has been erased: there is nothing left to hold.")
    return str(row)[:300], str(row.pk)


@transaction.atomic
def release_hold(*, actor: Actor, hold: Hold, reason: str) -> Hold:
    """What it was on may be erased and removed again, when nothing else holds it.

    Raises:
        NotPermitted: the actor may not change holds.
        InvalidInput: there is no reason.
        Refused: it has been released.
    """
    actor.check(RIGHT)
    if not reason.strip():
        raise InvalidInput("Say why it is no longer needed.", where="reason")
    locked = Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if locked.released_at:
        raise Refused("This hold has been released before.")
    locked.released_at, locked.released_by_id, locked.release_reason = clock.now(), actor.user_id, reason.strip()
    locked.save(update_fields=("released_at", "released_by", "release_reason"))
    record(
        actor=actor,
        action=ledger_actions.HOLD_RELEASED,
        subject=locked,
        reason=locked.release_reason,
        team=UUID(locked.target) if locked.kind == Kind.TEAM else None,
        changes={"released_at": (None, locked.released_at)},
    )
    return locked


class _HeldMeanwhile(Exception):
    """A hold was placed while we looked; the transaction ends before anything changed."""

    def __init__(self, holds: list[Hold]) -> None:
        super().__init__()
        self.holds = holds


def erase_person(*, actor: Actor, user: User, reason: str) -> User:
    """Destroys what tells who the user is, everywhere in reach; the user's row stays, under another name.

    Not inside a transaction: the entry of a refusal must stay.

    Raises:
        NotPermitted: the actor may not erase people, or is the person.
        InvalidInput: there is no reason, or it names the person.
        Refused: something must be settled first, or a hold stands; the latter is an entry.
    """
    actor.check(ERASE)
    if actor.user_id == user.pk or user.email in actor.on_behalf_of.split(", "):
        raise NotPermitted(NOT_ONESELF, right=ERASE)
    check_reason(user, reason)
    first = erasing.to_be_settled(user)
    if first:
        raise Refused(" ".join(first))
    erasing.seal_what_waits()
    person = person_of(str(user.pk))
    try:
        return _erase(actor, user, person, reason.strip())
    except _HeldMeanwhile as held:
        raise _refused(actor, user, held.holds) from None


def check_reason(user: User, reason: str) -> None:
    """Nothing, when the reason can stay.

    Raises:
        InvalidInput: there is none, or it names the person.
    """
    if not reason.strip():
        raise InvalidInput("Say why, without naming the person: “asked for on 3 May”.", where="reason")
    if traces_of(user).found(reason, of_names=True):
        raise InvalidInput("The reason stays in the log, so it must not name the person.", where="reason")


@transaction.atomic
def _erase(actor: Actor, user: User, person: Person, reason: str) -> User:
    take_turn()
    holds = holding.on_person(person)
    if holds:
        raise _HeldMeanwhile(holds)
    locked = User.objects.select_for_update().get(pk=user.pk)
    first = erasing.to_be_settled(locked)
    if first:
        raise Refused(" ".join(first))
    erasing.carry_out(actor=actor, user=locked, person=person, reason=reason)
    transaction.on_commit(_empty_the_write_ahead_log)
    return locked


def _empty_the_write_ahead_log() -> None:
    """What SQLite wrote before still stands in its write-ahead log; a reader that is busy only puts this off."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _refused(actor: Actor, user: User, holds: list[Hold]) -> Refused:
    sentence = why_held(user, holds)
    with transaction.atomic(durable=True):
        record(
            actor=actor,
            action=ledger_actions.ERASURE_REFUSED,
            subject=user,
            reason=sentence,
            changes={"holds": (None, [str(one.pk) for one in holds])},
        )
    return Refused(sentence)


def why_held(user: User, holds: list[Hold]) -> str:
    """The sentence that says which holds forbid the erasure."""
    words = holding.words(holds)
    return f"{user.name} cannot be erased while {words} {holding.stand(holds)}. Release {_it(holds)} first."


def _it(holds: list[Hold]) -> str:
    return "it" if len(holds) == 1 else "them"
