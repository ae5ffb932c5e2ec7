"""Higher slices add what they know to a model's first sentences and to its versions' tags."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from audit.base.actors import Actor
from audit.catalogue.models import Model


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of the model's lede, with the page that it leads to (empty: none)."""

    sentence: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A version's state: a shape (ok, watch, bad, unknown, waiting, off) and its word."""

    shape: str
    word: str
    url: str = ""


Notes = Callable[[Model, Actor], list[Note]]
Tags = Callable[[Model, Actor], Mapping[UUID, Tag]]
NOTES: list[Notes] = []
TAGS: list[Tags] = []


def register_notes(provider: Notes) -> None:
    """Adds a provider of sentences: ``provider(model, viewer)``."""
    if provider not in NOTES:
        NOTES.append(provider)


def register_tags(provider: Tags) -> None:
    """Adds a provider of tags: ``provider(model, viewer)`` maps a version's id to what is special about it."""
    if provider not in TAGS:
        TAGS.append(provider)


def notes_of(model: Model, viewer: Actor) -> list[Note]:
    """The sentences that the registered slices add."""
    return [note for provider in NOTES for note in provider(model, viewer)]


def tags_of(model: Model, viewer: Actor) -> dict[UUID, Tag]:
    """The tags that the registered slices give to versions of the model."""
    found: dict[UUID, Tag] = {}
    for provider in TAGS:
        found |= provider(model, viewer)
    return found
