"""The first steps of an installation: each slice registers its own, and whether one is done is read from records."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from audit.base.actors import Actor


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``done`` says whether the records show it; ``link`` names the page that does it, ``example`` a command.

    ``example`` may hold {url}, the address of this installation.
    """

    order: int
    title: str
    text: str
    done: Callable[[Actor], bool]
    link: str = ""
    link_words: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A step as one viewer finds it; ``current`` marks the first that is not done."""

    step: Step
    done: bool
    current: bool
    address: str
    example: str


_steps: dict[str, Step] = {}


def register(step: Step) -> None:
    """Adds a step, from ``AppConfig.ready``."""
    _steps[step.title] = step


def standings(viewer: Actor, *, url: str) -> list[Standing]:
    """All steps in their order, with the next one marked; ``url`` is where this installation answers."""
    found: list[Standing] = []
    waiting = False
    for step in sorted(_steps.values(), key=lambda step: step.order):
        done = step.done(viewer)
        example = step.example.replace("{url}", url.rstrip("/"))
        found.append(Standing(step, done, not done and not waiting, _address(step.link), example))
        waiting = waiting or not done
    return found


def left(viewer: Actor, *, first: str = "") -> str:
    """The title of a step that is not done, empty when none is left; the one called ``first`` is looked at first."""
    every = sorted(_steps.values(), key=lambda step: (step.title != first, step.order))
    return next((step.title for step in every if not step.done(viewer)), "")


def _address(name: str) -> str:
    try:
        return reverse(name) if name else ""
    except NoReverseMatch:
        return ""
