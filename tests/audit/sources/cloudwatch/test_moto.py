"""Against a real moto server: figures put with PutMetricData come back as hours; zero traffic is told by nobody.

moto fails with 500 when a percentile is asked for, and gives one page and only whole answers: latency, and the rest,
stand in ``test_answers``.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from audit.base import clock
from audit.catalogue.models import Deployment, ModelVersion
from audit.jobs.models import State
from audit.monitoring.domain.service import HOUR
from audit.monitoring.service_models import ServiceHour
from audit.sources import services as sources
from tests.audit.sources.sagemaker.conftest import KEYS, REGION
from tests.audit.sources.sagemaker.test_catalogue import pull
from tests.support.cast import Cast
from tests.support.jobs import Worker
from tests.support.servers import S3, moto_s3

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def moto() -> Iterator[S3]:
    """A moto server of this module's own."""
    with moto_s3("tollgate-cloudwatch") as server:
        yield server


def put(client: Any, namespace: str, metric: str, rows: list[tuple[datetime, float]]) -> None:
    """Datapoints of the variant "main" of late-arrival."""
    dimensions = [{"Name": "EndpointName", "Value": "late-arrival"}, {"Name": "VariantName", "Value": "main"}]
    client.put_metric_data(
        Namespace=namespace,
        MetricData=[{"MetricName": metric, "Dimensions": dimensions, "Timestamp": at, "Value": v} for at, v in rows],
    )


def test_datapoints_become_hours(worker: Worker, cast: Cast, version: ModelVersion, moto: S3) -> None:
    last = clock.now().replace(minute=0, second=0, microsecond=0) - 4 * HOUR
    Deployment.objects.create(
        version=version, environment="production", mode="online", endpoint="late-arrival",
        since=last - timedelta(days=9), actor_id="x",
    )  # fmt: skip
    client: Any = boto3.client("cloudwatch", endpoint_url=moto.endpoint, **KEYS)  # type: ignore[call-overload]
    every = [last + timedelta(minutes=5 * slot) for slot in range(12)]
    for metric, value in (("Invocations", 1.0), ("Invocation4XXErrors", 0.0), ("Invocation5XXErrors", 0.5)):
        put(client, "AWS/SageMaker", metric, [(at, value) for at in every])
    put(client, "AWS/SageMaker", "OverheadLatency", [(at, 20_000.0) for at in every])
    put(client, "/aws/sagemaker/Endpoints", "CPUUtilization", [(every[0], 10.0), (every[3], 90.0)])
    put(client, "/aws/sagemaker/Endpoints", "CPUUtilization", [(last + HOUR, 5.0)])
    settings = {
        "region": REGION, "access_key_id": "test", "secret_access_key": "test",
        "endpoint_url": moto.endpoint, "days": 1,
    }  # fmt: skip
    source = sources.add_source(
        actor=cast.actor("owner"), kind="cloudwatch", name="Figures", team=cast.team, settings=settings
    )
    job = pull(worker, source)
    assert (job.state, source.problems, job.counts["new"]) == (State.SUCCEEDED, [], 2)
    first, second = ServiceHour.objects.order_by("start")
    assert (first.start, first.requests, first.errors, first.client_errors, first.server_errors) == (last, 12, 6, 0, 6)
    assert [first.overhead, first.cpu, first.seen] == pytest.approx([0.02, 90, 1.0]) and first.p99 is None
    assert [second.cpu, second.seen] == pytest.approx([5, 1 / 12]) and second.requests is None
    assert pull(worker, source).counts["new"] == 0
