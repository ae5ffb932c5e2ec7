"""What a FOCUS bill must hold to be read, by column; the names are those of the FOCUS specification 1.0 to 1.4."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

Totals = dict[str, dict[str, Decimal]]
"""A currency to the costs in it: billed, effective, contracted, list."""
ZERO: Final = Decimal(0)
MONEY: Final = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
TIMES: Final = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
TEXTS: Final = ("BillingAccountId", "BillingCurrency", "ChargeCategory", "ServiceName", "ServiceCategory")
MANDATORY: Final = (*MONEY, *TIMES, *TEXTS)
PROVIDERS: Final = ("ServiceProviderName", "ProviderName")
"""FOCUS 1.3 renamed the second to the first: the first that a row fills counts."""
FILLED: Final = (
    "BilledCost", "EffectiveCost", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd",
    "BillingAccountId", "BillingCurrency", "ChargeCategory",
)  # fmt: skip
"""No row may leave these empty. Providers are known to leave gaps in list and contracted cost."""
NULLS: Final = ("", "NULL")
USAGE: Final = ("x_UsageType", "SkuMeter", "ChargeDescription")
"""Where a provider says what kind of usage was billed: the first that a row fills counts."""


def missing_columns(columns: list[str]) -> list[str]:
    """The mandatory columns that a file with these columns lacks; one of PROVIDERS is enough."""
    known = set(columns)
    lacking = [name for name in MANDATORY if name not in known]
    if not known & set(PROVIDERS):
        lacking.append(" or ".join(reversed(PROVIDERS)))
    return lacking


def tags_of(text: str | None) -> dict[str, str]:
    """The tags that a Tags cell holds: a JSON object of text values; other values become their JSON text.

    Raises:
        ValueError: the text is not a JSON object.
    """
    if not text:
        return {}
    value = json.loads(text)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError("not a JSON object")
    return {str(key): item if isinstance(item, str) else json.dumps(item) for key, item in value.items()}


def added_up(several: Iterable[Totals]) -> Totals:
    """Totals of several statements in one; currencies are never added to one another."""
    found: Totals = {}
    for totals in several:
        for currency, costs in totals.items():
            into = found.setdefault(currency, {})
            for cost, amount in costs.items():
                into[cost] = into.get(cost, ZERO) + amount
    return found


def difference(now: Totals, before: Totals) -> Totals:
    """What was added to each cost since ``before``, signed; a currency that is in one of them only is whole in it."""
    turned = {currency: {cost: -amount for cost, amount in costs.items()} for currency, costs in before.items()}
    return added_up((now, turned))
