"""An erased person is gone from every table; what stays sealed is commitments, which nobody can open any more."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from audit.base import ids
from audit.base.actors import Actor
from audit.base.errors import Refused
from audit.ledger import personal, sealing
from audit.ledger.audited import AUDITED
from audit.ledger.models import Entry
from audit.ledger.services import Event, record, record_many
from audit.ledger.signing import KeyMissing
from audit.people import ending
from audit.people.models import Membership, Token, User
from audit.retention import copies, erasers, ledger_actions, pruning
from audit.retention.persons import Person, erased, mentions_of, person_of, signs_of

AT_ONCE = 200
RULE = "erasure of a person"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would do, as counts: ``records`` by class, ``own`` by what slices erase themselves."""

    person: Person
    roles: int
    tokens: int
    records: dict[str, int]
    own: dict[str, int]


def plan(user: User) -> Plan:
    """Looks, and changes nothing."""
    person = person_of(str(user.pk))
    return Plan(
        person=person,
        roles=Membership.objects.filter(user=user).count(),
        tokens=Token.objects.filter(user=user, revoked_at=None).count(),
        records=dict(copies.count(person.traces, shared=person.shared)),
        own={one.words: one.count(user, person) for one in erasers.OWN.values()},
    )


def to_be_settled(user: User) -> list[str]:
    """What stands against an erasure beside holds: a sentence each, with what to do first."""
    if erased(user):
        return [f"{user.name} has been erased."]
    return [sentence for check in erasers.FIRST for sentence in check(user)]


def seal_what_waits() -> None:
    """An entry whose content is to go must have been sealed as it was. What stops the sealer stops only that."""
    try:
        sealing.seal()
    except (sealing.Halted, KeyMissing):
        return


def carry_out(*, actor: Actor, user: User, person: Person, reason: str) -> dict[str, int]:
    """Erases the person, in the caller's transaction; returns counts. No entry of it names whom it was about.

    Raises:
        Refused: an entry that is not sealed yet names the person in clear.
    """
    mentions = _sealed_mentions(person)
    _overwrite_what_is_deleted()
    counts: dict[str, int] = ending.end_access(actor=actor, user=user, reason=reason)
    for one in erasers.OWN.values():
        counts[one.words] = one.erase(actor, user, person)
    changed = _rename_tokens(user)
    _anonymise(user, person)
    changed += copies.erase(person.traces, shared=person.shared)
    _tell_of(actor, user, changed)
    counts["records rewritten"] = len(changed)
    counts["entries emptied"] = _empty(actor, mentions)
    # Last: the entries of this erasure name the person by commitments as well.
    counts["personal values"] = personal.erase(sorted({*person.signs, *signs_of(person)}), person=person.id)
    told = {name.replace(" ", "_"): (None, count) for name, count in sorted(counts.items()) if count}
    record(actor=actor, action=ledger_actions.ERASED, subject=user, reason=reason, changes=dict(told))
    return counts


def _sealed_mentions(person: Person) -> list[dict[str, Any]]:
    """The entries that name the person in clear, those written since we looked too."""
    found = [*person.mentions, *mentions_of(person, after=person.last)]
    rows: list[dict[str, Any]] = [
        {"id": pk, "leaf__number": number}
        for pk, number in Entry.objects.filter(pk__in=found).order_by("pk").values_list("pk", "leaf__number")
    ]
    if any(row["leaf__number"] is None for row in rows):
        words = "An entry that names the person is not sealed yet, so its content cannot go."
        raise Refused(f"{words} Try again in a minute; if it stays so, the audit log says what stops sealing.")
    return rows


def _overwrite_what_is_deleted() -> None:
    """SQLite then fills with zeros what it deletes; PostgreSQL leaves that to vacuum."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def _rename_tokens(user: User) -> list[models.Model]:
    """What people call their tokens can tell of them ("Ines’ laptop")."""
    rows = list(Token.objects.filter(user=user))
    for row in rows:
        row.name, row.salt = "erased", ids.salt()
        row.save(update_fields=("name", "salt"))
    return list(rows)


def _anonymise(user: User, person: Person) -> None:
    user.email, user.name = person.traces.new_email, person.traces.new_name
    user.zone, user.is_active, user.last_login, user.salt = "UTC", False, None, ids.salt()
    user.set_unusable_password()
    user.save()


def _tell_of(actor: Actor, user: User, changed: list[models.Model]) -> None:
    """Entries with the digests that audited records have now; without them these would look changed behind our back."""
    told = list({(row._meta.label_lower, row.pk): row for row in changed if row._meta.label_lower in AUDITED}.values())
    pieces = [told[at : at + AT_ONCE] for at in range(0, len(told), AT_ONCE)]
    events = (
        Event(ledger_actions.COPIES_ERASED, subject=user, changes={"records": (None, len(rows))}, also=rows)
        for rows in pieces
    )
    record_many(actor=actor, events=events)


def _empty(actor: Actor, rows: list[dict[str, Any]]) -> int:
    """Takes the content of sealed entries that name the person in clear."""
    for some in pruning.pieces(rows):
        words = f"{len(some):,} entries that named a person who was erased"
        pruning.empty(actor=actor, rows=some, subject_name=words, reason="", rule=RULE)
    return len(rows)
