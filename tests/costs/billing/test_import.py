"""A bill is read exactly or not at all; a later one replaces, the earlier figures stay."""

import csv
import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotPermitted
from audit.jobs.models import State
from audit.lake import store as lake
from audit.ledger.models import Entry
from costs.billing import selectors, services
from costs.billing.models import BillFile, Statement
from tests.support.bills import bill, charges, read, receive
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
VIEWER = Actor.service("test")


def sums(**where: Any) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for row in charges(**where):
        billed, effective = found.get(row["currency"], (Decimal(0), Decimal(0)))
        found[row["currency"]] = billed + row["billed"], effective + row["effective"]
    return found


def only() -> dict[str, Any]:
    """The only charge."""
    (found,) = charges()
    return found


def test_sample_read_sums_equal_an_independent_sum_of_the_file(shared_data: Path) -> None:
    path = shared_data / "bills" / "focus_sample.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    job = read(receive(path.read_bytes()))
    assert job.state == State.SUCCEEDED, job.error
    assert sums() == {
        "USD": (sum(Decimal(row["BilledCost"]) for row in rows), sum(Decimal(row["EffectiveCost"]) for row in rows))
    }
    assert sum(row["rows"] for row in charges()) == len(rows) == 1000
    negative = [charge for charge in charges() if charge["billed"] < 0 or charge["effective"] < 0]
    expected = [row for row in rows if Decimal(row["BilledCost"]) < 0 or Decimal(row["EffectiveCost"]) < 0]
    assert sum(charge["rows"] for charge in negative) == len(expected) == 13
    assert {charge["provider"] for charge in charges()} == {"AWS", "Microsoft", "Oracle"}
    assert "1234567890123" in set(Statement.objects.values_list("account", flat=True))


def test_import_rows_of_one_day_become_one_charge_with_exact_sums() -> None:
    hours = [
        {"ChargePeriodStart": f"2013-06-03T{hour:02}:00:00Z", "ChargePeriodEnd": f"2013-06-03T{hour:02}:30:00Z",
         "BilledCost": "0.10", "EffectiveCost": "0.000000000001", "ConsumedQuantity": "0.5"}
        for hour in range(10)
    ]  # fmt: skip
    read(receive(bill(hours)))
    charge = only()
    assert (charge["day"], charge["billed"], charge["effective"], charge["quantity"], charge["rows"]) == (
        date(2013, 6, 3),
        Decimal("1"),
        Decimal("1e-11"),
        Decimal("5"),
        10,
    )


def test_import_time_with_offset_stands_on_its_utc_day() -> None:
    read(
        receive(
            bill([{"ChargePeriodStart": "2013-06-03T23:30:00-04:00", "ChargePeriodEnd": "2013-06-04T00:30:00-04:00"}])
        )
    )
    assert only()["day"] == date(2013, 6, 4)


def test_import_literal_null_and_leading_zeros_are_null_and_text() -> None:
    read(receive(bill([{"Tags": '{"a": "1"}', "ListCost": "NULL"}])))
    charge = only()
    assert (charge["resource_id"], charge["list"], charge["tags"]) == ("", None, '{"a": "1"}')
    assert charge["account"] == Statement.objects.get().account == "000123456789"


def test_import_provider_of_focus_1_3_comes_before_the_older_column() -> None:
    read(receive(bill([{"ServiceProviderName": "Google Cloud"}, {"ServiceProviderName": "NULL", "SkuId": "x"}])))
    assert sorted(charge["provider"] for charge in charges()) == ["AWS", "Google Cloud"]


def test_import_gzip_and_parquet_give_the_same_charges(tmp_path: Path) -> None:
    content = bill([{"Tags": '{"tollgate:model": "m"}', "BilledCost": "-0.07"}, {"EffectiveCost": "12.345678901234"}])
    source, target = tmp_path / "bill.csv", tmp_path / "bill.parquet"
    source.write_bytes(content)
    duckdb.sql(
        "COPY (SELECT * REPLACE (CAST(BilledCost AS DECIMAL(20, 2)) AS BilledCost,"
        " CAST(ChargePeriodStart AS TIMESTAMPTZ) AS ChargePeriodStart)"
        f" FROM read_csv('{source}', all_varchar=true)) TO '{target}' (FORMAT parquet)"
    )
    for name, data in (("plain", content), ("packed", gzip.compress(content)), ("parquet", target.read_bytes())):
        job = read(receive(data, source=name))
        assert job.state == State.SUCCEEDED, job.error
    found = [
        [(row["day"], row["billed"], row["effective"], row["tags"]) for row in charges(source=name)]
        for name in ("plain", "packed", "parquet")
    ]
    assert found[0] == found[1] == found[2]
    assert sum(row[1] for row in found[0]) == Decimal("0.93")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (bill([{}], without=("EffectiveCost",)), "no column EffectiveCost"),
        (bill([{}], without=("ProviderName",)), "ProviderName or ServiceProviderName"),
        (bill([{}, {"BilledCost": "abc"}]), "row 2, column BilledCost: “abc” is not a number"),
        (bill([{}, {}, {"EffectiveCost": "NaN"}]), "row 3, column EffectiveCost"),
        (bill([{"ChargePeriodStart": "yesterday"}]), "row 1, column ChargePeriodStart: “yesterday” is not a time"),
        (bill([{}, {"BillingCurrency": "NULL"}]), "row 2, column BillingCurrency: the value is empty"),
        (bill([{"ChargePeriodEnd": "2013-06-02T00:00:00Z"}]), "row 1, column ChargePeriodEnd"),
        (bill([{"Tags": "not json"}]), "row 1, column Tags"),
        (bill([]), "no rows"),
        (b"PAR1" + b"\x00" * 100, "Parquet file is cut off"),
        (gzip.compress(bill([{"SkuId": str(n * 7919)} for n in range(900)]))[:-500], "gzip file is cut off"),
        (bill([{}, {"ServiceName": "Sun"}]).replace(b"Sun", b"S\xe9n"), "row 2: The line is not UTF-8"),
        (bill([{}]) + b'"abc,1\r\n', "row 2: A quotation mark is not closed"),
        (bill([{}]) + b"1,2,3\n", "end in different ways"),
        (bytes(range(255, 0, -1)) * 9, "neither CSV nor Parquet"),
        (bill([{}]) + b"1,2,3\r\n", "row 2: The line does not have the columns"),
        (bill([{"ServiceName": "x" * 3_000_000}]), "longer than a megabyte"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "file",
)  # fmt: skip
def test_import_bad_file_fails_with_its_place_and_leaves_nothing(content: bytes, words: str) -> None:
    bill_file = receive(content)
    job = read(bill_file)
    assert (job.state, Statement.objects.count()) == (State.FAILED, 0)
    assert words in job.error
    assert lake.read_bytes(bill_file.parts.get().path) == content


def test_receive_same_content_gives_the_first_file_and_one_entry() -> None:
    first = receive(bill([{}]))
    assert receive(bill([{}])) == first
    assert Entry.objects.filter(action="billing.bill_received").count() == 1
    assert receive(bill([{}]), source="other") != first


def test_read_twice_changes_nothing() -> None:
    bill_file = receive(bill([{}]))
    read(bill_file)
    services.read_bill(actor=VIEWER, bill_file=bill_file)
    assert (Statement.objects.count(), len(charges())) == (1, 1)


def test_later_file_replaces_its_period_only_and_the_past_stays_readable() -> None:
    july = {
        "BillingPeriodStart": "2013-07-01T00:00:00Z", "BillingPeriodEnd": "2013-08-01T00:00:00Z",
        "ChargePeriodStart": "2013-07-01T00:00:00Z", "ChargePeriodEnd": "2013-07-02T00:00:00Z", "EffectiveCost": "5",
    }  # fmt: skip
    read(receive(bill([{}, july])))
    between = datetime.now(UTC)
    read(receive(bill([{"EffectiveCost": "1.50"}, {"EffectiveCost": "-0.25", "ChargeCategory": "Credit"}])))
    assert sums()["USD"][1] == Decimal("6.25")
    then = selectors.statements(viewer=VIEWER, at=between)
    assert sum(Decimal(one.totals["USD"]["effective"]) for one in then) == Decimal("6")
    june = Statement.objects.get(superseded_at=None, period_start__month=6)
    assert june.difference["USD"] == {"billed": "1", "contracted": "1", "effective": "0.25", "list": "1"}


def test_statement_that_says_the_same_is_not_written_again() -> None:
    july = {
        "BillingPeriodStart": "2013-07-01T00:00:00Z", "BillingPeriodEnd": "2013-08-01T00:00:00Z",
        "ChargePeriodStart": "2013-07-01T00:00:00Z", "ChargePeriodEnd": "2013-07-02T00:00:00Z", "EffectiveCost": "5",
    }  # fmt: skip
    read(receive(bill([{}, july])))
    first = Statement.objects.get(period_start__month=6)
    read(receive(bill([july | {"EffectiveCost": "0"}, {}])))
    assert Statement.objects.get(period_start__month=6) == first
    july_now = Statement.objects.get(period_start__month=7, superseded_at=None)
    assert (july_now.totals["USD"]["effective"], july_now.difference["USD"]["effective"]) == ("0", "-5")


def test_files_of_one_bill_are_one_bill() -> None:
    halves = [bill([{"EffectiveCost": "1"}]), bill([{"EffectiveCost": "2"}, {"EffectiveCost": "4"}])]
    whole = receive(*halves)
    assert receive(*halves) == whole
    assert read(whole).state == State.SUCCEEDED
    assert sums()["USD"][1] == Decimal("7")
    assert (only()["rows"], Statement.objects.get().rows, whole.parts.count()) == (3, 3, 2)
    with pytest.raises(InvalidInput, match=r"bill-1\.csv is the same as a file before it"):
        receive(halves[0], halves[0])


def test_same_rows_cut_into_other_files_say_nothing_new() -> None:
    rows = [{"ResourceId": f"r{number % 7}", "EffectiveCost": f"{number}.5", "SkuId": "s"} for number in range(40)]
    read(receive(bill(rows)))
    halves = receive(bill(rows[:13]), bill(rows[13:]))
    read(halves)
    assert Statement.objects.get().bill_file_id != halves.pk
    halves.refresh_from_db()
    rules = [one["rule"] for one in halves.findings]
    assert len(rules) == len(set(rules)) > 0
    assert {one["rows"] for one in halves.findings if one["rule"] == "columns-issuer"} == {40}


def test_one_bad_file_of_a_bill_leaves_nothing() -> None:
    job = read(receive(bill([{}]), bill([{}, {"BilledCost": "abc"}])))
    assert (job.state, Statement.objects.count()) == (State.FAILED, 0)
    assert "row 2, column BilledCost" in job.error


def test_file_received_earlier_but_read_later_does_not_replace() -> None:
    first, second = receive(bill([{"EffectiveCost": "1"}])), receive(bill([{"EffectiveCost": "2"}]))
    read(second)
    read(first)
    assert sums()["USD"][1] == Decimal("2")
    assert Statement.objects.filter(superseded_at=None).aggregate(n=Count("pk"))["n"] == 1


def test_receive_without_right_is_refused(cast: Cast) -> None:
    with pytest.raises(NotPermitted, match="administrator"):
        services.receive_bill(actor=cast.actor("owner"), source="aws", parts=[services.Part("x", [b"x"])])
    assert not BillFile.objects.exists()


def test_receive_bad_source_is_refused() -> None:
    with pytest.raises(InvalidInput, match="short name"):
        receive(b"x", source="../etc")


def test_command_reads_at_once_and_prints_totals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bill.csv"
    path.write_bytes(bill([{"BilledCost": "1234.5"}]))
    call_command("import_bill", str(path), source="aws", simulated=True)
    assert "1 rows" in capsys.readouterr().out
    assert BillFile.objects.get().simulated
    path.write_bytes(bill([{"BilledCost": "x"}]))
    with pytest.raises(CommandError, match="row 1, column BilledCost"):
        call_command("import_bill", str(path), source="aws")


def test_team_bill_is_seen_by_the_team_and_not_by_others(cast: Cast) -> None:
    read(receive(bill([{}]), team=cast.team))
    seen = {
        name: selectors.statements(viewer=cast.actor(name)).count()
        for name in ("manager", "owner", "auditor", "outsider", "nobody")
    }
    assert seen == {"manager": 1, "owner": 1, "auditor": 1, "outsider": 0, "nobody": 0}
