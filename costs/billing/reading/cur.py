"""AWS Cost and Usage Reports, legacy and 2.0, as columns of FOCUS.

Billed cost is the unblended cost. Effective cost follows AWS's own query of amortised cost (Well-Architected Labs,
CUR queries, "amortized cost by charge type"): what a savings plan or reservation covers costs its share of that
commitment, the fees of commitments cost what of them was not used, and upfront fees and negations cost nothing. A
report 2.0 with a column "discount" has no rows for discounts: there the net columns count, where a row fills them.
"""

import re
from dataclasses import replace
from typing import Final

from audit.base.errors import InvalidInput
from audit.lake.engine import literal
from costs.billing.reading.cells import DECIMAL, Given, Shape, Source, cleaned, object_in, object_of

LEGACY, SECOND = "AWS CUR legacy", "AWS CUR 2.0"
ONLY_IN_SECOND: Final = {"resource_tags", "product", "cost_category", "discount", "bill_payer_account_name"}
MANDATORY: Final = (
    "bill/PayerAccountId", "bill/BillingPeriodStartDate", "bill/BillingPeriodEndDate", "lineItem/LineItemType",
    "lineItem/UsageStartDate", "lineItem/ProductCode", "lineItem/CurrencyCode", "lineItem/UnblendedCost",
)  # fmt: skip
CATEGORIES: Final = {
    "Usage": "Usage",
    "DiscountedUsage": "Usage",
    "SavingsPlanCoveredUsage": "Usage",
    "SavingsPlanNegation": "Usage",
    "Tax": "Tax",
    "Credit": "Credit",
    "Refund": "Credit",
    "Fee": "Purchase",
    "RIFee": "Purchase",
    "SavingsPlanUpfrontFee": "Purchase",
    "SavingsPlanRecurringFee": "Purchase",
}
"""Whatever else AWS lists, like discounts, is an Adjustment. A negation stands with the usage that it takes back."""
SERVICES: Final = {
    "AI and Machine Learning": (
        "AmazonSageMaker",
        "AmazonBedrock",
        "AmazonRekognition",
        "comprehend",
        "AmazonTextract",
    ),
    "Analytics": ("AWSGlue", "AmazonAthena", "AmazonKinesis", "ElasticMapReduce", "AmazonQuickSight"),
    "Compute": ("AmazonEC2", "AWSLambda", "AmazonECS", "AmazonEKS"),
    "Databases": ("AmazonRDS", "AmazonDynamoDB", "AmazonRedshift", "AmazonElastiCache"),
    "Integration": ("AWSQueueService", "AmazonSNS", "AmazonStates", "AWSEvents"),
    "Management and Governance": ("AmazonCloudWatch", "AWSCloudTrail", "AWSConfig"),
    "Networking": ("AWSDataTransfer", "AmazonVPC", "AmazonRoute53", "AmazonCloudFront", "AWSELB"),
    "Security": ("awskms", "AWSSecretsManager", "AmazonGuardDuty"),
    "Storage": ("AmazonS3", "AmazonEFS", "AmazonECR", "AWSBackup"),
}
"""Categories of FOCUS by AWS's product code; other products have none."""
COSTS_NOTHING: Final = ("SavingsPlanNegation", "SavingsPlanUpfrontFee")


def recognised(source: Source) -> bool:
    """Whether the columns are those of such a report."""
    return "lineItem/LineItemType" in source or "line_item_line_item_type" in source


def snake(name: str) -> str:
    """The name that Athena and CUR 2.0 give a legacy column: "lineItem/UsageAmount" is "line_item_usage_amount"."""
    return re.sub(r"(?<=[a-zA-Z0-9])(?=[A-Z])", "_", name.replace("/", "_")).lower()


class Report:
    """A report's cells by their legacy names, whichever way the file spells them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.slashed = "lineItem/LineItemType" in source
        self.second = not self.slashed and bool(ONLY_IN_SECOND & set(source.columns))
        self.net = self.second and "discount" in source

    def name(self, legacy: str) -> str:
        """The file's own name for the column."""
        return legacy if self.slashed else snake(legacy)

    def has(self, legacy: str) -> bool:
        """Whether the file has the column."""
        return self.name(legacy) in self.source

    def text(self, *legacy: str) -> str:
        """SQL for the first of these that a row fills; attributes of products also stand in the map "product"."""
        parts = []
        for each in legacy:
            if self.has(each):
                parts.append(self.source.text(self.name(each)))
            elif each.startswith("product/") and "product" in self.source:
                parts.append(self._attribute(snake(each.removeprefix("product/"))))
        return f"coalesce({', '.join(parts)})" if parts else "NULL::VARCHAR"

    def number(self, *legacy: str) -> str:
        """SQL for the number in the first of these that the file has and a row fills; null where it is none."""
        return f"TRY_CAST({self.text(*legacy)} AS {DECIMAL})"

    def _attribute(self, key: str) -> str:
        own, kind = self.source.own("product"), self.source.kind("product")
        if kind.startswith("MAP"):
            return cleaned(f"{own}[{literal(key)}]")
        text = own if kind in {"VARCHAR", "JSON"} else f"to_json({own})"
        return cleaned(f"json_extract_string(nullif({text}, ''), {literal('$.' + key)})")


def shape(source: Source) -> Shape:
    """The report's columns as those of FOCUS.

    Raises:
        InvalidInput: a column is missing without which the report cannot be read.
    """
    report = Report(source)
    lacking = [report.name(name) for name in MANDATORY if not report.has(name)]
    if lacking:
        mend = "Export the report with these columns."
        raise InvalidInput(f"The file has no column {', '.join(lacking)}.", where="heading", mend=mend)
    line, usage = report.text("lineItem/LineItemType"), ", ".join(map(literal, _lines("Usage")))

    def given(sql: str, legacy: str) -> Given:
        return Given(sql, report.name(legacy))

    start = report.name("lineItem/UsageStartDate")
    code = report.text("lineItem/ProductCode")
    columns = {
        "BilledCost": given(_billed(report), "lineItem/UnblendedCost"),
        "EffectiveCost": Given(_effective(report, line), "amortised cost of the line"),
        "ContractedCost": given(_contracted(report, line), "lineItem/UnblendedCost"),
        "ListCost": given(_list(report, line), "pricing/publicOnDemandCost"),
        "BillingPeriodStart": _time(report, "bill/BillingPeriodStartDate"),
        "BillingPeriodEnd": _time(report, "bill/BillingPeriodEndDate"),
        "ChargePeriodStart": Given(source.native(start), start),
        "BillingAccountId": given(report.text("bill/PayerAccountId"), "bill/PayerAccountId"),
        "BillingAccountName": given(report.text("bill/PayerAccountName"), "bill/PayerAccountName"),
        "BillingCurrency": given(report.text("lineItem/CurrencyCode"), "lineItem/CurrencyCode"),
        "ChargeCategory": given(_case(line, CATEGORIES, "'Adjustment'"), "lineItem/LineItemType"),
        "ChargeClass": given(f"CASE WHEN {line} = 'Refund' THEN 'Correction' END", "lineItem/LineItemType"),
        "ServiceName": given(
            report.text("product/ProductName", "product/productName", "lineItem/ProductCode"), "product/ProductName"
        ),
        "ServiceCategory": given(
            _case(code, {code: name for name, codes in SERVICES.items() for code in codes}, "NULL"),
            "lineItem/ProductCode",
        ),
        "SubAccountId": given(report.text("lineItem/UsageAccountId"), "lineItem/UsageAccountId"),
        "RegionId": given(report.text("product/regionCode", "product/region"), "product/regionCode"),
        "ResourceId": given(report.text("lineItem/ResourceId"), "lineItem/ResourceId"),
        "SkuId": given(report.text("product/sku"), "product/sku"),
        "ChargeDescription": given(report.text("lineItem/LineItemDescription"), "lineItem/LineItemDescription"),
        "ConsumedQuantity": given(
            f"CASE WHEN {line} IN ({usage}) THEN {report.text('lineItem/UsageAmount')} END", "lineItem/UsageAmount"
        ),
        "ConsumedUnit": given(
            f"CASE WHEN {line} IN ({usage}) THEN {report.text('pricing/unit')} END", "pricing/unit"
        ),
        "Tags": _tags(report),
        "provider": Given("'AWS'", report.name("bill/BillingEntity")),
        "usage": given(_usage(report), "lineItem/UsageType"),
    }  # fmt: skip
    return Shape(SECOND if report.second else LEGACY, "", columns)


def _lines(category: str) -> list[str]:
    return [line for line, found in CATEGORIES.items() if found == category and line not in COSTS_NOTHING]


def _time(report: Report, legacy: str) -> Given:
    name = report.name(legacy)
    return Given(report.source.native(name), name)


def _case(own: str, words: dict[str, str], otherwise: str) -> str:
    whens = " ".join(f"WHEN {literal(word)} THEN {literal(to)}" for word, to in words.items())
    return f"CASE {own} {whens} ELSE CASE WHEN {own} IS NOT NULL THEN {otherwise} END END"


def _billed(report: Report) -> str:
    """As text or as the file types it, so that a cell that is no number is told with what stands in it."""
    if report.net and report.has("lineItem/NetUnblendedCost"):
        return report.text("lineItem/NetUnblendedCost", "lineItem/UnblendedCost")
    return report.source.native(report.name("lineItem/UnblendedCost"))


def _effective(report: Report, line: str) -> str:
    """SQL for the amortised cost; null, which the check then names, where the row lacks what its kind needs."""

    def amount(legacy: str, net: str = "") -> str:
        return report.number(*([net] if net and report.net else []), legacy)

    def either(first: tuple[str, str], second: tuple[str, str]) -> str:
        texts = [f"{report.text(*([net] if report.net else []), legacy)} IS NULL" for legacy, net in (first, second)]
        total = f"coalesce({amount(*first)}, 0) + coalesce({amount(*second)}, 0)"
        return f"CASE WHEN {' AND '.join(texts)} THEN NULL ELSE {total} END"

    commitment = amount("savingsPlan/SavingsPlanEffectiveCost", "savingsPlan/NetSavingsPlanEffectiveCost")
    reserved = amount("reservation/EffectiveCost", "reservation/NetEffectiveCost")
    unused = either(
        (
            "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
            "reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod",
        ),
        ("reservation/UnusedRecurringFee", "reservation/NetUnusedRecurringFee"),
    )
    left = f"{amount('savingsPlan/TotalCommitmentToDate')} - {amount('savingsPlan/UsedCommitment')}"
    nothing = ", ".join(map(literal, COSTS_NOTHING))
    return f"""CASE WHEN {line} = 'SavingsPlanCoveredUsage' THEN {commitment}
        WHEN {line} = 'SavingsPlanRecurringFee' THEN {left}
        WHEN {line} IN ({nothing}) THEN 0
        WHEN {line} = 'DiscountedUsage' THEN {reserved}
        WHEN {line} = 'RIFee' THEN {unused}
        WHEN {line} = 'Fee' AND {report.text("reservation/ReservationARN")} IS NOT NULL THEN 0
        ELSE {amount("lineItem/UnblendedCost", "lineItem/NetUnblendedCost")} END"""


def _contracted(report: Report, line: str) -> str:
    """SQL for the cost before commitments: the unblended cost, which reserved usage and negations do not state."""
    cost = report.number(*(["lineItem/NetUnblendedCost"] if report.net else []), "lineItem/UnblendedCost")
    return f"CASE WHEN {line} = 'SavingsPlanNegation' THEN 0 WHEN {line} <> 'DiscountedUsage' THEN {cost} END"


def _list(report: Report, line: str) -> str:
    cost = report.number("pricing/publicOnDemandCost")
    return f"CASE WHEN {line} = 'SavingsPlanNegation' THEN 0 ELSE {cost} END"


def _usage(report: Report) -> str:
    """The type of usage and then the operation, which rules look for from the start."""
    kind, operation = report.text("lineItem/UsageType"), report.text("lineItem/Operation")
    return f"nullif(concat_ws(' ', {kind}, {operation}), '')"


def _tags(report: Report) -> Given:
    """The tags of users by their own names, those of AWS as "aws:..."."""
    source = report.source
    if "resource_tags" in source:
        given = object_in(source, "resource_tags")
        text = given.sql
        for start, own in (("user", ""), ("aws", "aws:")):
            text = rf"""regexp_replace({text}, '([{{,]\s*)"{start}[_:]', '\1"{own}', 'g')"""
        return replace(given, sql=text)
    start = "resourceTags/{}:" if report.slashed else "resource_tags_{}_"
    pairs = {}
    for name in source.columns:
        for owner, own in (("user", ""), ("aws", "aws:")):
            if name.startswith(start.format(owner)):
                pairs[own + name.removeprefix(start.format(owner))] = source.text(name)
    return object_of(pairs, start.format("user"))
