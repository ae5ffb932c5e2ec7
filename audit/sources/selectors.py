"""Reads sources as the viewer may see them."""

from datetime import timedelta
from typing import Final

from django.db.models import F, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model
from audit.jobs.models import Job
from audit.jobs.selectors import jobs
from audit.sources.domain.told import Kind
from audit.sources.models import Delivery, Happening, Identity, Incident, Source

MOST_SHOWN: Final = 50
NEAR: Final = timedelta(hours=2)
"""So long before and after an incident something that happened may tell who caused it."""


def sources(*, viewer: Actor) -> QuerySet[Source]:
    """Sources of the viewer's teams, by name."""
    return visible(Source.objects.select_related("team"), viewer=viewer, team="team")


def source(*, viewer: Actor, source_id: str) -> Source:
    """One source.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = sources(viewer=viewer).filter(pk=source_id).first()
    if found is None:
        raise NotFound("There is no such source, or it belongs to a team that you are not in.")
    return found


def pulls(*, viewer: Actor, source: Source) -> QuerySet[Job]:
    """The jobs that pulled ``source``, newest first."""
    rows = jobs(viewer=viewer, kind="sources.pull")
    return rows.filter(subject_type=Source._meta.label_lower, subject_id=str(source.pk))


def deliveries(*, viewer: Actor, source: Source) -> QuerySet[Delivery]:
    """What was sent to ``source``, newest first; for who may connect sources of its team.

    Raises:
        NotPermitted: the viewer may not.
    """
    viewer.check("sources.manage", source.team_id)
    return Delivery.objects.filter(source=source).order_by("-pk")


def incidents(*, viewer: Actor) -> QuerySet[Incident]:
    """Incidents of sources of the viewer's teams, the open ones first, then the newest."""
    rows = Incident.objects.select_related("source__team", "model")
    rows = rows.order_by(F("closed_at").desc(nulls_first=True), "-at")
    return visible(rows, viewer=viewer, team="source__team", model="model")


def incidents_for(viewer: Actor) -> list[Incident]:
    """Open incidents that the viewer can close, oldest first."""
    if not viewer.may_anywhere("sources.manage"):
        return []
    teams = viewer.teams("sources.manage")
    rows = incidents(viewer=viewer).filter(closed_at=None)
    return list((rows if teams is None else rows.filter(source__team__in=teams)).order_by("at")[:MOST_SHOWN])


def around(*, viewer: Actor, incident: Incident) -> list[Happening]:
    """What sources told of the incident's model in the hours before and after it: who did what."""
    if incident.model_id is None:
        return []
    within = catalogue.models(viewer=viewer).filter(pk=incident.model_id)
    rows = Happening.objects.filter(model__in=within.values("pk"), at__range=(incident.at - NEAR, incident.at + NEAR))
    return list(rows.select_related("source", "version").order_by("at")[:MOST_SHOWN])


def incident(*, viewer: Actor, incident_id: str) -> Incident:
    """One incident.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = incidents(viewer=viewer).filter(pk=incident_id).first()
    if found is None:
        raise NotFound("There is no such incident, or it belongs to a team that you are not in.")
    return found


def identities(*, viewer: Actor, model: Model) -> QuerySet[Identity]:
    """As what sources know ``model``: what they say of it is for everyone who may see it."""
    within = catalogue.models(viewer=viewer).filter(pk=model.pk)
    rows = Identity.objects.filter(kind=Kind.MODEL, record__in=within.values("pk"))
    return rows.select_related("source__team")


def identity(*, viewer: Actor, model: Model, identity_id: str) -> Identity:
    """One of them.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = identities(viewer=viewer, model=model).filter(pk=identity_id).first()
    if found is None:
        raise NotFound("No source knows this model so.")
    return found


def versions_told(*, viewer: Actor, model: Model) -> list[Identity]:
    """As what sources know the versions of ``model``; newest first."""
    within = catalogue.versions(viewer=viewer).filter(model=model)
    rows = Identity.objects.filter(kind=Kind.VERSION, record__in=within.values("pk")).select_related("source")
    return list(rows.order_by("-told_at", "-pk"))
