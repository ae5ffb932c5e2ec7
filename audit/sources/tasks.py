"""Pulling a source, and taking in what one sent, are jobs."""

from typing import Any

from audit.base.errors import TollgateError
from audit.jobs.registry import follow, job, on_tick, schedule
from audit.jobs.run import Run
from audit.sources import deliveries, services
from audit.sources.models import Delivery, Source

DAY = 24 * 60 * 60


@job(services.PULL, title="Pull a source", permanent=(TollgateError,), attempts=3)
def pull(run: Run, *, source: str, anew: bool = False) -> dict[str, Any]:
    """Takes in what is new since the last pull; ``anew``: everything."""
    return services.pull(run=run, source=Source.objects.select_related("team").get(pk=source), anew=anew)


@job(deliveries.TAKE, title="Take in a delivery", attempts=6)
def take(run: Run, *, delivery: int) -> dict[str, Any]:
    """Takes in what a system sent."""
    return deliveries.take(run=run, delivery=Delivery.objects.select_related("source__team").get(pk=delivery))


@job(deliveries.TIDY, title="Forget old deliveries")
def tidy(run: Run) -> dict[str, Any]:
    """Those that were taken in long ago."""
    return {"forgotten": deliveries.tidy()}


follow(services.PULL, services.note_end)
follow(deliveries.TAKE, deliveries.note_end)
on_tick(services.start_due)
schedule(deliveries.TIDY, every_seconds=DAY)
