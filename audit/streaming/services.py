"""Adds, changes, pauses and resumes streams: each is an entry. Where a stream begins, it has every entry from there."""

from typing import Any

from django.db import transaction

from audit.base import ids, vault
from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.jobs import services as jobs
from audit.jobs.models import OPEN, Job, State
from audit.ledger.audited import created
from audit.ledger.services import Changes, record
from audit.streaming import delivery, destinations, ledger_actions
from audit.streaming.models import PURPOSE, Stream
from audit.streaming.selectors import DELIVER, size

RIGHT = "ledger.manage"


def _check_name(name: str, but: Stream | None = None) -> None:
    others = Stream.objects.filter(name=name)
    if not name.strip():
        raise InvalidInput("Give the stream a name.", where="name")
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise InvalidInput(f"There is a stream {name}.", where="name", mend="Choose another name.")


@transaction.atomic
def add_stream(
    *,
    actor: Actor,
    kind: str,
    name: str,
    settings: dict[str, Any],
    reveal: bool = False,
    from_beginning: bool = False,
) -> Stream:
    """A new stream, which gets every entry that is sealed from now on, or from the first one.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: the kind is unknown, the name is in use, or a secret that it needs is missing.
    """
    actor.check(RIGHT)
    shown, secrets = vault.split(settings, destinations.kind(kind).secret)
    _check_name(name)
    for field in destinations.kind(kind).needed:
        if not secrets[field]:
            raise InvalidInput("Without it the receiver cannot tell that events are from here.", where=field)
    begins = 0 if from_beginning else size()
    stream = Stream.objects.create(
        kind=kind,
        name=name,
        settings=shown,
        secret=vault.closed(secrets, purpose=PURPOSE),
        reveal=reveal,
        cursor=begins,
        added_by_id=actor.user_id,
    )
    changes: Changes = {**created(stream), "first_entry": (None, begins + 1)}
    changes |= vault.told(secrets)
    record(actor=actor, action=ledger_actions.ADDED, subject=stream, changes=changes)
    return stream


@transaction.atomic
def change_stream(*, actor: Actor, stream: Stream, name: str, settings: dict[str, Any], reveal: bool) -> Stream:
    """Other settings; a secret that is left empty stays. It goes on where it is: no entry is left out or comes anew.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: the name is in use.
    """
    actor.check(RIGHT)
    stream = Stream.objects.select_for_update().get(pk=stream.pk)
    _check_name(name, but=stream)
    shown, entered = vault.split(settings, destinations.kind(stream.kind).secret)
    after = {"name": name, "settings": shown, "reveal": reveal}
    changes: Changes = {field: (getattr(stream, field), value) for field, value in after.items()}
    changes = {field: pair for field, pair in changes.items() if pair[0] != pair[1]}
    stream.secret, anew = vault.renewed(stream.secret, entered, purpose=PURPOSE)
    changes |= anew
    if not changes:
        return stream
    for field, value in after.items():
        setattr(stream, field, value)
    stream.last_error, stream.failures, stream.next_try_at = "", 0, None
    stream.save(update_fields=("name", "settings", "secret", "reveal", "last_error", "failures", "next_try_at"))
    record(actor=actor, action=ledger_actions.CHANGED, subject=stream, changes=changes)
    return stream


@transaction.atomic
def switch_stream(*, actor: Actor, stream: Stream, enabled: bool, reason: str) -> Stream:
    """Paused or resumed. One that is paused gets what it lacks when it is resumed.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: there is no reason.
    """
    actor.check(RIGHT)
    if not reason.strip():
        raise InvalidInput("Say why the stream is paused or resumed.", where="reason")
    rows = Stream.objects.filter(pk=stream.pk).exclude(enabled=enabled)
    if rows.update(enabled=enabled, last_error="", failures=0, next_try_at=None):
        stream.refresh_from_db()
        record(
            actor=actor,
            action=ledger_actions.SWITCHED,
            subject=stream,
            reason=reason,
            changes={"enabled": (not enabled, enabled)},
        )
    stream.refresh_from_db()
    return stream


def start_due() -> None:
    """Starts a delivery to each stream for which something waits and whose time has come."""
    sealed = size()
    for stream in Stream.objects.filter(enabled=True, cursor__lt=sealed):
        if not delivery.is_due(stream, sealed):
            continue
        if Job.objects.filter(kind=DELIVER, subject_id=str(stream.pk), state__in=OPEN).exists():
            continue
        with transaction.atomic():
            start_delivery(actor=Actor.service("schedule"), trigger="schedule", stream=stream)


def start_delivery(*, actor: Actor, trigger: str, stream: Stream) -> Job:
    """The job that delivers; not for one moment alone, for a clock may show the same moment twice."""
    key, args = f"{stream.pk}:{ids.uuid7()}", {"stream": str(stream.pk)}
    return jobs.start(DELIVER, actor=actor, trigger=trigger, args=args, key=key, subject=stream)


def note_end(job: Job) -> None:
    """Keeps why a delivery was ended by a fault; forgets earlier ones that went well, which would bury the rest."""
    stream = Stream.objects.filter(pk=job.subject_id).first()
    if stream is None:
        return
    if job.state == State.FAILED:
        delivery.note_failure(stream=stream, sentence=job.error)
    elif job.trigger == "schedule":
        same = Job.objects.filter(kind=DELIVER, subject_id=job.subject_id, trigger="schedule", state=State.SUCCEEDED)
        same.filter(children=None).exclude(pk=job.pk).delete()
