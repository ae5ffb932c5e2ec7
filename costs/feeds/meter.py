"""What was asked of services that charge, and what it cost: for the source's own pulls and its page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from audit.base import clock
from costs.billing.amounts import ExactSum
from costs.feeds.models import Paid


@dataclass(frozen=True, slots=True)
class Spent:
    """US dollars in this calendar month (UTC), and in one pull."""

    month: Decimal
    pull: Decimal
    requests: int
    """Of the pull."""


def _begun(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def spent(*, source_id: UUID, job: UUID | None = None) -> Spent:
    """What a source cost so far."""
    rows = Paid.objects.filter(source=source_id).order_by()
    month = rows.filter(at__gte=_begun(clock.now())).aggregate(found=ExactSum("amount"))["found"]
    mine = list(rows.filter(job=job)) if job else []
    return Spent(month or Decimal(0), sum((row.amount for row in mine), Decimal(0)), sum(row.requests for row in mine))


def asked_today(*, source_id: UUID, but: UUID) -> UUID | None:
    """The job of the last pull other than ``but`` that asked the service since midnight (UTC)."""
    midnight = clock.start_of(clock.now().date())
    last = Paid.objects.filter(source=source_id, at__gte=midnight).exclude(job=but).first()
    return last.job if last else None


def last_asked(*, source_id: UUID, periods: Iterable[date]) -> dict[date, Paid]:
    """What each billing month took when it was asked for last."""
    rows = Paid.objects.filter(source=source_id, period__in=list(periods)).order_by("at", "pk")
    return {row.period: row for row in rows}
