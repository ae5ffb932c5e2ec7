"""Who allowed a version, on what evidence, and what it cost: other slices answer, for the day that is asked about."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from audit.base.actors import Actor
from audit.catalogue.models import Model, ModelVersion


@dataclass(frozen=True, slots=True)
class Asked:
    """``version`` of ``model`` was in production on ``day`` (UTC).

    With ``known`` (an aware moment) only what was recorded before it counts; without, all that is known now.
    """

    model: Model
    version: ModelVersion
    day: date
    known: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the answer: "Allowed by", the words, and the page that it leads to (empty: none)."""

    label: str
    words: str
    url: str = ""


Provider = Callable[[Asked, Actor], Sequence[Line]]
PROVIDERS: Final[dict[str, tuple[int, Provider]]] = {}


def register(name: str, provider: Provider, *, order: int) -> None:
    """Adds the answers of a slice, from ``AppConfig.ready``: ``provider(asked, viewer)``; lower orders come first.

    Raises:
        ValueError: another provider has this name.
    """
    if PROVIDERS.setdefault(name, (order, provider)) != (order, provider):
        raise ValueError(f"Two providers of answers are named {name}.")


def answers_to(asked: Asked, viewer: Actor) -> list[Line]:
    """All that the slices say, in their order, as the viewer may see it."""
    providers = sorted(PROVIDERS.items(), key=lambda item: (item[1][0], item[0]))
    return [line for _, (_, provider) in providers for line in provider(asked, viewer)]
