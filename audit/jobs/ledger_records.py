"""Why no job is audited: it is work under way, and what it does to records is."""

from audit.jobs.models import Heartbeat, Job, JobLine
from audit.ledger.audited import not_audited

not_audited(
    Job,
    why="Work under way. What it changes is entered under its id; failures, cancellations and retries are entries.",
)
not_audited(JobLine, why="What a job said while it worked.")
not_audited(Heartbeat, why="Which process was alive a moment ago.")
