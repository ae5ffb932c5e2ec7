"""Reads jobs as the viewer may see them."""

from datetime import timedelta

from django.db.models import Q, QuerySet

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.jobs.models import Heartbeat, Job

ALIVE = timedelta(seconds=30)



def jobs(*, viewer: Actor, state: str = "", kind: str = "", words: str = "") -> QuerySet[Job]:
    """Jobs of the viewer's teams, newest first."""
    rows = visible(Job.objects.select_related("team"), viewer=viewer, team="team")
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    for word in words.split():
        rows = rows.filter(Q(subject_name__icontains=word) | Q(kind__icontains=word) | Q(error__icontains=word))
    return rows


def job(*, viewer: Actor, job_id: str) -> Job:
    """One job.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = jobs(viewer=viewer).filter(pk=job_id).first()
    if found is None:
        raise NotFound("There is no such job, or it belongs to a team that you are not in.")
    return found


def alive(role: str) -> bool:
    """Whether a worker or beat was seen in the last half minute."""
    return Heartbeat.objects.filter(role=role, at__gt=clock.now() - ALIVE).exists()
