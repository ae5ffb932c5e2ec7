"""Reads estimators and their weeks as the viewer may see them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.base.scoping import visible
from audit.catalogue.models import Model, ModelVersion
from audit.monitoring.estimate_models import EstimateFit, EstimateWeek
from audit.monitoring.selectors import served

PATHS = {"team": "version__model__use_case__team", "model": "version__model"}


def fits(*, viewer: Actor) -> QuerySet[EstimateFit]:
    """Estimators of the viewer's models, newest first; those that were replaced among them."""
    rows = EstimateFit.objects.select_related("version__model", "reference")
    return visible(rows, viewer=viewer, at="fitted_at", **PATHS)


def weeks(
    *,
    viewer: Actor,
    model: Model | None = None,
    version: ModelVersion | None = None,
    metric: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[EstimateWeek]:
    """What the estimators that count said of weeks that start in [since, until), oldest first."""
    rows = EstimateWeek.objects.filter(fit__replaced_at=None).select_related("fit__reference", "version__model")
    rows = visible(rows, viewer=viewer, at="start", **PATHS)
    if model is not None:
        rows = rows.filter(version__model=model)
    if version is not None:
        rows = rows.filter(version=version)
    if metric:
        rows = rows.filter(metric=metric)
    if since is not None:
        rows = rows.filter(start__gte=since)
    if until is not None:
        rows = rows.filter(start__lt=until)
    return rows.order_by("start", served(), "version__number", "pk")


def current(*, viewer: Actor, version: ModelVersion) -> EstimateFit | None:
    """The version's estimator that counts."""
    return fits(viewer=viewer).filter(version=version, replaced_at=None).first()
