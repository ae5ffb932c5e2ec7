"""The list of models costs the same number of queries for two models as for two thousand."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from audit.base.actors import Actor
from audit.catalogue import horizon, selectors, states
from audit.catalogue.models import AliasPeriod, Deployment, Environment, Model, ModelVersion
from audit.catalogue.words import metric_name, metric_value, metric_words, told_apart

Dated = TypeVar("Dated", AliasPeriod, Deployment)
HEADINGS = (
    "model", "use_case", "team", "owner", "task", "state", "production_version", "main_measure", "value", "week_from",
    "threshold", "trained_until", "data_age_days", "deployments",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model with what the list shows of it."""

    model: Model
    production: ModelVersion | None
    deployments: list[Deployment]
    standing: states.Standing
    weeks: list[states.Week]
    metric: str
    as_of: datetime

    @property
    def data_age(self) -> int | None:
        """Whole days from the end of the training data to the newest data in view; None when either is unknown."""
        if self.production is None or self.production.data_until is None:
            return None
        return max(0, (self.as_of - self.production.data_until).days)

    @property
    def measure(self) -> str:
        """The main measure of the newest measured week: "AUC 0.660"."""
        last = self.standing.last
        if last is None or last.value is None:
            return ""
        bound = self.standing.threshold
        if bound is None:
            return metric_words(self.standing.metric, last.value, self.model.unit)
        value, _ = told_apart(bound.metric, last.value, bound.value, self.model.unit)
        return f"{metric_name(bound.metric)} {value}"

    @property
    def needs(self) -> str:
        """The threshold in words, empty without one."""
        bound = self.standing.threshold
        if bound is None:
            return ""
        last = self.standing.last
        value = metric_value(bound.metric, bound.value, self.model.unit)
        if last is not None and last.value is not None:
            _, value = told_apart(bound.metric, last.value, bound.value, self.model.unit)
        return f"needs {value}" if bound.below else f"at most {value}"

    @property
    def where(self) -> str:
        """Where it runs: "v1 production, batch; v2 shadow, online"."""
        return "; ".join(f"v{one.version.number} {one.environment}, {one.mode}" for one in self.deployments)

    def cells(self) -> list[object]:
        """The row of the downloaded table, under ``HEADINGS``."""
        last, bound = self.standing.last, self.standing.threshold
        until = self.production.data_until if self.production else None
        return [
            self.model.slug,
            self.model.use_case.slug,
            self.model.use_case.team.slug,
            self.model.owner_name,
            self.model.task,
            self.standing.word,
            self.production.number if self.production else "none",
            self.standing.metric or "unknown",
            last.value if last else "unknown",
            last.start.date().isoformat() if last else "unknown",
            bound.value if bound else "none",
            until.date().isoformat() if until else "unknown",
            self.data_age if self.data_age is not None else "unknown",
            self.where or "none",
        ]


def rows(
    *, viewer: Actor, models: Iterable[Model], weeks: int = states.COUNT, as_of: datetime | None = None
) -> list[ModelRow]:
    """The models with production version, live deployments, standing and last ``weeks`` weeks.

    ``as_of`` is the end of the data in view (UTC), where the caller knows it already.
    """
    listed = list(models)
    ids = [model.pk for model in listed]
    production = {
        period.model_id: period.version
        for period in _with_version(selectors.aliases(viewer=viewer)).filter(
            model__in=ids, alias=selectors.PRODUCTION, until=None
        )
    }
    running: dict[UUID, list[Deployment]] = defaultdict(list)
    for one in _with_version(selectors.deployments(viewer=viewer)).filter(version__model__in=ids, until=None):
        running[one.version.model_id].append(one)
    measured = states.weeks_of(viewer, listed, weeks)
    thresholds = states.thresholds_of(viewer, listed)
    as_of = as_of or horizon.last_data(viewer)
    result = []
    for model in listed:
        metric, series = measured.get(model.pk, ("", ()))
        standing = states.judge(series, thresholds.get(model.pk), metric)
        result.append(
            ModelRow(
                model,
                production.get(model.pk) or _deployed(running[model.pk]),
                running[model.pk],
                standing,
                list(series),
                metric,
                as_of,
            )
        )
    return result


def _deployed(running: list[Deployment]) -> ModelVersion | None:
    """Of a model of which no version is called "production": the one deployed there, the one with most traffic."""
    there = [one for one in running if one.environment == Environment.PRODUCTION]
    return max(there, key=lambda one: (one.share or 0, one.since)).version if there else None


def _with_version(rows: QuerySet[Dated]) -> QuerySet[Dated]:
    return rows.select_related(None).select_related("version")


def narrowed(*, viewer: Actor, use_case: str = "", task: str = "", words: str = "") -> QuerySet[Model]:
    """The models that the filters leave, by name. ``words`` are looked for in names and problems."""
    found = selectors.models(viewer=viewer)
    if use_case:
        found = found.filter(use_case__slug=use_case)
    if task:
        found = found.filter(task=task)
    for word in words.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(slug__icontains=word)
            | Q(use_case__name__icontains=word)
            | Q(owner__name__icontains=word)
            | Q(outcome__icontains=word)
        )
    return found.order_by("name", "pk")


def matching(*, viewer: Actor, use_case: str = "", task: str = "", state: str = "", words: str = "") -> list[ModelRow]:
    """The rows of all models that the filters leave, for a download."""
    found = narrowed(viewer=viewer, use_case=use_case, task=task, words=words)
    return [row for row in rows(viewer=viewer, models=found) if not state or row.standing.state == state]


@dataclass(frozen=True, slots=True)
class Listed:
    """The models of a list, by name, and how many of them are in each state."""

    models: QuerySet[Model]
    states: Counter[states.State]


def listed(*, viewer: Actor, found: QuerySet[Model], state: str = "") -> Listed:
    """Those of ``found`` (as ``narrowed`` gives them) that are in ``state``, or all; a page of them is read later."""
    bare = found.select_related(None).order_by().annotate(now=states.newest(viewer))
    if state:
        found = found.filter(pk__in=bare.filter(now=state).values("pk"))
    counts = bare.filter(now=state) if state else bare
    return Listed(found, Counter(map(states.State, counts.values_list("now", flat=True))))


def last_change(*, viewer: Actor) -> datetime | None:
    """When a version of the viewer's models was last registered (UTC)."""
    moment: datetime | None = selectors.versions(viewer=viewer).aggregate(last=Max("created_at"))["last"]
    return moment
