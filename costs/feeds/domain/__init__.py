"""What feeds know of billing months, and the bill file that the answers of a service become."""

import csv
import io
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

COLUMNS: Final = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingPeriodStart", "BillingPeriodEnd",
    "ChargePeriodStart", "ChargePeriodEnd", "BillingAccountId", "BillingAccountName", "SubAccountId",
    "BillingCurrency", "ChargeCategory", "ChargeClass", "ServiceName", "ServiceCategory", "ProviderName", "RegionId",
    "ResourceId", "ResourceName", "ResourceType", "x_UsageType", "ConsumedQuantity", "ConsumedUnit", "Tags",
    "x_Estimated", "x_Origin",
)  # fmt: skip
"""Columns of FOCUS 1.2, and three of ours: usage type, whether the amount is an estimate, and who told it how."""
CHUNK: Final = 2000


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A billing month (UTC)."""

    first: date

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month that holds ``day``."""
        return cls(day.replace(day=1))

    @property
    def after(self) -> date:
        """The first day of the next month."""
        return self.first + timedelta(days=monthrange(self.first.year, self.first.month)[1])

    @property
    def before(self) -> "Month":
        """The month before."""
        return Month.of(self.first - timedelta(days=1))

    def __str__(self) -> str:
        """As ``2026-11``."""
        return f"{self.first:%Y-%m}"


def months_due(*, today: date, back: int, closed: Iterable[str]) -> list[Month]:
    """The last ``back`` months that have a full day before ``today``, without those that are ``closed``; oldest first.

    A month is closed (as ``2026-11``) when it was asked for after its end and nothing in it was an estimate.
    """
    month, found, done = Month.of(today - timedelta(days=1)), list[Month](), set(closed)
    for _ in range(back):
        found.append(month)
        month = month.before
    return [month for month in reversed(found) if str(month) not in done]


def amount_of(text: object) -> Decimal:
    """The number that a service writes as text.

    Raises:
        ValueError: it is none.
    """
    try:
        found = Decimal(str(text))
    except InvalidOperation:
        raise ValueError(f"“{str(text)[:40]}” is not a number") from None
    if not found.is_finite():
        raise ValueError(f"“{text}” is not a number")
    return found


def bill_file(rows: Sequence[dict[str, str]]) -> Iterator[bytes]:
    """The rows (column to text; a column left out is null) as CSV, in chunks; the same rows in any order give it."""
    ordered = sorted(rows, key=lambda row: [row.get(name, "") for name in COLUMNS[4:]])
    for at in range(0, len(ordered), CHUNK):
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        if at == 0:
            writer.writeheader()
        writer.writerows(ordered[at : at + CHUNK])
        yield out.getvalue().encode()


def period(month: Month, day: date) -> dict[str, str]:
    """The four times of a day's charge in the bill of ``month`` (UTC, ends exclusive)."""
    return {
        "BillingPeriodStart": f"{month.first}T00:00:00Z",
        "BillingPeriodEnd": f"{month.after}T00:00:00Z",
        "ChargePeriodStart": f"{day}T00:00:00Z",
        "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
    }
