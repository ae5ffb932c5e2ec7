"""Reads service metrics as the viewer may see them."""

from datetime import datetime

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.base.scoping import visible
from audit.catalogue.models import Mode, Model
from audit.catalogue.selectors import deployments
from audit.monitoring.domain.service import HOUR
from audit.monitoring.selectors import counting
from audit.monitoring.service_models import ServiceDay, ServiceHour


def hours(
    *,
    viewer: Actor,
    model: Model | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    as_known_at: datetime | None = None,
) -> QuerySet[ServiceHour]:
    """Hours that start in [since, until), oldest first: the current ones, or those that were so ``as_known_at``."""
    rows = visible(
        ServiceHour.objects.order_by("start", "endpoint", "variant"),
        viewer=viewer,
        team="model__use_case__team",
        model="model",
        at="start",
    )
    rows = counting(rows, as_known_at)
    if model is not None:
        rows = rows.filter(model=model)
    if since is not None:
        rows = rows.filter(start__gte=since)
    return rows if until is None else rows.filter(start__lt=until)


def days(*, viewer: Actor, model: Model, since: datetime, until: datetime) -> list[ServiceDay]:
    """Days of ``model`` that start in [since, until), oldest first. What two sources tell of one place comes once.

    Of the sources of a place the one that tells of more hours is taken, of equal ones the first by name.
    """
    rows = visible(
        ServiceDay.objects.filter(model=model, start__gte=since, start__lt=until),
        viewer=viewer,
        team="model__use_case__team",
        model="model",
        at="start",
    )
    told: dict[tuple[str, str], dict[tuple[str, str], list[ServiceDay]]] = {}
    for row in rows.order_by("start", "endpoint", "variant"):
        sources = told.setdefault((row.endpoint, row.variant), {})
        sources.setdefault((row.source_name, str(row.source)), []).append(row)
    best = [
        min(sources.items(), key=lambda one: (-sum(row.hours for row in one[1]), one[0]))[1]
        for sources in told.values()
    ]
    return sorted((row for rows in best for row in rows), key=lambda row: (row.start, row.endpoint, row.variant))


def last_hour(viewer: Actor, model: Model | None) -> datetime | None:
    """The end (exclusive) of the newest hour of ``model``, or of all models; None without any."""
    newest = hours(viewer=viewer, model=model).order_by("-start").values_list("start", flat=True).first()
    return newest + HOUR if newest else None


def online(*, viewer: Actor, model: Model, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """When deployments of ``model`` answered online within [since, until), each as [since, until)."""
    rows = deployments(viewer=viewer).filter(version__model=model, mode=Mode.ONLINE, since__lt=until)
    rows = rows.filter(Q(until=None) | Q(until__gt=since))
    return [(max(since, one.since), min(until, one.until or until)) for one in rows]
