"""What the ledger says about jobs."""

from audit.ledger.registry import Action, register

FAILED = register(Action("jobs.failed", "could not finish the job {subject}", link="jobs:job"))
CANCELLED = register(Action("jobs.cancelled", "cancelled the job {subject}", link="jobs:job"))
RETRIED = register(Action("jobs.retried", "retried the job {subject}", link="jobs:job"))
