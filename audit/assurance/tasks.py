"""Delivering to a witness, and holding the log against all of them, are jobs."""

from typing import Any

from audit.assurance import delivery, services
from audit.assurance.checking import check_witnesses
from audit.assurance.models import Witness
from audit.jobs.registry import follow, job, on_tick, schedule
from audit.jobs.run import Run

HOUR = 3600


@job(services.DELIVER, title="Deliver checkpoints", attempts=3)
def deliver(run: Run, *, witness: str) -> dict[str, Any]:
    """Brings what waits. A witness that does not take it is no failure of the job: it stands on its page."""
    found = Witness.objects.get(pk=witness)
    done = delivery.deliver(witness=found, progress=lambda count, of: run.progress(count, of, "checkpoints delivered"))
    if done.error:
        run.log(done.error)
    if done.contradicts or services.wants_to_be_asked(found, done):
        check_witnesses(actor=run.actor)
    return {"checkpoints": done.count, "size": done.size}


@job(services.CHECK, title="Compare the log with its witnesses", attempts=3)
def check(run: Run) -> dict[str, Any]:
    """Asks every witness for its newest checkpoint; a fork is a result, not a failure of the job."""
    findings = check_witnesses(actor=run.actor)
    for finding in findings:
        run.log(finding.sentence)
    return {
        "agree": sum(finding.agrees is True for finding in findings),
        "not_known": sum(finding.agrees is None for finding in findings),
        "contradict": sum(finding.agrees is False for finding in findings),
    }


follow(services.DELIVER, services.note_end)
schedule(services.CHECK, every_seconds=HOUR)
on_tick(services.start_due)
