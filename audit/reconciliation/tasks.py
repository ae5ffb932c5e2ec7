"""Comparing is a job, every hour and whenever someone asks."""

from typing import Any

from audit.jobs.registry import job, schedule
from audit.jobs.run import Run
from audit.reconciliation import services

HOUR = 3600


@job(services.COMPARE, title="Compare records with the log", attempts=3)
def compare(run: Run) -> dict[str, Any]:
    """What differs is a result, not a failure of the job."""
    done = services.compare(actor=run.actor, progress=run.progress)
    return {"compared": done.rows, "found": done.found, "put_back": done.put_back}


schedule(services.COMPARE, every_seconds=HOUR)
