"""Pulling a source is a job."""

from typing import Any

from audit.base.errors import TollgateError
from audit.jobs.registry import follow, job, on_tick
from audit.jobs.run import Run
from audit.sources import services
from audit.sources.models import Source


@job(services.PULL, title="Pull a source", permanent=(TollgateError,), attempts=3)
def pull(run: Run, *, source: str) -> dict[str, Any]:
    """Takes in what is new since the last pull."""
    return services.pull(run=run, source=Source.objects.select_related("team").get(pk=source))


follow(services.PULL, services.note_end)
on_tick(services.start_due)
