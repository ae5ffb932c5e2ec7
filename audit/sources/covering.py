"""Keeps when a source was read, and tells the ledger once an hour: a collector that stops leaves a hole there.

All of this changes the locked row that it is given, and leaves saving to the caller, whose transaction it is.
"""

from datetime import datetime

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.ledger.services import record
from audit.sources import ledger_actions
from audit.sources.domain import patience
from audit.sources.domain.coverage import Open, Stretch, opened, rows_of, worst
from audit.sources.models import Source

SCHEDULE = Actor.service("schedule")
LONGEST_REASON = 500


def begin(source: Source, *, at: datetime) -> None:
    """From now on it should be read: it was connected, or switched on."""
    source.covering = Open(reach=at).plain()


def cover(source: Source, pull: Stretch, *, actor: Actor, reason: str = "") -> None:
    """One pull more. What was to be told before it is told now."""
    tell(source, actor=actor, at=pull.until)
    kept = opened(source.covering)
    source.covering = kept.grown(pull, patience=patience(source.every), reason=reason[:LONGEST_REASON]).plain()


def tell(source: Source, *, actor: Actor, at: datetime | None = None) -> bool:
    """Writes the entry when at ``at`` its hour is over; without ``at``, in any case. Whether there was one to write."""
    kept = opened(source.covering)
    if not kept.stretches or (at is not None and not kept.due(at)):
        return False
    first, last = kept.stretches[0], kept.stretches[-1]
    parts = {"parts": (None, rows_of(kept.stretches))} if len(kept.stretches) > 1 else {}
    record(
        actor=actor,
        action=ledger_actions.COVERED,
        subject=source,
        team=source.team_id,
        reason=kept.reason,
        changes={
            "from": (None, first.since.isoformat()),
            "until": (None, last.until.isoformat()),
            "items": (None, sum(one.items for one in kept.stretches)),
            "state": (None, worst(kept.stretches)),
            **parts,
        },
    )
    source.covering = kept.told().plain()
    return True


def tell_due(source: Source) -> None:
    """Tells of it by itself, where no pull comes to do so."""
    at = clock.now()
    if not opened(source.covering).due(at):
        return
    with transaction.atomic():
        locked = Source.objects.select_for_update().get(pk=source.pk)
        if tell(locked, actor=SCHEDULE, at=at):
            locked.save(update_fields=("covering",))
