"""Reads jobs as the viewer may see them."""

from datetime import timedelta

from django.db.models import Case, Count, OuterRef, Q, QuerySet, SmallIntegerField, Subquery, When
from django.db.models.functions import Coalesce

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import seen
from audit.jobs.models import OPEN, Heartbeat, Job, State

ALIVE = timedelta(seconds=30)


def jobs(*, viewer: Actor, state: str = "", kind: str = "", words: str = "") -> QuerySet[Job]:
    """Jobs of the viewer's teams, newest first.

    What someone has started is theirs to follow, also when it is no team's, or after the days that they may look at.
    """
    found = seen(viewer, team="team", model="model", at="created_at")
    if viewer.user_id:
        in_reach = seen(viewer, team="team", model="model") | Q(team=None, model=None)
        found |= Q(actor_id=viewer.on_behalf_of or viewer.id) & in_reach
    rows = Job.objects.select_related("team").filter(found)
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    for word in words.split():
        rows = rows.filter(Q(subject_name__icontains=word) | Q(kind__icontains=word) | Q(error__icontains=word))
    return rows


def with_parts(rows: QuerySet[Job]) -> QuerySet[Job]:
    """``rows`` with ``parts`` and ``parts_ended``: how many jobs each started, directly or not, and how many ended."""
    below = Job.objects.filter(root=OuterRef("pk")).order_by().values("root")
    counted = below.annotate(n=Count("pk")).values("n")
    ended = below.exclude(state__in=OPEN).annotate(n=Count("pk")).values("n")
    return rows.annotate(parts=Coalesce(Subquery(counted), 0), parts_ended=Coalesce(Subquery(ended), 0))


def parts(*, viewer: Actor, job: Job) -> QuerySet[Job]:
    """The jobs that ``job`` started itself; open ones first, then failed ones, then the newest."""
    order = Case(
        When(state__in=OPEN, then=0), When(state=State.FAILED, then=1), default=2, output_field=SmallIntegerField()
    )
    return jobs(viewer=viewer).filter(parent=job).order_by(order, "-created_at")


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
