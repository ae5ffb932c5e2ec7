"""The jobs that fill the demo organisation: found it, train version 1 of each model, replay the year, send the bill."""

from typing import Any

from audit.jobs.registry import job
from audit.jobs.run import Run
from governance.demo import services


@job("demo.fill", title="Fill the demo organisation")
def fill(run: Run) -> dict[str, Any]:
    """Founds the team and its people, and starts the training of each model's first version."""
    return services.prepare(run=run)


@job("demo.train", title="Train version 1 and register it through the API")
def train(run: Run, *, model: str) -> dict[str, Any]:
    """Trains on January and February, and registers what it used and made."""
    return services.train_first(run=run, slug=model)


@job("demo.week", title="Replay a week")
def week(run: Run, *, model: str, week: str) -> dict[str, Any]:
    """Sends the week's predictions, and the labels that became known since the week before."""
    return services.replay_week(run=run, slug=model, week=week)


@job("demo.bill", title="Send the simulated bill")
def bill(run: Run) -> dict[str, Any]:
    """Writes the bill of all that the demo used, and imports it."""
    return services.send_bill(run=run)


@job("demo.finish", title="Finish the demo organisation")
def finish(run: Run) -> dict[str, Any]:
    """Says what the demo holds; from here on Tollgate is ready."""
    return services.summary(run=run)
