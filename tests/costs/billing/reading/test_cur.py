"""AWS reports: each kind of line costs what AWS's own query of amortised cost says, however the file spells it."""

import csv
import gzip
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from audit.base.errors import InvalidInput
from costs.billing import domain
from costs.billing.focus import opened
from costs.billing.reading.cur import snake
from tests.support.bills import typed

BASE = {
    "bill/PayerAccountId": "012345678901",
    "bill/BillingPeriodStartDate": "2026-06-01T00:00:00.000Z",
    "bill/BillingPeriodEndDate": "2026-07-01T00:00:00.000Z",
    "lineItem/UsageAccountId": "000000000042",
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2026-06-03T10:00:00Z",
    "lineItem/UsageEndDate": "2026-06-03T11:00:00Z",
    "lineItem/ProductCode": "AmazonSageMaker",
    "lineItem/UsageType": "USE1-Host:ml.m5.xlarge",
    "lineItem/Operation": "RunInstance",
    "lineItem/ResourceId": "arn:aws:sagemaker:us-east-1:42:endpoint/late-arrival",
    "lineItem/UsageAmount": "1",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UnblendedCost": "0",
    "product/ProductName": "Amazon SageMaker",
    "product/regionCode": "us-east-1",
    "pricing/unit": "Hrs",
    "pricing/publicOnDemandCost": "",
    "reservation/ReservationARN": "",
    "reservation/EffectiveCost": "",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "",
    "reservation/UnusedRecurringFee": "",
    "savingsPlan/SavingsPlanEffectiveCost": "",
    "savingsPlan/TotalCommitmentToDate": "",
    "savingsPlan/UsedCommitment": "",
    "resourceTags/user:Team": "",
    "resourceTags/aws:createdBy": "",
}  # fmt: skip
TIMES = ("PeriodStartDate", "PeriodEndDate", "UsageStartDate", "UsageEndDate")
LINES: list[dict[str, str]] = [
    {"lineItem/UnblendedCost": "0.25", "pricing/publicOnDemandCost": "0.30", "resourceTags/user:Team": "ml"},
    {"lineItem/LineItemType": "SavingsPlanCoveredUsage", "lineItem/UnblendedCost": "10",
     "savingsPlan/SavingsPlanEffectiveCost": "7", "pricing/publicOnDemandCost": "10"},
    {"lineItem/LineItemType": "SavingsPlanNegation", "lineItem/UnblendedCost": "-10"},
    {"lineItem/LineItemType": "SavingsPlanRecurringFee", "lineItem/UnblendedCost": "9",
     "savingsPlan/TotalCommitmentToDate": "9", "savingsPlan/UsedCommitment": "7"},
    {"lineItem/LineItemType": "SavingsPlanUpfrontFee", "lineItem/UnblendedCost": "100"},
    {"lineItem/LineItemType": "DiscountedUsage", "lineItem/UnblendedCost": "0", "reservation/EffectiveCost": "3",
     "pricing/publicOnDemandCost": "5"},
    {"lineItem/LineItemType": "RIFee", "lineItem/UnblendedCost": "4",
     "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "0.5", "reservation/UnusedRecurringFee": "0.5"},
    {"lineItem/LineItemType": "Fee", "lineItem/UnblendedCost": "50", "reservation/ReservationARN": "arn:ri"},
    {"lineItem/LineItemType": "Fee", "lineItem/UnblendedCost": "2"},
    {"lineItem/LineItemType": "Tax", "lineItem/UnblendedCost": "1.5"},
    {"lineItem/LineItemType": "Credit", "lineItem/UnblendedCost": "-3"},
    {"lineItem/LineItemType": "Refund", "lineItem/UnblendedCost": "-1"},
    {"lineItem/LineItemType": "EdpDiscount", "lineItem/UnblendedCost": "-0.01"},
]  # fmt: skip
EXPECTED = [  # billed, effective, category, class
    ("0.25", "0.25", "Usage", ""), ("10", "7", "Usage", ""), ("-10", "0", "Usage", ""), ("9", "2", "Purchase", ""),
    ("100", "0", "Purchase", ""), ("0", "3", "Usage", ""), ("4", "1", "Purchase", ""), ("50", "0", "Purchase", ""),
    ("2", "2", "Purchase", ""), ("1.5", "1.5", "Tax", ""), ("-3", "-3", "Credit", ""),
    ("-1", "-1", "Credit", "Correction"), ("-0.01", "-0.01", "Adjustment", ""),
]  # fmt: skip


def report(lines: list[dict[str, str]], *, without: tuple[str, ...] = ()) -> bytes:
    """A legacy report; each line has its own operation, so that each stays a row of its own."""
    out = io.StringIO()
    names = [name for name in BASE if name not in without]
    writer = csv.DictWriter(out, names, extrasaction="ignore")
    writer.writeheader()
    for number, line in enumerate(lines):
        writer.writerow({**BASE, "lineItem/Operation": f"Run{number:02}", **line})
    return out.getvalue().encode()


def athena(path: Path, target: Path, *, second: bool = False) -> Path:
    """The report at ``path`` as Athena names it, typed as AWS types it; ``second`` with the maps of CUR 2.0."""
    numbers = {"lineItem/UnblendedCost", "lineItem/UsageAmount", "reservation/EffectiveCost"}
    parts = []
    for name in BASE:
        if second and name.startswith(("resourceTags/", "product/ProductName")):
            continue
        kind = "DOUBLE" if name in numbers else "TIMESTAMP" if name.endswith(TIMES) else "VARCHAR"
        value = f"nullif(\"{name}\", '')"
        value = (
            f"CAST({value} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'" if kind == "TIMESTAMP" else f"CAST({value} AS {kind})"
        )
        parts.append(f"{value} AS {snake(name.replace(':', '_'))}")
    if second:
        parts.append("MAP {'product_name': \"product/ProductName\"} AS product")
        parts.append(
            "CASE WHEN \"resourceTags/user:Team\" <> '' THEN MAP {'user_team': \"resourceTags/user:Team\"}"
            " ELSE MAP {}::MAP(VARCHAR, VARCHAR) END AS resource_tags"
        )
    query = f"COPY (SELECT {', '.join(parts)} FROM read_csv('{path}', all_varchar=true)) TO '{target}' (FORMAT parquet)"
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(query)
    return target


def days(path: Path) -> tuple[str, list[SimpleNamespace]]:
    with opened(path) as read:
        return read.format, typed(read)


def told(found: list[SimpleNamespace]) -> list[tuple[Decimal, Decimal, str, str]]:
    return [(day.billed, day.effective, day.charge_category, day.charge_class) for day in found]


def as_decimals() -> list[tuple[Decimal, Decimal, str, str]]:
    return [(Decimal(billed), Decimal(effective), *rest) for billed, effective, *rest in EXPECTED]  # type: ignore[misc]


def test_legacy_lines_cost_what_the_rules_of_aws_say(written: Callable[[bytes], Path]) -> None:
    for content in (report(LINES), gzip.compress(report(LINES))):
        name, found = days(written(content))
        assert name == "AWS CUR legacy"
        assert told(found) == as_decimals()
    first = found[0]
    assert (first.account, first.sub_account, first.provider, first.service) == (
        "012345678901", "000000000042", "AWS", "Amazon SageMaker",
    )  # fmt: skip
    assert (first.usage, first.list, first.unit, first.quantity) == (
        "USE1-Host:ml.m5.xlarge Run00", Decimal("0.30"), "Hrs", Decimal(1),
    )  # fmt: skip
    assert (first.service_category, first.region, first.day.isoformat()) == (
        "AI and Machine Learning", "us-east-1", "2026-06-03",
    )  # fmt: skip
    assert domain.tags_of(first.tags) == {"Team": "ml"}


def test_commitments_are_counted_once(written: Callable[[bytes], Path]) -> None:
    """What a savings plan costs is what was used of it and what was not."""
    _, found = days(written(report(LINES[1:4])))
    assert sum(day.billed for day in found) == Decimal(9)
    assert sum(day.effective for day in found) == Decimal(9)


def test_athena_and_second_report_give_the_same_rows(written: Callable[[bytes], Path], tmp_path: Path) -> None:
    path = written(report(LINES))
    legacy = days(path)[1]
    for second, name in ((False, "AWS CUR legacy"), (True, "AWS CUR 2.0")):
        recognised, found = days(athena(path, tmp_path / f"{second}.parquet", second=second))
        assert recognised == name
        assert told(found) == told(legacy)
        assert [day.service for day in found] == [day.service for day in legacy]
        assert domain.tags_of(found[0].tags) == {"team": "ml"}
        assert {day.tags for day in found[1:]} == {""}


def test_second_report_with_discounts_in_a_column_counts_net_costs(
    written: Callable[[bytes], Path], tmp_path: Path
) -> None:
    path = athena(written(report([{"lineItem/UnblendedCost": "10"}])), tmp_path / "a.parquet", second=True)
    target = tmp_path / "net.parquet"
    duckdb.sql(
        "COPY (SELECT *, MAP {'total_discount': -1.0} AS discount, 9.0::DOUBLE AS line_item_net_unblended_cost"
        f" FROM '{path}') TO '{target}' (FORMAT parquet)"
    )
    (day,) = days(target)[1]
    assert (day.billed, day.effective) == (Decimal(9), Decimal(9))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (report(LINES, without=("lineItem/UnblendedCost",)), "no column lineItem/UnblendedCost"),
        (report([{}, {"lineItem/UnblendedCost": "x"}]), "row 2, column lineItem/UnblendedCost: “x” is not a number"),
        (report([{"lineItem/LineItemType": "SavingsPlanCoveredUsage"}]), "row 1, column amortised cost of the line"),
        (report([{"lineItem/CurrencyCode": "EURO$"}]), "column lineItem/CurrencyCode: “EURO$” is not a currency"),
        (report([]), "no rows"),
    ],
)
def test_bad_report_names_its_own_column(content: bytes, words: str, written: Callable[[bytes], Path]) -> None:
    with pytest.raises(InvalidInput) as caught, opened(written(content)):
        pass
    assert words in caught.value.sentence


@pytest.mark.parametrize(
    ("name", "provider", "service", "billed"),
    [
        ("focus_sample.csv", "ProviderName", "ServiceName", "BilledCost"),
        ("aws_cur_legacy.csv", "'AWS'", 'coalesce("product/ProductName", "lineItem/ProductCode")',
         '"lineItem/UnblendedCost"'),
    ],
)  # fmt: skip
def test_sums_per_provider_and_service_equal_duckdb_on_the_raw_file(
    name: str, provider: str, service: str, billed: str, shared_data: Path
) -> None:
    path = shared_data / "bills" / name
    raw = duckdb.execute(
        f"SELECT {provider}, {service}, sum({billed}::DECIMAL(38, 18)), count(*)"
        f" FROM read_csv('{path}', all_varchar=true) GROUP BY ALL"
    ).fetchall()
    expected = {(who, what): (amount, rows) for who, what, amount, rows in raw}
    assert len(expected) > 10
    sums: dict[tuple[str, str], tuple[Decimal, int]] = {}
    with opened(path) as read:
        for row in typed(read):
            before = sums.get((row.provider, row.service), (Decimal(0), 0))
            sums[row.provider, row.service] = (before[0] + row.billed, before[1] + 1)
    assert sums == expected
