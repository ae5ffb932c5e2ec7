"""The one query that Athena is asked for a month, whose grouping runs in AWS, and the rows that come back.

Effective cost of a Cost and Usage Report by the type of its line item, as AWS documents the columns: covered usage
costs its effective cost, a fee costs what of the commitment was not used, what was paid ahead counts where it is used
(https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2-savings-plan.html and
…/table-dictionary-cur2-reservation.html).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from costs.feeds.domain import Month, amount_of, period

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
FOCUS: Final = "focus"
CUR: Final = "cur"
PER_MONTH: Final = "billing_period"
BY_YEAR: Final = "year_month"
NONE: Final = "none"
TERABYTE: Final = 10**12
LEAST_BYTES: Final = 10 * 10**6
"""Athena charges a query for at least ten megabytes (https://aws.amazon.com/athena/pricing/)."""
AMOUNT: Final = "DECIMAL(38, 18)"
FOCUS_COLUMNS: Final = {
    "BillingAccountId": "billingaccountid",
    "BillingAccountName": "billingaccountname",
    "SubAccountId": "subaccountid",
    "BillingCurrency": "billingcurrency",
    "ChargeCategory": "chargecategory",
    "ChargeClass": "chargeclass",
    "ServiceName": "servicename",
    "ServiceCategory": "servicecategory",
    "ProviderName": "providername",
    "RegionId": "regionid",
    "ConsumedUnit": "consumedunit",
}
FOCUS_SUMS: Final = {
    "BilledCost": "billedcost",
    "EffectiveCost": "effectivecost",
    "ListCost": "listcost",
    "ContractedCost": "contractedcost",
    "ConsumedQuantity": "consumedquantity",
}
RESOURCE: Final = {"ResourceId": "resourceid", "ResourceName": "resourcename", "ResourceType": "resourcetype"}
CUR_COLUMNS: Final = {
    "BillingAccountId": '"bill_payer_account_id"',
    "SubAccountId": '"line_item_usage_account_id"',
    "BillingCurrency": '"line_item_currency_code"',
    "ChargeCategory": """CASE "line_item_line_item_type"
      WHEN 'Usage' THEN 'Usage' WHEN 'DiscountedUsage' THEN 'Usage' WHEN 'SavingsPlanCoveredUsage' THEN 'Usage'
      WHEN 'Fee' THEN 'Purchase' WHEN 'RIFee' THEN 'Purchase' WHEN 'SavingsPlanRecurringFee' THEN 'Purchase'
      WHEN 'SavingsPlanUpfrontFee' THEN 'Purchase' WHEN 'Tax' THEN 'Tax' WHEN 'Credit' THEN 'Credit'
      ELSE 'Adjustment' END""",
    "ServiceName": '"line_item_product_code"',
    "ProviderName": "'AWS'",
    "RegionId": '"product_region_code"',
    "x_UsageType": '"line_item_usage_type"',
    "ConsumedUnit": """CASE WHEN "line_item_line_item_type" IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
      THEN "pricing_unit" END""",
}
EFFECTIVE: Final = """CASE "line_item_line_item_type"
      WHEN 'DiscountedUsage' THEN "reservation_effective_cost"
      WHEN 'SavingsPlanCoveredUsage' THEN "savings_plan_savings_plan_effective_cost"
      WHEN 'RIFee' THEN
        "reservation_unused_amortized_upfront_fee_for_billing_period" + "reservation_unused_recurring_fee"
      WHEN 'SavingsPlanRecurringFee' THEN
        "savings_plan_total_commitment_to_date" - "savings_plan_used_commitment"
      WHEN 'SavingsPlanNegation' THEN 0
      WHEN 'SavingsPlanUpfrontFee' THEN 0
      WHEN 'Fee' THEN CASE WHEN coalesce("reservation_reservation_a_r_n", '') <> '' THEN 0
        ELSE "line_item_unblended_cost" END
      ELSE "line_item_unblended_cost" END"""
CUR_SUMS: Final = {
    "BilledCost": '"line_item_unblended_cost"',
    "EffectiveCost": EFFECTIVE,
    "ListCost": '"pricing_public_on_demand_cost"',
    "ConsumedQuantity": '"line_item_usage_amount"',
}


class Unreadable(ValueError):
    """The answer is not that of the query; ``str()`` says what is wrong, in a sentence."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of bills: its columns' kind (FOCUS or CUR), how it is cut, and by what it is grouped beside the day.

    ``usage`` (FOCUS) is the column that says the usage type; empty for none. ``tags`` are keys of the map of tags.
    """

    database: str
    name: str
    columns: str = FOCUS
    cut: str = PER_MONTH
    usage: str = ""
    resources: bool = False
    tags: tuple[str, ...] = ()


def identifier(text: str) -> str:
    """``text`` as an identifier of SQL.

    Raises:
        ValueError: it holds something else than letters, digits and underscores, or is too long.
    """
    if not NAME.fullmatch(text):
        raise ValueError(f"“{text[:60]}” is no name of letters, digits and underscores.")
    return f'"{text.lower()}"'


def literal(text: str) -> str:
    """``text`` as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def names_of(table: Table) -> list[str]:
    """The columns of the answer in their order: those that group, then sums. ``tag0`` is the first tag."""
    groups, sums = _parts(table)
    return ["day", "BillingPeriodStart", *groups, *sums]


def query_of(table: Table, month: Month) -> str:
    """The rollup of a month: one row for each day and combination, its amounts added up exactly.

    Raises:
        ValueError: a name in it is none.
    """
    groups, sums = _parts(table)
    focus = table.columns == FOCUS
    day = '"chargeperiodstart"' if focus else '"line_item_usage_start_date"'
    bill = '"billingperiodstart"' if focus else '"bill_billing_period_start_date"'
    keys = {"day": _date(day), "BillingPeriodStart": _date(bill)} | groups
    chosen = [f"{sql} AS {_alias(name)}" for name, sql in keys.items()]
    chosen += [f"CAST(sum(CAST({sql} AS {AMOUNT})) AS VARCHAR) AS {_alias(name)}" for name, sql in sums.items()]
    return (
        f"SELECT {', '.join(chosen)}\n"
        f"FROM {identifier(table.database)}.{identifier(table.name)}\n"
        f"WHERE {_cut(table, month, bill)}\n"
        f"GROUP BY {', '.join(str(at + 1) for at in range(len(keys)))}"
    )


def _alias(name: str) -> str:
    return f'"{name}"'


def _date(sql: str) -> str:
    return f"CAST(CAST({sql} AS DATE) AS VARCHAR)"


def _parts(table: Table) -> tuple[dict[str, str], dict[str, str]]:
    """What groups and what is added up: name of the answer's column -> SQL."""
    if table.columns == FOCUS:
        groups = {name: identifier(column) for name, column in FOCUS_COLUMNS.items()}
        sums = {name: identifier(column) for name, column in FOCUS_SUMS.items()}
        groups |= {"x_UsageType": identifier(table.usage)} if table.usage else {}
        groups |= {name: identifier(column) for name, column in RESOURCE.items()} if table.resources else {}
    else:
        groups, sums = dict(CUR_COLUMNS), dict(CUR_SUMS)
        groups |= {"ResourceId": '"line_item_resource_id"'} if table.resources else {}
    column = "tags" if table.columns == FOCUS else "resource_tags"
    groups |= {f"tag{at}": f'element_at("{column}", {literal(key)})' for at, key in enumerate(table.tags)}
    return groups, sums


def _cut(table: Table, month: Month, bill: str) -> str:
    """The condition that confines a query to a month: to its partition, so that no other month is read and paid for."""
    if table.cut == PER_MONTH:
        return f"\"billing_period\" = '{month}'"
    if table.cut == BY_YEAR:
        first = month.first
        return f"\"year\" = '{first.year}' AND \"month\" IN ('{first.month}', '{first.month:02}')"
    return f"CAST({bill} AS DATE) = DATE '{month.first}'"


def rows_of(answer: Sequence[Sequence[str | None]], *, table: Table, month: Month, origin: str) -> list[dict[str, str]]:
    """Rows of a bill (``costs.feeds.domain.COLUMNS``) from the rows of the answer, without its heading.

    Raises:
        Unreadable: a row has another number of values, a day that is no date, or is of another billing month.
    """
    names, rows = names_of(table), list[dict[str, str]]()
    _, sums = _parts(table)
    for values in answer:
        if len(values) != len(names):
            raise Unreadable(f"A row has {len(values)} values and not {len(names)}.")
        told = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        try:
            day = date.fromisoformat(told.pop("day", ""))
            amounts = {name: f"{amount_of(told.pop(name)):f}" for name in sums if name in told}
        except ValueError as error:
            raise Unreadable(f"A row cannot be used: {error}.") from None
        begun = told.pop("BillingPeriodStart", "")
        if begun != f"{month.first}":
            raise Unreadable(f"A row is of the billing period {begun or 'of nothing'} and not of {month}.")
        tags = {key: found for at, key in enumerate(table.tags) if (found := told.pop(f"tag{at}", ""))}
        if "ConsumedUnit" not in told:
            amounts.pop("ConsumedQuantity", None)
        row = period(month, day) | told | amounts | {"x_Origin": origin}
        rows.append(row | ({"Tags": json.dumps(tags, ensure_ascii=False, sort_keys=True)} if tags else {}))
    return rows


def price_of(scanned: int, *, per_terabyte: Decimal) -> Decimal:
    """US dollars of a query that reads so many bytes. A terabyte is counted as 10^12 bytes, which errs upward."""
    return max(scanned, LEAST_BYTES) * per_terabyte / TERABYTE
