"""Writes the demo's bill in FOCUS 1.2 from the seconds and bytes that the demo used. Pure: values in, CSV out.

Prices are the tariff's; each row says in its description what was measured. Rows lie in the replayed year.
"""

import csv
import io
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal

from governance.demo.organisation import Tariff

ACCOUNT = "000000000000"
MEGABYTE = 1_000_000
DAY = timedelta(days=1)
COLUMNS = (
    "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd",
    "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice",
    "ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit", "PricingCategory", "InvoiceIssuerName",
    "ProviderName", "PublisherName", "ServiceCategory", "ServiceName", "ResourceId", "ResourceName", "ResourceType",
    "RegionId", "SkuId", "SubAccountId", "SubAccountName", "Tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Computed:
    """A piece of computing: its resource ("training-job/late-arrival-v1"), when (UTC), how many seconds it took."""

    resource: str
    at: datetime
    seconds: float
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes kept during the day that starts at ``day`` (UTC)."""

    resource: str
    day: datetime
    size: int
    tags: dict[str, str]


def month_of(moment: datetime) -> datetime:
    """The first moment of the month."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(month: datetime) -> datetime:
    """The first moment of the month after."""
    return month_of(month + 32 * DAY)


def billed_seconds(seconds: float, tariff: Tariff) -> int:
    """Seconds as a cloud bills them: whole, and not under the least."""
    return max(tariff.least_seconds, math.ceil(seconds))


def write(computed: Iterable[Computed], kept: Iterable[Kept], tariff: Tariff) -> bytes:
    """The bill as CSV (UTF-8), sorted by time and resource."""
    rows = [*(_compute_row(item, tariff) for item in computed), *(_storage_row(item, tariff) for item in kept)]
    rows.sort(key=lambda row: (row["ChargePeriodStart"], row["ResourceId"]))
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _compute_row(item: Computed, tariff: Tariff) -> dict[str, str]:
    seconds = billed_seconds(item.seconds, tariff)
    start = item.at.replace(hour=0, minute=0, second=0, microsecond=0)
    return _row(
        item.resource,
        item.tags,
        start,
        start + DAY,
        cost=tariff.second * seconds,
        price=tariff.second,
        quantity=str(seconds),
        unit="Hours",
        sku="ML-COMPUTE-M5XL",
        service=("AI and Machine Learning", "Amazon SageMaker (simulated)"),
        description="Simulated: a second of the demo is billed as an hour, at least 60",
    )


def _storage_row(item: Kept, tariff: Tariff) -> dict[str, str]:
    megabytes = Decimal(max(1, math.ceil(item.size / MEGABYTE)))
    days = (next_month(item.day) - month_of(item.day)).days
    price = (tariff.megabyte_month / days).quantize(Decimal("0.000001"))
    return _row(
        item.resource,
        item.tags,
        item.day,
        item.day + DAY,
        cost=price * megabytes,
        price=price,
        quantity=str(megabytes),
        unit="100GB-Days",
        sku="STORAGE-STANDARD",
        service=("Storage", "Amazon S3 (simulated)"),
        description="Simulated: a megabyte of the demo is billed as a hundred gigabytes, started ones whole",
    )


def _row(
    resource: str,
    tags: dict[str, str],
    start: datetime,
    end: datetime,
    *,
    cost: Decimal,
    price: Decimal,
    quantity: str,
    unit: str,
    sku: str,
    service: tuple[str, str],
    description: str,
) -> dict[str, str]:
    kind, _, name = resource.partition("/")
    arn = f"arn:aws:s3:::{name}" if kind == "bucket" else f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{resource}"
    money = str(cost.quantize(Decimal("0.000001"), ROUND_UP))
    month = month_of(start)
    return {
        "BillingAccountId": ACCOUNT,
        "BillingAccountName": "Flight operations (simulated)",
        "BillingCurrency": "USD",
        "BillingPeriodStart": _time(month),
        "BillingPeriodEnd": _time(next_month(month)),
        "ChargePeriodStart": _time(start),
        "ChargePeriodEnd": _time(end),
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargeDescription": description,
        "ChargeFrequency": "Usage-Based",
        "BilledCost": money,
        "EffectiveCost": money,
        "ListCost": money,
        "ContractedCost": money,
        "ListUnitPrice": str(price),
        "ContractedUnitPrice": str(price),
        "ConsumedQuantity": quantity,
        "ConsumedUnit": unit,
        "PricingQuantity": quantity,
        "PricingUnit": unit,
        "PricingCategory": "Standard",
        "InvoiceIssuerName": "Tollgate demo",
        "ProviderName": "Tollgate demo",
        "PublisherName": "Tollgate demo",
        "ServiceCategory": service[0],
        "ServiceName": service[1],
        "ResourceId": arn,
        "ResourceName": name,
        "ResourceType": kind,
        "RegionId": "us-east-1",
        "SkuId": sku,
        "SubAccountId": ACCOUNT,
        "SubAccountName": "Flight operations (simulated)",
        "Tags": json.dumps(tags, sort_keys=True),
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
