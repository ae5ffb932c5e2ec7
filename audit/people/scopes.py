"""An auditor's access may be limited to models. These stand above people: the slice that keeps them names them here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as the form that grants a limited role offers it; ``team`` is the id of the team that owns it."""

    id: UUID
    name: str
    team: UUID


def _no_models() -> list[ModelName]:
    return []


def _no_use_cases(models: Collection[UUID]) -> frozenset[UUID]:
    return frozenset()


class Known:
    """Until a slice has named its models, there are none to limit an access to."""

    models: Callable[[], list[ModelName]] = _no_models
    """All models, by name."""
    use_cases: Callable[[Collection[UUID]], frozenset[UUID]] = _no_use_cases
    """The ids of the use cases of these models."""


def register(
    *, models: Callable[[], list[ModelName]], use_cases: Callable[[Collection[UUID]], frozenset[UUID]]
) -> None:
    """Names the slice that keeps the models, from ``AppConfig.ready``."""
    Known.models, Known.use_cases = models, use_cases


def names_of(ids: Collection[UUID]) -> list[str]:
    """The names of these models, by name; one that is not there any more has none."""
    return [model.name for model in Known.models() if model.id in ids]
