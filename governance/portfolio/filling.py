"""While the organisation is being filled, the front page shows how far it is; whoever fills it says so here."""

from collections.abc import Callable
from dataclasses import dataclass

from audit.jobs.models import Job


@dataclass(frozen=True, slots=True)
class Filling:
    """How far the filling is: ``done`` of ``total`` steps under the job ``root``; ``message`` says it in words."""

    root: Job
    done: int
    total: int
    message: str


Source = Callable[[], Filling | None]
SOURCES: list[Source] = []


def register(source: Source) -> None:
    """Adds a source: it returns None when nothing is being filled."""
    if source not in SOURCES:
        SOURCES.append(source)


def now() -> Filling | None:
    """What is being filled at the moment."""
    return next((found for source in SOURCES if (found := source()) is not None), None)
