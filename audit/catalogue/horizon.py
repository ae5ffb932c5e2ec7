"""Where the data in view end is asked of every slice that has data; only without any does today count."""

from collections.abc import Callable
from datetime import datetime

from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.models import Model

LastData = Callable[[Actor, Model | None], datetime | None]
SOURCES: list[LastData] = []


def register(source: LastData) -> None:
    """Adds a source: ``source(viewer, model)`` is the exclusive end (UTC) of its data, of all models without one."""
    if source not in SOURCES:
        SOURCES.append(source)


def last_data(viewer: Actor, model: Model | None = None) -> datetime:
    """The exclusive end of the newest data that the viewer may see; the present moment when there are none."""
    ends = [end for source in SOURCES if (end := source(viewer, model)) is not None]
    return max(ends, default=clock.now())
