"""Jobs of allocation: each bill that was read is allocated, one job a billing period."""

from datetime import date
from typing import Any

from audit.base.errors import InvalidInput
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.jobs.registry import follow, job
from audit.jobs.run import Run
from costs.allocation.services import ALLOCATE, allocate
from costs.billing.models import BillFile
from costs.billing.services import IMPORT


@job(ALLOCATE, title="Tie a bill to models", permanent=(InvalidInput,))
def allocate_bill(run: Run, *, source: str, period: str = "") -> dict[str, Any]:
    """Allocates the bills of one source in one billing period (its first day), or in all."""
    return allocate(
        actor=run.actor,
        source=source,
        period=date.fromisoformat(period) if period else None,
        progress=lambda done, total: run.progress(done, total, f"{done} of {total} statements"),
    )


def after_import(job: Job) -> None:
    """Follows the reading of a bill."""
    if job.state != State.SUCCEEDED:
        return
    bill_file = BillFile.objects.get(pk=job.args["file"])
    days = bill_file.statements.filter(superseded_at=None).values_list("period_start", flat=True)
    for period in sorted({start.date() for start in days}):
        jobs.start(
            ALLOCATE,
            actor=jobs.actor_of(job),
            trigger="chain",
            args={"source": bill_file.source, "period": period.isoformat()},
            key=f"{bill_file.pk}:{period}",
            subject=bill_file,
            team=bill_file.team,
            parent=job,
        )


follow(IMPORT, after_import)
