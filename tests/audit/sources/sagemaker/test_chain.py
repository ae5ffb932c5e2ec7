"""From the training job to the endpoint, as a real moto server tells it: by pull alone, and by events alone."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from audit.base.errors import InvalidInput
from audit.sources.contract import Malformed, Opened, Parcel, Unavailable, Unproven
from audit.sources.domain.told import Kind
from audit.sources.sagemaker.connector import SageMakerConnector, SageMakerForm
from tests.audit.sources.sagemaker.conftest import HOOK_TOKEN, KEYS, REGION, Chain, register, serve, train
from tests.audit.sources.support import Recorded

pytestmark = pytest.mark.processes
connector = SageMakerConnector()


def pull(chain: Chain, cursor: dict[str, Any] | None = None, **settings: Any) -> Recorded:
    """One pull; the cursor must be one that a database can keep."""
    found = Recorded()
    result = connector.pull(found, {**chain.settings, **settings}, cursor or {})
    found.cursor = json.loads(json.dumps(result.cursor))
    return found


def event(chain: Chain, kind: str, arn: str, **detail: Any) -> Recorded:
    """What an event leads to. Its shape is that of the examples in the SageMaker developer guide."""
    body = {
        "version": "0", "id": "844e2571-85d4-695f-b930-0153b71dcb42", "detail-type": kind, "source": "aws.sagemaker",
        "account": "123456789012", "time": "2026-11-21T17:00:14Z", "region": REGION, "resources": [arn],
        "detail": detail,
    }  # fmt: skip
    parcel = Parcel({"x-tollgate-token": HOOK_TOKEN}, json.dumps(body).encode())
    found = Recorded()
    connector.prove(parcel, chain.settings)
    connector.take(found, chain.settings, connector.open(parcel))
    return found


def test_pull_tells_the_whole_chain(chain: Chain) -> None:
    chain.approve(1)
    found = pull(chain)
    assert found.problems == []
    (model,) = found.all("models")
    assert (model.id, model.description, model.aliases) == ("late-arrival", "Will the flight be late?", None)
    first, second = found.all("versions")
    assert [(one.id, one.number, one.status) for one in (first, second)] == [
        (chain.packages[0], 1, "Approved"), (chain.packages[1], 2, "PendingManualApproval"),
    ]  # fmt: skip
    assert (first.run, second.run) == tuple(chain.jobs)
    assert first.metrics == {"binary_classification_metrics.auc": 0.81, "binary_classification_metrics.accuracy": 0.77,
                             "train:progress": 100.0}  # fmt: skip
    assert (first.tags["season"], first.parameters["max_depth"]) == ("summer", "6")
    assert first.artefact == "s3://flights/models/late-arrival-2026-11-01-10-00-00-000/output/model.tar.gz"
    assert first.data == ("s3://flights/2013/train/",)
    runs = {one.id: one for one in found.all("runs")}
    run = runs[chain.jobs[0]]
    assert (run.pipeline, run.state, run.commit, run.repository) == (
        "late-arrival", "succeeded", "4f1c2d", "https://example.org/late",
    )  # fmt: skip
    assert run.environment["instances"] == "2 x ml.m5.xlarge"
    assert runs[chain.jobs[1]].commit == ""
    assert {one.id for one in found.all("data")} == {"s3://flights/2013/train/"}
    (endpoint,) = found.all("endpoints")
    assert (endpoint.id, endpoint.environment, endpoint.mode) == (chain.endpoint, "production", "online")
    assert [(one.name, one.version, one.share) for one in endpoint.variants] == [
        ("champion", chain.packages[0], 0.75), ("challenger", chain.packages[1], 0.25),
    ]  # fmt: skip
    (approval,) = found.all("happenings")
    assert (approval.step, approval.outcome, approval.version) == ("approve", "succeeded", chain.packages[0])
    assert approval.actor == "fake-user-profile-name"
    assert found.present == {
        (Kind.MODEL, ""): ["late-arrival"],
        (Kind.VERSION, ""): chain.packages,
        (Kind.ENDPOINT, ""): [chain.endpoint],
    }
    assert all(one.started.utcoffset() == timedelta(0) for one in runs.values())


def test_every_statement_comes_after_what_it_names(chain: Chain) -> None:
    known: set[str] = set()
    for piece in pull(chain).pieces:
        for rows in (piece.models, piece.data, piece.runs, piece.versions):
            known |= {one.id for one in rows}  # type: ignore[attr-defined]
        assert {one.model for one in piece.versions} | {one.run for one in piece.versions if one.run} <= known
        assert {name for one in piece.versions for name in one.data} <= known
        assert {variant.version for one in piece.endpoints for variant in one.variants} <= known


def test_what_has_not_changed_is_not_asked_about_again(chain: Chain) -> None:
    first = pull(chain)
    again = pull(chain, first.cursor)
    assert again.pieces == [] and again.problems == []
    assert again.present == first.present
    assert {**again.cursor, "since": ""} == {**first.cursor, "since": ""}


def test_approval_by_somebody_else_is_told_once_with_the_status(chain: Chain) -> None:
    first = pull(chain)
    chain.approve(2)
    second = pull(chain, first.cursor)
    (version,) = second.all("versions")
    (happening,) = second.all("happenings")
    assert (version.id, version.status, version.run) == (chain.packages[1], "Approved", chain.jobs[1])
    assert happening.sentence == "approved the model package"
    chain.approve(2, "Rejected")
    third = pull(chain, second.cursor)
    assert [one.outcome for one in third.all("happenings")] == ["failed"]
    assert third.all("happenings")[0].id != happening.id
    assert pull(chain, third.cursor).pieces == []


def test_traffic_that_is_shifted_is_told(chain: Chain) -> None:
    first = pull(chain)
    chain.client.update_endpoint_weights_and_capacities(
        EndpointName="late-arrival",
        DesiredWeightsAndCapacities=[
            {"VariantName": "champion", "DesiredWeight": 0.0}, {"VariantName": "challenger", "DesiredWeight": 5.0},
        ],
    )  # fmt: skip
    touched = dict(first.cursor, endpoints={})  # moto leaves LastModifiedTime as it was; SageMaker does not
    (endpoint,) = pull(chain, touched).all("endpoints")
    assert {one.name: one.share for one in endpoint.variants} == {"champion": 0.0, "challenger": 1.0}


def test_model_without_a_package_is_served_as_unknown(chain: Chain) -> None:
    chain.client.create_model(
        ModelName="by-hand", ExecutionRoleArn="arn:aws:iam::123456789012:role/x", PrimaryContainer={"Image": "image"}
    )
    serve(chain.client, "orphan", [("AllTraffic", "by-hand", 1)])
    endpoint = next(one for one in pull(chain).all("endpoints") if one.name == "orphan")
    assert [(one.version, one.unknown, one.share) for one in endpoint.variants] == [("", "by-hand", 1.0)]


def test_environment_is_that_of_the_tag_or_of_the_name(chain: Chain) -> None:
    for name, tags in {"a-staging": {}, "b-staging": {"Environment": "prod"}, "c": {"environment": "QA"}}.items():
        serve(chain.client, name, [("AllTraffic", "late-arrival-1", 1)], tags)
    found = {one.name: one.environment for one in pull(chain).all("endpoints")}
    assert found == {
        "a-staging": "staging", "b-staging": "production", "c": "staging", "late-arrival": "production",
    }  # fmt: skip


def test_endpoint_that_is_gone_is_no_longer_present(chain: Chain) -> None:
    first = pull(chain)
    chain.client.delete_endpoint(EndpointName="late-arrival")
    second = pull(chain, first.cursor)
    assert second.present[Kind.ENDPOINT, ""] == []
    assert second.cursor["endpoints"] == {}


def test_prefix_confines_what_is_read_and_what_is_gone(chain: Chain) -> None:
    chain.client.create_model_package_group(ModelPackageGroupName="meals")
    serve(chain.client, "meals", [("AllTraffic", "late-arrival-1", 1)])
    found = pull(chain, name_prefix="late")
    assert [one.id for one in found.all("models")] == ["late-arrival"]
    assert [one.name for one in found.all("endpoints")] == ["late-arrival"]
    stem = f"arn:aws:sagemaker:{REGION}:123456789012"
    assert set(found.present) == {
        (Kind.MODEL, "late"), (Kind.VERSION, f"{stem}:model-package/late"), (Kind.ENDPOINT, f"{stem}:endpoint/late"),
    }  # fmt: skip
    meals = pull(chain, name_prefix="meals")
    assert [one.id for one in meals.all("models")] == ["meals", "late-arrival"]
    assert meals.all("endpoints")[0].variants[0].version == chain.packages[0]


def test_two_hundred_packages_come_page_by_page_and_resume(chain: Chain) -> None:
    """Half of the way the taking in fails; the next pull tells the rest, and nothing twice."""
    _, artefact = train(chain.client, "late-arrival-2026-11-15-10-00-00-000")
    for _ in range(210):
        register(chain.client, artefact)

    class Breaks(Recorded):
        def take(self, told: Any, **more: Any) -> None:
            if len(self.all("versions")) > 60:
                raise Unavailable("The database went away.")
            super().take(told, **more)

    broken = Breaks()
    with pytest.raises(Unavailable):
        connector.pull(broken, chain.settings, {})
    before = {one.id for one in broken.all("versions")}
    assert before
    rest = pull(chain, broken.cursor)
    after = [one.id for one in rest.all("versions")]
    assert len(after) == len(set(after)) and not before & set(after)
    assert len(before) + len(after) == 212
    assert len(rest.present[Kind.VERSION, ""]) == 212


def test_running_job_of_a_known_line_is_told_before_it_has_made_a_version(chain: Chain) -> None:
    first = pull(chain)
    arn, _ = train(chain.client, "late-arrival-2026-11-22-10-00-00-000")
    train(chain.client, "something-else-2026-11-22-10-00-00-000")
    (run,) = pull(chain, first.cursor).all("runs")
    assert (run.id, run.model, run.pipeline) == (arn, "late-arrival", "late-arrival")
    told = Recorded(cursor=first.cursor)
    opened = Opened("1", "SageMaker Training Job State Change", {"region": REGION, "resources": [arn]})
    connector.take(told, chain.settings, opened)
    assert [one.id for one in told.all("runs")] == [arn]


def test_events_tell_the_same_as_a_pull(chain: Chain) -> None:
    chain.approve(1)
    pulled = pull(chain)
    kind = "SageMaker Model Package State Change"
    package = event(chain, kind, chain.packages[0], ModelApprovalStatus="Rejected")
    assert package.all("versions") == pulled.all("versions")[:1]
    assert package.all("happenings") == pulled.all("happenings")
    assert package.all("models") == pulled.all("models")
    assert package.cursor == {}
    assert event(chain, kind, chain.packages[0]).pieces == package.pieces
    endpoint = event(chain, "SageMaker Endpoint State Change", chain.endpoint, EndpointName="late-arrival")
    assert endpoint.all("endpoints") == pulled.all("endpoints")


def test_event_of_a_deleted_endpoint_ends_what_ran_there(chain: Chain) -> None:
    chain.client.delete_endpoint(EndpointName="late-arrival")
    (endpoint,) = event(chain, "SageMaker Endpoint State Change", chain.endpoint).all("endpoints")
    assert (endpoint.id, endpoint.variants) == (chain.endpoint, ())


def test_model_card_is_told_under_the_package_that_it_names(chain: Chain) -> None:
    content = {"model_package_details": {"model_package_arn": chain.packages[0]}}
    for name, said in {"late-arrival": content, "about-nothing": {}}.items():
        chain.client.create_model_card(ModelCardName=name, Content=json.dumps(said), ModelCardStatus="PendingReview")
    first = pull(chain)
    (card,) = [one for one in first.all("happenings") if one.kind == "model card"]
    assert (card.version, card.facts["status"]) == (chain.packages[0], "PendingReview")
    chain.client.update_model_card(
        ModelCardName="late-arrival", Content=json.dumps(content), ModelCardStatus="Approved"
    )
    second = pull(chain, first.cursor)
    assert [one.facts["status"] for one in second.all("happenings")] == ["Approved"]


def test_metrics_that_cannot_be_read_are_a_problem_and_no_end(chain: Chain) -> None:
    store = boto3.client("s3", endpoint_url=chain.settings["endpoint_url"], **KEYS)  # type: ignore[call-overload]
    store.put_object(Bucket="flights", Key="quality.json", Body=b"no json")
    found = pull(chain)
    assert found.problems == ["The metrics cannot be used: s3://flights/quality.json is no JSON."]
    store.delete_object(Bucket="flights", Key="quality.json")
    assert pull(chain).problems == ["The metrics at s3://flights/quality.json are not there."]
    assert len(pull(chain).all("versions")) == 2


@pytest.mark.parametrize(
    ("headers", "settings"),
    [({}, {}), ({"x-tollgate-token": HOOK_TOKEN + "x"}, {}), ({"x-tollgate-token": ""}, {"hook_token": ""})],
)
def test_delivery_without_the_token_is_unproven(headers: dict[str, str], settings: dict[str, str]) -> None:
    with pytest.raises(Unproven):
        connector.prove(Parcel(headers, b"{}"), {"hook_token": HOOK_TOKEN, **settings})


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"id": "1", "detail-type": "x", "source": "aws.ec2"}', b"\xff", b"null"]
)
def test_delivery_that_is_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        connector.open(Parcel({"x-tollgate-token": HOOK_TOKEN}, body))


def test_event_that_names_nothing_or_another_region_is_malformed(chain: Chain) -> None:
    kind = "SageMaker Endpoint State Change"
    with pytest.raises(Malformed, match="EndpointArn is missing"):
        event(chain, kind, "arn:aws:s3:::bucket")
    with pytest.raises(Malformed, match="us-east-1"):
        connector.take(Recorded(), chain.settings, Opened("1", kind, {"region": "us-east-1"}))
    assert event(chain, "SageMaker Image State Change", "arn:aws:sagemaker:x:1:image/1").pieces == []


def test_form_wants_a_region_and_an_address_without_password() -> None:
    good = {"region": " EU-west-3 ", "endpoint_url": "http://127.0.0.1:5000", "environment_tag": "environment"}
    form = SageMakerForm(good)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["region"] == REGION
    bad = SageMakerForm({"region": "Paris", "endpoint_url": "https://me:secret@example.org", "role_arn": "admin"})
    assert set(bad.errors) == {"region", "endpoint_url", "role_arn"}


def test_endpoint_that_does_not_answer_is_unavailable(chain: Chain) -> None:
    with pytest.raises(Unavailable, match="sagemaker:ListModelPackageGroups does not answer"):
        pull(chain, endpoint_url="http://127.0.0.1:9")
    (check,) = connector.test({**chain.settings, "endpoint_url": "http://127.0.0.1:9"})
    assert not check.ok and "does not answer" in check.sentence
    with pytest.raises(InvalidInput, match="is no address"):
        pull(chain, endpoint_url="nonsense")
