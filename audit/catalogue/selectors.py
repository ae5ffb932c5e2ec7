"""Reads the catalogue as the viewer may see it, now or on any day in the past."""

from datetime import datetime

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.catalogue.models import AliasPeriod, Dataset, Deployment, Model, ModelVersion, UseCase

PRODUCTION = "production"


def use_cases(*, viewer: Actor) -> QuerySet[UseCase]:
    """Use cases of the viewer's teams."""
    return visible(UseCase.objects.select_related("team"), viewer=viewer, team="team")


def models(*, viewer: Actor) -> QuerySet[Model]:
    """Models of the viewer's teams."""
    rows = Model.objects.select_related("use_case__team", "owner")
    return visible(rows, viewer=viewer, team="use_case__team")


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
    return visible(rows, viewer=viewer, team="model__use_case__team")


def version(*, viewer: Actor, slug: str, number: int) -> ModelVersion:
    """One version of a model.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = versions(viewer=viewer).filter(model__slug=slug, number=number).first()
    if found is None:
        raise NotFound(f"There is no version {number} of {slug}, or it belongs to a team that you are not in.")
    return found


def datasets(*, viewer: Actor) -> QuerySet[Dataset]:
    """Datasets of the viewer's teams."""
    return visible(Dataset.objects.select_related("team"), viewer=viewer, team="team")


def deployments(*, viewer: Actor, at: datetime | None = None) -> QuerySet[Deployment]:
    """Deployments of the viewer's teams, newest first; with ``at``, those that ran at that moment."""
    rows = visible(
        Deployment.objects.select_related("version__model"), viewer=viewer, team="version__model__use_case__team"
    )
    if at:
        rows = rows.filter(Q(until=None) | Q(until__gt=at), since__lte=at)
    return rows


def aliases(*, viewer: Actor) -> QuerySet[AliasPeriod]:
    """The periods of aliases, newest first."""
    rows = AliasPeriod.objects.select_related("version", "model")
    return visible(rows, viewer=viewer, team="model__use_case__team")


def holder_of(*, model: Model, alias: str = PRODUCTION, at: datetime | None = None) -> ModelVersion | None:
    """The version that ``alias`` points at now, or pointed at ``at``; None when there is none."""
    rows = AliasPeriod.objects.filter(model=model, alias=alias)
    rows = rows.filter(Q(until=None) | Q(until__gt=at), since__lte=at) if at else rows.filter(until=None)
    period = rows.select_related("version__model__use_case").first()
    return period.version if period else None
