"""Which names only Tollgate may move, and the incidents that show that somebody else did."""

from collections.abc import Collection

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.catalogue.models import Model
from audit.ledger.audited import created, removed
from audit.ledger.services import record
from audit.sources import ledger_actions
from audit.sources.models import Guard, Incident

RIGHT = "catalogue.write"


@transaction.atomic
def guard_aliases(*, actor: Actor, model: Model, aliases: Collection[str], reason: str = "") -> None:
    """From now on these names of the model are guarded, and no others.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: a name is too long.
    """
    team = model.use_case.team_id
    actor.check(RIGHT, team)
    wanted = {one.strip() for one in aliases if one.strip()}
    for one in wanted:
        if len(one) > 40:
            raise InvalidInput(f"{one} is longer than 40 characters.", where="aliases")
    there = {one.alias: one for one in Guard.objects.select_for_update().filter(model=model)}
    for alias in sorted(wanted - there.keys()):
        made = Guard.objects.create(model=model, alias=alias)
        record(
            actor=actor, action=ledger_actions.GUARDED, subject=made, team=team, changes=created(made), reason=reason
        )
    for alias in sorted(there.keys() - wanted):
        gone = there[alias]
        record(
            actor=actor,
            action=ledger_actions.UNGUARDED,
            subject=gone,
            team=team,
            changes=removed(gone),
            reason=reason,
            gone=True,
        )
        gone.delete()


@transaction.atomic
def close_incident(*, actor: Actor, incident: Incident, reason: str) -> Incident:
    """Closes it, with why.

    Raises:
        NotPermitted: the actor may not connect sources of the team.
        InvalidInput: there is no reason.
        Refused: it is closed.
    """
    actor.check("sources.manage", incident.source.team_id)
    if not reason.strip():
        raise InvalidInput("Say why the incident can be closed.", where="reason")
    held = Incident.objects.select_for_update(of=("self",)).select_related("source", "model").get(pk=incident.pk)
    if held.closed_at:
        raise Refused("This incident is closed.")
    held.closed_at, held.closed_by, held.reason = clock.now(), actor.name, reason
    held.save(update_fields=("closed_at", "closed_by", "reason"))
    record(
        actor=actor,
        action=ledger_actions.INCIDENT_CLOSED,
        subject=held,
        team=held.source.team_id,
        reason=reason,
        changes={"closed_at": (None, held.closed_at)},
    )
    return held
