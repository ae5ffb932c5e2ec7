"""Sending is a job for each place; it is started when something is due: at once after a commit, or by the tick."""

from typing import Any

from audit.jobs.registry import follow, job, on_tick
from audit.jobs.run import Run
from audit.notifications import delivering, services
from audit.notifications.selectors import DELIVER


@job(DELIVER, title="Send messages", attempts=3)
def deliver(run: Run, *, lane: str) -> dict[str, Any]:
    """Sends what is due for one place. What is not taken is no failure of the job: it stands in the delivery's row."""
    sent, failed = delivering.deliver_lane(
        lane=lane, progress=lambda done, of: run.progress(done, of, "messages tried")
    )
    return {"sent": sent, "not_taken": failed}


follow(DELIVER, delivering.note_end)
on_tick(delivering.start_due)
services.wake = delivering.start_due
