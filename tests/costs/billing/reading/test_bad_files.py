"""Files that cannot be used: each is named for what it is, and none raises anything but InvalidInput."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from audit.base.errors import InvalidInput
from costs.billing.focus import opened
from tests.support.bills import bill, typed


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught, opened(path):
        pass
    return caught.value.sentence


def test_truncated_parquet_is_named(parquet: Callable[..., Path]) -> None:
    path = parquet([{"SkuId": str(number)} for number in range(500)])
    whole = path.read_bytes()
    for size in (len(whole) - 1, len(whole) // 2, 5):
        path.write_bytes(whole[:size])
        assert "The Parquet file is cut off or damaged" in refusal(path)


def test_negative_size_in_the_footer_is_named(parquet: Callable[..., Path]) -> None:
    path = parquet([{}])
    whole = path.read_bytes()
    for size in (-1, -8, 2**31 - 1, 0):
        path.write_bytes(whole[:-8] + struct.pack("<i", size) + b"PAR1")
        assert "The Parquet file is cut off or damaged" in refusal(path)


def test_damaged_footer_is_refused_at_every_byte(parquet: Callable[..., Path]) -> None:
    """Whatever a flipped byte does to the description of the file, it is refused or read; nothing else is raised."""
    path = parquet([{}])
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole) - 8 - struct.unpack("<i", whole[-8:-4])[0], len(whole) - 8, 13):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            with opened(path):
                pass
        except InvalidInput:
            refused += 1
    assert refused > 10


def test_column_name_that_is_not_utf_8_is_named(parquet: Callable[..., Path]) -> None:
    path = parquet([{}], add="'x' AS extra_column_name")
    path.write_bytes(path.read_bytes().replace(b"extra_column_name", b"extra_column_n\xe9me"))
    assert "A name or a value in it is not UTF-8 text" in refusal(path)


@pytest.mark.parametrize("rows", [1, 200])
def test_ten_thousand_tags_on_a_row_are_named(
    rows: int, written: Callable[[bytes], Path], parquet: Callable[..., Path]
) -> None:
    many = json.dumps({f"key{number}": "v" for number in range(10_000)})
    listed = [{"SkuId": str(number)} for number in range(rows)] + [{"Tags": many}]
    assert f"row {rows + 1}, column Tags: " in (told := refusal(written(bill(listed))))
    assert "has more than 1,000 tags" in told
    assert len(told) < 300
    as_map = "MAP_FROM_ENTRIES(list_transform(range(10000), lambda n: {'k': n::VARCHAR, 'v': 'x'})) AS Tags"
    assert "row 1, column Tags" in refusal(parquet([{}], replace=as_map))


def test_thousand_tags_are_read(written: Callable[[bytes], Path]) -> None:
    with opened(
        written(bill([{"Tags": json.dumps({f"key{number}": "[" * (number < 400) for number in range(1000)})}]))
    ) as read:
        assert len(typed(read)) == 1


def test_tags_nested_without_end_are_named(written: Callable[[bytes], Path]) -> None:
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    assert "has too many values inside one another" in refusal(written(bill([{"Tags": deep}])))


@pytest.mark.parametrize("tags", ["[1]", '"text"', "7", "{", '{"a": 1,}', '{"a": -inf}', '{"a":' + "9" * 5000 + "}"])
def test_tags_that_are_no_object_are_named(tags: str, written: Callable[[bytes], Path]) -> None:
    assert "row 2, column Tags" in refusal(written(bill([{}, {"Tags": tags}])))


@pytest.mark.parametrize("currency", ["usd", "US$", "€", "XYZ", "840", "US"])
def test_wrong_currency_is_named(currency: str, written: Callable[[bytes], Path]) -> None:
    told = refusal(written(bill([{}, {"BillingCurrency": currency}])))
    assert f"row 2, column BillingCurrency: “{currency}” is not a currency of ISO 4217." in told


def test_parquet_of_no_rows_is_named(parquet: Callable[..., Path]) -> None:
    path = parquet([{}])
    empty = path.with_name("empty.parquet")
    duckdb.sql(f"COPY (SELECT * FROM '{path}' WHERE false) TO '{empty}' (FORMAT parquet)")
    assert "no rows" in refusal(empty)


def test_parquet_without_a_mandatory_column_is_named(parquet: Callable[..., Path]) -> None:
    assert "no column BillingCurrency, EffectiveCost" in (
        refusal(parquet([{}], without=("BillingCurrency", "EffectiveCost"))).replace(
            "EffectiveCost, BillingCurrency", "BillingCurrency, EffectiveCost"
        )
    )


def test_column_that_hides_the_number_of_a_row_is_refused(parquet: Callable[..., Path]) -> None:
    assert "A column is called “file_row_number”" in refusal(parquet([{}], add="7 AS file_row_number"))


def test_nothing_is_left_in_the_home_folder(written: Callable[[bytes], Path], settings: object) -> None:
    home: Path = settings.TOLLGATE_HOME / "tmp"  # type: ignore[attr-defined]
    with opened(written(bill([{}]))) as read:
        assert len(typed(read)) == 1
        assert list(home.glob("work-*"))
    assert not list(home.glob("work-*"))
