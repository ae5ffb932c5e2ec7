"""Reads bills as the viewer may see them: a team's own bill by the team, others by who sees the whole organisation."""

from datetime import datetime

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.base.scoping import visible
from costs.billing.models import BillFile, Charge, Statement


def bill_files(*, viewer: Actor) -> QuerySet[BillFile]:
    """Files that were handed in, newest first."""
    return visible(BillFile.objects.select_related("team"), viewer=viewer, team="team")


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


def charges(*, viewer: Actor, at: datetime | None = None) -> QuerySet[Charge]:
    """The charges of those statements."""
    rows = Charge.objects.filter(known(at=at, prefix="statement__")).select_related("statement__bill_file")
    return visible(rows, viewer=viewer, team="statement__bill_file__team")
