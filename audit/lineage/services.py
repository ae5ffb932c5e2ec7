"""Receives events: each is kept once for a team and folded into the graph; the malformed are kept with the reason."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound, Refused
from audit.ledger.services import record
from audit.lineage.domain.fold import Folded, fold
from audit.lineage.domain.reading import Malformed, Reading, digest_of, parse, read
from audit.lineage.ledger_actions import IMPORTED, RECEIVED
from audit.lineage.models import Event, Rejected
from audit.lineage.storing import keep, store
from audit.people.models import Team

RIGHT: Final = "lineage.write"
KEPT_OF_REJECTED: Final = 1_000_000
"""Characters of a rejected delivery that are kept."""


def team_for(*, actor: Actor, slug: str = "") -> Team:
    """The team whose events the actor sends: the one named, or the only one for which the actor may.

    Raises:
        NotFound: there is no such team, or none that the actor may see.
        NotPermitted: the actor may not send events for it, or for any.
        InvalidInput: none is named, and there are several.
    """
    if slug:
        team = Team.objects.filter(slug=slug).first()
        if team is None or not actor.may("read", team.pk):
            raise NotFound(f"There is no team {slug}, or you are not in it.")
        actor.check(RIGHT, team.pk)
        return team
    if not actor.may_anywhere(RIGHT):
        actor.check(RIGHT)
    own = actor.teams(RIGHT)
    found = list((Team.objects.all() if own is None else Team.objects.filter(pk__in=own))[:2])
    if len(found) != 1:
        sentence = "This token may send events for several teams." if found else "There is no team yet."
        raise InvalidInput(sentence, mend="Say whose these are with ?team= and the team's short name.")
    return found[0]


@transaction.atomic
def receive(*, actor: Actor, team: Team, events: Sequence[Reading]) -> int:
    """Keeps the events that are new to ``team``, in one transaction with one entry; returns how many were new.

    The entry holds their number and a digest: the SHA-256, in hex, over their digests in order, a line each.

    Raises:
        NotPermitted: the actor may not send events for the team.
    """
    actor.check(RIGHT, team.pk)
    at = clock.now()
    by_digest = {event.digest: event for event in events}
    new = keep(team=team, events=by_digest, actor_id=actor.id, received_at=at)
    if not new:
        return 0
    store(team=team, folded=[fold(one) for one in new], received_at=at)
    record(
        actor=actor,
        action=RECEIVED,
        subject_name=f"{len(new)} lineage event{'s' if len(new) > 1 else ''}",
        team=team.pk,
        changes={"events": (0, len(new)), "digest": (None, digest_of("".join(f"{one.digest}\n" for one in new)))},
    )
    return len(new)


@transaction.atomic
def import_graph(*, actor: Actor, team: Team, folded: Sequence[Folded], name: str, digest: str) -> None:
    """Adds what another record than events states, as ``team``'s: ``name`` says what it is, ``digest`` is its SHA-256.

    Raises:
        NotPermitted: the actor may not send events for the team.
    """
    actor.check(RIGHT, team.pk)
    store(team=team, folded=folded, received_at=clock.now())
    record(actor=actor, action=IMPORTED, subject_name=name, team=team.pk, changes={"digest": (None, digest)})


@transaction.atomic
def keep_rejected(*, actor: Actor, team: Team, content: bytes, reason: str) -> Rejected:
    """Keeps a delivery that is no event, with the reason; the same one again is counted.

    Raises:
        NotPermitted: the actor may not send events for the team.
    """
    actor.check(RIGHT, team.pk)
    digest = hashlib.sha256(content).hexdigest()
    text = content.decode("utf-8", "replace").replace("\x00", "�")
    said: dict[str, Any] = {
        "body": text[:KEPT_OF_REJECTED],
        "cut": len(text) > KEPT_OF_REJECTED,
        "reason": reason,
        "actor_id": actor.id,
    }
    rows = Rejected.objects.filter(team=team, digest=digest)
    if not rows.update(times=F("times") + 1, reason=reason):
        try:
            with transaction.atomic():
                return Rejected.objects.create(team=team, digest=digest, **said)
        except IntegrityError:
            rows.update(times=F("times") + 1)
    return rows.get()


def replay_rejected(*, actor: Actor, rejected: Rejected, mended: bytes = b"") -> Rejected:
    """Takes the kept delivery in again, or ``mended`` in its place.

    Raises:
        NotPermitted: the actor may not send events for the team.
        Refused: it was taken in before, or its end was not kept and nothing mended is given.
        InvalidInput: it is malformed still; the sentence says where.
    """
    actor.check(RIGHT, rejected.team_id)
    if rejected.cut and not mended:
        raise Refused("The end of this delivery was not kept, for it was too long. Send the mended event.")
    try:
        event = read(parse(mended or rejected.body.encode()))
    except Malformed as error:
        raise InvalidInput(error.reason, mend="Send the mended event as the body.") from None
    with transaction.atomic():
        held = Rejected.objects.select_for_update().select_related("team").get(pk=rejected.pk)
        if held.replayed_at is not None:
            raise Refused("This delivery was taken in before.")
        receive(actor=actor, team=held.team, events=[event])
        held.replayed_at, held.event = clock.now(), Event.objects.get(team=held.team, digest=event.digest)
        held.save(update_fields=("replayed_at", "event"))
    return held
