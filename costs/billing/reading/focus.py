"""FOCUS 1.0 to 1.4, told apart by their columns (changelog of the specification)."""

from collections.abc import Collection
from typing import Final

from audit.base.errors import InvalidInput
from costs.billing import domain
from costs.billing.reading.cells import Given, Shape, Source, object_in

VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3", "1.4")
BASE: Final = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId",
    "SubAccountName", "Tags",
)  # fmt: skip
ADDED: Final = {
    "1.1": (
        "CapacityReservationId", "CapacityReservationStatus", "CommitmentDiscountQuantity", "CommitmentDiscountUnit",
        "ServiceSubcategory", "SkuMeter", "SkuPriceDetails",
    ),
    "1.2": (
        "InvoiceId", "BillingAccountType", "SubAccountType", "PricingCurrency", "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice",
    ),
    "1.3": (
        "AllocatedMethodId", "AllocatedMethodDetails", "AllocatedResourceId", "AllocatedResourceName", "AllocatedTags",
        "ContractApplied", "ServiceProviderName", "HostProviderName",
    ),
    "1.4": ("InvoiceDetailId", "CommitmentProgramEligibilityDetails"),
}  # fmt: skip
REMOVED: Final = {"1.4": ("ProviderName", "PublisherName")}
KNOWN: Final = (*BASE, *(name for names in ADDED.values() for name in names))
OWN_TEXT: Final = ("Tags", "AllocatedTags", "AllocatedMethodDetails", "ContractApplied", "SkuPriceDetails")
"""Columns of the specification that hold objects."""
NUMBERS: Final = (*domain.MONEY, "ConsumedQuantity", "PricingQuantity", "ListUnitPrice", "ContractedUnitPrice")


def version(columns: Collection[str]) -> str:
    """The newest version that one of the columns is new in; 1.4 also shows by the provider that it renamed."""
    found = next((new for new in reversed(VERSIONS[1:]) if set(columns) & set(ADDED[new])), VERSIONS[0])
    if found == "1.3" and not set(columns) & set(REMOVED["1.4"]):
        return "1.4"
    return found


def shape(source: Source) -> Shape:
    """The columns as they are named.

    Raises:
        InvalidInput: a column is missing without which the bill cannot be read.
    """
    lacking = domain.missing_columns(list(source.columns))
    if lacking:
        raise InvalidInput(
            f"The file has no column {', '.join(lacking)}.",
            where="heading",
            mend="Export it as FOCUS 1.0 or newer, with all mandatory columns.",
        )
    given = {}
    for name in KNOWN:
        if name not in source:
            continue
        if name in OWN_TEXT:
            given[name] = object_in(source, name)
        elif name in NUMBERS or name in domain.TIMES:
            given[name] = Given(source.native(name), name)
        else:
            given[name] = Given(source.text(name), name)
    provider, usage = source.first(domain.PROVIDERS), source.first(domain.USAGE)
    if provider:
        given["provider"] = provider
    if usage:
        given["usage"] = usage
    recognised = version(source.columns)
    return Shape(f"FOCUS {recognised}", recognised, given)
