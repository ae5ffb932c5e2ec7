"""Starts, leases, ends and sweeps jobs. A job that is sent twice, or whose worker dies, takes effect once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Model, Q

from audit.base import clock, ids
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.jobs import ledger_actions
from audit.jobs.models import OPEN, Heartbeat, Job, JobLine, State
from audit.jobs.registry import FOLLOWERS, KINDS, SCHEDULES
from audit.ledger import audited
from audit.ledger.services import record
from audit.people.models import Team

LEASE = timedelta(seconds=60)
RESEND = timedelta(seconds=20)
BACKOFF = timedelta(seconds=5)
HAS_ENDED = "This job has ended, so it cannot be cancelled."
NOT_ENDED_BADLY = "Only a failed or cancelled job can be retried."
KEEP_HEARTBEATS = timedelta(days=1)


def _send_nothing(job_id: UUID) -> None:
    """Until an edge is there, jobs wait for the sweep."""


send: Callable[[UUID], None] = _send_nothing
"""Wakes a worker for a job; the edge (celery_tasks) sets it. A message that gets lost is sent again by the sweep."""


def start(
    kind: str,
    *,
    actor: Actor,
    trigger: str,
    args: dict[str, Any] | None = None,
    key: str = "",
    subject: Model | None = None,
    team: Team | None = None,
    parent: Job | None = None,
) -> Job:
    """The job with this key: new and sent when the transaction commits, or the one that exists.

    ``trigger`` is person, api, schedule or chain. ``args`` are JSON values.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no handler for jobs of kind {kind}.")
    job, made = Job.objects.get_or_create(
        key=f"{kind}:{key or ids.uuid7()}",
        defaults={
            "kind": kind,
            "args": args or {},
            "trigger": trigger,
            "actor_id": actor.on_behalf_of or actor.id,
            "actor_name": actor.name,
            "team": team or (parent.team if parent else None),
            "subject_type": subject._meta.label_lower if subject is not None else "",
            "subject_id": str(subject.pk) if subject is not None else "",
            "subject_name": str(subject)[:300] if subject is not None else "",
            "model": audited.within(subject)[0] or (parent.model if parent else None),
            "parent": parent,
            "root": (parent.root or parent) if parent else None,
            "sent_at": clock.now(),
        },
    )
    if made:
        transaction.on_commit(lambda: send(job.pk))
    return job


def actor_of(job: Job) -> Actor:
    """Who acts in the job: the service that wanted it, or "worker" on behalf of the person who did."""
    name = "worker" if "@" in job.actor_id else job.actor_name
    return Actor.service(name, origin=f"job {job.pk}", on_behalf_of=job.actor_id)


def lease(*, job_id: UUID, worker: str) -> Job | None:
    """The job, leased to ``worker`` for a minute; None when it is not to be run now."""
    at = clock.now()
    ready = Q(state=State.QUEUED) & (Q(not_before=None) | Q(not_before__lte=at))
    lost = Q(state=State.RUNNING, lease_until__lt=at)
    token = ids.uuid7()
    taken = Job.objects.filter(ready | lost, pk=job_id).update(
        state=State.RUNNING,
        lease_token=token,
        lease_until=at + LEASE,
        worker=worker,
        attempts=F("attempts") + 1,
        started_at=at,
    )
    return Job.objects.select_related("team").get(pk=job_id, lease_token=token) if taken else None


def renew(*, job: Job) -> bool:
    """Whether the lease was still ours, and now lasts a minute more."""
    rows = Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=State.RUNNING)
    return bool(rows.update(lease_until=clock.now() + LEASE))


def log(*, job: Job, text: str) -> None:
    """Adds a line to the job's log."""
    JobLine.objects.create(job=job, at=clock.now(), text=text)


def progress(*, job: Job, done: int, total: int, message: str) -> None:
    """Shows how far the job is."""
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(done=done, total=total, message=message[:300])


def give_to_team(*, job: Job, team: Team) -> None:
    """The job is this team's from now on: for one that founds the team that it works for."""
    Job.objects.filter(pk=job.pk).update(team=team)
    job.team = team


@transaction.atomic
def succeed(*, job: Job, counts: dict[str, Any]) -> bool:
    """Ends the job well, and tells its followers in the same transaction. False when the lease was lost."""
    return _end(job, State.SUCCEEDED, counts=counts)


@transaction.atomic
def fail(*, job: Job, error: str) -> bool:
    """Ends the job badly, with a sentence for people, and writes it to the ledger. False when the lease was lost."""
    if not _end(job, State.FAILED, error=error):
        return False
    actor = Actor.service("worker", origin=f"job {job.pk}", on_behalf_of=job.actor_id)
    _record(actor, ledger_actions.FAILED, job, error[:2000])
    return True


def _record(actor: Actor, action: str, job: Job, reason: str) -> None:
    """Writes the entry; it belongs to the model and use case in whose life the job's subject stands."""
    kind = audited.AUDITED.get(job.subject_type)
    subject = kind.model._base_manager.filter(pk=job.subject_id).first() if kind else None
    within = audited.within(subject) if subject is not None else (job.model, None)
    record(actor=actor, action=action, subject=job, team=job.team_id, reason=reason, within=within)


def _end(job: Job, state: State, **fields: Any) -> bool:
    if job.root_id:
        Job.objects.select_for_update().get(pk=job.root_id)
    rows = Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=State.RUNNING)
    if not rows.update(state=state, finished_at=clock.now(), lease_token=None, lease_until=None, **fields):
        return False
    ended = Job.objects.select_related("team").get(pk=job.pk)
    for follower in FOLLOWERS.get(job.kind, ()):
        follower(ended)
    job.refresh_from_db()  # last: when a follower fails, the caller still holds the lease and can queue the job again
    return True


def again(*, job: Job, error: str) -> None:
    """Queues the job for another attempt, later each time."""
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=State.RUNNING).update(
        state=State.QUEUED,
        lease_token=None,
        lease_until=None,
        error=error,
        not_before=clock.now() + BACKOFF * 2 ** (job.attempts - 1),
    )


def sweep() -> int:
    """Sends again what got lost: jobs queued too long without a worker, and jobs whose lease ran out.

    Returns the number of messages sent.
    """
    at = clock.now()
    ready = Q(not_before=None) | Q(not_before__lte=at)
    forgotten = (
        Q(state=State.QUEUED) & ready & (Q(sent_at=None) | Q(sent_at__lt=at - RESEND) | Q(not_before__gt=F("sent_at")))
    )
    lost = Q(state=State.RUNNING, lease_until__lt=at) & (Q(sent_at=None) | Q(sent_at__lt=at - RESEND))
    found = list(Job.objects.filter(forgotten | lost).order_by("created_at").values_list("pk", flat=True)[:500])
    Job.objects.filter(pk__in=found).update(sent_at=at)
    for pk in found:
        send(pk)
    return len(found)


def start_scheduled() -> int:
    """Starts the jobs that are due: one a kind and time slot, however many beats tick. Returns how many are new."""
    at, made = clock.now(), 0
    for kind, seconds in SCHEDULES.items():
        slot = int(at.timestamp()) // seconds
        if Job.objects.filter(kind=kind, state__in=OPEN).exists():
            continue
        if not Job.objects.filter(key=f"{kind}:{slot}").exists():
            with transaction.atomic():
                start(kind, actor=Actor.service("schedule"), trigger="schedule", key=str(slot))
            made += 1
    return made


def _needs(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("Say why: the reason stands in the ledger.", where="reason")


def why_not_cancel(*, actor: Actor, job: Job) -> str:
    """The sentence that says why the actor cannot cancel the job; empty when it can be cancelled."""
    if not actor.may("jobs.cancel", job.team_id):
        return actor.why_not("jobs.cancel")
    return "" if job.is_open else HAS_ENDED


def why_not_retry(*, actor: Actor, job: Job) -> str:
    """The sentence that says why the actor cannot retry the job; empty when it can be retried."""
    if not actor.may("jobs.retry", job.team_id):
        return actor.why_not("jobs.retry")
    return "" if job.state in (State.FAILED, State.CANCELLED) else NOT_ENDED_BADLY


@transaction.atomic
def cancel(*, actor: Actor, job: Job, reason: str) -> Job:
    """Ends a job before it is done; a running one stops at its next progress report.

    Raises:
        NotPermitted: the actor may not cancel jobs of this team.
        InvalidInput: there is no reason.
        Refused: the job has ended.
    """
    actor.check("jobs.cancel", job.team_id)
    _needs(reason)
    if not Job.objects.filter(pk=job.pk, state__in=OPEN).update(
        state=State.CANCELLED, finished_at=clock.now(), lease_token=None, lease_until=None
    ):
        raise Refused(HAS_ENDED)
    _record(actor, ledger_actions.CANCELLED, job, reason)
    job.refresh_from_db()
    return job


@transaction.atomic
def retry(*, actor: Actor, job: Job, reason: str) -> Job:
    """Runs a failed or cancelled job once more.

    Raises:
        NotPermitted: the actor may not retry jobs of this team.
        InvalidInput: there is no reason.
        Refused: the job is open or succeeded.
    """
    actor.check("jobs.retry", job.team_id)
    _needs(reason)
    rows = Job.objects.filter(pk=job.pk, state__in=(State.FAILED, State.CANCELLED))
    if not rows.update(
        state=State.QUEUED, attempts=0, error="", not_before=None, finished_at=None, sent_at=clock.now()
    ):
        raise Refused(NOT_ENDED_BADLY)
    _record(actor, ledger_actions.RETRIED, job, reason)
    transaction.on_commit(lambda: send(job.pk))
    job.refresh_from_db()
    return job


def beat(*, name: str, role: str) -> None:
    """Notes that a worker or beat is alive, and forgets those unseen for a day."""
    at = clock.now()
    Heartbeat.objects.update_or_create(name=name, defaults={"role": role, "at": at})
    Heartbeat.objects.filter(at__lt=at - KEEP_HEARTBEATS).delete()
