"""Hands bills in for a feed, and counts what asking costs before it is asked: a cap holds though a worker dies."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.jobs.run import Run
from audit.people.models import Team
from audit.sources.models import Source
from costs.billing import services as billing
from costs.billing.models import BillFile
from costs.feeds import meter
from costs.feeds.models import Paid


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a bill: its name, and what reads it from the beginning."""

    filename: str
    chunks: Callable[[], Iterator[bytes]]


def hand_in(*, run: Run, source: str, team: Team | None, parts: Sequence[Part]) -> tuple[BillFile, bool]:
    """The bill that the parts are together, and whether its import starts now: the same content again starts nothing.

    ``source`` is the short name under which such bills are kept; ``team`` is whose own bill it is (None: that of the
    organisation).

    Raises:
        InvalidInput: the bill cannot be kept so.
    """
    bill = billing.receive_bill(
        actor=run.actor, source=source, team=team, parts=(billing.Part(one.filename, one.chunks()) for one in parts)
    )
    started = run.start(billing.IMPORT, args={"file": str(bill.pk)}, key=str(bill.pk), subject=bill, team=bill.team)
    return bill, started.parent_id == run.job.pk


@dataclass(frozen=True, slots=True)
class Caps:
    """How much may be asked: US dollars in a calendar month (UTC), and requests in a pull (None: any number)."""

    month: Decimal
    requests: int | None = None


@transaction.atomic
def reserve(*, source_id: UUID, job: UUID, period: date, amount: Decimal, caps: Caps) -> Paid:
    """Counts one request for the billing month ``period`` that costs ``amount`` at most; call it before asking.

    Raises:
        InvalidInput: a cap does not allow it; nothing is counted then, and nothing may be asked.
    """
    Source.objects.select_for_update(of=("self",)).get(pk=source_id)
    so_far = meter.spent(source_id=source_id, job=job)
    if caps.requests is not None and so_far.requests + 1 > caps.requests:
        raise InvalidInput(
            f"This pull asked {so_far.requests} times, which is its cap, and {period:%B %Y} did not come whole.",
            mend="Nothing of that month was taken in. Raise the cap, or group by less.",
        )
    if so_far.month + amount > caps.month:
        raise InvalidInput(
            f"The cap of {caps.month:.2f} USD a month does not allow another {amount.normalize():f} USD:"
            f" {so_far.month.normalize():f} USD are spent in {clock.now():%B %Y}.",
            mend="Raise the cap, or wait for the next month.",
        )
    paid, _ = Paid.objects.select_for_update().get_or_create(
        source_id=source_id, job=job, period=period, defaults={"amount": Decimal(0), "at": clock.now()}
    )
    paid.requests, paid.amount = paid.requests + 1, paid.amount + amount
    paid.save(update_fields=("requests", "amount"))
    return paid


def settle(*, paid: Paid, whole: bool, scanned: int | None = None, amount: Decimal | None = None) -> None:
    """Keeps whether the month came whole and, where the service says so, what it read and cost."""
    paid.whole, paid.scanned = whole, scanned
    if amount is not None:
        paid.amount = amount
    paid.save(update_fields=("whole", "scanned", "amount"))
