"""Delivering to a stream is a job."""

from typing import Any

from audit.jobs.registry import follow, job, on_tick
from audit.jobs.run import Run
from audit.streaming import delivery, services
from audit.streaming.models import Stream
from audit.streaming.selectors import DELIVER


@job(DELIVER, title="Deliver events", attempts=3)
def deliver(run: Run, *, stream: str) -> dict[str, Any]:
    """Sends what waits. A receiver that does not take it is no failure of the job: it stands on the stream's page."""
    found = Stream.objects.get(pk=stream)
    done = delivery.deliver(stream=found, progress=lambda count, of: run.progress(count, of, "events delivered"))
    if done.error:
        run.log(done.error)
    return {"events": done.count, "number": done.number}


follow(DELIVER, services.note_end)
on_tick(services.start_due)
