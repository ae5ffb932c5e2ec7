"""Runs one leased job: renews the lease while it works, ends it with a sentence, tries again what may pass."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import close_old_connections, connection, transaction
from django.db.models import Model

from audit.base.errors import TollgateError
from audit.jobs import services
from audit.jobs.models import Job
from audit.jobs.registry import KINDS, Kind
from audit.people.models import Team

RENEW_SECONDS = 15
PROGRESS_SECONDS = 0.5
logger = logging.getLogger(__name__)


class Lost(Exception):
    """The job is no longer ours: it was cancelled, or its lease ran out and another worker took it."""


class Run:
    """What a handler gets: the job, its actor, and the means to report."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.actor = services.actor_of(job)
        self.lost = threading.Event()
        self._shown = 0.0

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Shows how far the job is, at most twice a second.

        Raises:
            Lost: the job was cancelled or taken over; the handler ends here.
        """
        if self.lost.is_set():
            raise Lost
        if time.monotonic() - self._shown >= PROGRESS_SECONDS or done >= total:
            self._shown = time.monotonic()
            services.progress(job=self.job, done=done, total=total, message=message)

    def log(self, text: str) -> None:
        """Adds a line to the job's log."""
        services.log(job=self.job, text=text)

    def start(
        self,
        kind: str,
        *,
        args: dict[str, Any] | None = None,
        key: str = "",
        subject: Model | None = None,
        team: Team | None = None,
    ) -> Job:
        """Starts a child job; the same key starts it once."""
        with transaction.atomic():
            return services.start(
                kind, actor=self.actor, trigger="chain", args=args, key=key, subject=subject, team=team, parent=self.job
            )


@contextmanager
def _renewing(run: Run) -> Iterator[None]:
    stop = threading.Event()

    def renew() -> None:
        try:
            while not stop.wait(RENEW_SECONDS):
                if not services.renew(job=run.job):
                    run.lost.set()
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def execute(job_id: UUID, *, worker: str) -> None:
    """Runs the job, if it can be leased. Nothing is raised: how it went stands in its row."""
    if not connection.in_atomic_block:  # inside a transaction (a command, a test) the connection is in use
        close_old_connections()
    job = services.lease(job_id=job_id, worker=worker)
    if job is None:
        return
    kind, run = KINDS[job.kind], Run(job)
    if job.attempts > kind.attempts:
        services.fail(job=job, error=f"Gave up: its worker was lost {kind.attempts} times.")
        return
    try:
        with _renewing(run):
            counts = kind.handler(run, **job.args) or {}
        services.succeed(job=job, counts=counts)
    except Lost:
        logger.info("Job %s was taken away.", job.pk)
    except Exception as error:  # noqa: BLE001  whatever a handler raises, the row says how the job ended
        _note(run, kind, error)


def _note(run: Run, kind: Kind, error: Exception) -> None:
    """What people can mend fails at once with its sentence; anything else is tried again, later each time."""
    job = run.job
    if isinstance(error, (TollgateError, *kind.permanent)):
        services.fail(job=job, error=str(error))
        return
    logger.error("Job %s failed.", job.pk, exc_info=error)
    services.log(job=job, text=f"Attempt {job.attempts}: {type(error).__name__}: {error}"[:2000])
    if job.attempts < kind.attempts:
        services.again(job=job, error=f"Attempt {job.attempts} failed; it will be tried again.")
    else:
        services.fail(job=job, error=f"{kind.title} failed {kind.attempts} times; the log has the errors.")
