"""What systems send: proven, kept without its secrets, taken in by a job, once; what failed can be tried again."""

import hashlib
import json
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F

from audit.base import clock, ids
from audit.base.actors import Actor
from audit.base.errors import NotFound, Refused
from audit.jobs import services as jobs
from audit.jobs.models import Job
from audit.jobs.models import State as JobState
from audit.jobs.run import Run
from audit.ledger.services import record
from audit.sources import ledger_actions
from audit.sources.contract import Malformed, Opened, Parcel, Receiver, Unavailable, Unproven
from audit.sources.domain import scrubbing
from audit.sources.models import Delivery, Source, actor_of
from audit.sources.pulling import Pull
from audit.sources.services import RIGHT, connector

TAKE: Final = "sources.take"
TIDY: Final = "sources.tidy"
LARGEST: Final = 5 * 1024 * 1024
KEPT_OF_UNREAD: Final = 100_000
KEPT_REFUSED: Final = 100
KEPT_FOR: Final = timedelta(days=30)
State = Delivery.State


class TryAgain(Exception):
    """The system that has to be asked does not answer now; the job is tried again, later each time."""


def receiver(source: Source) -> Receiver:
    """The connector, where systems of its kind send deliveries.

    Raises:
        NotFound: they do not, or the source is switched off.
    """
    found = connector(source.kind)
    if not isinstance(found, Receiver) or not source.enabled:
        raise NotFound("Nothing is taken in at this address.")
    return found


def receive(*, source: Source, parcel: Parcel) -> Delivery:
    """Keeps a delivery and starts the job that takes it in; the same one again is counted, and changes nothing.

    Raises:
        NotFound: nothing is taken in at this address.
        Unproven: nothing shows who sent it. It is kept, and cannot be tried again.
        Malformed: it cannot be read. It is kept, and can be tried again.
    """
    found = receiver(source)
    try:
        found.prove(parcel, source.whole_settings())
    except Unproven as error:
        _keep_refused(source, parcel, error.sentence)
        raise
    try:
        opened = found.open(parcel)
    except Malformed as error:
        _keep_unread(source, parcel, error.sentence)
        raise
    return _keep(source, parcel, opened)


def _keep(source: Source, parcel: Parcel, opened: Opened) -> Delivery:
    rows = Delivery.objects.filter(source=source, key=opened.key[:200])
    if rows.update(times=F("times") + 1):
        return rows.get()
    try:
        with transaction.atomic():
            kept = Delivery.objects.create(
                source=source,
                key=opened.key[:200],
                event=opened.event[:200],
                headers=scrubbing.headers(parcel.headers),
                body=json.dumps(scrubbing.value(opened.body), ensure_ascii=False),
                state=State.WAITING,
            )
            _note(source, kept, parcel)
            _start(kept, actor=actor_of(source), trigger="chain")
            return kept
    except IntegrityError:
        rows.update(times=F("times") + 1)
        return rows.get()


def _note(source: Source, kept: Delivery, parcel: Parcel) -> None:
    record(
        actor=actor_of(source),
        action=ledger_actions.DELIVERED,
        subject=source,
        team=source.team_id,
        reason=kept.reason[:500],
        changes={
            "event": (None, kept.event),
            "key": (None, kept.key),
            "digest": (None, hashlib.sha256(parcel.body).hexdigest()),
        },
    )


def _start(delivery: Delivery, *, actor: Actor, trigger: str) -> Job:
    return jobs.start(
        TAKE,
        actor=actor,
        trigger=trigger,
        args={"delivery": delivery.pk},
        key=f"{delivery.pk}:{ids.uuid7()}",
        subject=delivery.source,
        team=delivery.source.team,
    )


@transaction.atomic
def _keep_unread(source: Source, parcel: Parcel, reason: str) -> None:
    """A delivery that is proven and cannot be read; one that comes again is counted."""
    digest = hashlib.sha256(parcel.body).hexdigest()
    text = parcel.body.decode("utf-8", "replace").replace("\x00", "�")
    kept, made = Delivery.objects.get_or_create(
        source=source,
        key=f"unread {digest}",
        defaults={
            "headers": scrubbing.headers(parcel.headers),
            "body": _scrubbed(text)[:KEPT_OF_UNREAD],
            "cut": len(text) > KEPT_OF_UNREAD,
            "state": State.FAILED,
            "reason": reason,
        },
    )
    if made:
        _note(source, kept, parcel)
    else:
        Delivery.objects.filter(pk=kept.pk).update(times=F("times") + 1, reason=reason)


def _scrubbed(text: str) -> str:
    """JSON without its secrets; what is no JSON, as it came."""
    try:
        return json.dumps(scrubbing.value(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


@transaction.atomic
def _keep_refused(source: Source, parcel: Parcel, reason: str) -> None:
    """That someone sent what nothing vouches for: so many, the newest, without what they sent."""
    digest = hashlib.sha256(parcel.body).hexdigest()
    rows = Delivery.objects.filter(source=source, key=f"refused {digest}")
    if not rows.update(times=F("times") + 1, reason=reason):
        Delivery.objects.create(
            source=source, key=f"refused {digest}", body="", cut=True, state=State.REFUSED, reason=reason
        )
    old = Delivery.objects.filter(source=source, state=State.REFUSED).order_by("-pk")[KEPT_REFUSED:]
    Delivery.objects.filter(pk__in=[row.pk for row in old]).delete()


def take(*, run: Run, delivery: Delivery) -> dict[str, Any]:
    """Takes a delivery in; one that was taken in before changes nothing. Returns the counts.

    Raises:
        TryAgain: the system does not answer now.
        Refused: it cannot be used; the delivery keeps why.
    """
    source = delivery.source
    if delivery.state == State.TAKEN:
        return {"new": 0}
    found = receiver(source)
    context = Pull(source=source, run=run)
    try:
        opened = _opened(found, delivery)
        found.take(context, source.whole_settings(), opened)
    except Malformed as error:
        Delivery.objects.filter(pk=delivery.pk).update(state=State.FAILED, reason=error.sentence)
        raise Refused(error.sentence) from None
    except Unavailable as error:
        raise TryAgain(error.sentence) from None
    reason = " ".join(context.problems)[:2000]
    Delivery.objects.filter(pk=delivery.pk).update(state=State.TAKEN, reason=reason, taken_at=clock.now())
    for problem in context.problems:
        run.log(problem)
    return {"new": 0} | dict(context.counts)


def _opened(found: Receiver, delivery: Delivery) -> Opened:
    """As it was read when it came; what could not be read then is read anew."""
    if delivery.event or not delivery.key.startswith("unread "):
        return Opened(key=delivery.key, event=delivery.event, body=json.loads(delivery.body))
    if delivery.cut:
        raise Malformed("Its end was not kept, for it was too long: have it sent again.")
    return found.open(Parcel(delivery.headers, delivery.body.encode()))


def note_end(job: Job) -> None:
    """A delivery whose job gave up says why."""
    if job.state == JobState.FAILED:
        waiting = Delivery.objects.filter(pk=job.args["delivery"], state=State.WAITING)
        waiting.update(state=State.FAILED, reason=job.error)


@transaction.atomic
def replay(*, actor: Actor, delivery: Delivery) -> Job:
    """Takes a delivery in again that could not be used.

    Raises:
        NotPermitted: the actor may not connect sources of the team.
        Refused: it was taken in, it waits, or nothing showed who sent it.
    """
    actor.check(RIGHT, delivery.source.team_id)
    held = Delivery.objects.select_for_update(of=("self",)).select_related("source__team").get(pk=delivery.pk)
    if held.state == State.REFUSED:
        raise Refused("Nothing showed who sent it, so it was not kept. Mend the secret, and have it sent again.")
    if held.state != State.FAILED:
        raise Refused("It was taken in, or waits to be.")
    held.state = State.WAITING
    held.save(update_fields=("state",))
    record(
        actor=actor,
        action=ledger_actions.ASKED,
        subject=held.source,
        team=held.source.team_id,
        changes={"delivery": (None, held.key)},
    )
    return _start(held, actor=actor, trigger="person")


def tidy() -> int:
    """Forgets deliveries that were taken in or refused long ago; returns how many. The ledger keeps that they came."""
    old = Delivery.objects.filter(received_at__lt=clock.now() - KEPT_FOR, state__in=(State.TAKEN, State.REFUSED))
    return old.delete()[0]
