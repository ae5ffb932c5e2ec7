"""What moto does not have: percentiles, pages, answers that are not whole, messages, missing rights, throttling.

Answers have the shape of CloudWatch's API reference of GetMetricData and ListMetrics; boto3's service model reads them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.base import clock
from audit.catalogue.models import Deployment, ModelVersion
from audit.jobs.models import State
from audit.monitoring.domain.service import HOUR
from audit.monitoring.service_models import ServiceHour
from audit.sources import services as sources
from audit.sources.aws import Aws
from audit.sources.cloudwatch.client import INVOKED, MACHINES, CloudWatch, Place, Query
from audit.sources.cloudwatch.connector import CloudWatchConnector
from audit.sources.contract import Unavailable
from audit.sources.models import Source
from tests.audit.sources.aws_server import AwsServer, aws_server, denied
from tests.audit.sources.sagemaker.test_catalogue import pull
from tests.support.cast import Cast
from tests.support.jobs import Worker

NOW = datetime(2026, 11, 20, 12, 20, tzinfo=UTC)
LAST = datetime(2026, 11, 20, 11, tzinfo=UTC)
LIMITED = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
METRICS = {
    INVOKED: ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency", "OverheadLatency"),
    MACHINES: ("CPUUtilization", "MemoryUtilization", "DiskUtilization"),
}
VALUES = {
    ("Invocations", "Sum"): 1200.0, ("Invocation4XXErrors", "Sum"): 12.0, ("Invocation5XXErrors", "Sum"): 0.0,
    ("ModelLatency", "SampleCount"): 1200.0, ("ModelLatency", "Average"): 40_000.0, ("ModelLatency", "p50"): 30_000.0,
    ("ModelLatency", "p90"): 80_000.0, ("ModelLatency", "p99"): 250_000.0, ("OverheadLatency", "Average"): 9_000.0,
    ("CPUUtilization", "Maximum"): 143.0, ("MemoryUtilization", "Maximum"): 61.5, ("DiskUtilization", "Maximum"): 20.0,
}  # fmt: skip


def listed(asked: dict[str, Any], variants: int = 1) -> dict[str, Any]:
    """Two pages: what variants have, and a metric of another kind of endpoint, which has no variant."""
    space = asked["Namespace"]
    if not asked.get("NextToken"):
        other = {"Name": "InferenceComponentName", "Value": "x"}
        return {"Metrics": [{"Namespace": space, "MetricName": "Invocations", "Dimensions": [other]}], "NextToken": "2"}
    return {
        "Metrics": [
            {
                "Namespace": space,
                "MetricName": metric,
                "Dimensions": [
                    {"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": f"v{at}"},
                ],
            }
            for endpoint in ("late-arrival", "not-ours")
            for at in range(variants)
            for metric in METRICS[space]
        ]
    }  # fmt: skip


def measured(
    asked: dict[str, Any], *, hours: tuple[datetime, ...] = (LAST,), status: str = "Complete"
) -> dict[str, Any]:
    """Figures of these hours for each query; those by five minutes have three of an hour's twelve."""
    results = []
    for query in asked["MetricDataQueries"]:
        stat = query["MetricStat"]
        at = [hour.timestamp() for hour in hours if asked["StartTime"] <= hour.timestamp() < asked["EndTime"]]
        times = [hour + 300 * slot for hour in at for slot in (0, 1, 11)] if stat["Period"] == 300 else at
        value = VALUES.get((stat["Metric"]["MetricName"], stat["Stat"]), 1.0)
        results.append({"Id": query["Id"], "Label": "x", "StatusCode": status, "Timestamps": times,
                        "Values": [value] * len(times)})  # fmt: skip
    return {"MetricDataResults": results}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsServer]:
    """A region whose clock stands."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with aws_server() as found:
        found.answers = {"ListMetrics": listed, "GetMetricData": measured}
        yield found


@pytest.fixture
def source(cast: Cast, version: ModelVersion, server: AwsServer) -> Source:
    """The region as a source of the team, and an endpoint of the model that has run for a month."""
    Deployment.objects.create(
        version=version, environment="production", mode="online", endpoint="late-arrival",
        since=NOW - timedelta(days=30), actor_id="x",
    )  # fmt: skip
    return sources.add_source(
        actor=cast.actor("owner"), kind="cloudwatch", name="Figures", team=cast.team, settings=settings(server),
        every_seconds=3600,
    )  # fmt: skip


def settings(server: AwsServer) -> dict[str, Any]:
    """Of the server."""
    return {
        "region": "eu-west-3",
        "access_key_id": "a",
        "secret_access_key": "s",
        "endpoint_url": server.url,
        "days": 2,
    }


def test_hour_has_all_figures_in_seconds_and_percent(worker: Worker, source: Source, server: AwsServer) -> None:
    job = pull(worker, source)
    assert (job.state, source.problems, job.counts["new"]) == (State.SUCCEEDED, [], 1)
    row = ServiceHour.objects.get()
    assert (row.endpoint, row.variant, row.start, row.source_name) == ("late-arrival", "v0", LAST, "Figures")
    assert row.deployment == Deployment.objects.get()
    assert (row.requests, row.errors, row.client_errors, row.server_errors, row.n) == (1200, 12, 12, 0, 1200)
    assert [row.mean, row.p50, row.p90, row.p99, row.overhead] == pytest.approx([0.04, 0.03, 0.08, 0.25, 0.009])
    assert (row.cpu, row.memory, row.disk, row.gpu) == (143, 61.5, 20, None)
    assert (row.seen, row.partial) == (0.25, False)
    asked = server.calls("GetMetricData")
    assert {query["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for query in asked[0]["MetricDataQueries"]} == {
        "late-arrival"
    }
    until = (LAST + HOUR).timestamp()
    assert (asked[0]["StartTime"], asked[0]["EndTime"]) == (until - 2 * 24 * 3600, until)


def test_next_pull_asks_nothing_within_the_hour_then_reads_three_hours_again(
    worker: Worker, source: Source, server: AwsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(worker, source)
    before = len(server.asked)
    assert (pull(worker, source).counts, len(server.asked)) == ({"new": 0}, before)
    monkeypatch.setattr(clock, "now", lambda: NOW + HOUR)
    late = dict(VALUES) | {("Invocations", "Sum"): 1300.0}
    monkeypatch.setitem(VALUES, ("Invocations", "Sum"), late["Invocations", "Sum"])
    job = pull(worker, source)
    assert server.calls("GetMetricData")[-1]["StartTime"] == (LAST - 2 * HOUR).timestamp()
    assert (job.counts["changed"], ServiceHour.objects.filter(superseded_at=None).get().requests) == (1, 1300)
    assert ServiceHour.objects.exclude(superseded_at=None).get().requests == 1200


def test_endpoint_that_is_known_later_is_read_from_the_beginning(
    worker: Worker, source: Source, server: AwsServer
) -> None:
    pull(worker, source)
    Deployment.objects.create(
        version=ModelVersion.objects.get(), environment="staging", mode="online", endpoint="not-ours",
        since=NOW - timedelta(days=1), actor_id="x",
    )  # fmt: skip
    pull(worker, source)
    assert server.calls("GetMetricData")[-1]["StartTime"] == (LAST + HOUR - timedelta(days=2)).timestamp()
    assert set(ServiceHour.objects.values_list("endpoint", flat=True)) == {"late-arrival", "not-ours"}


def test_pages_and_batches_of_500_queries_give_every_figure(worker: Worker, source: Source, server: AwsServer) -> None:
    def paged(asked: dict[str, Any]) -> dict[str, Any]:
        whole = measured(asked)["MetricDataResults"]
        half = len(whole) // 2
        if not asked.get("NextToken"):
            return {"MetricDataResults": whole[:half], "NextToken": "more"}
        return {"MetricDataResults": whole[half:]}

    server.answers |= {"ListMetrics": lambda asked: listed(asked, variants=40), "GetMetricData": paged}
    assert pull(worker, source).state == State.SUCCEEDED
    assert ServiceHour.objects.filter(requests=1200, p99=0.25, seen=0.25, partial=False).count() == 40
    sizes = [len(asked["MetricDataQueries"]) for asked in server.calls("GetMetricData")]
    assert max(sizes) <= 500 and len(sizes) == 4


def test_answer_that_is_not_whole_is_partial_and_said_so(worker: Worker, source: Source, server: AwsServer) -> None:
    server.answers["GetMetricData"] = lambda asked: (
        measured(asked, status="PartialData")
        | {"Messages": [{"Code": "MaxMetricsExceeded", "Value": "Not all were read."}]}
    )
    pull(worker, source)
    assert ServiceHour.objects.get().partial
    assert source.problems[0] == "CloudWatch says MaxMetricsExceeded: Not all were read."
    assert "of late-arrival (PartialData)" in source.problems[1]
    assert source.cursor["read"]["late-arrival"] == (LAST + HOUR).isoformat()


def test_failure_inside_cloudwatch_is_read_again(worker: Worker, source: Source, server: AwsServer) -> None:
    server.answers["GetMetricData"] = lambda asked: measured(asked, hours=(), status="InternalError")
    pull(worker, source)
    assert "late-arrival" not in source.cursor["read"] and "(InternalError)" in source.problems[0]
    server.answers["GetMetricData"] = measured
    pull(worker, source)
    assert (source.problems, ServiceHour.objects.count()) == ([], 1)


def test_hours_without_datapoints_leave_no_row(worker: Worker, source: Source, server: AwsServer) -> None:
    server.answers["GetMetricData"] = lambda asked: measured(asked, hours=())
    assert pull(worker, source).state == State.SUCCEEDED
    assert not ServiceHour.objects.exists()


def test_missing_rights_are_named(server: AwsServer) -> None:
    server.answers = {name: denied(f"cloudwatch:{name}") for name in ("ListMetrics", "GetMetricData")}
    checks = CloudWatchConnector().test(settings(server))
    assert [check.ok for check in checks] == [False, False]
    assert "The right cloudwatch:ListMetrics is missing." in checks[0].sentence
    assert "The right cloudwatch:GetMetricData is missing." in checks[1].sentence
    server.answers = {"ListMetrics": listed, "GetMetricData": measured}
    assert [check.sentence for check in CloudWatchConnector().test(settings(server))] == [
        "CloudWatch has figures of 2 variants of endpoints of the last two weeks.",
        "cloudwatch:GetMetricData is allowed.",
    ]


def test_throttling_waits_and_then_says_so(server: AwsServer) -> None:
    waits: list[float] = []
    watch = CloudWatch(Aws(settings(server), pause=waits.append))
    query = Query(Place("late-arrival", "v0"), INVOKED, "Invocations", "Sum", 3600)
    server.answers["GetMetricData"] = lambda asked: LIMITED if len(server.asked) < 5 else measured(asked)
    found, _ = watch.data([query], LAST, LAST + HOUR)
    assert (found[query].points, waits) == ([(LAST, 1200.0)], [2.0])
    server.answers["GetMetricData"] = LIMITED
    with pytest.raises(Unavailable, match="too often"):
        watch.data([query], LAST, LAST + HOUR)
