"""What a FOCUS bill must hold to be read, by column; the names are those of the FOCUS specification 1.0 to 1.4."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

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


def tags_key(tags: Mapping[str, Any]) -> str:
    """Sixteen hex digits that are the same for the same tags in any order."""
    text = json.dumps(tags, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
