"""Athena over HTTP in its documented shapes: the rollup it runs adds up to the table, and what it reads is capped."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from audit.base import clock
from audit.jobs.models import State
from audit.sources.models import Source
from costs.billing.models import BillFile
from costs.feeds.connectors import athena as connector
from costs.feeds.connectors.athena import AthenaConnector
from costs.feeds.connectors.athena_form import AthenaForm
from costs.feeds.domain import Month
from costs.feeds.domain import athena as sql
from costs.feeds.models import Paid
from tests.audit.sources.aws_server import denied
from tests.costs.feeds.athena_server import Athena, athena
from tests.costs.feeds.support import billed, charges, connect, handed_in, pull
from tests.support.cast import Cast
from tests.support.jobs import Worker

NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)
FOCUS = """
    CREATE TABLE bills.focus AS SELECT
      strftime(billing, '%Y-%m') AS billing_period, billing AS billingperiodstart, charge AS chargeperiodstart,
      '000123456789' AS billingaccountid, 'Main' AS billingaccountname, sub AS subaccountid, 'USD' AS billingcurrency,
      category AS chargecategory, NULL::VARCHAR AS chargeclass, service AS servicename,
      'AI and Machine Learning' AS servicecategory, 'AWS' AS providername, 'eu-central-1' AS regionid, unit AS consumedunit,
      usage AS x_usagetype, cost::DOUBLE AS billedcost, (cost * 0.8)::DOUBLE AS effectivecost, cost::DOUBLE AS listcost,
      NULL::DOUBLE AS contractedcost, quantity::DOUBLE AS consumedquantity, resource AS resourceid,
      NULL::VARCHAR AS resourcename, NULL::VARCHAR AS resourcetype, tags
    FROM (VALUES
      (TIMESTAMP '2026-11-01', TIMESTAMP '2026-11-02 10:00', '1', 'Usage', 'Amazon SageMaker', 'Host:ml.m5', 'Hrs', 1,
       0.1, 'arn:endpoint/late-arrival', MAP {'tollgate:model': 'late-arrival'}),
      (TIMESTAMP '2026-11-01', TIMESTAMP '2026-11-02 11:00', '1', 'Usage', 'Amazon SageMaker', 'Host:ml.m5', 'Hrs', 1,
       0.2, 'arn:endpoint/late-arrival', MAP {'tollgate:model': 'late-arrival'}),
      (TIMESTAMP '2026-11-01', TIMESTAMP '2026-11-02 11:00', '1', 'Usage', 'Amazon SageMaker', 'Host:ml.m5', 'Hrs', 1,
       0.5, 'arn:endpoint/it''s', MAP {'other': 'x'}),
      (TIMESTAMP '2026-11-01', TIMESTAMP '2026-11-03 00:00', '2', 'Tax', 'Tax', NULL, NULL, NULL, 0.07, NULL, NULL),
      (TIMESTAMP '2026-11-01', TIMESTAMP '2026-11-03 00:00', '2', 'Credit', 'Amazon S3', NULL, NULL, NULL, -0.3, NULL, NULL),
      (TIMESTAMP '2026-10-01', TIMESTAMP '2026-10-31 23:00', '1', 'Usage', 'Amazon S3', 'Storage', 'GB-Mo', 3, 1.25,
       'bucket', MAP {'tollgate:model': 'a"b'})
    ) AS rows(billing, charge, sub, category, service, usage, unit, quantity, cost, resource, tags)
"""  # noqa: E501


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Athena]:
    """Athena with a table in FOCUS, at a fixed time; waits no time."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(connector, "POLLS", (0.0,))
    with athena() as found:
        found.connection.execute(FOCUS)
        yield found


@pytest.fixture
def settings(server: Athena) -> dict[str, Any]:
    """Of a feed that reads the table by tag and resource."""
    return {
        "region": "eu-central-1", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "s",
        "endpoint_url": server.server.url, "database": "bills", "table": "focus", "columns": "focus",
        "cut": "billing_period", "usage": "x_usagetype", "tags": "tollgate:model, it's", "resources": True,
        "workgroup": "bills", "output": "s3://results/tollgate/", "most_gigabytes": 1, "per_terabyte": "5.00",
        "month_cap": "1.00", "months": 2,
    }  # fmt: skip


@pytest.fixture
def source(cast: Cast, settings: dict[str, Any]) -> Source:
    """The table as a feed."""
    return connect(cast, "aws-athena", settings, every_seconds=3600)


def test_rollup_adds_up_to_the_table_and_only_rollups_come_back(worker: Worker, source: Source, server: Athena) -> None:
    job = pull(worker, source)
    assert job.state == State.SUCCEEDED, job.error
    assert job.counts == {"new": 2, "known": 0, "queries": 2, "rows": 5, "megabytes_read": 500}
    raw = server.connection.execute("SELECT sum(billedcost::DECIMAL(38, 18)) FROM bills.focus").fetchone()[0]
    assert billed() == raw and round(raw, 15) == Decimal("1.82"), "the table's own doubles"
    told = {(row.day.day, row.resource_id, row.charge_category): row for row in charges()}
    endpoint = told[2, "arn:endpoint/late-arrival", "Usage"]
    assert [round(found, 15) for found in (endpoint.billed, endpoint.effective, endpoint.list)] == [
        Decimal("0.3"), Decimal("0.24"), Decimal("0.3")
    ]  # fmt: skip
    assert (endpoint.contracted, endpoint.unit, endpoint.rows) == (None, "Hrs", 1)
    assert (endpoint.tags, endpoint.usage) == ({"tollgate:model": "late-arrival"}, "Host:ml.m5")
    assert (round(told[3, "", "Credit"].billed, 15), told[3, "", "Tax"].unit) == (Decimal("-0.3"), "")
    quantities = {row["ResourceId"]: Decimal(row["ConsumedQuantity"]) for row in handed_in() if row["ConsumedUnit"]}
    assert quantities == {"arn:endpoint/late-arrival": 2, "arn:endpoint/it's": 1, "bucket": 3}
    assert told[31, "bucket", "Usage"].tags == {"tollgate:model": 'a"b'}
    assert told[2, "arn:endpoint/it's", "Usage"].account == "000123456789"
    asked = server.server.calls("StartQueryExecution")
    assert [one["WorkGroup"] for one in asked] == ["bills", "bills"]
    assert "\"billing_period\" = '2026-10'" in asked[0]["QueryString"]
    assert len(server.server.calls("GetQueryResults")) == 1 + 2, "2 rows of October with the heading, 5 of November"


def test_what_was_read_is_paid_and_said_before_the_next_pull(worker: Worker, source: Source, cast: Cast) -> None:
    def said() -> str:
        return cast.client("administrator").get(f"/sources/{source.pk}/").content.decode()

    before = said()
    assert "It runs 2 queries (October 2026, November 2026), each over at most 1 GB: 0.01 USD at most." in before
    assert "How much they read is known after the first pull." in before
    pull(worker, source)
    assert [(row.scanned, row.amount, row.whole) for row in Paid.objects.all()] == [
        (250_000_000, Decimal("0.00125"), True), (250_000_000, Decimal("0.00125"), True)
    ]  # fmt: skip
    assert "The last ones for 2 of these months read 0.500 GB, 0.0025 USD." in said()


def test_same_answer_changes_nothing(worker: Worker, source: Source) -> None:
    pull(worker, source)
    assert pull(worker, source).counts["known"] == 2
    assert BillFile.objects.count() == 2


def test_month_cap_counts_the_most_that_a_query_may_read_before_it_runs(
    worker: Worker, cast: Cast, settings: dict[str, Any], server: Athena
) -> None:
    server.scanned = 900_000_000
    source = connect(cast, "aws-athena", {**settings, "month_cap": "0.01", "per_terabyte": "6.00"})
    job = pull(worker, source)
    assert job.state == State.FAILED
    assert "The cap of 0.01 USD a month does not allow another 0.006 USD: 0.0054 USD are spent in November" in job.error
    assert len(server.server.calls("StartQueryExecution")) == 1, "0.0054 are spent, and the next may cost 0.006"
    assert [file.filename for file in BillFile.objects.all()] == ["aws-athena-2026-10.csv"]


@pytest.mark.parametrize(
    ("cutoff", "words"),
    [
        (None, "The workgroup bills has no limit for a query"),
        (2_000_000_000, "stops a query at 2.0 GB, and the source"),
    ],
)
def test_workgroup_must_stop_queries_itself(
    worker: Worker, source: Source, server: Athena, cutoff: int | None, words: str
) -> None:
    server.cutoff = cutoff
    [check] = AthenaConnector().test(source.whole_settings())
    assert not check.ok and words in check.sentence
    assert words in pull(worker, source).error
    assert not server.server.calls("StartQueryExecution") and not Paid.objects.exists()


def test_query_that_is_stopped_is_told_and_paid_for_what_it_read(
    worker: Worker, source: Source, server: Athena
) -> None:
    server.ends, server.reason = "CANCELLED", "Bytes scanned limit was exceeded"
    job = pull(worker, source)
    assert job.state == State.FAILED
    assert "The query of 2026-10 ended as CANCELLED after 250,000,000 bytes: Bytes scanned limit" in job.error
    paid = Paid.objects.get()
    assert (paid.whole, paid.scanned, paid.amount) == (False, 250_000_000, Decimal("0.00125"))
    assert not BillFile.objects.exists()


def test_query_that_does_not_end_is_stopped(
    worker: Worker, source: Source, server: Athena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "LONGEST", -1)
    server.states = ("RUNNING",) * 1000
    job = pull(worker, source)
    assert job.state == State.FAILED and "did not end within" in job.error
    assert len(server.server.calls("StopQueryExecution")) == 1
    assert Paid.objects.get().amount == Decimal("0.005"), "what it may have read at most"


@pytest.mark.parametrize(
    ("action", "told", "words"),
    [
        ("GetWorkGroup", denied("athena:GetWorkGroup"), "The right athena:GetWorkGroup is missing."),
        (
            "StartQueryExecution",
            denied("athena:StartQueryExecution"),
            "The right athena:StartQueryExecution is missing.",
        ),
        ("StartQueryExecution", {}, "answered without QueryExecutionId"),
        (
            "GetQueryResults",
            {"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "x"}]}]}},
            "other columns than were asked",
        ),
        ("GetQueryResults", {"ResultSet": {}}, "other columns than were asked"),
    ],
)
def test_answer_that_cannot_be_used_is_told_and_nothing_is_taken(
    worker: Worker, source: Source, server: Athena, action: str, told: Any, words: str
) -> None:
    server.server.answers[action] = told
    job = pull(worker, source)
    assert job.state == State.FAILED and words in job.error, job.error
    assert not BillFile.objects.exists()


def test_throttling_is_waited_for(worker: Worker, source: Source, server: Athena, monkeypatch: Any) -> None:
    monkeypatch.setattr("audit.sources.aws.PAUSES", (0.0, 0.0, 0.0))
    busy = [(400, {"__type": "TooManyRequestsException", "message": "Rate exceeded"})] * 2
    server.server.answers["GetQueryResults"] = lambda asked: busy.pop() if busy else server.results(asked)
    assert pull(worker, source).state == State.SUCCEEDED


def test_report_of_costs_and_usage_is_rolled_up_by_the_type_of_its_line_items(
    worker: Worker, cast: Cast, settings: dict[str, Any], server: Athena
) -> None:
    server.connection.execute("""
        CREATE TABLE bills.cur AS SELECT '2026' AS year, '11' AS month,
          TIMESTAMP '2026-11-01' AS bill_billing_period_start_date, '1' AS bill_payer_account_id,
          TIMESTAMP '2026-11-02 10:00' AS line_item_usage_start_date, '2' AS line_item_usage_account_id,
          'USD' AS line_item_currency_code, kind AS line_item_line_item_type,
          'AmazonSageMaker' AS line_item_product_code,
          'eu-central-1' AS product_region_code, kind AS line_item_usage_type, 'Hrs' AS pricing_unit,
          'arn' AS line_item_resource_id, MAP {'user_model': 'a'} AS resource_tags,
          1.0::DOUBLE AS line_item_usage_amount,
          unblended::DOUBLE AS line_item_unblended_cost, 9::DOUBLE AS pricing_public_on_demand_cost,
          2::DOUBLE AS reservation_effective_cost, 3::DOUBLE AS savings_plan_savings_plan_effective_cost,
          0.5::DOUBLE AS reservation_unused_amortized_upfront_fee_for_billing_period,
          0.25::DOUBLE AS reservation_unused_recurring_fee, 10::DOUBLE AS savings_plan_total_commitment_to_date,
          4::DOUBLE AS savings_plan_used_commitment, reservation AS reservation_reservation_a_r_n
        FROM (VALUES ('Usage', 1, ''), ('DiscountedUsage', 0, 'ri'), ('SavingsPlanCoveredUsage', 7, ''),
          ('SavingsPlanNegation', -7, ''), ('SavingsPlanRecurringFee', 10, ''), ('RIFee', 5, 'ri'), ('Fee', 100, 'ri'),
          ('Fee', 20, ''), ('Tax', 8, ''), ('Credit', -2, ''), ('Refund', -1, '')) AS rows(kind, unblended, reservation)
    """)
    report = {"table": "cur", "columns": "cur", "cut": "year_month", "tags": "user_model", "months": 1}
    job = pull(worker, connect(cast, "aws-athena", {**settings, **report}))
    assert job.state == State.SUCCEEDED, job.error
    assert billed() == 1 + 0 + 7 - 7 + 10 + 5 + 100 + 20 + 8 - 2 - 1
    found = {(row.usage, row.charge_category): row.effective for row in charges()}
    assert found == {
        ("Usage", "Usage"): 1, ("DiscountedUsage", "Usage"): 2, ("SavingsPlanCoveredUsage", "Usage"): 3,
        ("SavingsPlanNegation", "Adjustment"): 0, ("SavingsPlanRecurringFee", "Purchase"): 6,
        ("RIFee", "Purchase"): Decimal("0.75"), ("Fee", "Purchase"): 20, ("Tax", "Tax"): 8,
        ("Credit", "Credit"): -2, ("Refund", "Adjustment"): -1,
    }  # fmt: skip
    assert {tuple(row.tags.items()) for row in charges()} == {(("user_model", "a"),)}


def test_names_are_checked_and_values_are_quoted() -> None:
    for name in ('bills"; DROP TABLE x --', "a b", "1a", "", "a" * 129, "tablé"):
        with pytest.raises(ValueError, match="no name of letters"):
            sql.identifier(name)
    table = sql.Table("bills", "focus", tags=("it's",), cut=sql.NONE)
    query = sql.query_of(table, Month(date(2026, 11, 1)))
    assert "element_at(\"tags\", 'it''s')" in query
    assert "CAST(\"billingperiodstart\" AS DATE) = DATE '2026-11-01'" in query
    form = AthenaForm({"database": 'a"b', "table": "focus", "usage": "x y"})
    assert {"database", "usage"} <= set(form.errors) and "table" not in form.errors


def test_rows_of_another_month_are_refused() -> None:
    table, month = sql.Table("bills", "focus"), Month(date(2026, 11, 1))
    row = ["2026-11-02", "2026-10-01", *(None for _ in sql.names_of(table)[2:])]
    with pytest.raises(sql.Unreadable, match="billing period 2026-10-01 and not of 2026-11"):
        sql.rows_of([row], table=table, month=month, origin="x")
    with pytest.raises(sql.Unreadable, match="has 1 values"):
        sql.rows_of([["2026-11-02"]], table=table, month=month, origin="x")


def test_price_counts_at_least_ten_megabytes() -> None:
    assert sql.price_of(0, per_terabyte=Decimal(5)) == Decimal("0.00005")
    assert sql.price_of(10**12, per_terabyte=Decimal(5)) == 5


def test_sample_bill_rolled_up_equals_the_raw_file_by_service(
    worker: Worker, cast: Cast, settings: dict[str, Any], server: Athena, shared_data: Path
) -> None:
    path = shared_data / "bills" / "focus_sample.csv"
    server.connection.execute(f"CREATE TABLE bills.sample AS SELECT * FROM read_csv('{path}', nullstr='NULL')")
    columns = {row[0].lower() for row in server.connection.execute("DESCRIBE bills.sample").fetchall()}
    assert set(sql.FOCUS_COLUMNS.values()) <= columns
    [(first,)] = server.connection.execute("SELECT min(BillingPeriodStart)::DATE FROM bills.sample").fetchall()
    month = Month(first)
    table = sql.Table("bills", "sample", cut=sql.NONE)
    answer = [[None if v is None else str(v) for v in row] for row in
              server.connection.execute(sql.query_of(table, month)).fetchall()]  # fmt: skip
    rows = sql.rows_of(answer, table=table, month=month, origin="x")
    found: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        key = row["ProviderName"], row["ServiceName"]
        found[key] = found.get(key, Decimal(0)) + Decimal(row["BilledCost"])
    raw = server.connection.execute(
        "SELECT ProviderName, ServiceName, sum(CAST(BilledCost AS DECIMAL(38, 18))) FROM bills.sample"
        f" WHERE CAST(BillingPeriodStart AS DATE) = DATE '{first}' GROUP BY 1, 2"
    ).fetchall()
    assert found == {(provider, service): amount for provider, service, amount in raw}
