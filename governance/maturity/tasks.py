"""Assesses maturity on a schedule, and when a retraining, a bill or a decision has ended."""

from django.db import transaction

from audit.base.actors import Actor
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.jobs.registry import follow, job, schedule
from audit.jobs.run import Run
from governance.maturity import services

KIND = "maturity.assess"
EVERY_SECONDS = 15 * 60


@job(KIND, title="Assess maturity")
def assess(run: Run) -> dict[str, int]:
    """Computes the levels of the organisation, of each team and of each model."""
    return services.assess(actor=run.actor)


def after(done: Job) -> None:
    """Assesses again when a job ended that changes facts."""
    if done.state == State.SUCCEEDED:
        jobs.start(KIND, actor=Actor.service("maturity"), trigger="chain", key=str(done.pk), parent=done)


def after_decision(*, key: str) -> None:
    """Assesses again when a request was decided; ``key`` names the request and its state."""
    with transaction.atomic():
        jobs.start(KIND, actor=Actor.service("maturity"), trigger="chain", key=key)


schedule(KIND, every_seconds=EVERY_SECONDS)
follow("retraining.run", after)
follow("allocation.allocate", after)
