"""Reads the catalogue as the viewer may see it, now or on any day in the past."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import seen, visible
from audit.catalogue.models import (
    AliasPeriod,
    Dataset,
    DatasetVersion,
    Deployment,
    Model,
    ModelVersion,
    Pipeline,
    PipelineRun,
    UseCase,
)
from audit.people.reading import Subject
from audit.people.scopes import ModelName

PRODUCTION = "production"


def use_cases(*, viewer: Actor) -> QuerySet[UseCase]:
    """Use cases of the viewer's teams; for who is limited to models, the use cases of these."""
    return visible(UseCase.objects.select_related("team"), viewer=viewer, team="team", use_case="pk")


def models(*, viewer: Actor) -> QuerySet[Model]:
    """Models of the viewer's teams."""
    rows = Model.objects.select_related("use_case__team", "owner")
    return visible(rows, viewer=viewer, team="use_case__team", model="pk")


def model(*, viewer: Actor, slug: str) -> Model:
    """One model.

    Raises:
        NotFound: there is none with this short name that the viewer may see.
    """
    found = models(viewer=viewer).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no model {slug}, or it belongs to a team that you are not in.")
    return found


def versions(*, viewer: Actor) -> QuerySet[ModelVersion]:
    """Versions of models of the viewer's teams, newest first."""
    rows = ModelVersion.objects.select_related("model__use_case__team", "author", "run__pipeline")
    return visible(rows, viewer=viewer, team="model__use_case__team", model="model")


def version(*, viewer: Actor, slug: str, number: int) -> ModelVersion:
    """One version of a model.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = versions(viewer=viewer).filter(model__slug=slug, number=number).first()
    if found is None:
        raise NotFound(f"There is no version {number} of {slug}, or it belongs to a team that you are not in.")
    return found


def newest(*, viewer: Actor, model: Model) -> int:
    """The number of the model's newest version.

    Raises:
        NotFound: it has none.
    """
    number: int | None = versions(viewer=viewer).filter(model=model).aggregate(top=Max("number"))["top"]
    if number is None:
        raise NotFound(f"{model} has no version yet.")
    return number


def datasets(*, viewer: Actor) -> QuerySet[Dataset]:
    """Datasets of the viewer's teams, and those that models within the viewer's limits learned from."""
    found = seen(viewer, team="team")
    if viewer.limits:
        found |= Q(pk__in=data(viewer=viewer).values("dataset"))
    return Dataset.objects.select_related("team", "owner").filter(found)


def data(*, viewer: Actor) -> QuerySet[DatasetVersion]:
    """Versions of datasets of the viewer's teams, and those that models within the viewer's limits learned from."""
    found = seen(viewer, team="dataset__team")
    if viewer.limits:
        found |= Q(pk__in=versions(viewer=viewer).values("training_data"))
        found |= Q(pk__in=runs(viewer=viewer).prefetch_related(None).values("inputs"))
    return DatasetVersion.objects.select_related("dataset").filter(found)


def pipelines(*, viewer: Actor) -> QuerySet[Pipeline]:
    """Pipelines of models of the viewer's teams."""
    rows = Pipeline.objects.select_related("model__use_case")
    return visible(rows, viewer=viewer, team="model__use_case__team", model="model")


def runs(*, viewer: Actor) -> QuerySet[PipelineRun]:
    """Runs of these pipelines."""
    rows = PipelineRun.objects.select_related("pipeline__model__use_case").prefetch_related("inputs")
    return visible(rows, viewer=viewer, team="pipeline__model__use_case__team", model="pipeline__model")


def deployments(*, viewer: Actor, at: datetime | None = None) -> QuerySet[Deployment]:
    """Deployments of the viewer's teams, newest first; with ``at``, those that ran at that moment."""
    rows = visible(
        Deployment.objects.select_related("version__model"),
        viewer=viewer,
        team="version__model__use_case__team",
        model="version__model",
    )
    if at:
        rows = rows.filter(Q(until=None) | Q(until__gt=at), since__lte=at)
    return rows


def aliases(*, viewer: Actor) -> QuerySet[AliasPeriod]:
    """The periods of aliases, newest first."""
    rows = AliasPeriod.objects.select_related("version", "model")
    return visible(rows, viewer=viewer, team="model__use_case__team", model="model")


def holder_of(*, model: Model, alias: str = PRODUCTION, at: datetime | None = None) -> ModelVersion | None:
    """The version that ``alias`` points at now, or pointed at ``at``; None when there is none."""
    rows = AliasPeriod.objects.filter(model=model, alias=alias)
    rows = rows.filter(Q(until=None) | Q(until__gt=at), since__lte=at) if at else rows.filter(until=None)
    period = rows.select_related("version__model__use_case").first()
    return period.version if period else None


def model_names() -> list[ModelName]:
    """Every model, by name: for the form that limits an auditor's access."""
    rows = Model.objects.order_by("name").values_list("pk", "name", "use_case__team")
    return [ModelName(pk, name, team) for pk, name, team in rows]


def use_cases_of(models: Collection[UUID]) -> frozenset[UUID]:
    """The ids of the use cases of these models."""
    return frozenset(Model.objects.filter(pk__in=models).values_list("use_case", flat=True))


def subject_of(model_id: UUID | None, use_case_id: UUID | None) -> Subject | None:
    """The model, or else the use case, of whom an auditor's reading is written down."""
    model = Model.objects.select_related("use_case").filter(pk=model_id).first() if model_id else None
    if model is not None:
        return Subject(model, model.use_case.team_id, model.pk)
    use_case = UseCase.objects.filter(pk=use_case_id).first() if use_case_id else None
    return Subject(use_case, use_case.team_id, None) if use_case else None
