"""Rules of FOCUS: each one finds the row that does not keep it, and none of them rejects a bill."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from costs.billing.focus import opened
from costs.billing.reading import rules
from costs.billing.reading.focus import KNOWN, VERSIONS
from tests.support.bills import bill

GOOD = {
    "ChargeClass": "NULL", "ChargeDescription": "An hour", "ChargeFrequency": "Usage-Based", "InvoiceIssuerName": "AWS",
    "PublisherName": "AWS", "PricingCategory": "Standard", "PricingQuantity": "1", "PricingUnit": "Hours",
    "ConsumedQuantity": "1", "ConsumedUnit": "Hours", "ListUnitPrice": "1", "ContractedUnitPrice": "1", "SkuId": "s",
    "CommitmentDiscountId": "NULL", "CommitmentDiscountStatus": "NULL", "CommitmentDiscountType": "NULL",
    "CommitmentDiscountCategory": "NULL", "RegionId": "r", "RegionName": "R", "SubAccountId": "1",
    "SubAccountName": "S", "CapacityReservationId": "NULL", "CapacityReservationStatus": "NULL",
    "ServiceProviderName": "AWS", "HostProviderName": "AWS", "AllocatedMethodId": "NULL", "AllocatedResourceId": "NULL",
}  # fmt: skip
OTHER = {"PricingQuantity": "NULL", "PricingUnit": "NULL", "ConsumedQuantity": "NULL", "ConsumedUnit": "NULL",
         "PricingCategory": "NULL", "ListUnitPrice": "NULL", "ContractedUnitPrice": "NULL"}  # fmt: skip
COMMITTED = {"CommitmentDiscountId": "c", "CommitmentDiscountType": "SP", "CommitmentDiscountCategory": "Spend",
             "PricingCategory": "Committed", "CommitmentDiscountStatus": "Used", "BilledCost": "0"}  # fmt: skip
PURCHASE = {**COMMITTED, **OTHER, "ChargeCategory": "Purchase", "CommitmentDiscountStatus": "NULL",
            "ChargeFrequency": "Recurring", "EffectiveCost": "0", "PricingCategory": "Standard", "PricingQuantity": "1",
            "PricingUnit": "x", "ListUnitPrice": "1", "ContractedUnitPrice": "1", "BilledCost": "1"}  # fmt: skip
CREDIT = {**OTHER, "ChargeCategory": "Credit", "BilledCost": "-1", "ContractedCost": "-1"}
BROKEN = {
    "charge-category-values": {"ChargeCategory": "Sonstiges", "ConsumedQuantity": "NULL", "ConsumedUnit": "NULL"},
    "charge-class-values": {"ChargeClass": "Fix"},
    "service-category-values": {"ServiceCategory": "AI"},
    "charge-frequency-values": {"ChargeFrequency": "Hourly"},
    "pricing-category-values": {"PricingCategory": "Cheap"},
    "commitment-category-values": {**COMMITTED, "CommitmentDiscountCategory": "Money"},
    "commitment-status-values": {**COMMITTED, "CommitmentDiscountStatus": "Partly"},
    "capacity-status-values": {"CapacityReservationId": "x", "CapacityReservationStatus": "Partly"},
    "service-name-filled": {"ServiceName": ""},
    "service-category-filled": {"ServiceCategory": ""},
    "charge-frequency-filled": {"ChargeFrequency": ""},
    "charge-description-filled": {"ChargeDescription": ""},
    "provider-filled": {"ProviderName": ""},
    "publisher-filled": {"PublisherName": ""},
    "service-provider-filled": {"ServiceProviderName": ""},
    "host-provider-filled": {"HostProviderName": ""},
    "invoice-issuer-filled": {"InvoiceIssuerName": ""},
    "list-cost-filled": {"ListCost": ""},
    "contracted-cost-filled": {"ContractedCost": ""},
    "list-unit-price-filled": {"ListUnitPrice": ""},
    "contracted-unit-price-filled": {"ContractedUnitPrice": ""},
    "sku-filled": {"SkuId": ""},
    "charge-in-billing-period": {"ChargePeriodStart": "2013-05-31T23:00:00Z"},
    "billing-currency-national": {"BillingCurrency": "Credits"},
    "pricing-quantity-of-tax": {**OTHER, "ChargeCategory": "Tax", "PricingQuantity": "1", "PricingUnit": "x"},
    "pricing-quantity-filled": {"PricingQuantity": "", "PricingUnit": ""},
    "pricing-unit-with-quantity": {"PricingUnit": ""},
    "consumed-quantity-of-usage": {**CREDIT, "ConsumedQuantity": "1", "ConsumedUnit": "x"},
    "consumed-quantity-of-unused": {**COMMITTED, "CommitmentDiscountStatus": "Unused"},
    "consumed-unit-with-quantity": {"ConsumedUnit": ""},
    "credit-sign": {**CREDIT, "BilledCost": "1", "ContractedCost": "1"},
    "credit-contracted-cost": {**CREDIT, "ContractedCost": "-2"},
    "list-cost-of-price": {"ListUnitPrice": "2"},
    "contracted-cost-of-price": {"ContractedUnitPrice": "2"},
    "purchase-frequency": {**PURCHASE, "ChargeFrequency": "Usage-Based"},
    "pricing-category-of-tax": {**OTHER, "ChargeCategory": "Tax", "PricingCategory": "Standard"},
    "pricing-category-filled": {"PricingCategory": ""},
    "commitment-status-without-id": {"CommitmentDiscountStatus": "Used", "BilledCost": "0"},
    "commitment-status-filled": {**COMMITTED, "CommitmentDiscountStatus": ""},
    "commitment-type-with-id": {**COMMITTED, "CommitmentDiscountType": ""},
    "commitment-category-with-id": {**COMMITTED, "CommitmentDiscountCategory": ""},
    "committed-price-without-id": {"PricingCategory": "Committed"},
    "commitment-purchase-effective": {**PURCHASE, "EffectiveCost": "1"},
    "commitment-usage-billed": {**COMMITTED, "BilledCost": "1"},
    "resource-name-without-id": {"ResourceName": "x"},
    "sub-account-name-without-id": {"SubAccountId": ""},
    "region-name-without-id": {"RegionId": ""},
    "capacity-status-without-id": {"CapacityReservationStatus": "Used"},
    "allocated-resource-without-method": {"AllocatedResourceId": "x"},
}  # fmt: skip


def found(path: Path) -> dict[str, rules.Finding]:
    with opened(path) as read:
        return {finding.rule: finding for finding in read.findings}


def test_good_rows_break_no_rule(written: Callable[[bytes], Path]) -> None:
    rows = [GOOD, GOOD | COMMITTED, GOOD | PURCHASE, GOOD | CREDIT, GOOD | OTHER | {"ChargeCategory": "Tax"}]
    assert found(written(bill(rows))) == {}


@pytest.mark.parametrize("rule", BROKEN)
def test_rule_finds_the_row_that_breaks_it_and_no_other_does(rule: str, written: Callable[[bytes], Path]) -> None:
    finding = found(written(bill([GOOD, {**GOOD, **BROKEN[rule]}])))
    assert list(finding) == [rule]
    told = finding[rule]
    assert (told.rows, told.first_row, told.severity) == (1, 2, rules.of(rule).severity)
    assert told.sentence.endswith(": 1 of 2 rows, first in row 2.")


def test_every_rule_about_rows_is_tried() -> None:
    rest = {name for name, rule in rules.book().items() if rule.names or rule.each}
    assert set(BROKEN) | rest == set(rules.book())


def test_rules_name_columns_and_versions_that_exist() -> None:
    for rule in rules.book().values():
        assert rule.severity in {rules.ERROR, rules.WARNING}
        assert {rule.since, rule.until} <= set(VERSIONS)
        assert set(rule.names) <= set(KNOWN)
        assert rule.when == "" or rule.columns()


def test_sum_of_a_commitment_is_held_against_its_purchases(written: Callable[[bytes], Path]) -> None:
    used = {**GOOD, **COMMITTED, "EffectiveCost": "0.6"}
    unused = {**used, "CommitmentDiscountStatus": "Unused", "ConsumedQuantity": "NULL", "ConsumedUnit": "NULL",
              "EffectiveCost": "0.4"}  # fmt: skip
    assert found(written(bill([GOOD | PURCHASE, used, unused]))) == {}
    finding = found(written(bill([GOOD, GOOD | PURCHASE, used])))
    assert (finding["commitment-sum"].rows, finding["commitment-sum"].first_row) == (2, 2)


def test_missing_columns_are_told_by_version(written: Callable[[bytes], Path]) -> None:
    finding = found(written(bill([{}])))
    assert finding["columns-mandatory"].sentence == (
        "The file lacks mandatory columns: ChargeClass, ChargeDescription, PricingQuantity, PricingUnit."
    )
    assert (finding["columns-publisher"].severity, finding["columns-publisher"].first_row) == ("warning", None)
    assert "columns-providers" not in finding
    newest = found(written(bill([{"ServiceProviderName": "x"}], without=("ProviderName",))))
    assert "columns-publisher" not in newest
    assert newest["columns-providers"].sentence.endswith(": HostProviderName.")


def test_counts_on_the_sample_equal_duckdb_on_the_raw_file(shared_data: Path) -> None:
    path = shared_data / "bills" / "focus_sample.csv"
    finding = found(path)
    for rule, condition in {
        "charge-frequency-values": "ChargeFrequency NOT IN ('One-Time', 'Recurring', 'Usage-Based', 'NULL')",
        "contracted-cost-filled": "ContractedCost IN ('NULL', '')",
        "consumed-quantity-of-usage": "ConsumedQuantity <> 'NULL' AND ChargeCategory <> 'Usage'",
        "charge-in-billing-period": "ChargePeriodStart < BillingPeriodStart OR ChargePeriodStart >= BillingPeriodEnd",
    }.items():
        raw = duckdb.execute(f"SELECT count(*) FROM read_csv('{path}', all_varchar=true) WHERE {condition}").fetchall()
        assert finding[rule].rows == raw[0][0] > 0
