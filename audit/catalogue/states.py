"""A model's state compares its last measured weeks with its thresholds; without either it is unknown, never healthy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from audit.base.actors import Actor
from audit.catalogue.models import Model

COUNT: Final = 13
"""So many of the newest weeks count for a model's state."""


class State(StrEnum):
    """How well a model does against what was agreed for it."""

    HEALTHY = "healthy"
    WATCH = "watch"
    BELOW = "below"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bound that a metric should keep: at least ``value`` when ``below`` breaks it, at most when not."""

    metric: str
    value: float
    below: bool = True
    windows: int = 1

    def broken_by(self, value: float) -> bool:
        """Whether ``value`` lies on the wrong side."""
        return value < self.value if self.below else value > self.value


@dataclass(frozen=True, slots=True)
class Week:
    """The value of a metric in the week from ``start`` (Monday 00:00 UTC), None when it was not measurable.

    ``low`` and ``high`` bound the value with 95% confidence; ``n`` labelled predictions stand behind it.
    """

    start: datetime
    value: float | None
    low: float | None
    high: float | None
    n: int
    version: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A model's state with its grounds: the newest measured week, its threshold, the weeks in a row that broke it."""

    state: State
    metric: str = ""
    last: Week | None = None
    threshold: Threshold | None = None
    broken: int = 0
    why: str = ""

    @property
    def tag(self) -> str:
        """The tag's shape: ok, watch, bad or unknown."""
        return {"healthy": "ok", "watch": "watch", "below": "bad", "unknown": "unknown"}[self.state]

    @property
    def word(self) -> str:
        """The state for people."""
        if self.state is State.BELOW and self.threshold is not None and not self.threshold.below:
            return "Above threshold"
        return {"healthy": "Healthy", "watch": "Watch", "below": "Below threshold", "unknown": "Unknown"}[self.state]


Thresholds = Callable[[Actor, Sequence[Model]], Mapping[UUID, Threshold]]
Weeks = Callable[[Actor, Sequence[Model], int], Mapping[UUID, tuple[str, Sequence[Week]]]]
Judged = Callable[..., QuerySet[Any]]
THRESHOLDS: list[Thresholds] = []
WEEKS: list[Weeks] = []
JUDGED: list[Judged] = []


def register_thresholds(provider: Thresholds) -> None:
    """Adds a provider: ``provider(viewer, models)`` maps a model's id to the threshold of its main metric.

    One query for all models, so that a list of models costs as many queries as one.
    """
    if provider not in THRESHOLDS:
        THRESHOLDS.append(provider)


def register_weeks(provider: Weeks) -> None:
    """Adds a provider: ``provider(viewer, models, count)`` maps a model's id to (metric, its last weeks, oldest first).

    They are the weeks of the version that served in each week. At most ``count`` weeks for each model.
    """
    if provider not in WEEKS:
        WEEKS.append(provider)


def register_judged(provider: Judged) -> None:
    """Adds a provider: ``provider(viewer=viewer)`` gives rows with model, start, and the state as that week left it."""
    if provider not in JUDGED:
        JUDGED.append(provider)


def newest(viewer: Actor, *, unmeasured: str = State.UNKNOWN.value) -> Combinable:
    """For rows of models: the state that the newest week in view left each of them in; ``unmeasured`` without one."""
    found = [
        Subquery(judged(viewer=viewer).filter(model=OuterRef("pk")).order_by("-start").values("state")[:1])
        for judged in JUDGED
    ]
    return Coalesce(*found, Value(unmeasured), output_field=CharField())


def thresholds_of(viewer: Actor, models: Sequence[Model]) -> dict[UUID, Threshold]:
    """The threshold of each model that has one."""
    found: dict[UUID, Threshold] = {}
    for provider in THRESHOLDS:
        found |= provider(viewer, models)
    return found


def weeks_of(viewer: Actor, models: Sequence[Model], count: int = COUNT) -> dict[UUID, tuple[str, Sequence[Week]]]:
    """The main metric and last weeks of each model that was measured."""
    found: dict[UUID, tuple[str, Sequence[Week]]] = {}
    for provider in WEEKS:
        found |= provider(viewer, models, count)
    return found


def judge(weeks: Sequence[Week], threshold: Threshold | None, metric: str = "") -> Standing:
    """The state that the weeks (oldest first) and the threshold give.

    Below: the newest measured weeks, as many as the threshold asks for, all broke it. Watch: the newest week broke
    it, or its interval reaches over it. Unknown: nothing was measured, or no threshold is set for this metric.
    """
    measured = [week for week in weeks if week.value is not None]
    last = measured[-1] if measured else None
    if last is None or last.value is None:
        return Standing(State.UNKNOWN, metric, None, threshold, why="No labels have joined its predictions yet.")
    if threshold is None or threshold.metric != metric:
        return Standing(State.UNKNOWN, metric, last, None, why="No threshold is set for its main measure.")
    broken = _in_a_row(threshold.broken_by(week.value) for week in reversed(measured) if week.value is not None)
    if broken >= threshold.windows:
        return Standing(State.BELOW, metric, last, threshold, broken)
    edge = last.low if threshold.below else last.high
    if broken or (edge is not None and threshold.broken_by(edge)):
        return Standing(State.WATCH, metric, last, threshold, broken)
    return Standing(State.HEALTHY, metric, last, threshold)


def _in_a_row(broken: Iterable[bool]) -> int:
    count = 0
    for one in broken:
        if not one:
            break
        count += 1
    return count
