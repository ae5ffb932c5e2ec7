"""Work for slices that stand below jobs."""

from typing import Any

from django.urls import reverse

from audit.base.actors import Actor
from audit.jobs import services
from audit.jobs.registry import job, schedule
from audit.jobs.run import Run
from audit.ledger.registry import Background
from audit.ledger.services import verify

DAY = 86_400


@job("ledger.verify", title="Verify the audit log")
def verify_chain(run: Run) -> dict[str, Any]:
    """Computes the whole log anew; a difference is a result, not a failure of the job."""
    found = verify(actor=run.actor, progress=lambda done, of: run.progress(done, of, "entries verified"))
    run.log(found.sentence)
    return {"entries": found.size, "broken_at": found.broken_at, "seconds": round(found.seconds, 1)}


def _start(actor: Actor) -> str:
    started = services.start("ledger.verify", actor=actor, trigger="person")
    return reverse("jobs:job", args=[started.pk])


Background.verify = _start
schedule("ledger.verify", every_seconds=DAY)
