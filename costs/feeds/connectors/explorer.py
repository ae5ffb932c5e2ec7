"""Bills from AWS Cost Explorer: by day, service and usage type or tag. Each request costs, and is counted before."""

import time
from collections.abc import Callable
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources.aws import SECRETS, Aws, AwsForm
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings, Unavailable
from costs.feeds import meter
from costs.feeds.domain import Month
from costs.feeds.domain.explorer import PRICE, Unreadable, estimated_days, question, rows_of
from costs.feeds.forms import BillsForm, CappedForm, ForBills, caps_of
from costs.feeds.metered import (
    EVERY_SECONDS,
    ONCE_A_DAY,
    Asked,
    answer_of,
    dollars,
    due,
    named,
    pull_months,
    spent_sentence,
)
from costs.feeds.models import Paid
from costs.feeds.services import reserve, settle

CALL: Final = "ce:GetCostAndUsage"
PAUSES: Final = (5.0, 15.0, 30.0)
"""Waits before a request is made again; each is counted and may be charged."""


class CostExplorerForm(CappedForm, BillsForm, AwsForm):
    """As whom, by what costs are grouped, and how much it may cost."""

    region = forms.CharField(
        label="Region", max_length=30, initial="us-east-1", help_text="Cost Explorer’s is us-east-1"
    )
    tag = forms.CharField(
        label="Cost allocation tag",
        max_length=128,
        required=False,
        help_text="Such as tollgate:model, activated in AWS: costs come by service and tag. Empty: by usage type",
    )
    most_requests = forms.IntegerField(
        label="At most … requests a pull",
        min_value=1,
        max_value=1000,
        initial=20,
        help_text="Each page of an answer is a request of 0.01 US dollars",
    )


class CostExplorerConnector(ForBills):
    """GetCostAndUsage of the account as which it signs in."""

    kind = "aws-cost-explorer"
    title = "AWS Cost Explorer"
    description = "Costs by day, service and usage type or tag; each request costs 0.01 US dollars, up to a cap"
    form: type[forms.Form] = CostExplorerForm
    secret: tuple[str, ...] = SECRETS
    every_seconds = EVERY_SECONDS

    def __init__(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.pause = pause

    def test(self, settings: Settings) -> list[Check]:
        """Whether the sign-in holds, which costs nothing; the right itself shows at the first request, which costs."""
        try:
            account = _account(Aws(settings))
        except (InvalidInput, Unavailable) as error:
            return [Check(False, error.sentence)]
        said = (
            f"Signed in to the account {account}. Whether {CALL} is allowed is known at the first pull: a test costs."
        )
        return [Check(True, said)]

    def price(self, source_id: UUID, settings: Settings, cursor: Cursor) -> list[str]:
        """How many requests the next pull will make, and what they cost."""
        months, caps = due(settings, cursor, today=clock.now().date()), caps_of(settings)
        number, known = _predicted(source_id, months)
        words = f"{number} requests at {dollars(PRICE)}, {dollars(number * PRICE)} in all"
        how = f"about {words}" if known else f"at least {words}; how many pages there are is known after the first pull"
        asks = f"It asks for {named(months)}: {how}." if months else "Every month is closed: it asks for nothing."
        stops = f"It stops at {caps.requests} requests; {spent_sentence(source_id, caps.month)}"
        return [asks, stops, ONCE_A_DAY]

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Asks for the months that are not closed, each of them whole or not at all.

        Raises:
            InvalidInput: a cap does not allow what is needed, or Cost Explorer refuses.
            Unavailable: it does not answer, or not what can be read; the next pull asks again.
        """
        aws, caps, tag = Aws(settings, once=True), caps_of(settings), str(settings.get("tag") or "")
        number, _ = _predicted(context.source_id, due(settings, cursor, today=clock.now().date()))
        if caps.requests is not None and number > caps.requests:
            raise InvalidInput(
                f"This pull would take about {number} requests, and its cap is {caps.requests}. Nothing was asked.",
                mend="Raise the cap, or ask for fewer months.",
            )
        account = ""

        def ask(month: Month, today: date) -> Asked:
            nonlocal account
            account = account or _account(aws)
            pages = self._pages(context, settings, aws, month, today, tag)
            try:
                rows = rows_of(pages, month=month, account=account, tag=tag)
            except Unreadable as error:
                raise Unavailable(f"{CALL} cannot be read. {error}") from None
            days = estimated_days(rows)
            if days:
                context.run.log(f"{month}: {days} days are estimates, until AWS closes the bill.")
            counts = {"requests": len(pages), "estimated_days": days}
            return Asked(rows, closed=not days and month.after <= today, counts=counts)

        return pull_months(context, settings, cursor, name="aws-cost-explorer", ask=ask)

    def _pages(
        self, context: PullContext, settings: Settings, aws: Aws, month: Month, today: date, tag: str
    ) -> list[dict[str, Any]]:
        """All pages of a month."""
        wanted, token, found, seen = question(month, until=today, tag=tag), "", list[dict[str, Any]](), {""}
        while True:
            more = {"NextPageToken": token} if token else {}
            context.run.progress(len(found), len(found) + 1, f"{month}, page {len(found) + 1}")
            answer, paid = self._one(context, settings, aws, month, {**wanted, **more})
            found.append(answer)
            token = str(answer.get("NextPageToken") or "")
            if not token:
                settle(paid=paid, whole=True)
                return found
            if token in seen:
                raise Unavailable(f"{CALL} repeats a page: it gave the same token twice.")
            seen.add(token)

    def _one(
        self, context: PullContext, settings: Settings, aws: Aws, month: Month, wanted: dict[str, Any]
    ) -> tuple[dict[str, Any], Paid]:
        """One page; asked again after a pause when AWS asks to be left alone, and each time counted before."""
        for pause in (*PAUSES, None):
            paid = reserve(
                source_id=context.source_id,
                job=context.run.job.pk,
                period=month.first,
                amount=PRICE,
                caps=caps_of(settings),
            )
            try:
                return answer_of(aws, "ce", "GetCostAndUsage", **wanted), paid
            except Unavailable:
                if pause is None:
                    raise
                self.pause(pause)
        raise AssertionError("the last pause is none")


def _account(aws: Aws) -> str:
    found = str(answer_of(aws, "sts", "GetCallerIdentity").get("Account") or "")
    if not found:
        raise Unavailable("sts:GetCallerIdentity answered without Account.")
    return found


def _predicted(source_id: UUID, months: list[Month]) -> tuple[int, bool]:
    """How many requests the months will take, and whether each was asked for before.

    A month that did not come whole takes one more than was made; one that is new as many as the largest known, or one.
    """
    known = meter.last_asked(source_id=source_id, periods=[month.first for month in months])
    each = {period: paid.requests + (not paid.whole) for period, paid in known.items()}
    new = max(each.values(), default=1)
    return sum(each.get(month.first, new) for month in months), len(each) == len(months)
