"""Bills from a table in Amazon Athena: the grouping runs in AWS, only rollups come back, and what is read is capped."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput, TollgateError
from audit.sources.aws import SECRETS, Aws
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings, Unavailable
from audit.sources.domain.answers import part, rows, text
from audit.sources.http import pages
from costs.feeds import meter
from costs.feeds.connectors.athena_form import AthenaForm
from costs.feeds.domain import Month
from costs.feeds.domain.athena import Table, Unreadable, names_of, price_of, query_of, rows_of
from costs.feeds.forms import ForBills, caps_of
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

GIGABYTE: Final = 10**9
POLLS: Final = (0.5, 1.0, 2.0)
"""Seconds between questions whether a query has ended; the last from then on."""
LONGEST: Final = 20 * 60
RUNNING: Final = ("QUEUED", "RUNNING")
MOST_ROWS: Final = 2_000_000


class AthenaConnector(ForBills):
    """A table of bills that Athena reads."""

    kind = "aws-athena"
    title = "Bills in Amazon Athena"
    description = "A table of FOCUS or of a Cost and Usage Report: it is grouped in AWS, and rollups by day come back"
    form: type[forms.Form] = AthenaForm
    secret: tuple[str, ...] = SECRETS
    every_seconds = EVERY_SECONDS

    def __init__(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.pause = pause

    def test(self, settings: Settings) -> list[Check]:
        """Whether the workgroup can be seen and stops queries itself; no query runs, for that would cost."""
        try:
            limit = _limit(Aws(settings), settings)
        except (InvalidInput, Unavailable) as error:
            return [Check(False, error.sentence)]
        said = (
            f"The workgroup stops a query at {limit / GIGABYTE:,.2f} GB. Whether the table can be read is known at the"
        )
        return [Check(True, f"{said} first pull: a query costs.")]

    def price(self, source_id: UUID, settings: Settings, cursor: Cursor) -> list[str]:
        """How many queries the next pull runs, what they cost at most, and what they took last time."""
        months, caps = due(settings, cursor, today=clock.now().date()), caps_of(settings)
        if not months:
            return ["Every month is closed: nothing is asked.", spent_sentence(source_id, caps.month), ONCE_A_DAY]
        most = len(months) * price_of(_most(settings), per_terabyte=_rate(settings))
        runs = f"It runs {len(months)} queries ({named(months)}), each over at most {_most(settings) // GIGABYTE:,} GB:"
        found = meter.last_asked(source_id=source_id, periods=[month.first for month in months])
        known = [paid for paid in found.values() if paid.scanned is not None]
        scanned = sum(paid.scanned or 0 for paid in known)
        last = f"The last ones for {len(known)} of these months read {scanned / GIGABYTE:,.3f} GB, "
        last += f"{dollars(sum((paid.amount for paid in known), Decimal(0)))}."
        return [
            f"{runs} {dollars(most)} at most.",
            last if known else "How much they read is known after the first pull.",
            spent_sentence(source_id, caps.month),
            ONCE_A_DAY,
        ]

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Runs a query for each month that is not over for good, each of them whole or not at all.

        Raises:
            InvalidInput: the workgroup has no limit, a cap does not allow the query, or it fails.
            Unavailable: Athena does not answer; the next pull asks again.
        """
        aws, table = Aws(settings), _table(settings)
        limit = 0

        def ask(month: Month, today: date) -> Asked:
            nonlocal limit
            limit = limit or _limit(aws, settings)
            answer, scanned = self._answer(context, settings, aws, month, query_of(table, month), limit)
            try:
                found = rows_of(answer, table=table, month=month, origin=_origin(settings))
            except Unreadable as error:
                raise Unavailable(f"athena:GetQueryResults cannot be read. {error}") from None
            context.run.log(f"{month}: {len(found):,} rows; {scanned:,} bytes were read.")
            counts = {"queries": 1, "rows": len(found), "megabytes_read": -(-scanned // 10**6)}
            return Asked(found, closed=False, counts=counts)

        return pull_months(context, settings, cursor, name="aws-athena", ask=ask)

    def _answer(
        self, context: PullContext, settings: Settings, aws: Aws, month: Month, query: str, limit: int
    ) -> tuple[list[list[str | None]], int]:
        """The rows of the query without the heading, and the bytes that it read.

        What it costs at most is counted before, what it cost after. A job that is run again finds the same query.
        """
        job, rate = context.run.job.pk, _rate(settings)
        most = price_of(limit, per_terabyte=rate)
        paid = reserve(source_id=context.source_id, job=job, period=month.first, amount=most, caps=caps_of(settings))
        output = str(settings.get("output") or "")
        started = answer_of(
            aws,
            "athena",
            "StartQueryExecution",
            QueryString=query,
            ClientRequestToken=f"tollgate-{job}-{month}",
            QueryExecutionContext={"Database": str(settings["database"])},
            WorkGroup=str(settings["workgroup"]),
            **({"ResultConfiguration": {"OutputLocation": output}} if output else {}),
        )
        query_id = text(started.get("QueryExecutionId"))
        if not query_id:
            raise Unavailable("athena:StartQueryExecution answered without QueryExecutionId.")
        ended = self._ended(context, aws, query_id, month)
        scanned = _scanned(ended)
        settle(paid=paid, whole=False, scanned=scanned, amount=_cost(paid, most, scanned, rate))
        state = part(ended.get("Status"))
        if state.get("State") != "SUCCEEDED":
            why = text(state.get("StateChangeReason"), 300) or "it does not say why"
            raise InvalidInput(f"The query of {month} ended as {state.get('State')} after {scanned:,} bytes: {why}")
        found = _results(aws, query_id, names_of(_table(settings)))
        settle(paid=paid, whole=True, scanned=scanned)
        return found, scanned

    def _ended(self, context: PullContext, aws: Aws, query_id: str, month: Month) -> Mapping[str, Any]:
        """The query once it has ended; it is stopped when we cannot wait for it."""
        waited, at = 0.0, 0
        try:
            while True:
                context.run.progress(0, 1, f"{month}: the query runs")
                answer = answer_of(aws, "athena", "GetQueryExecution", QueryExecutionId=query_id)
                found = part(answer.get("QueryExecution"))
                if text(part(found.get("Status")).get("State")) not in RUNNING:
                    return found
                if waited > LONGEST:
                    raise Unavailable(f"The query of {month} did not end within {LONGEST // 60} minutes.")
                pause = POLLS[min(at, len(POLLS) - 1)]
                self.pause(pause)
                waited, at = waited + pause, at + 1
        except BaseException:
            with suppress(TollgateError):
                answer_of(aws, "athena", "StopQueryExecution", QueryExecutionId=query_id)
            raise


def _results(aws: Aws, query_id: str, names: list[str]) -> list[list[str | None]]:
    """All rows, page by page; the first of them is the heading.

    Raises:
        Unavailable: it is not what was asked for, or more than can be taken.
    """

    def fetch(token: str) -> tuple[list[Any], str]:
        more = {"NextToken": token} if token else {}
        answer = answer_of(aws, "athena", "GetQueryResults", QueryExecutionId=query_id, MaxResults=1000, **more)
        return rows(part(answer.get("ResultSet")).get("Rows")), text(answer.get("NextToken"))

    found = list[list[str | None]]()
    for page, _ in pages(fetch, of="athena:GetQueryResults"):
        found += [[_value(cell) for cell in rows(row.get("Data"))] for row in page]
        if len(found) > MOST_ROWS:
            raise InvalidInput(f"The rollup has more than {MOST_ROWS:,} rows.", mend="Group by less.")
    heading = [str(name).lower() for name in found[0]] if found else []
    if heading != [name.lower() for name in names]:
        raise Unavailable("athena:GetQueryResults answered with other columns than were asked for.")
    return found[1:]


def _value(cell: Mapping[str, Any]) -> str | None:
    value = cell.get("VarCharValue")
    return None if value is None else str(value)


def _limit(aws: Aws, settings: Settings) -> int:
    """The bytes at which the workgroup stops a query.

    Raises:
        InvalidInput: it has no such limit, or one above that of the source.
    """
    name = str(settings["workgroup"])
    answer = answer_of(aws, "athena", "GetWorkGroup", WorkGroup=name)
    found = part(part(answer.get("WorkGroup")).get("Configuration")).get("BytesScannedCutoffPerQuery")
    most = _most(settings)
    if not isinstance(found, int) or found <= 0:
        raise InvalidInput(
            f"The workgroup {name} has no limit for a query, so nothing would stop one that reads too much.",
            mend=f"Set its limit of data scanned per query to at most {most // GIGABYTE:,} GB.",
        )
    if found > most:
        raise InvalidInput(
            f"The workgroup {name} stops a query at {found / GIGABYTE:,.1f} GB, and the source allows"
            f" {most // GIGABYTE:,} GB.",
            mend="Lower the one, or raise the other.",
        )
    return found


def _scanned(query: Mapping[str, Any]) -> int:
    found = part(query.get("Statistics")).get("DataScannedInBytes")
    return found if isinstance(found, int) else 0


def _cost(paid: Paid, most: Decimal, scanned: int, rate: Decimal) -> Decimal:
    """What this month's queries of the job cost: the last as it read, those before as they were counted."""
    return paid.amount - most + price_of(scanned, per_terabyte=rate)


def _most(settings: Settings) -> int:
    return int(settings.get("most_gigabytes") or 0) * GIGABYTE


def _rate(settings: Settings) -> Decimal:
    return Decimal(str(settings.get("per_terabyte") or "5.00"))


def _table(settings: Settings) -> Table:
    tags = tuple(key for one in str(settings.get("tags") or "").split(",") if (key := one.strip()))
    return Table(
        database=str(settings["database"]),
        name=str(settings["table"]),
        columns=str(settings["columns"]),
        cut=str(settings["cut"]),
        usage=str(settings.get("usage") or ""),
        resources=bool(settings.get("resources")),
        tags=tags,
    )


def _origin(settings: Settings) -> str:
    return f"Amazon Athena, a rollup by day of {settings['database']}.{settings['table']}"
