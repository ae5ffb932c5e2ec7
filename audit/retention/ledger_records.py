"""Which of these records entries answer for."""

from uuid import UUID

from audit.ledger.audited import audited, every, not_audited
from audit.retention.models import Hold, Kind, Pruning, Removed, TakenUp


def _within(hold: Hold) -> tuple[UUID | None, UUID | None]:
    target = UUID(hold.target) if hold.target else None
    return (target if hold.kind == Kind.MODEL else None, target if hold.kind == Kind.USE_CASE else None)


def _person(hold: Hold) -> UUID | None:
    return UUID(hold.target) if hold.kind == Kind.PERSON else None


audited(Hold, fields=every(Hold), within=_within, person=_person, personal=("target_name", "reason", "release_reason"))
audited(TakenUp, fields=every(TakenUp))
audited(Removed, fields=every(Removed))
not_audited(Pruning, why="It sums up entries: each batch of a run is one.")
