"""The daily run, and erasures of people whom many entries name."""

from typing import Any

from audit.jobs.registry import job, schedule
from audit.jobs.run import Run
from audit.people.models import User
from audit.retention import running, services

DAY = 24 * 60 * 60


@job(services.PRUNE, title="Remove what no longer has to be kept")
def prune(run: Run) -> dict[str, Any]:
    """What went once is not found again, so a run that is repeated goes on where it was."""
    found = running.prune(actor=run.actor, progress=lambda done, what: run.progress(done, done, f"{done:,} {what}"))
    run.log(found.sentence)
    return {"entries": found.entries, "documents": found.documents, "bytes": found.bytes, "kept by holds": found.kept}


@job(services.ERASING, title="Erase a person")
def erase(run: Run, *, user: str, reason: str) -> dict[str, Any]:
    """One transaction: it has happened, or nothing has."""
    erased = services.erase_person(actor=run.actor, user=User.objects.get(pk=user), reason=reason)
    return {"erased": erased.name}


schedule(services.PRUNE, every_seconds=DAY)
