"""Reads checked weeks, changes of errors, importances and shifts as the viewer may see them."""

from __future__ import annotations

from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.base.scoping import visible
from audit.catalogue.models import Model, ModelVersion
from audit.monitoring.inputs.selectors import PATHS
from audit.monitoring.quality_models import ConceptSign, ConceptState, FeatureImportance, QualityWeek, ShiftWeek


def weeks(*, viewer: Actor) -> QuerySet[QualityWeek]:
    """Checked weeks of the viewer's models, oldest first."""
    return visible(QualityWeek.objects.select_related("version", "reference"), viewer=viewer, at="start", **PATHS)


def signs(*, viewer: Actor, model: Model) -> QuerySet[ConceptSign]:
    """Changes of the errors of the model's versions, oldest first."""
    rows = visible(ConceptSign.objects.select_related("version"), viewer=viewer, at="at", **PATHS)
    return rows.filter(version__model=model)


def states(*, viewer: Actor, model: Model) -> QuerySet[ConceptState]:
    """How far the errors of each version are followed, the newest version first."""
    rows = visible(ConceptState.objects.select_related("version"), viewer=viewer, at="upto", **PATHS)
    return rows.filter(version__model=model).order_by("-version__number", "method")


def importance(*, viewer: Actor, version: ModelVersion) -> FeatureImportance | None:
    """What the version's answers rest on; None where nobody told."""
    rows = visible(FeatureImportance.objects.order_by(), viewer=viewer, **PATHS)
    return rows.filter(version=version).first()


def shifts(*, viewer: Actor, version: ModelVersion) -> QuerySet[ShiftWeek]:
    """The version's weeks against the reference that counts now, all columns together, oldest first."""
    rows = visible(ShiftWeek.objects.filter(reference__replaced_at=None), viewer=viewer, at="start", **PATHS)
    return rows.filter(version=version)
