"""The one way into the ledger: ``record`` inside the transaction of the change that it tells of."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.ledger import domain, selectors, signing
from audit.ledger.ledger_actions import VERIFIED
from audit.ledger.models import Entry, Head, Verification
from audit.ledger.registry import ACTIONS

LARGEST_NUMBER = 2**53 - 1
"""Beyond it JSON numbers lose digits in some readers (RFC 8785, section 3.2.2.3)."""
Changes = dict[str, tuple[Any, Any] | list[Any]]


def take_turn() -> Head:
    """The head of the chain, held until the transaction ends: whoever holds it is the only one who changes anything."""
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
) -> Entry:
    """Appends one entry, chained to the one before it.

    ``changes`` maps a field to its value before and after. Writers take turns on one row, which they hold until
    their transaction ends; so numbers have no gaps.

    Raises:
        RuntimeError: there is no transaction, or the action is not registered.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A ledger entry is written in the transaction of the change that it tells of.")
    if action not in ACTIONS:
        raise RuntimeError(f"The ledger action {action} is not registered.")
    head = take_turn()
    entry = Entry(
        number=head.number + 1,
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        on_behalf_of=actor.on_behalf_of,
        action=action,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        subject_name=(subject_name or _name(subject))[:300],
        team=team,
        reason=reason,
        changes={field: [_plain(value) for value in pair] for field, pair in (changes or {}).items()},
        address=actor.address,
        origin=actor.origin,
        previous=head.digest,
    )
    entry.digest = domain.digest(entry.sealed_fields(), head.digest)
    entry.save(force_insert=True)
    head.number, head.digest = entry.number, entry.digest
    head.save(update_fields=("number", "digest"))
    return entry


def verify(*, actor: Actor, progress: Callable[[int, int], None] | None = None) -> Verification:
    """Walks the whole chain, keeps the result, and writes that it was done. ``progress`` gets (done, of) now and then.

    Raises:
        NotPermitted: the actor may not read the ledger.
    """
    if not actor.may_anywhere("ledger.read"):
        actor.check("ledger.read")
    at, started, head = clock.now(), time.monotonic(), selectors.head()
    broken = selectors.first_break(upto=head, progress=progress)
    with transaction.atomic():
        found = Verification.objects.create(
            at=at,
            seconds=time.monotonic() - started,
            number=head.number,
            digest=head.digest,
            broken_at=broken,
            actor_name=actor.name,
            key=signing.key_id() if broken is None else "",
            signature=signing.sign_head(head.number, head.digest) if broken is None else "",
        )
        record(actor=actor, action=VERIFIED, subject=found, changes={"broken_at": (None, broken)})
    return found


def _name(subject: models.Model | None) -> str:
    if subject is None:
        return ""
    return subject.ledger_name() if hasattr(subject, "ledger_name") else str(subject)


def _plain(value: Any) -> Any:
    """``value`` as a JSON value that canonicalises the same everywhere: dates, decimals and floats become text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        return str(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return repr(value)
    return DjangoJSONEncoder().default(value)
