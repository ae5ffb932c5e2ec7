"""From a real moto server into the catalogue: the chain by pull and by delivery, who approved, and what serves what."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.catalogue.models import Deployment, Model, ModelVersion
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.ledger.models import Entry
from audit.sources import deliveries
from audit.sources import services as sources
from audit.sources.cloudtrail.mapping import happening_of
from audit.sources.contract import Parcel, Unproven
from audit.sources.domain.told import Told
from audit.sources.models import Happening, Incident, Source
from audit.sources.taking.piece import take_in
from tests.audit.sources.sagemaker.conftest import HOOK_TOKEN, REGION, Chain, serve
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker

pytestmark = pytest.mark.processes


@pytest.fixture
def source(cast: Cast, chain: Chain) -> Source:
    """The region as a source of the team."""
    return sources.add_source(
        actor=cast.actor("owner"), kind="sagemaker", name="Paris", team=cast.team, settings=chain.settings
    )


def pull(worker: Worker, source: Source) -> Job:
    """One pull."""
    job = jobs.start("sources.pull", actor=SYSTEM, trigger="person", args={"source": str(source.pk)}, subject=source)
    worker.run(job)
    source.refresh_from_db()
    return job


def deliver(worker: Worker, source: Source, arn: str, *, key: str, token: str = HOOK_TOKEN) -> None:
    """An event about a package, through the way that deliveries go."""
    body: dict[str, Any] = {
        "id": key, "detail-type": "SageMaker Model Package State Change", "source": "aws.sagemaker",
        "region": REGION, "resources": [arn], "detail": {"ModelPackageArn": arn},
    }  # fmt: skip
    deliveries.receive(source=source, parcel=Parcel({"x-tollgate-token": token}, json.dumps(body).encode()))
    for job in worker.run_all():
        assert job.state == State.SUCCEEDED, job.error


def serving() -> list[tuple[Any, ...]]:
    """What runs now."""
    rows = Deployment.objects.filter(until=None).order_by("version__number")
    return list(rows.values_list("endpoint", "version__number", "share", "environment"))


def written() -> tuple[int, int, int]:
    """How many entries tell of the catalogue, and how many happenings and versions there are."""
    entries = Entry.objects.filter(action__startswith="catalogue")
    return entries.count(), Happening.objects.count(), ModelVersion.objects.count()


def test_pull_puts_the_chain_on_record_and_a_second_one_changes_nothing(
    worker: Worker, source: Source, chain: Chain
) -> None:
    chain.approve(1)
    job = pull(worker, source)
    assert (job.state, source.problems) == (State.SUCCEEDED, [])
    assert "secret_access_key" not in source.settings and HOOK_TOKEN not in json.dumps(source.settings)
    model = Model.objects.get()
    assert model.name == "late-arrival"
    first, second = ModelVersion.objects.select_related("run__pipeline").order_by("number")
    assert first.run is not None and second.run is not None
    assert (first.number, first.run.key, first.run.code_version) == (1, f"sagemaker:{chain.jobs[0]}", "4f1c2d")
    assert (second.run.key, second.metrics) == (f"sagemaker:{chain.jobs[1]}", {"train:progress": 100.0})
    assert [one.dataset.name for one in first.training_data.all()] == ["train"]
    assert serving() == [("late-arrival", 1, 0.75, "production"), ("late-arrival", 2, 0.25, "production")]
    approved = Happening.objects.get(kind="approval")
    assert (approved.version_id, approved.step) == (first.pk, "approve")
    before = written()
    assert pull(worker, source).counts["new"] == 0
    Source.objects.update(cursor={})
    source.refresh_from_db()
    assert pull(worker, source).counts["new"] == 0
    assert written() == before


def test_events_that_come_twice_have_one_effect(worker: Worker, source: Source, chain: Chain) -> None:
    """SageMaker sends several events for one change: with one id, and with different ones."""
    chain.approve(1)
    for key in ("a", "a", "b"):
        deliver(worker, source, chain.packages[0], key=key)
    assert ModelVersion.objects.count() == 1
    assert Happening.objects.filter(kind="approval").count() == 1
    pull(worker, source)
    assert (ModelVersion.objects.count(), Happening.objects.filter(kind="approval").count()) == (2, 1)
    with pytest.raises(Unproven):
        deliver(worker, source, chain.packages[0], key="c", token="another-token")


def test_endpoint_that_is_deleted_ends_and_one_of_no_package_is_an_orphan(
    worker: Worker, source: Source, chain: Chain
) -> None:
    pull(worker, source)
    chain.client.delete_endpoint(EndpointName="late-arrival")
    chain.client.create_model(
        ModelName="by-hand", ExecutionRoleArn="arn:aws:iam::123456789012:role/x", PrimaryContainer={"Image": "image"}
    )
    serve(chain.client, "orphan", [("AllTraffic", "by-hand", 1)])
    pull(worker, source)
    assert serving() == []
    assert "by-hand" in Incident.objects.get(kind=Incident.Kind.ORPHAN, closed_at=None).sentence


def test_cloudtrail_record_lands_on_the_timeline_with_its_actor(
    worker: Worker, source: Source, chain: Chain, cast: Cast
) -> None:
    """Records of calls on a version and on an endpoint that are known; one on something else is not kept."""
    pull(worker, source)
    trail = sources.add_source(
        actor=SYSTEM, kind="cloudtrail", name="Trail", team=cast.team, settings={"region": REGION, "look_up": True}
    )
    asked: list[tuple[str, dict[str, str]]] = [
        ("UpdateModelPackage", {"modelPackageArn": chain.packages[1], "modelApprovalStatus": "Approved"}),
        ("UpdateEndpoint", {"endpointName": "late-arrival"}),
        ("UpdateEndpoint", {"endpointName": "something-else"}),
    ]
    at = datetime.now(UTC).isoformat()
    told = [
        happening_of({
            "eventID": str(number), "eventTime": at, "eventSource": "sagemaker.amazonaws.com", "eventName": name,
            "awsRegion": REGION, "recipientAccountId": "123456789012", "requestParameters": request,
            "userIdentity": {"type": "IAMUser", "userName": "mallory"},
        })
        for number, (name, request) in enumerate(asked)
    ]  # fmt: skip
    take_in(source=trail, told=Told(happenings=tuple(one for one in told if one)))
    kept = Happening.objects.filter(source=trail).order_by("external")
    assert [(one.actor, one.step, one.model.slug if one.model else "") for one in kept] == [
        ("mallory", "approve", "late-arrival"), ("mallory", "deploy", "late-arrival"),
    ]  # fmt: skip
    assert kept[0].version_id == ModelVersion.objects.get(number=2).pk
