"""What a manifest names is one bill; what cannot be used is said, and nothing of it is taken."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costs.feeds import domain
from costs.feeds.domain import Month, manifests
from costs.feeds.domain.manifests import Unusable

EXPORT = "focus/metadata/BILLING_PERIOD=2026-11/focus-Manifest.json"
RUN = "focus/metadata/BILLING_PERIOD=2026-11/2026-11-20T10:00Z-a1/focus-Manifest.json"
LEGACY = "cur/20261101-20261201/cur-Manifest.json"
ASSEMBLY = "cur/20261101-20261201/8d3c/cur-Manifest.json"


def test_manifests_of_an_export_newest_counts_and_its_files_are_not_loose() -> None:
    paths = {
        EXPORT: 1,
        RUN: 2,
        "focus/data/BILLING_PERIOD=2026-11/focus-00001.csv.gz": 1,
        "focus/data/BILLING_PERIOD=2026-10/old.csv.gz": 1,
        "other/by-hand.CSV": 1,
        "other/notes.txt": 1,
    }
    assert manifests.laid_out(paths) == manifests.Laid((RUN,), ("other/by-hand.CSV",))


def test_manifests_of_a_report_are_one_a_period_and_the_higher_of_two_as_new() -> None:
    october = LEGACY.replace("20261101-20261201", "20261001-20261101")
    paths = {ASSEMBLY: 5, LEGACY: 5, october: 1, "cur/cost_and_usage_data_status/status.parquet": 1, "cur/x/y.csv": 1}
    assert manifests.laid_out(paths) == manifests.Laid((october, LEGACY), ())


def test_manifest_without_a_period_covers_its_folder_alone() -> None:
    paths = {"a/Manifest.json": 1, "a/data/1.parquet": 1, "b/2.parquet": 1}
    assert manifests.laid_out(paths) == manifests.Laid(("a/Manifest.json",), ("b/2.parquet",))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"dataFiles": ["a"', "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b"{}", "names neither dataFiles nor reportKeys"),
        (b'{"dataFiles": []}', "names no file"),
        (b'{"dataFiles": "a.csv"}', "something that is no name"),
        (b'{"reportKeys": ["a", 1]}', "something that is no name"),
        (b'{"reportKeys": ["a", "b", "a"]}', "names a twice"),
        (json.dumps({"dataFiles": [str(at) for at in range(10_001)]}).encode(), "names 10,001 files"),
    ],
)
def test_manifest_that_cannot_be_used_says_why(content: bytes, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        manifests.files_of(content)


@given(
    st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_manifest_of_anything_is_a_list_of_names_or_unusable(content: bytes) -> None:
    try:
        assert all(isinstance(name, str) for name in manifests.files_of(content))
    except Unusable as error:
        assert str(error).endswith(".")


def test_names_in_a_bucket_lie_below_the_prefix_of_the_source() -> None:
    assert manifests.in_bucket("s3://bills/exports/focus/a.csv", bucket="bills", prefix="exports/") == "focus/a.csv"
    assert manifests.in_bucket("exports/cur/a.csv", bucket="bills", prefix="exports/") == "cur/a.csv"
    with pytest.raises(Unusable, match="another bucket than bills"):
        manifests.in_bucket("s3://salaries/exports/a.csv", bucket="bills", prefix="exports/")
    with pytest.raises(Unusable, match="outside the prefix exports/"):
        manifests.in_bucket("s3://bills/salaries.csv", bucket="bills", prefix="exports/")


def test_names_in_a_copied_folder_are_found_by_their_end() -> None:
    paths = {"focus/data/a.csv", "a.csv"}
    assert manifests.in_folder("s3://bills/exports/focus/data/a.csv", paths=paths) == "focus/data/a.csv"
    assert manifests.in_folder("s3://bills/exports/none.csv", paths=paths) == "exports/none.csv"


def test_files_that_are_missing_zipped_or_the_same_are_refused() -> None:
    assert manifests.located(["a.csv", "b.csv"], there={"a.csv", "b.csv"}) == ("a.csv", "b.csv")
    with pytest.raises(Unusable, match=r"b\.csv, which is not there"):
        manifests.located(["a.csv", "b.csv"], there={"a.csv"})
    with pytest.raises(Unusable, match="ZIP archive"):
        manifests.located(["a.csv.zip"], there={"a.csv.zip"})
    with pytest.raises(Unusable, match=r"a\.csv twice"):
        manifests.located(["a.csv", "a.csv"], there={"a.csv"})


def test_months_due_have_a_full_day_and_are_not_closed() -> None:
    def due(day: date, back: int, *closed: str) -> list[str]:
        return [str(month) for month in domain.months_due(today=day, back=back, closed=closed)]

    assert due(date(2026, 11, 22), 3) == ["2026-09", "2026-10", "2026-11"]
    assert due(date(2026, 11, 1), 2) == ["2026-09", "2026-10"]
    assert due(date(2026, 1, 2), 2, "2025-12") == ["2026-01"]
    assert Month.of(date(2026, 12, 31)).after == date(2027, 1, 1)


def test_bill_file_is_the_same_in_any_order() -> None:
    rows = [{"BilledCost": "1", "ServiceName": name, "Tags": '{"a": "x,y"}'} for name in ("b", "a", "c")]
    first, second = (b"".join(domain.bill_file(order)) for order in (rows, rows[::-1]))
    assert first == second and first.count(b"\n") == 4
