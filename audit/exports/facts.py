"""What the records say of a scope, as they were known at one moment: nothing that was learned later is in it.

Rows that were superseded later still stand, periods that ended later are still open, and runs that ended later still
run. The number of queries does not grow with the number of models.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from audit.base.actors import Actor
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import DatasetVersion, ModelVersion, PipelineRun, RunState
from audit.catalogue.words import MAIN_METRIC
from audit.exports.domain.scope import Scope
from audit.monitoring import selectors as monitoring
from audit.monitoring.models import Measurement, Source, Window

ALL_METRICS_UP_TO = 5
"""Of more models than these only the main metric is read."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model, what it is for, and whose it is."""

    id: UUID
    slug: str
    name: str
    task: str
    outcome: str
    unit: str
    threshold: float | None
    inputs: Mapping[str, str]
    owner: str
    use_case: str
    problem: str
    hypothesis: str
    team: str
    team_id: UUID
    registered: datetime


@dataclass(frozen=True, slots=True)
class DataFacts:
    """A version of a dataset."""

    id: UUID
    name: str
    slug: str
    number: int
    description: str
    digest: str
    location: str
    rows: int | None
    columns: Mapping[str, str]
    since: datetime | None
    until: datetime | None
    registered: datetime

    @property
    def title(self) -> str:
        """Its name and number."""
        return f"{self.name} v{self.number}"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run of a pipeline; what it ended with is there once it has ended. ``model`` is the short name of its model."""

    key: str
    pipeline: str
    engine: str
    trigger: str
    state: str
    started: datetime
    finished: datetime | None
    seconds: float | None
    code: str
    environment: Mapping[str, str]
    parameters: Mapping[str, Any]
    inputs: tuple[DataFacts, ...]
    repository: str
    model: str


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version of a model, and where it came from; ``derived_from`` is the base as "short-name@number", if any."""

    id: UUID
    model: ModelFacts
    number: int
    registered: datetime
    registered_by: str
    author: str
    artefact: str
    digest: str
    bytes: int
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    since: datetime | None
    until: datetime | None
    notes: str
    run: RunFacts | None
    data: tuple[DataFacts, ...]
    derived_from: str

    @property
    def title(self) -> str:
        """The model's name and the number."""
        return f"{self.model.name} v{self.number}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A name that pointed at a version, or an environment that it ran in, with both times.

    ``learned`` is when the beginning was recorded, ``end_learned`` when the end was; ``who`` is empty for a name.
    """

    what: str
    where: str
    mode: str
    version_id: UUID
    model_id: UUID
    number: int
    since: datetime
    until: datetime | None
    learned: datetime
    end_learned: datetime | None
    who: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric with its 95% interval over ``n`` rows; None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """What a version did from ``start`` until ``end``; ``sent`` marks figures that someone else worked out."""

    version_id: UUID
    model_id: UUID
    number: int
    start: datetime
    end: datetime
    predictions: int
    labelled: int
    sent: bool
    metrics: Mapping[str, Measured]


def models_at(*, scope: Scope, viewer: Actor, as_of: datetime) -> tuple[ModelFacts, ...]:
    """The models of the scope that were known, by name."""
    rows = catalogue.models(viewer=viewer).filter(pk__in=scope.models, created_at__lte=as_of)
    # Databases order text differently; a report is the same from each of them.
    ordered = sorted(rows, key=lambda row: (row.name, row.slug))
    return tuple(
        ModelFacts(
            id=row.pk,
            slug=row.slug,
            name=row.name,
            task=row.task,
            outcome=row.outcome,
            unit=row.unit,
            threshold=row.threshold,
            inputs=row.inputs,
            owner=row.owner_name,
            use_case=row.use_case.name,
            problem=row.use_case.problem,
            hypothesis=row.use_case.value_hypothesis,
            team=row.use_case.team.name,
            team_id=row.use_case.team_id,
            registered=row.created_at,
        )
        for row in ordered
    )


def versions_at(*, scope: Scope, viewer: Actor, as_of: datetime) -> tuple[VersionFacts, ...]:
    """Their versions that were known, by model and number, with data and run."""
    models = {model.id: model for model in models_at(scope=scope, viewer=viewer, as_of=as_of)}
    data = DatasetVersion.objects.select_related("dataset")
    rows = (
        catalogue.versions(viewer=viewer)
        .filter(model__in=models, created_at__lte=as_of)
        .select_related("run__pipeline__model", "derived_from__model")
        .prefetch_related(Prefetch("training_data", data), Prefetch("run__inputs", data))
    )
    found = [_version(row, models[row.model_id], as_of) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.model.name, one.model.slug, one.number)))


def _version(row: ModelVersion, model: ModelFacts, as_of: datetime) -> VersionFacts:
    return VersionFacts(
        id=row.pk,
        model=model,
        number=row.number,
        registered=row.created_at,
        registered_by=row.registered_by,
        author=row.author_name,
        artefact=row.artefact,
        digest=row.artefact_digest,
        bytes=row.artefact_bytes,
        parameters=_sorted(row.parameters),
        metrics=_sorted(row.metrics),
        since=row.data_from,
        until=row.data_until,
        notes=row.notes,
        run=_run(row.run, as_of) if row.run is not None and row.run.created_at <= as_of else None,
        data=_all_data(row.training_data.all()),
        derived_from=f"{base.model.slug}@{base.number}" if (base := row.derived_from) else "",
    )


def _run(row: PipelineRun, as_of: datetime) -> RunFacts:
    ended = row.finished_at is not None and row.finished_at <= as_of
    return RunFacts(
        key=row.key,
        pipeline=row.pipeline.name,
        engine=row.pipeline.engine,
        trigger=row.trigger,
        state=row.state if ended else RunState.RUNNING.value,
        started=row.started_at,
        finished=row.finished_at if ended else None,
        seconds=row.compute_seconds if ended else None,
        code=row.code_version if ended else "",
        environment=_sorted(row.environment) if ended else {},
        parameters=_sorted(row.parameters),
        inputs=_all_data(row.inputs.all()) if ended else (),
        repository=row.repository if ended else "",
        model=row.pipeline.model.slug,
    )


def _all_data(rows: Iterable[DatasetVersion]) -> tuple[DataFacts, ...]:
    return tuple(sorted(map(_data, rows), key=lambda one: (one.name, one.slug, one.number)))


def _data(row: DatasetVersion) -> DataFacts:
    return DataFacts(
        id=row.pk,
        name=row.dataset.name,
        slug=row.dataset.slug,
        number=row.number,
        description=row.dataset.description,
        digest=row.digest,
        location=row.location,
        rows=row.rows,
        columns=_sorted(row.columns),
        since=row.data_from,
        until=row.data_until,
        registered=row.created_at,
    )


def _sorted(values: Mapping[str, Any]) -> dict[str, Any]:
    """In the order of the keys: PostgreSQL keeps members of an object in an order of its own."""
    return {str(key): values[key] for key in sorted(values)}


def standing_at(*, scope: Scope, viewer: Actor, as_of: datetime) -> tuple[Standing, ...]:
    """Names and deployments in the period of the scope, oldest first, as they were known."""
    aliases = catalogue.aliases(viewer=viewer).filter(model__in=scope.models, created_at__lte=as_of)
    deployed = catalogue.deployments(viewer=viewer).filter(
        version__model__in=scope.models, created_at__lte=as_of, version__created_at__lte=as_of
    )
    found = [
        _standing(row, as_of, what="alias", where=row.alias, mode="", model_id=row.model_id, who="") for row in aliases
    ]
    found += [
        _standing(
            row,
            as_of,
            what="deployment",
            where=row.environment,
            mode=row.mode,
            model_id=row.version.model_id,
            who=row.actor_id,
        )
        for row in deployed
    ]
    return tuple(
        sorted(
            (one for one in found if _touches(one, scope)),
            key=lambda one: (one.since, one.what, one.where, one.mode, str(one.version_id)),
        )
    )


def _standing(row: Any, as_of: datetime, *, what: str, where: str, mode: str, model_id: UUID, who: str) -> Standing:
    # What ended without a recorded time was known to have ended when it did.
    learned = row.ended_recorded_at or row.until
    ended = learned is not None and learned <= as_of
    return Standing(
        what=what,
        where=where,
        mode=mode,
        version_id=row.version_id,
        model_id=model_id,
        number=row.version.number,
        since=row.since,
        until=row.until if ended else None,
        learned=row.created_at,
        end_learned=learned if ended else None,
        who=who,
    )


def _touches(one: Standing, scope: Scope) -> bool:
    starts_in_time = scope.end is None or one.since < scope.end
    return starts_in_time and (scope.start is None or one.until is None or one.until > scope.start)


def weeks_at(*, scope: Scope, viewer: Actor, as_of: datetime, main_only: bool = False) -> tuple[WeekFacts, ...]:
    """The measured weeks in the period of the scope, as they were believed to be, oldest first."""
    rows = monitoring.windows(viewer=viewer, since=scope.start, until=scope.end, source="", as_known_at=as_of)
    rows = rows.filter(version__model__in=scope.models)
    if main_only or len(scope.models) > ALL_METRICS_UP_TO:
        mains = Measurement.objects.filter(metric__in=set(MAIN_METRIC.values()))
        rows = rows.prefetch_related(None).prefetch_related(Prefetch("measurements", mains))
    found = [_week(row) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.start, str(one.model_id), one.number, one.sent, one.end)))


def _week(row: Window) -> WeekFacts:
    return WeekFacts(
        version_id=row.version_id,
        model_id=row.version.model_id,
        number=row.version.number,
        start=row.start,
        end=row.end,
        predictions=row.predictions,
        labelled=row.labelled,
        sent=row.source == Source.SENT,
        metrics={
            one.metric: Measured(one.value, one.low, one.high, one.n)
            for one in sorted(row.measurements.all(), key=lambda one: one.metric)
        },
    )


def by_model(items: Iterable[Any]) -> dict[UUID, list[Any]]:
    """``items`` by their ``model_id``, in their order."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    for one in items:
        found[one.model_id].append(one)
    return found
