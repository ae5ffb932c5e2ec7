"""Cost Explorer over HTTP in its documented shape: pages counted and paid for, caps that hold, months whole or not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.base import clock
from audit.jobs.models import JobLine, State
from audit.sources.models import Source
from costs.billing.models import BillFile
from costs.feeds.connectors import explorer
from costs.feeds.connectors.explorer import CostExplorerConnector, CostExplorerForm
from costs.feeds.models import Paid
from tests.audit.sources.aws_server import AwsServer, aws_server, denied
from tests.costs.feeds.support import billed, charges, connect, handed_in, pull
from tests.support.cast import Cast
from tests.support.jobs import Worker

NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)
LIMITED = (400, {"__type": "LimitExceededException", "message": "You made too many calls."})
SAGEMAKER, TAX = "Amazon SageMaker", "Tax"


@pytest.fixture
def server() -> Iterator[AwsServer]:
    """Cost Explorer, which tells every day of October and November in two pages a month."""
    with aws_server() as found:
        found.answers["GetCostAndUsage"] = answer
        yield found


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets the clock; waits no time."""
    monkeypatch.setattr(explorer, "PAUSES", (0.0, 0.0))

    def to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    to(NOW)
    yield to


@pytest.fixture
def settings(server: AwsServer) -> dict[str, Any]:
    """Of an account that groups by usage type."""
    return {
        "region": "us-east-1", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "s", "endpoint_url": server.url,
        "tag": "", "most_requests": 10, "month_cap": "1.00", "months": 2,
    }  # fmt: skip


@pytest.fixture
def source(cast: Cast, settings: dict[str, Any], at: Any) -> Source:
    """Cost Explorer as a feed."""
    return connect(cast, "aws-cost-explorer", settings, every_seconds=3600)


def group(service: str, second: str, billed: str, effective: str = "", unit: str = "Hrs") -> dict[str, Any]:
    """A group of a day, as GetCostAndUsage tells it."""
    metrics = {
        "UnblendedCost": {"Amount": billed, "Unit": "USD"},
        "AmortizedCost": {"Amount": effective or billed, "Unit": "USD"},
        "UsageQuantity": {"Amount": "2", "Unit": unit},
    }
    return {"Keys": [service, second], "Metrics": metrics}


def days(asked: dict[str, Any], groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The asked days, each with the groups; November is estimated."""
    first, end = (date.fromisoformat(asked["TimePeriod"][name]) for name in ("Start", "End"))
    every = (first + timedelta(days=at) for at in range((end - first).days))
    return [
        {
            "TimePeriod": {"Start": f"{day}", "End": f"{day + timedelta(days=1)}"},
            "Total": {},
            "Groups": groups,
            "Estimated": day.month == 11,
        }
        for day in every
    ]


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Two pages: the second has other groups of the same days."""
    if not asked.get("NextPageToken"):
        return {
            "ResultsByTime": days(asked, [group(SAGEMAKER, "USE1-Host:ml.m5.large", "0.1", "0.07")]),
            "NextPageToken": "2",
        }
    return {
        "ResultsByTime": days(
            asked, [group(TAX, "NoUsageType", "0.01", unit="N/A"), group(SAGEMAKER, "Refund", "-0.05")]
        )
    }


def test_months_become_bills_and_pages_are_counted_and_paid(worker: Worker, source: Source, server: AwsServer) -> None:
    job = pull(worker, source)
    assert job.state == State.SUCCEEDED, job.error
    assert job.counts == {"new": 2, "known": 0, "requests": 4, "estimated_days": 3}
    assert [(one["TimePeriod"], one.get("NextPageToken")) for one in server.calls("GetCostAndUsage")] == [
        ({"Start": "2026-10-01", "End": "2026-11-01"}, None), ({"Start": "2026-10-01", "End": "2026-11-01"}, "2"),
        ({"Start": "2026-11-01", "End": "2026-11-04"}, None), ({"Start": "2026-11-01", "End": "2026-11-04"}, "2"),
    ]  # fmt: skip
    assert server.calls("GetCostAndUsage")[0]["Granularity"] == "DAILY"
    assert billed() == 34 * (Decimal("0.1") + Decimal("0.01") - Decimal("0.05"))
    assert sum(charge.effective for charge in charges()) == 34 * (Decimal("0.07") + Decimal("0.01") - Decimal("0.05"))
    told = {(row.service, row.usage): row for row in charges() if row.day == date(2026, 10, 31)}
    served, tax, refund = told[SAGEMAKER, "USE1-Host:ml.m5.large"], told[TAX, "NoUsageType"], told[SAGEMAKER, "Refund"]
    assert (served.charge_category, served.unit, served.list) == ("Usage", "Hrs", None)
    assert (tax.charge_category, tax.unit, refund.charge_category) == ("Tax", "", "Adjustment")
    assert served.account == "123456789012"
    estimates = {row["ChargePeriodStart"][:7] for row in handed_in() if row["x_Estimated"] == "true"}
    assert (len(handed_in()), estimates) == (3 * 34, {"2026-11"})
    assert {row["x_Origin"] for row in handed_in()} == {"AWS Cost Explorer, by day, service and usage type"}
    assert {(row["ConsumedQuantity"], row["ConsumedUnit"]) for row in handed_in()} == {("2", "Hrs"), ("", "")}
    assert [(row.requests, row.amount, row.whole) for row in Paid.objects.order_by("period")] == [
        (2, Decimal("0.02"), True), (2, Decimal("0.02"), True)
    ]  # fmt: skip
    assert JobLine.objects.filter(job=job, text__contains="2026-11: 3 days are estimates").exists()


def test_closed_month_is_asked_once_and_the_same_answer_changes_nothing(
    worker: Worker, source: Source, server: AwsServer, at: Any
) -> None:
    pull(worker, source)
    assert source.cursor == {"closed": ["2026-10"]}
    again = pull(worker, source)
    assert again.counts == {"new": 0, "known": 1, "requests": 2, "estimated_days": 3}
    assert BillFile.objects.count() == 2
    at(NOW + timedelta(days=1))
    assert pull(worker, source).counts["new"] == 1, "there is a day more"
    assert pull(worker, source, anew=True).counts["requests"] == 4


def test_scheduled_pull_asks_once_a_day(worker: Worker, source: Source, server: AwsServer, at: Any) -> None:
    pull(worker, source, trigger="schedule")
    asked = len(server.asked)
    assert pull(worker, source, trigger="schedule").counts == {"new": 0, "known": 0}
    assert len(server.asked) == asked
    at(NOW + timedelta(days=1))
    assert pull(worker, source, trigger="schedule").counts["requests"] == 2


def test_scheduled_pull_after_one_that_failed_says_so_again(
    worker: Worker, source: Source, server: AwsServer, at: Any
) -> None:
    server.answers["GetCostAndUsage"] = denied("ce:GetCostAndUsage")
    pull(worker, source, trigger="schedule")
    assert pull(worker, source, trigger="schedule").state == State.SUCCEEDED
    assert len(server.calls("GetCostAndUsage")) == 1
    assert "The right ce:GetCostAndUsage is missing." in source.problems[0]
    assert source.problems[0].endswith("The next scheduled pull asks tomorrow.")


def test_price_is_said_before_and_follows_what_the_last_pull_took(worker: Worker, source: Source, cast: Cast) -> None:
    def said() -> str:
        return cast.client("administrator").get(f"/sources/{source.pk}/").content.decode()

    before = said()
    assert "It asks for October 2026, November 2026: at least 2 requests at 0.01 USD, 0.02 USD in all" in before
    assert "It stops at 10 requests; 0.00 USD of at most 1.00 USD are spent in November 2026." in before
    pull(worker, source)
    after = said()
    assert "It asks for November 2026: about 2 requests at 0.01 USD, 0.02 USD in all." in after
    assert "0.04 USD of at most 1.00 USD are spent in November 2026." in after


def test_cap_of_a_pull_stops_in_the_middle_and_then_before(
    worker: Worker, cast: Cast, settings: dict[str, Any], server: AwsServer, at: Any
) -> None:
    source = connect(cast, "aws-cost-explorer", {**settings, "most_requests": 3})
    job = pull(worker, source)
    assert job.state == State.FAILED and "This pull asked 3 times, which is its cap" in job.error
    assert len(server.calls("GetCostAndUsage")) == 3
    assert [file.filename for file in BillFile.objects.all()] == ["aws-cost-explorer-2026-10.csv"], "none of November"
    assert source.last_error == job.error
    one = {**source.settings, "most_requests": 1}
    Source.objects.filter(pk=source.pk).update(settings=one)
    source.refresh_from_db()
    refused = pull(worker, source)
    assert "would take about 2 requests, and its cap is 1. Nothing was asked." in refused.error
    assert len(server.calls("GetCostAndUsage")) == 3


def test_cap_of_a_month_holds_across_pulls_settings_and_crashes(
    worker: Worker, cast: Cast, settings: dict[str, Any], server: AwsServer, at: Any
) -> None:
    source = connect(cast, "aws-cost-explorer", {**settings, "month_cap": "0.05"})
    assert pull(worker, source).state == State.SUCCEEDED
    job = pull(worker, source, anew=True)
    assert job.state == State.FAILED
    assert (
        "The cap of 0.05 USD a month does not allow another 0.01 USD: 0.05 USD are spent in November 2026." in job.error
    )
    assert len(server.calls("GetCostAndUsage")) == 5
    Source.objects.filter(pk=source.pk).update(cursor={})
    assert pull(worker, source).state == State.FAILED
    assert len(server.calls("GetCostAndUsage")) == 5
    at(datetime(2026, 12, 2, tzinfo=UTC))
    server.answers["GetCostAndUsage"] = lambda asked: {"ResultsByTime": days(asked, [group(SAGEMAKER, "x", "1")])}
    assert pull(worker, source).state == State.SUCCEEDED, "another month"


def test_throttling_is_asked_again_counted_and_then_told(
    worker: Worker, source: Source, server: AwsServer, settings: dict[str, Any]
) -> None:
    busy = [LIMITED, LIMITED]
    server.answers["GetCostAndUsage"] = lambda asked: busy.pop() if busy else answer(asked)
    assert pull(worker, source).state == State.SUCCEEDED
    assert (
        Paid.objects.get(period=date(2026, 10, 1)).requests
        == 4
        == len([one for one in server.calls("GetCostAndUsage") if one["TimePeriod"]["Start"] == "2026-10-01"])
    )
    server.answers["GetCostAndUsage"] = LIMITED
    job = pull(worker, source)
    assert job.state == State.FAILED and "ce:GetCostAndUsage was asked too often" in job.error


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (denied("ce:GetCostAndUsage"), "The right ce:GetCostAndUsage is missing."),
        ((400, {"__type": "DataUnavailableException", "message": "No data yet"}), "No data yet"),
        ({"ResultsByTime": None}, "It answered without ResultsByTime."),
        (lambda asked: {"ResultsByTime": days(asked, [{"Keys": ["a"], "Metrics": {}}])}, "not of two keys"),
        (lambda asked: {"ResultsByTime": days(asked, [{"Keys": ["a", "b"], "Metrics": {}}])}, "without UnblendedCost"),
        (lambda asked: {"ResultsByTime": days(asked, [group("a", "b", "NaN")])}, "is not a number"),
        (lambda asked: {"ResultsByTime": days(asked, [group("a", "b", "1")] * 2)}, "It told a b of 2026-10-01 twice."),
        (lambda asked: {**answer(asked), "NextPageToken": "2"}, "the same token twice"),
    ],
)
def test_answer_that_cannot_be_used_is_told_and_nothing_is_taken(
    worker: Worker, source: Source, server: AwsServer, told: Any, words: str
) -> None:
    server.answers["GetCostAndUsage"] = told
    job = pull(worker, source)
    assert job.state == State.FAILED and words in job.error, job.error
    assert not BillFile.objects.exists()
    assert Paid.objects.get().requests >= 1, "what was asked is paid for"
    assert source.last_error == job.error


def test_tag_becomes_the_tag_of_the_bill(
    worker: Worker, cast: Cast, settings: dict[str, Any], server: AwsServer, at: Any
) -> None:
    server.answers["GetCostAndUsage"] = lambda asked: {
        "ResultsByTime": days(
            asked, [group("S", "tollgate:model$late-arrival", "1"), group("S", "tollgate:model$", "2")]
        )
    }
    source = connect(cast, "aws-cost-explorer", {**settings, "tag": "tollgate:model", "months": 1})
    assert pull(worker, source).state == State.SUCCEEDED
    assert server.calls("GetCostAndUsage")[0]["GroupBy"][1] == {"Type": "TAG", "Key": "tollgate:model"}
    assert {tuple(row.tags.items()) for row in charges()} == {(), (("tollgate:model", "late-arrival"),)}


def test_test_of_the_settings_costs_nothing(settings: dict[str, Any], server: AwsServer, db: None) -> None:
    [check] = CostExplorerConnector().test(settings)
    assert check.ok and "account 123456789012" in check.sentence
    assert not server.calls("GetCostAndUsage") and not Paid.objects.exists()


def test_form_keeps_money_as_text() -> None:
    said = {"region": "us-east-1", "bills_as": "aws", "most_requests": "5", "month_cap": "2.5", "months": "3"}
    form = CostExplorerForm(said)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["month_cap"] == "2.50"
    assert {"month_cap", "most_requests"} <= set(
        CostExplorerForm({**said, "month_cap": "0", "most_requests": "0"}).errors
    )
