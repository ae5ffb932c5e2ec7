"""Reads bills as the viewer may see them: a team's own bill by the team, others by who sees the whole organisation."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from costs.billing.models import BillFile, Statement


def bill_files(*, viewer: Actor) -> QuerySet[BillFile]:
    """Files that were handed in, newest first."""
    return visible(BillFile.objects.select_related("team"), viewer=viewer, team="team")


def bill_file(*, viewer: Actor, pk: UUID) -> BillFile:
    """One of them.

    Raises:
        NotFound: there is none, or it is not the viewer's to see.
    """
    found = bill_files(viewer=viewer).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such bill, or it belongs to a team that you are not in.")
    return found


def known(*, at: datetime | None = None, prefix: str = "") -> Q:
    """The condition on statements (at the lookup path ``prefix``) that count now, or counted as known at ``at``."""
    if at is None:
        return Q(**{f"{prefix}superseded_at": None})
    recorded = Q(**{f"{prefix}created_at__lte": at})
    return recorded & (Q(**{f"{prefix}superseded_at": None}) | Q(**{f"{prefix}superseded_at__gt": at}))


def statements(*, viewer: Actor, at: datetime | None = None) -> QuerySet[Statement]:
    """What counts of each account and period now, or as known at ``at``."""
    rows = Statement.objects.filter(known(at=at)).select_related("bill_file__team")
    return visible(rows, viewer=viewer, team="bill_file__team")
