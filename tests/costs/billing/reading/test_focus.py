"""FOCUS 1.0 to 1.4: the version shows by the columns, and every type that providers write gives the same values."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.base.errors import InvalidInput
from costs.billing import domain
from costs.billing.focus import opened
from costs.billing.reading import focus
from costs.billing.reading.views import _number
from tests.support.bills import bill, typed

OF_1_4 = {"ServiceProviderName": "Google Cloud", "InvoiceDetailId": "7"}


def days(path: Path) -> list[SimpleNamespace]:
    with opened(path) as read:
        return typed(read)


@pytest.mark.parametrize(
    ("row", "without", "version"),
    [
        ({}, (), "FOCUS 1.0"),
        ({"SkuMeter": "Host"}, (), "FOCUS 1.1"),
        ({"InvoiceId": "1", "SkuMeter": "Host"}, (), "FOCUS 1.2"),
        ({"ServiceProviderName": "AWS"}, (), "FOCUS 1.3"),
        ({"ServiceProviderName": "AWS"}, ("ProviderName",), "FOCUS 1.4"),
        (OF_1_4, ("ProviderName",), "FOCUS 1.4"),
    ],
)
def test_version_shows_by_the_newest_column(
    row: dict[str, str], without: tuple[str, ...], version: str, written: Callable[[bytes], Path]
) -> None:
    with opened(written(bill([row], without=without))) as read:
        assert read.format == version


def test_version_columns_add_up_to_those_of_each_specification() -> None:
    added = {version: len(names) for version, names in focus.ADDED.items()}
    counts = [len(focus.BASE)]
    for version in focus.VERSIONS[1:]:
        counts.append(counts[-1] + added[version] - len(focus.REMOVED.get(version, ())))
    assert counts == [43, 50, 57, 65, 65]  # as the changelog of the specification counts them


def test_provider_of_1_4_is_the_service_provider(written: Callable[[bytes], Path]) -> None:
    (day,) = days(written(bill([OF_1_4], without=("ProviderName",))))
    assert day.provider == "Google Cloud"


@pytest.mark.parametrize(
    "column",
    [
        "MAP {'team': 'a', 'none': NULL}",
        "{'team': 'a', 'none': NULL::VARCHAR}",
        "[{'key': 'team', 'value': 'a', 'inherited': false}]",
        '\'{"team": "a"}\'::JSON',
        '\'{"team": "a"}\'',
    ],
    ids=["map", "structure", "list of pairs", "json", "text"],
)
def test_tags_of_every_type_are_the_same(column: str, parquet: Callable[..., Path]) -> None:
    (day,) = days(parquet([{}], replace=f"{column} AS Tags"))
    assert domain.tags_of(day.tags) == {"team": "a"}


def test_tags_that_are_empty_or_null_are_none(parquet: Callable[..., Path]) -> None:
    rows = days(
        parquet([{}, {"SkuId": "2"}], replace="CASE WHEN SkuId = '2' THEN MAP {}::MAP(VARCHAR, VARCHAR) END AS Tags")
    )
    assert [day.tags for day in rows] == ["", ""]


@pytest.mark.parametrize(
    ("kind", "text"), [("BIGINT", "123456789012"), ("DOUBLE", "123456789012"), ("VARCHAR", "000123456789")]
)
def test_account_that_looks_like_a_number_stays_as_it_reads(kind: str, text: str, parquet: Callable[..., Path]) -> None:
    (day,) = days(parquet([{}], replace=f"CAST('{text}' AS {kind}) AS BillingAccountId"))
    assert day.account == text


def test_null_as_a_word_in_parquet_is_nothing(parquet: Callable[..., Path]) -> None:
    found = days(parquet([{"SkuId": "NULL"}, {"SkuId": " a "}, {"SkuId": ""}]))
    assert {day.sku for day in found} == {"", "a"}


def test_times_of_every_type_are_the_same_day(parquet: Callable[..., Path]) -> None:
    for kind in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_NS", "TIMESTAMPTZ", "DATE"):
        (day,) = days(parquet([{}], replace=f"CAST(ChargePeriodStart AS {kind}) AS ChargePeriodStart"))
        assert day.day.isoformat() == "2013-06-03"


@settings(deadline=None)
@given(st.lists(st.decimals("-999999", "999999", places=8), min_size=1, max_size=30))
def test_doubles_give_the_decimals_that_were_written(amounts: list[Decimal]) -> None:
    numbers = [float(amount) for amount in amounts]
    found = duckdb.execute(f"SELECT {_number('x', 'DOUBLE')} FROM (SELECT unnest(?::DOUBLE[]) AS x)", [numbers])
    assert [row[0] for row in found.fetchall()] == amounts


def test_double_that_is_no_amount_is_named(parquet: Callable[..., Path]) -> None:
    cost = "CASE WHEN SkuId = '2' THEN 'inf' ELSE BilledCost END::DOUBLE AS BilledCost"
    path = parquet([{"SkuId": "1"}, {"SkuId": "2"}], replace=cost)
    with pytest.raises(InvalidInput, match="row 2, column BilledCost: “inf” is not a number"), opened(path):
        pass


def test_object_of_a_row_keeps_numbers_as_json_text(written: Callable[[bytes], Path]) -> None:
    (day,) = days(written(bill([{"Tags": json.dumps({"a": 1, "b": {"c": None}})}])))
    assert domain.tags_of(day.tags) == {"a": "1", "b": '{"c": null}'}
