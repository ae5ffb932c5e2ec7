"""Jobs of billing: ids in, one service call."""

from typing import Any

from audit.base.errors import InvalidInput
from audit.jobs.registry import job
from audit.jobs.run import Run
from costs.billing.models import BillFile
from costs.billing.services import IMPORT, read_bill


@job(IMPORT, title="Read a bill", permanent=(InvalidInput,))
def import_bill(run: Run, *, file: str) -> dict[str, Any]:
    """Reads one bill; counts rows and statements."""
    bill_file = BillFile.objects.get(pk=file)
    bill_file = read_bill(
        actor=run.actor,
        bill_file=bill_file,
        progress=lambda done, total: run.progress(done, total, f"{done} of {total} rows"),
    )
    return {"rows": bill_file.rows, "statements": bill_file.statements.count(), "totals": bill_file.totals}
