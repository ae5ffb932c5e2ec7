"""Any table with a mapping: what the mapping says is read, and a mapping that is wrong is named."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audit.base.errors import InvalidInput
from costs.billing import domain
from costs.billing.focus import opened
from tests.support.bills import typed

MAPPING: dict[str, Any] = {
    "columns": {"BilledCost": "Betrag", "ChargePeriodStart": "Datum", "ServiceName": "Produkt", "x_UsageType": "Art"},
    "constants": {"BillingAccountId": "K-0012", "ProviderName": "Rechenzentrum"},
    "tags": {"team": "Kostenstelle"},
    "currency": "EUR",
    "dates": "%d.%m.%Y",
    "decimal": ",",
    "delimiter": ";",
}
TABLE = (
    "Datum;Produkt;Art;Betrag;Kostenstelle\r\n"
    "03.06.2013;GPU;a100;1.234,50;ml\r\n"
    "30.06.2013;GPU;a100;-0,5;\r\n"
    "01.07.2013;Speicher;ssd;7;ml\r\n"
)


def days(path: Path, mapping: dict[str, Any]) -> list[SimpleNamespace]:
    with opened(path, mapping=mapping) as read:
        assert read.format == "CSV with a mapping"
        return typed(read)


def test_table_is_read_as_the_mapping_says(written: Callable[[bytes], Path]) -> None:
    found = days(written(TABLE.encode()), MAPPING)
    assert [day.billed for day in found] == [Decimal("1234.5"), Decimal("-0.5"), Decimal(7)]
    assert [day.effective for day in found] == [day.billed for day in found]
    assert [day.period_start for day in found] == [datetime(2013, 6, 1), datetime(2013, 6, 1), datetime(2013, 7, 1)]  # noqa: DTZ001
    assert [day.period_end for day in found] == [datetime(2013, 7, 1), datetime(2013, 7, 1), datetime(2013, 8, 1)]  # noqa: DTZ001
    first = found[0]
    assert (first.account, first.provider, first.service, first.usage, first.currency, first.charge_category) == (
        "K-0012", "Rechenzentrum", "GPU", "a100", "EUR", "Usage",
    )  # fmt: skip
    assert [domain.tags_of(day.tags) for day in found] == [{"team": "ml"}, {}, {"team": "ml"}]
    assert (first.list, first.contracted, first.quantity) == (None, None, None)


def test_plain_numbers_and_iso_dates_need_no_notation(written: Callable[[bytes], Path]) -> None:
    table = "when,what,cost\n2013-06-03T23:30:00-04:00,GPU,1e-3\n"
    mapping = {
        "columns": {"BilledCost": "cost", "ChargePeriodStart": "when", "ServiceName": "what"},
        "constants": {"BillingAccountId": "1", "ProviderName": "P", "BillingCurrency": "USD"},
    }
    (day,) = days(written(table.encode()), mapping)
    assert (day.billed, day.day.isoformat()) == (Decimal("0.001"), "2013-06-04")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("1.234,50", "1.5", "row 1, column Betrag: “1.5” is not a number"),  # no point parts one digit from another
        ("30.06.2013", "31.06.2013", "row 2, column Datum: “31.06.2013” is not a time"),
        ("Kostenstelle", "Abteilung", "no column Kostenstelle, which the mapping names"),
        ("-0,5", "", "row 2, column Betrag: the value is empty"),
    ],
)
def test_table_that_breaks_its_mapping_is_named(
    old: str, new: str, words: str, written: Callable[[bytes], Path]
) -> None:
    path = written(TABLE.replace(old, new).encode())
    with pytest.raises(InvalidInput) as caught, opened(path, mapping=MAPPING):
        pass
    assert words in caught.value.sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colums": {}}, "mapping, colums: There is no such part"),
        ({"columns": {**MAPPING["columns"], "Cost": "Betrag"}}, "mapping, columns.Cost: This is no column of FOCUS"),
        ({"columns": {"BilledCost": "Betrag"}}, "mapping, columns: Nothing says ChargePeriodStart"),
        ({"columns": []}, "mapping, columns: It is not an object"),
        ({"columns": {**MAPPING["columns"], "SkuId": 7}}, "mapping, columns.SkuId: Its name or value is empty"),
        ({"constants": {**MAPPING["constants"], "ServiceName": "x"}}, "constants.ServiceName: It is also among"),
        ({"constants": {**MAPPING["constants"], "ListCost": "1"}}, "constants.ListCost: Amounts and times come"),
        ({"constants": {**MAPPING["constants"], "BillingCurrency": "EUR"}}, "BillingCurrency is stated twice"),
        ({"currency": ""}, "Nothing says BillingCurrency"),
        ({"currency": "eur"}, "“eur” is not a currency of ISO 4217"),
        ({"dates": "%d.%m."}, "mapping, dates: It does not say year, month and day"),
        ({"dates": "%Y-%m-%d %Q"}, "“%Q” is not known"),
        ({"decimal": "'"}, "mapping, decimal: It is neither a point nor a comma"),
        ({"delimiter": "::"}, "mapping, delimiter"),
    ],
)
def test_wrong_mapping_is_named_before_the_file_is_read(
    change: dict[str, Any], words: str, written: Callable[[bytes], Path]
) -> None:
    path = written(TABLE.encode())
    with pytest.raises(InvalidInput) as caught, opened(path, mapping={**MAPPING, **change}):
        pass
    assert words in caught.value.sentence
