"""The views between a file and its rows: ``given`` as the file says, ``facts`` with values typed, ``typed`` for use."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from costs.billing import domain
from costs.billing.reading.cells import DECIMAL, Given, Shape
from costs.billing.reading.focus import NUMBERS as ALL_NUMBERS

if TYPE_CHECKING:
    import duckdb

TEXT_COLUMNS: Final = {
    "sub_account": "SubAccountId",
    "region": "RegionId",
    "resource_id": "ResourceId",
    "resource_name": "ResourceName",
    "resource_type": "ResourceType",
    "charge_class": "ChargeClass",
    "sku": "SkuId",
    "account_name": "BillingAccountName",
    "unit": "ConsumedUnit",
    "provider": "provider",
    "service": "ServiceName",
    "service_category": "ServiceCategory",
    "usage": "usage",
    "tags": "Tags",
}
EXACT: Final = (*domain.MONEY, "ConsumedQuantity")
"""Numbers that are kept to the last digit; the others only take part in rules."""
WITHOUT_NULLS: Final = (
    "nullif(CASE WHEN contains({0}, ':null') THEN CAST(json_merge_patch('{{}}', {0}) AS VARCHAR) ELSE {0} END, '{{}}')"
)
"""A key without a value is none (RFC 7396 drops it); most objects have no such key, and are left as they are."""
BRACKETS: Final = (
    ("0.001", DECIMAL), ("1", "DECIMAL(18, 15)"), ("10", "DECIMAL(18, 14)"), ("100", "DECIMAL(18, 13)"),
    ("1000", "DECIMAL(18, 12)"), ("10000", "DECIMAL(18, 11)"), ("100000", "DECIMAL(18, 10)"),
    ("1000000", "DECIMAL(18, 9)"),
)  # fmt: skip
"""Below this size of a double, the decimal that holds the 15 digits which every double keeps (IEEE 754, DBL_DIG)."""


def create_facts(connection: "duckdb.DuckDBPyConnection", shape: Shape, relation: str) -> None:
    """Creates the first two; nothing is read yet."""
    parts = ["file_row_number + 1 AS nr"]
    for name, value in shape.given.items():
        parts.append(f'{value.sql} AS "{name}"')
        if value.typed:
            parts.append(f'{value.typed} AS "{name}_own"')
        if value.size:
            parts.append(f'{value.size} AS "{name}_size"')
    connection.execute(f"CREATE TEMP VIEW given AS SELECT {', '.join(parts)} FROM {relation}")
    described = connection.execute("DESCRIBE given").fetchall()
    kinds = {name: kind for name, kind, *_ in described}
    connection.execute(f"CREATE TEMP VIEW facts AS {_facts(shape.given, kinds)}")


def create_typed(connection: "duckdb.DuckDBPyConnection", shape: Shape, filled: Mapping[str, float]) -> None:
    """Creates the third: ``filled`` says in what part of the rows a column of text is filled, where that is known.

    One that is always or never filled is taken as it is, which keeps DuckDB's dictionaries.
    """
    connection.execute(f"CREATE TEMP VIEW typed AS {_typed(shape.given, filled)}")


def _facts(given: Mapping[str, Given], kinds: Mapping[str, str]) -> str:
    """Numbers and times under their names, under "..._given" what stands in the file, under "..._rough" as a double."""
    parts = ["nr"]
    for name, value in given.items():
        own = f'"{name}"'
        if value.size:
            parts += [f'"{name}_size"', f"{WITHOUT_NULLS.format(own)} AS {own}"]
        elif name in ALL_NUMBERS or name in domain.TIMES:
            parts.append(f'{own} AS "{name}_given"')
            if f"{name}_own" in kinds:
                parts.append(f'"{name}_own" AS {own}')
            elif name in domain.TIMES:
                parts.append(f"{_time(own, kinds[name])} AS {own}")
            elif name in EXACT:
                parts += [f"{_number(own, kinds[name])} AS {own}", f'{_rough(own, kinds[name])} AS "{name}_rough"']
            else:
                parts.append(f"{_rough(own, kinds[name])} AS {own}")
        else:
            parts.append(own)
    month = "date_trunc('month', \"ChargePeriodStart\")"
    absent = {"BillingPeriodStart": month, "BillingPeriodEnd": f"CAST({month} + INTERVAL 1 MONTH AS TIMESTAMP)"}
    extra = [f'{sql} AS "{name}"' for name, sql in absent.items() if name not in given]
    chosen = f"SELECT {', '.join(parts)} FROM given"
    return f"SELECT *, {', '.join(extra)} FROM ({chosen})" if extra else chosen


def _number(own: str, kind: str) -> str:
    """The decimal that a cell stands for; of a binary fraction its first 15 digits, which is how it was written."""
    exact = f"TRY_CAST(CAST({own} AS VARCHAR) AS {DECIMAL})"
    if kind == "FLOAT":
        return exact
    if kind == "DOUBLE":
        cases = " ".join(f"WHEN abs({own}) < {limit} THEN CAST({own} AS {small})" for limit, small in BRACKETS)
        return f"CASE {cases} ELSE {exact} END"
    return f"TRY_CAST({own} AS {DECIMAL})"


def _rough(own: str, kind: str) -> str:
    return own if kind == "DOUBLE" else f"TRY_CAST({own} AS DOUBLE)"


def _time(own: str, kind: str) -> str:
    """Naive, in UTC. A time without zone is in UTC (FOCUS, date and time format)."""
    if kind == "TIMESTAMP":
        return own
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({own}))"
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"TRY_CAST({own} AS TIMESTAMP)"
    return f"make_timestamp(epoch_us(TRY_CAST(CAST({own} AS VARCHAR) AS TIMESTAMPTZ)))"


def _typed(given: Mapping[str, Given], filled: Mapping[str, float]) -> str:
    def amount(name: str) -> str:
        return f'"{name}"' if name in given else f"NULL::{DECIMAL}"

    def text(name: str) -> str:
        part = filled.get(name, 0.5 if name in given else 0)
        return f"coalesce(\"{name}\", '')" if 0 < part < 1 else f'"{name}"' if part else "''"

    texts = ", ".join(f"{text(name)} AS {alias}" for alias, name in TEXT_COLUMNS.items())
    return f"""
        SELECT nr, "BillingAccountId" AS account, "BillingPeriodStart" AS period_start,
               "BillingPeriodEnd" AS period_end, CAST("ChargePeriodStart" AS DATE) AS day,
               "ChargeCategory" AS charge_category, "BillingCurrency" AS currency,
               "BilledCost" AS billed, "EffectiveCost" AS effective, {amount("ContractedCost")} AS contracted,
               {amount("ListCost")} AS list, {amount("ConsumedQuantity")} AS quantity, {texts}
        FROM facts"""
