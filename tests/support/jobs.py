"""Runs jobs here and now: what a worker would do, without a broker."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from audit.jobs import services
from audit.jobs.models import Job, State
from audit.jobs.run import execute


class Worker:
    """Remembers which jobs were sent, and runs them when told to."""

    def __init__(self) -> None:
        self.sent: list[UUID] = []

    def run(self, job: Job) -> Job:
        """Runs one job; returns its row afterwards."""
        execute(job.pk, worker="test")
        job.refresh_from_db()
        return job

    def run_all(self) -> list[Job]:
        """Runs everything that is queued, and what that starts, oldest first."""
        done = []
        while job := Job.objects.filter(state=State.QUEUED, not_before=None).order_by("created_at").first():
            done.append(self.run(job))
        return done


@pytest.fixture
def worker(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker that listens instead of the broker."""
    found = Worker()
    monkeypatch.setattr(services, "send", found.sent.append)
    yield found
