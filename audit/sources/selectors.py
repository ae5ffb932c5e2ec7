"""Reads sources as the viewer may see them."""

from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.jobs.models import Job
from audit.jobs.selectors import jobs
from audit.sources.models import Source


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
