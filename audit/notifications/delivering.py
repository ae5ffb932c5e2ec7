"""Each message goes out at least once, always under the same id; one that was not taken comes again, later each time.

A try is noted before it is made, and holds the row for two minutes: who dies in between has tried, and the next one
sends the same bytes under the same id, so that a receiver that drops repeats has it once.
"""

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import NotPermitted, Refused, TollgateError
from audit.jobs import services as jobs
from audit.jobs.models import OPEN, Job, State
from audit.notifications.domain import wording
from audit.notifications.domain.times import ATTEMPTS, next_try
from audit.notifications.domain.wording import Note
from audit.notifications.kinds import title_of
from audit.notifications.models import Delivery, Message
from audit.notifications.places import mail
from audit.notifications.places.contract import Undelivered
from audit.notifications.selectors import DELIVER, EVERYTHING, MANAGE, belongs
from config.ui import format as say

HOLD = timedelta(minutes=2)
MOST_SECONDS = 100.0
MAIL = "mail"
LOST = "No try came to an end: the worker was lost each time."
LEFT = "They have left the team since, or their account is switched off."
Way = Delivery.Way
Ends = Delivery.State


def due(at: datetime) -> "QuerySet[Delivery]":
    """What waits, whose time has come, and what nobody has in hand; oldest first."""
    free = Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=at + HOLD)
    soon = Q(due_at__lte=at)
    return Delivery.objects.filter(free, soon, state=Ends.WAITING).order_by("due_at", "pk")


def start_due() -> None:
    """Starts a job for each place for which something is due: all e-mails are one place, each channel is another."""
    lanes = {str(pk) if pk else MAIL for pk in due(clock.now()).order_by().values_list("channel", flat=True).distinct()}
    if not lanes:
        return
    open_jobs = Job.objects.filter(kind=DELIVER, state__in=OPEN)
    busy = {str(args.get("lane")) for args in open_jobs.values_list("args", flat=True)}
    for lane in sorted(lanes - busy):
        with transaction.atomic():
            jobs.start(DELIVER, actor=Actor.service("schedule"), trigger="schedule", args={"lane": lane})


def deliver_lane(*, lane: str, progress: Callable[[int, int], None] | None = None) -> tuple[int, int]:
    """Sends what is due for one place, for 100 seconds at most; how many were taken, and how many were not."""
    until, taken, tried = time.monotonic() + MOST_SECONDS, 0, 0
    rows = Q(channel=None) if lane == MAIL else Q(channel=UUID(lane))
    while time.monotonic() < until:
        found = due(clock.now()).filter(rows).first()
        if found is None:
            break
        ended = attempt(delivery_id=found.pk)
        tried += 1
        taken += ended is not None and ended.state == Ends.SENT
        if progress:
            progress(tried, tried)
    return taken, tried - taken


def attempt(*, delivery_id: UUID) -> Delivery | None:
    """One try, and its row afterwards; None when it is not to be tried now, or another process has it in hand."""
    found = _take(delivery_id)
    if found is None:
        return None
    if found.attempts > ATTEMPTS:
        return _end(found, Ends.FAILED, LOST)
    if (why := _needless(found)) is not None:
        return _end(found, Ends.DROPPED, why)
    try:
        said = _send(found)
    except Undelivered as error:
        return _failed(found, error)
    except TollgateError as error:
        return _failed(found, Undelivered(error.sentence, final=True))
    return _end(found, Ends.SENT, said)


@transaction.atomic
def _take(delivery_id: UUID) -> Delivery | None:
    """Notes the try and holds the row."""
    at = clock.now()
    locked = due(at).select_for_update(of=("self",)).filter(pk=delivery_id).first()
    if locked is None:
        return None
    locked.attempts, locked.tried_at, locked.lease_until = locked.attempts + 1, at, at + HOLD
    locked.save(update_fields=("attempts", "tried_at", "lease_until"))
    return Delivery.objects.select_related("message__team", "channel__team", "user", "team").get(pk=locked.pk)


def _needless(found: Delivery) -> str | None:
    """Why it need not go out any more."""
    if found.user is not None:
        return None if belongs(found.user, found.message.team if found.message else None) else LEFT
    return "The channel was removed." if found.channel is None else None


def _send(found: Delivery) -> str:
    ident, place = str(found.pk), found.channel
    if place is not None:
        note = note_of(found.message) if found.message else _test_note(found)
        return place.place().send(ident, note)
    choose = settings.PUBLIC_URL + reverse("notifications:settings")
    if found.message is not None:
        note = note_of(found.message)
        subject, text = wording.subject(note), wording.letter(note, choose)
    else:
        notes = _told(found)
        if not notes:
            return "Nothing was left to tell."
        subject, text = wording.digest_subject(len(notes), say.day(found.due_at)), wording.digest(notes, choose)
    return mail.send(ident=ident, to=found.to, subject=subject, text=text)


def _told(found: Delivery) -> list[Note]:
    """What a digest tells, in the order in which it came; nothing of a team that the person has left."""
    rows = [row.message for row in found.told.select_related("message__team").order_by("pk")]
    teams = {row.team for row in rows}
    kept = {team for team in teams if found.user is not None and belongs(found.user, team)}
    return [note_of(row) for row in rows if row.team in kept]


def note_of(message: Message) -> Note:
    """The message as it is sent; its link is a whole address."""
    return Note(
        id=str(message.pk),
        at=message.created_at,
        kind=message.kind,
        kind_title=title_of(message.kind),
        title=message.title,
        text=message.text,
        link=settings.PUBLIC_URL + message.link if message.link else "",
        team=message.team.name if message.team else "",
        urgent=message.urgent,
    )


def _test_note(found: Delivery) -> Note:
    link = settings.PUBLIC_URL + reverse("notifications:channels")
    return Note(
        id=str(found.pk),
        at=found.created_at,
        kind="notifications.test",
        kind_title="Test",
        title=found.title,
        text="This is a test of Tollgate. Nothing has happened.",
        link=link,
        team=found.team.name if found.team else "",
        urgent=False,
    )


@transaction.atomic
def _end(found: Delivery, state: str, outcome: str) -> Delivery:
    """Keeps how it ended, unless another process has tried since."""
    rows = Delivery.objects.filter(pk=found.pk, attempts=found.attempts, state=Ends.WAITING)
    rows.update(state=state, outcome=outcome[:1000], ended_at=clock.now(), lease_until=None)
    return Delivery.objects.get(pk=found.pk)


@transaction.atomic
def _failed(found: Delivery, error: Undelivered) -> Delivery:
    """Keeps why, and when it comes again; what else waits for a place that takes nothing now waits as long."""
    if error.final or found.way == Way.TEST or found.attempts >= ATTEMPTS:
        return _end(found, Ends.FAILED, error.sentence)
    at = clock.now()
    again = next_try(found.attempts, at, secrets.randbelow(1001) / 1000, error.wait)
    rows = Delivery.objects.filter(pk=found.pk, attempts=found.attempts, state=Ends.WAITING)
    rows.update(outcome=error.sentence[:1000], due_at=again, lease_until=None)
    if error.place:
        others = Delivery.objects.filter(state=Ends.WAITING, channel=found.channel, due_at__lt=again)
        others.exclude(pk=found.pk).exclude(way=Way.TEST).update(due_at=again)
    return Delivery.objects.get(pk=found.pk)


def why_not_again(*, actor: Actor, delivery: Delivery) -> str:
    """The sentence that says why the actor cannot have it sent again; empty when they can."""
    if delivery.way == Way.TEST:
        return "A test is sent anew, on the page of the channel."
    if delivery.state != Ends.FAILED:
        return "Only what failed is sent again."
    if delivery.user_id is None:
        return "" if actor.may(MANAGE, delivery.team_id) else actor.why_not(MANAGE)
    if delivery.user_id == actor.user_id or actor.may(EVERYTHING):
        return ""
    return "Only the person themselves or an administrator can have it sent again."


@transaction.atomic
def send_again(*, actor: Actor, delivery: Delivery) -> Delivery:
    """What failed waits anew, with all its tries, under the same id.

    Raises:
        NotPermitted: it is another person's, or another team's.
        Refused: it has not failed.
    """
    if why := why_not_again(actor=actor, delivery=delivery):
        raise (NotPermitted(why, right=MANAGE) if delivery.state == Ends.FAILED else Refused(why))
    rows = Delivery.objects.filter(pk=delivery.pk, state=Ends.FAILED)
    if not rows.update(state=Ends.WAITING, attempts=0, due_at=clock.now(), lease_until=None, ended_at=None):
        raise Refused("It is being sent again already.")
    return Delivery.objects.get(pk=delivery.pk)


def note_end(job: Job) -> None:
    """Forgets earlier jobs of the schedule that went well: what they did stands in the rows of the deliveries."""
    if job.state == State.SUCCEEDED and job.trigger == "schedule":
        same = Job.objects.filter(kind=DELIVER, trigger="schedule", state=State.SUCCEEDED, args=job.args)
        same.filter(children=None).exclude(pk=job.pk).delete()
