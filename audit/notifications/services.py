"""Tells people, notes what they have read, and keeps what they want. What goes out of the app is sent later, by jobs.

``notify`` writes rows in the transaction of its caller and nothing else: when that fails, nobody was told.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.text import Truncator

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound, NotPermitted
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.notifications import ledger_actions
from audit.notifications.domain.times import after_quiet, digest_days
from audit.notifications.domain.wording import one_line
from audit.notifications.kinds import KINDS, Choice
from audit.notifications.models import Channel, Delivery, Message, Notification, Preferences
from audit.notifications.selectors import notifications, preferences_of
from audit.people.models import Team, User

OWN = "notifications.own"


def _wake_nobody() -> None:
    """Until an edge is there, deliveries wait for the tick."""


wake: Callable[[], None] = _wake_nobody
"""Starts what is due; the edge (tasks) sets it. What it misses, the next tick starts."""


@transaction.atomic
def notify(
    *,
    kind: str,
    team: Team | None,
    key: str,
    title: str,
    text: str,
    link: str,
    to: Iterable[User],
    urgent: bool = False,
) -> Message:
    """Tells ``to`` and the channels of ``team`` that want this kind; a second call with the same ``key`` tells nobody.

    Each person gets it in the app unless they want nothing of this kind; by e-mail at once, after their quiet hours,
    or in the next digest, as they chose. ``urgent`` passes quiet hours, and goes at once to who wants a digest.
    ``title`` (200 characters at most, the rest is cut) is one line; ``link`` is a path of ours such as "/jobs/", or "".
    A person gets one message once, however often they stand in ``to``; who is switched off gets none.

    Raises:
        ValueError: the kind is not registered, the key is empty or longer than 200 characters, or the link leads out.
    """
    if kind not in KINDS:
        raise ValueError(f"The kind of messages {kind} is not registered.")
    if not 0 < len(key) <= 200:
        raise ValueError("A message has a key of 1 to 200 characters.")
    if link and (not link.startswith("/") or link.startswith("//")):
        raise ValueError(f"{link!r} is no path of ours.")
    said = {"kind": kind, "team": team, "title": Truncator(one_line(title)).chars(200), "text": text, "link": link}
    message, made = Message.objects.get_or_create(key=key, defaults={**said, "urgent": urgent})
    if made:
        at = clock.now()
        users = list({user.pk: user for user in to if user.is_active}.values())
        wanted = preferences_of(users)
        for user in users:
            _tell(message, user, wanted[user.pk], at)
        if team is not None:
            _to_channels(message, team, at)
        transaction.on_commit(wake_now, robust=True)
    return message


def wake_now() -> None:
    """Calls what ``wake`` is when the transaction has ended."""
    wake()


def _tell(message: Message, user: User, wanted: Preferences, at: datetime) -> None:
    choice = wanted.choice(message.kind)
    if choice == Choice.NOTHING:
        return
    digest = None
    if choice == Choice.EMAIL or (choice == Choice.DIGEST and message.urgent):
        Delivery.objects.create(
            key=f"{message.pk}:{user.pk}",
            way=Delivery.Way.EMAIL,
            message=message,
            user=user,
            to=user.email,
            title=message.title,
            due_at=at if message.urgent else after_quiet(at, wanted.quiet),
        )
    elif choice == Choice.DIGEST:
        digest = _digest(user, wanted, at)
    Notification.objects.create(message=message, user=user, digest=digest)


def _digest(user: User, wanted: Preferences, at: datetime) -> Delivery:
    """The next digest of the person that has not begun to go out, held until the transaction ends."""
    for day, due_at in digest_days(at, time.fromisoformat(wanted.digest_at), user.zone):
        made, _ = Delivery.objects.get_or_create(
            key=f"digest:{user.pk}:{day}",
            defaults={
                "way": Delivery.Way.DIGEST,
                "user": user,
                "to": user.email,
                "title": f"Digest of {day}",
                "due_at": due_at,
            },
        )
        found = Delivery.objects.select_for_update().get(pk=made.pk)
        if found.state == Delivery.State.WAITING and not found.attempts:
            return found
    raise RuntimeError("The digests of the next days have gone out before their time: the clock was put back.")


def _to_channels(message: Message, team: Team, at: datetime) -> None:
    rows = [row for row in Channel.objects.filter(team=team) if not row.kinds or message.kind in row.kinds]
    Delivery.objects.bulk_create(
        Delivery(
            key=f"{message.pk}:{row.pk}",
            way=Delivery.Way.CHANNEL,
            message=message,
            channel=row,
            team=team,
            to=f"{row.title}: {row.name}",
            title=message.title,
            due_at=at,
        )
        for row in rows
    )


def mark_read(*, actor: Actor, ids: Iterable[UUID] | None = None) -> int:
    """Marks the actor's own notifications as read: those of ``ids``, or all. How many were not read before.

    Raises:
        NotPermitted: the token that acts may only read.
        NotFound: one of ``ids`` is not theirs.
    """
    if not actor.in_scope(OWN):
        raise NotPermitted(actor.why_not(OWN), right=OWN)
    rows = notifications(viewer=actor)
    if ids is not None:
        wanted = set(ids)
        rows = rows.filter(pk__in=wanted)
        if rows.count() < len(wanted):
            raise NotFound("There is no such notification, or it is not yours.")
    found = list(rows.filter(read_at=None).values_list("pk", flat=True))
    return Notification.objects.filter(pk__in=found, read_at=None).update(read_at=clock.now())


@transaction.atomic
def choose(
    *,
    actor: Actor,
    user: User,
    choices: dict[str, str],
    quiet_from: time | None,
    quiet_until: time | None,
    digest_at: time,
) -> Preferences:
    """What a person wants to be told from now on; what waits already goes as it was chosen then.

    Raises:
        NotPermitted: it is another person's.
        InvalidInput: there is no such kind or choice, or quiet hours have one end only.
    """
    if actor.user_id != user.pk:
        raise NotPermitted("Only the person can change this.", right=OWN)
    for kind, choice in choices.items():
        if kind not in KINDS or choice not in Choice.values:
            raise InvalidInput(f"{choice!r} is no choice for {kind!r}.", where="choices")
    if (quiet_from is None) != (quiet_until is None):
        where = "quiet_until" if quiet_until is None else "quiet_from"
        raise InvalidInput("Quiet hours need a beginning and an end.", where=where, mend="Give both, or neither.")
    user = User.objects.select_for_update().get(pk=user.pk)
    found = Preferences.objects.filter(user=user).first()
    before: dict[str, Any] | None = values(found) if found else None
    found = found or Preferences(user=user)
    found.choices = {**found.choices, **choices}
    found.quiet_from, found.quiet_until = _clock(quiet_from), _clock(quiet_until)
    found.digest_at = _clock(digest_at)
    changes = created(found) if before is None else changed(before, found)
    if changes:
        found.save()
        record(actor=actor, action=ledger_actions.CHOSEN, subject=found, changes=changes)
    return found


def _clock(at: time | None) -> str:
    return f"{at:%H:%M}" if at is not None else ""
