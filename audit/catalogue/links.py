"""What higher slices can do with a model or a use case: each registers a link, shown on its page to who may use it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from audit.base.actors import Actor
from audit.catalogue.models import Model, UseCase


@dataclass(frozen=True, slots=True)
class Link:
    """``url`` gives the address for a kind ("model" or "use_case") and a short name; ``right`` is what one needs there.

    ``kinds`` are those on whose pages it stands.
    """

    label: str
    right: str
    url: Callable[[str, str], str]
    kinds: tuple[str, ...] = ("model", "use_case")


LINKS: Final[list[Link]] = []


def register(link: Link) -> None:
    """Adds a link, from ``AppConfig.ready``."""
    if link not in LINKS:
        LINKS.append(link)


def for_model(model: Model, viewer: Actor) -> list[tuple[str, str]]:
    """Label and address of each link that the viewer may use with the model."""
    team = model.use_case.team_id
    may = [one for one in LINKS if "model" in one.kinds and viewer.may(one.right, team, model=model.pk)]
    return [(link.label, link.url("model", model.slug)) for link in may]


def for_use_case(use_case: UseCase, viewer: Actor) -> list[tuple[str, str]]:
    """The same for a use case."""
    may = [one for one in LINKS if "use_case" in one.kinds and viewer.may(one.right, use_case.team_id)]
    return [(link.label, link.url("use_case", use_case.slug)) for link in may]
