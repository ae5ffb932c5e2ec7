"""What Cost Explorer is asked, what its answers make of a bill, and what a pull of so many requests costs.

GetCostAndUsage: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html. Each page
is a request of 0.01 US dollars: https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from costs.feeds.domain import Month, amount_of, period

PRICE: Final = Decimal("0.01")
"""US dollars for a request."""
METRICS: Final = ("UnblendedCost", "AmortizedCost", "UsageQuantity")
NO_UNIT: Final = ("", "N/A")
USAGE_TYPE: Final = "USAGE_TYPE"


class Unreadable(ValueError):
    """The answer lacks something, or says it twice; ``str()`` says what, in a sentence."""


def question(month: Month, *, until: date, tag: str) -> dict[str, Any]:
    """The request for the days of ``month`` before ``until``, by service and by ``tag`` (empty: by usage type)."""
    second = {"Type": "TAG", "Key": tag} if tag else {"Type": "DIMENSION", "Key": USAGE_TYPE}
    return {
        "TimePeriod": {"Start": f"{month.first}", "End": f"{min(month.after, until)}"},
        "Granularity": "DAILY",
        "Metrics": list(METRICS),
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, second],
    }


def origin(tag: str) -> str:
    """Where the figures of a bill come from, in words."""
    return f"AWS Cost Explorer, by day, service and {f'tag {tag}' if tag else 'usage type'}"


def rows_of(pages: Sequence[Mapping[str, Any]], *, month: Month, account: str, tag: str) -> list[dict[str, str]]:
    """Rows of a bill (``costs.feeds.domain.COLUMNS``) from all pages of a month; unblended cost is billed, amortised
    is effective. Cost Explorer tells no list or contracted price, so these stay null.

    Of the category it tells only the service "Tax"; what is less than zero is an Adjustment (it may be a credit, a
    refund or a discount), the rest Usage.

    Raises:
        Unreadable: a metric, key or date is missing or is none, or a group of a day comes twice.
    """
    rows, seen = list[dict[str, str]](), set[tuple[date, str, str]]()
    for page in pages:
        for told in _list(page, "ResultsByTime"):
            day = _day(told, month)
            for group in _list(told, "Groups"):
                service, second = _keys(group)
                if (day, service, second) in seen:
                    raise Unreadable(f"It told {service} {second} of {day} twice.")
                seen.add((day, service, second))
                rows.append(_row(group, month, day, service, second, bool(told.get("Estimated")), account, tag))
    return rows


def _row(
    group: Mapping[str, Any],
    month: Month,
    day: date,
    service: str,
    second: str,
    estimated: bool,
    account: str,
    tag: str,
) -> dict[str, str]:
    (billed, currency), (effective, other) = (_metric(group, name) for name in METRICS[:2])
    if currency != other:
        raise Unreadable(f"It told {service} of {day} in {currency} and in {other}.")
    row = period(month, day) | {
        "BilledCost": f"{billed:f}",
        "EffectiveCost": f"{effective:f}",
        "BillingAccountId": account,
        "BillingCurrency": currency,
        "ChargeCategory": "Tax" if service == "Tax" else "Adjustment" if billed < 0 else "Usage",
        "ServiceName": service,
        "ProviderName": "AWS",
        "x_Estimated": "true" if estimated else "false",
        "x_Origin": origin(tag),
    }
    if tag:
        value = second.partition("$")[2]
        return row | ({"Tags": json.dumps({tag: value}, ensure_ascii=False)} if value else {})
    quantity, unit = _metric(group, METRICS[2])
    row["x_UsageType"] = second
    if unit not in NO_UNIT and row["ChargeCategory"] == "Usage":
        row |= {"ConsumedQuantity": f"{quantity:f}", "ConsumedUnit": unit}
    return row


def _list(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = told.get(name)
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise Unreadable(f"It answered without {name}.")
    return found


def _day(told: Mapping[str, Any], month: Month) -> date:
    try:
        day = date.fromisoformat(told["TimePeriod"]["Start"])
    except (KeyError, TypeError, ValueError):
        raise Unreadable("It answered with a day that is no date.") from None
    if Month.of(day) != month:
        raise Unreadable(f"It was asked for {month} and told of {day}.")
    return day


def _keys(group: Mapping[str, Any]) -> tuple[str, str]:
    found = group.get("Keys")
    if not isinstance(found, list) or len(found) != 2 or not found[0]:
        raise Unreadable("It answered with a group that is not of two keys.")
    return str(found[0]), str(found[1])


def _metric(group: Mapping[str, Any], name: str) -> tuple[Decimal, str]:
    try:
        metric = group["Metrics"][name]
        return amount_of(metric["Amount"]), str(metric.get("Unit") or "")
    except (KeyError, TypeError, AttributeError):
        raise Unreadable(f"It answered without {name}.") from None
    except ValueError as error:
        raise Unreadable(f"Its {name} cannot be used: {error}.") from None


def estimated_days(rows: Sequence[Mapping[str, str]]) -> int:
    """How many days hold an estimate."""
    return len({row["ChargePeriodStart"] for row in rows if row["x_Estimated"] == "true"})
