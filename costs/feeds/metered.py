"""What the connectors share whose service charges for being asked: once a day, month by month, each of them whole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.jobs.models import Job, State
from audit.sources.aws import Aws
from audit.sources.contract import Cursor, PullContext, PullResult, Settings
from audit.sources.domain.told import Told
from audit.sources.http import Missing
from costs.feeds import meter
from costs.feeds.domain import Month, bill_file, months_due
from costs.feeds.forms import owner_of
from costs.feeds.services import Part, hand_in

EVERY_SECONDS: Final = 6 * 3600
ONCE_A_DAY: Final = (
    "A scheduled pull asks once a day (UTC), whatever the interval says; “Pull now” asks at once, and “Read everything"
    " anew” asks for closed months as well."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one month: rows of a bill, whether it is closed (all of it final), and counts to add up."""

    rows: list[dict[str, str]]
    closed: bool
    counts: dict[str, int]


def answer_of(aws: Aws, service: str, action: str, /, **wanted: Any) -> dict[str, Any]:
    """The answer to one call.

    Raises:
        InvalidInput: the service refuses, or has not what was asked for.
        Unavailable: it does not answer.
    """
    try:
        return aws.ask(service, action, **wanted)
    except Missing as error:
        raise InvalidInput(str(error)) from None


def due(settings: Settings, cursor: Cursor, *, today: date) -> list[Month]:
    """The months that the next pull asks for, oldest first."""
    return months_due(today=today, back=int(settings.get("months") or 1), closed=cursor.get("closed", ()))


def pull_months(
    context: PullContext, settings: Settings, cursor: Cursor, *, name: str, ask: Callable[[Month, date], Asked]
) -> PullResult:
    """Asks for each month that is due and hands it in as a bill of its own; what was handed in stays if a later fails.

    ``name`` begins the files' names. A scheduled pull does nothing on a day on which one asked
    already; where that one failed, it says so again.
    """
    today = clock.now().date()
    job = context.run.job
    counts = {"new": 0, "known": 0}
    if job.trigger == "schedule" and (other := meter.asked_today(source_id=context.source_id, but=job.pk)):
        failed = Job.objects.filter(pk=other, state=State.FAILED).first()
        said = [f"{failed.error} The next scheduled pull asks tomorrow."] if failed else []
        return PullResult(cursor, counts, said)
    months = due(settings, cursor, today=today)
    for done, month in enumerate(months):
        context.run.progress(done, len(months), f"{month}")
        came = ask(month, today)
        for what, number in came.counts.items():
            counts[what] = counts.get(what, 0) + number
        if came.rows:
            new = _hand_in(context, settings, f"{name}-{month}.csv", came.rows)
            counts["new" if new else "known"] += 1
        else:
            context.run.log(f"There is no cost in {month}.")
        closed = {*cursor.get("closed", ()), *([str(month)] if came.closed and came.rows else [])}
        cursor = {"closed": sorted(closed)}
        context.take(Told(), cursor=cursor)
    return PullResult(cursor, counts)


def _hand_in(context: PullContext, settings: Settings, filename: str, rows: list[dict[str, str]]) -> bool:
    part = Part(filename, lambda: bill_file(rows))
    owner = owner_of(settings, context.team)
    return hand_in(run=context.run, source=str(settings["bills_as"]), team=owner, parts=[part])[1]


def spent_sentence(source_id: Any, cap: Decimal) -> str:
    """How much was spent in this month, of how much."""
    month = meter.spent(source_id=source_id).month
    return f"{dollars(month)} of at most {dollars(cap)} are spent in {clock.now():%B %Y}."


def dollars(amount: Decimal) -> str:
    """``0.02 USD``; what is less than a cent with as many decimals as it needs, at most six."""
    text = f"{amount:.6f}".rstrip("0").rstrip(".") if 0 < amount < Decimal("0.01") else f"{amount:.2f}"
    return f"{text} USD"


def named(months: Iterable[Month]) -> str:
    """The months in words: ``October 2026, November 2026``."""
    return ", ".join(f"{month.first:%B %Y}" for month in months)
