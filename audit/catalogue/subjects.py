"""A model's timeline tells of records that higher slices keep; each slice says which of them belong to the model."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db.models import Model as Row
from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.catalogue.models import Model

Kind = TypeVar("Kind", bound=Row)
Subjects = Callable[[Model, Actor], Iterable[Row]]
PROVIDERS: list[Subjects] = []


def register(provider: Subjects) -> None:
    """Adds a provider: ``provider(model, viewer)`` gives records whose ledger entries the timeline shows."""
    if provider not in PROVIDERS:
        PROVIDERS.append(provider)


def bare(rows: QuerySet[Kind]) -> QuerySet[Kind]:
    """The same records with nothing but their ids: it is by these that their entries are found."""
    return rows.select_related(None).prefetch_related(None).only("pk")


def of(model: Model, viewer: Actor) -> list[Row]:
    """What the registered slices name as the model's."""
    return [row for provider in PROVIDERS for row in provider(model, viewer)]
