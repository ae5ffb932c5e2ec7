"""A model's timeline tells of records that higher slices keep; each slice says which of them belong to the model."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db.models import Model as Row
from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.catalogue.models import AliasPeriod, Deployment, Model, ModelVersion, Pipeline, PipelineRun

Kind = TypeVar("Kind", bound=Row)
Subjects = Callable[[Model, Actor], Iterable[Row]]
KINDS: list[type[Row]] = [Model, ModelVersion, AliasPeriod, Deployment, Pipeline, PipelineRun]
PROVIDERS: list[Subjects] = []


def register(*kinds: type[Row]) -> None:
    """Adds kinds of records in a model's life whose ledger entries the timeline shows."""
    KINDS.extend(kind for kind in kinds if kind not in KINDS)


def register_above(provider: Subjects) -> None:
    """Adds a provider: ``provider(model, viewer)`` gives records of its use case or team that concern the model too."""
    if provider not in PROVIDERS:
        PROVIDERS.append(provider)


def bare(rows: QuerySet[Kind]) -> QuerySet[Kind]:
    """The same records with nothing but their ids: it is by these that their entries are found."""
    return rows.select_related(None).prefetch_related(None).only("pk")


def above(model: Model, viewer: Actor) -> list[Row]:
    """What the registered slices name as concerning the model."""
    return [row for provider in PROVIDERS for row in provider(model, viewer)]
