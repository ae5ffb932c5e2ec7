"""Reads days, months, groups and gaps as the viewer may see them."""

from datetime import date, datetime

from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.base.scoping import visible
from audit.catalogue.models import Model, ModelVersion
from audit.monitoring.models import Source, Window
from audit.monitoring.outcome_models import FairnessWeek, OutcomeDay, OutcomeMonth, SliceFigure

PATHS = {"team": "version__model__use_case__team", "model": "version__model"}


def days(*, viewer: Actor, model: Model, since: date, until: date) -> QuerySet[OutcomeDay]:
    """Days of the model's versions in [since, until), oldest first."""
    rows = OutcomeDay.objects.filter(version__model=model, day__gte=since, day__lt=until).select_related("version")
    return visible(rows, viewer=viewer, at="day", **PATHS).order_by("day", "version__number")


def months(*, viewer: Actor, model: Model, since: date, until: date) -> QuerySet[OutcomeMonth]:
    """Months of the model's versions that begin in [since, until), oldest first."""
    rows = OutcomeMonth.objects.filter(version__model=model, start__gte=since, start__lt=until)
    rows = rows.select_related("version")
    return visible(rows, viewer=viewer, at="start", **PATHS).order_by("start", "version__number")


def cut(*, viewer: Actor, model: Model, since: datetime, until: datetime) -> QuerySet[Window]:
    """Current windows of the model with labels that start in [since, until), the newest and largest first."""
    rows = Window.objects.filter(
        version__model=model, source=Source.COMPUTED, superseded_at=None, labelled__gt=0,
        start__gte=since, start__lt=until,
    )  # fmt: skip
    rows = visible(rows, viewer=viewer, at="start", **PATHS).select_related("version")
    return rows.order_by("-start", "-predictions")


def groups_of(*, window: Window) -> QuerySet[SliceFigure]:
    """The groups of a window that the viewer was given, and all of its predictions together."""
    return SliceFigure.objects.filter(window=window).order_by("pk")


def gaps(
    *, viewer: Actor, model: Model, since: datetime, until: datetime, version: ModelVersion | None = None
) -> QuerySet[FairnessWeek]:
    """Gaps between groups in weeks that start in [since, until), newest first."""
    rows = FairnessWeek.objects.filter(version__model=model, start__gte=since, start__lt=until)
    if version is not None:
        rows = rows.filter(version=version)
    rows = visible(rows, viewer=viewer, at="start", **PATHS).select_related("version", "window")
    return rows.order_by("-start", "-window__predictions", "pk")
