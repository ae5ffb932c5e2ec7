"""The row is the truth: sent twice, lost, killed or cancelled, a job takes effect once and says how it ended."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from audit.base import clock, ids
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.jobs import registry, run, selectors, services
from audit.jobs.models import Heartbeat, Job, JobLine, State
from audit.jobs.run import Run, execute
from audit.ledger.models import Entry
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker

calls: list[str] = []


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    """Kinds of jobs of this module alone."""
    calls.clear()
    before, followers = dict(registry.KINDS), {kind: list(found) for kind, found in registry.FOLLOWERS.items()}

    @registry.job("test.count", title="Count")
    def count(run: Run, *, name: str) -> dict[str, Any]:
        calls.append(name)
        run.log(f"counted {name}")
        return {"counted": 1}

    @registry.job("test.wrong", title="Go wrong", permanent=(InvalidInput,), attempts=3)
    def wrong(run: Run, *, how: str) -> dict[str, Any]:
        calls.append(how)
        if how == "input":
            raise InvalidInput("This is not a number.", where="row 3, column score")
        raise OSError("the disk is full")

    @registry.job("test.parent", title="Start others")
    def parent(run: Run) -> dict[str, Any]:
        for name in "ab":
            run.start("test.count", args={"name": name}, key=f"child-{name}")
        return {}

    yield
    registry.KINDS.clear()
    registry.KINDS.update(before)
    registry.FOLLOWERS.clear()
    registry.FOLLOWERS.update(followers)


def start(kind: str = "test.count", key: str = "", **args: Any) -> Job:
    """A job in its row."""
    return services.start(kind, actor=SYSTEM, trigger="person", args=args, key=key)


def aged(job: Job, **fields: Any) -> None:
    """Changes the row as time would."""
    Job.objects.filter(pk=job.pk).update(**fields)


def test_same_key_is_one_job(worker: Worker) -> None:
    assert start(key="once", name="a").pk == start(key="once", name="b").pk
    assert start(name="a").pk != start(name="a").pk


def test_job_is_sent_when_the_transaction_commits(worker: Worker, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = start(name="a")
        assert worker.sent == []
    assert worker.sent == [job.pk]


def test_change_that_is_rolled_back_starts_nothing(worker: Worker, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError), transaction.atomic():
        start(name="a")
        _ = 1 / 0
    assert worker.sent == []
    assert not Job.objects.exists()


def test_job_succeeds_with_counts_and_log(worker: Worker) -> None:
    job = worker.run(start(name="a"))
    assert (job.state, job.counts, job.attempts, job.lease_until) == (State.SUCCEEDED, {"counted": 1}, 1, None)
    assert [line.text for line in job.lines.all()] == ["counted a"]


def test_job_sent_twice_runs_once(worker: Worker) -> None:
    job = start(name="a")
    worker.run(job)
    worker.run(job)
    assert calls == ["a"]


def test_leased_job_is_not_leased_again(db: None) -> None:
    job = start(name="a")
    assert services.lease(job_id=job.pk, worker="one") is not None
    assert services.lease(job_id=job.pk, worker="two") is None


def test_lost_worker_is_replaced_and_cannot_end_the_job(worker: Worker) -> None:
    job = start(name="a")
    lost = services.lease(job_id=job.pk, worker="one")
    assert lost is not None
    aged(job, lease_until=clock.now() - timedelta(seconds=1), sent_at=clock.now() - timedelta(minutes=2))
    assert services.sweep() == 1
    assert worker.sent == [job.pk]
    worker.run(job)
    assert (job.state, job.attempts, calls) == (State.SUCCEEDED, 2, ["a"])
    assert services.renew(job=lost) is False
    assert services.succeed(job=lost, counts={"counted": 99}) is False
    job.refresh_from_db()
    assert job.counts == {"counted": 1}


def test_job_whose_workers_are_always_lost_is_given_up(worker: Worker) -> None:
    job = start(name="a")
    aged(job, state=State.RUNNING, attempts=5, lease_until=clock.now() - timedelta(seconds=1))
    worker.run(job)
    assert (job.state, job.error) == (State.FAILED, "Gave up: its worker was lost 5 times.")
    assert calls == []


def test_sweep_sends_forgotten_jobs_again_and_leaves_fresh_ones(worker: Worker) -> None:
    fresh, old = start(name="a"), start(name="b")
    aged(old, sent_at=clock.now() - timedelta(minutes=1))
    assert services.sweep() == 1
    assert worker.sent == [old.pk]
    assert services.sweep() == 0
    assert fresh.pk not in worker.sent


def test_renewed_lease_is_not_swept(worker: Worker) -> None:
    job = start(name="a")
    leased = services.lease(job_id=job.pk, worker="one")
    assert leased is not None
    aged(job, lease_until=clock.now() + timedelta(seconds=1), sent_at=clock.now() - timedelta(hours=1))
    assert services.renew(job=leased) is True
    job.refresh_from_db()
    assert job.lease_until is not None
    assert job.lease_until > clock.now() + timedelta(seconds=50)
    assert services.sweep() == 0


def test_wrong_input_fails_at_once_with_its_place(worker: Worker) -> None:
    job = worker.run(start("test.wrong", how="input"))
    assert (job.state, job.attempts) == (State.FAILED, 1)
    assert job.error == "row 3, column score: This is not a number."
    entry = Entry.objects.get(action="jobs.failed")
    assert (entry.subject_id, entry.reason) == (str(job.pk), job.error)


def test_passing_fault_is_tried_again_later_each_time_and_then_fails(worker: Worker) -> None:
    job, pauses = start("test.wrong", how="disk"), []
    for _ in range(3):
        at = clock.now()
        worker.run(job)
        if job.not_before:
            pauses.append(round((job.not_before - at).total_seconds()))
        assert services.lease(job_id=job.pk, worker="early") is None
        aged(job, not_before=None)
    assert pauses[:2] == [5, 10]
    assert (job.state, job.attempts, calls) == (State.FAILED, 3, ["disk"] * 3)
    assert JobLine.objects.filter(job=job, text="Attempt 3: OSError: the disk is full").exists()
    assert "Traceback" not in job.error


def test_cancelled_job_does_not_run(worker: Worker, cast: Cast) -> None:
    job = services.start("test.count", actor=SYSTEM, trigger="person", args={"name": "a"}, team=cast.team)
    services.cancel(actor=cast.actor("owner"), job=job, reason="wrong file")
    worker.run(job)
    assert (job.state, calls) == (State.CANCELLED, [])
    assert Entry.objects.get(action="jobs.cancelled").reason == "wrong file"
    with pytest.raises(Refused, match="has ended"):
        services.cancel(actor=cast.actor("owner"), job=job, reason="again")


def test_running_job_that_is_cancelled_stops_at_its_next_report(worker: Worker, cast: Cast) -> None:
    @registry.job("test.long", title="Take long")
    def long(run: Run) -> dict[str, Any]:
        services.cancel(actor=SYSTEM, job=Job.objects.get(pk=run.job.pk), reason="enough")
        assert services.renew(job=run.job) is False
        run.lost.set()  # as the renewing thread does
        run.progress(1, 2)
        calls.append("went on")
        return {}

    job = worker.run(start("test.long"))
    assert (job.state, calls) == (State.CANCELLED, [])


def test_failed_job_runs_again_when_someone_says_why(worker: Worker, cast: Cast) -> None:
    job = services.start("test.wrong", actor=SYSTEM, trigger="person", args={"how": "input"}, team=cast.team)
    worker.run(job)
    with pytest.raises(InvalidInput, match="Say why"):
        services.retry(actor=cast.actor("owner"), job=job, reason=" ")
    with pytest.raises(NotPermitted, match="retry jobs"):
        services.retry(actor=cast.actor("manager"), job=job, reason="please")
    services.retry(actor=cast.actor("owner"), job=job, reason="the file is mended")
    worker.run(job)
    assert calls == ["input", "input"]
    assert Entry.objects.get(action="jobs.retried").reason == "the file is mended"


def test_children_start_once_and_know_their_root(worker: Worker) -> None:
    job = worker.run(start("test.parent"))
    aged(job, state=State.QUEUED)
    worker.run(job)
    children = Job.objects.filter(parent=job)
    assert {child.key for child in children} == {"test.count:child-a", "test.count:child-b"}
    assert {child.root_id for child in children} == {job.pk}
    assert {child.actor_id for child in children} == {job.actor_id}


def test_followers_act_once_in_the_transaction_of_the_end(worker: Worker) -> None:
    seen: list[tuple[UUID, str]] = []

    def follower(job: Job) -> None:
        assert transaction.get_connection().in_atomic_block
        seen.append((job.pk, job.state))
        services.start("test.count", actor=SYSTEM, trigger="chain", args={"name": "after"}, key=f"after-{job.pk}")

    registry.follow("test.count", follower)
    registry.follow("test.count", follower)
    job = start(name="a")
    worker.run(job)
    worker.run(job)
    assert seen == [(job.pk, "succeeded")]
    assert Job.objects.filter(key=f"test.count:after-{job.pk}").count() == 1


def test_end_is_undone_when_a_follower_fails(worker: Worker) -> None:
    def follower(job: Job) -> None:
        if job.state == State.SUCCEEDED:
            raise OSError("not now")

    registry.follow("test.count", follower)
    job = worker.run(start(name="a"))
    assert (job.state, job.attempts) == (State.QUEUED, 1)
    assert job.not_before is not None


def test_schedule_starts_one_job_a_slot(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "SCHEDULES", {"test.parent": 3600})
    assert [services.start_scheduled(), services.start_scheduled()] == [1, 0]
    worker.run(Job.objects.get(kind="test.parent"))
    assert services.start_scheduled() == 0


def test_unknown_kind_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="no handler"):
        start("test.no_such")


def test_alive_means_seen_in_the_last_half_minute(db: None) -> None:
    services.beat(name="worker a", role="worker")
    assert (selectors.alive("worker"), selectors.alive("beat")) == (True, False)
    Heartbeat.objects.update(at=clock.now() - timedelta(seconds=31))
    assert selectors.alive("worker") is False


def test_execute_of_a_job_that_is_gone_does_nothing(db: None) -> None:
    execute(ids.uuid7(), worker="test")
    assert services.LEASE.total_seconds() / 2 > run.RENEW_SECONDS
