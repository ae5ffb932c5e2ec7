"""The job of budgets: all are looked at when bills were tied to models, and every day."""

from audit.base.actors import Actor
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.jobs.registry import follow, job, schedule
from audit.jobs.run import Run
from costs.allocation.services import ALLOCATE
from costs.budgets import evaluating
from costs.budgets.models import Budget

EVALUATE = "budgets.evaluate"
EVERY_SECONDS = 24 * 60 * 60


@job(EVALUATE, title="Look at budgets")
def evaluate(run: Run) -> dict[str, int]:
    """Keeps how each budget stands."""
    return evaluating.evaluate(
        actor=run.actor, progress=lambda done, total: run.progress(done, total, f"{done} of {total} budgets")
    )


def after_allocation(done: Job) -> None:
    """Follows the tying of a bill, where there is a budget."""
    if done.state == State.SUCCEEDED and Budget.objects.filter(closed_at=None).exists():
        jobs.start(EVALUATE, actor=Actor.service("budgets"), trigger="chain", key=str(done.pk), parent=done)


follow(ALLOCATE, after_allocation)
schedule(EVALUATE, every_seconds=EVERY_SECONDS)
