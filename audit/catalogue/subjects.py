"""A model's timeline tells of records that higher slices keep; each slice says which of them belong to the model."""

from collections.abc import Callable, Iterable

from django.db.models import Model as Row

from audit.base.actors import Actor
from audit.catalogue.models import Model

Subjects = Callable[[Model, Actor], Iterable[Row]]
PROVIDERS: list[Subjects] = []


def register(provider: Subjects) -> None:
    """Adds a provider: ``provider(model, viewer)`` gives records whose ledger entries the timeline shows."""
    if provider not in PROVIDERS:
        PROVIDERS.append(provider)


def of(model: Model, viewer: Actor) -> list[Row]:
    """What the registered slices name as the model's."""
    return [row for provider in PROVIDERS for row in provider(model, viewer)]
