"""Reads references, weeks of inputs and their columns as the viewer may see them."""

from datetime import datetime

from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.catalogue.models import Model, ModelVersion
from audit.monitoring.input_models import ColumnWeek, InputWeek, Reference
from audit.monitoring.selectors import served

PATHS = {"team": "version__model__use_case__team", "model": "version__model"}


def references(*, viewer: Actor) -> QuerySet[Reference]:
    """References of the viewer's models, newest first; those that were replaced among them."""
    return visible(Reference.objects.select_related("version__model"), viewer=viewer, at="created_at", **PATHS)


def reference_of(*, viewer: Actor, version: ModelVersion) -> Reference | None:
    """What the version is compared with now."""
    return references(viewer=viewer).filter(version=version, replaced_at=None).first()


def current(*, viewer: Actor, version: ModelVersion) -> Reference:
    """What the version is compared with now.

    Raises:
        NotFound: with nothing yet.
    """
    found = reference_of(viewer=viewer, version=version)
    if found is None:
        raise NotFound(f"The inputs of {version} are compared with nothing yet.")
    return found


def weeks(*, viewer: Actor) -> QuerySet[InputWeek]:
    """Weeks of inputs of the viewer's models against the references that count now, oldest first."""
    rows = InputWeek.objects.filter(reference__replaced_at=None)
    return visible(rows, viewer=viewer, at="start", **PATHS)


def columns(
    *, viewer: Actor, version: ModelVersion, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[ColumnWeek]:
    """The columns of the version's weeks that start in [since, until), by week and name, without their shapes."""
    of = weeks(viewer=viewer).filter(version=version)
    if since is not None:
        of = of.filter(start__gte=since)
    if until is not None:
        of = of.filter(start__lt=until)
    rows = ColumnWeek.objects.filter(week__in=of.order_by()).select_related("week")
    return rows.defer("shape").order_by("week__start", "column")


def watched(*, viewer: Actor, model: Model) -> InputWeek | None:
    """The newest compared week of a model, of the version that served; with its reference and importance."""
    rows = weeks(viewer=viewer).filter(version__model=model).select_related("version__importance", "reference")
    return rows.order_by("-start", served().desc(), "-version__number").first()
