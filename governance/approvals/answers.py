"""Who allowed a version to go into production, for the history of its model."""

from collections.abc import Sequence
from datetime import timedelta

from django.urls import reverse

from audit.base.actors import Actor
from audit.base.clock import start_of
from audit.catalogue.answers import Asked, Line, register
from audit.catalogue.selectors import PRODUCTION
from config.ui import format as say
from governance.approvals import domain, selectors
from governance.approvals.models import Decision, PromotionRequest, State


def allowed(asked: Asked, viewer: Actor) -> Sequence[Line]:
    """The newest approval that was given by the end of the day; else the first one after it, which is said."""
    rows = selectors.requests(viewer=viewer).filter(version=asked.version, environment=PRODUCTION, state=State.APPROVED)
    if asked.known is not None:
        rows = rows.filter(decided_at__lt=asked.known)
    end = start_of(asked.day) + timedelta(days=1)
    row = rows.filter(decided_at__lt=end).order_by("-decided_at").first()
    late = None if row else rows.order_by("decided_at").first()
    if row is not None:
        return _lines(row)
    if late is not None:
        return [Line("Not allowed that day", "It was allowed only afterwards", _url(late)), *_lines(late)]
    return [Line("Allowed by", "Nobody: no approved request for it is on record")]


def _lines(row: PromotionRequest) -> list[Line]:
    said = [vote for vote in row.votes.all() if vote.decision == Decision.APPROVE]
    names = domain.listed([vote.user.name for vote in said]) or "Nobody"
    when = row.decided_at
    day = f", on {say.day(when.date())}" if when else ""
    return [Line("Allowed by", f"{names}{day}", _url(row)), Line("By which request", row.question, _url(row))]


def _url(row: PromotionRequest) -> str:
    return reverse("approvals:request", args=[row.pk])


def register_own() -> None:
    """Adds the lines."""
    register("approvals", allowed, order=10)
