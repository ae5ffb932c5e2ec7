"""What moto does not have: pipelines' steps, missing rights, limits, pages that repeat, shadows, odd answers.

Answers have the shape of the examples in SageMaker's API reference; boto3's own service model reads them.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.sources.aws import Aws, NotSignedIn
from audit.sources.contract import Opened, Unavailable
from audit.sources.http import Forbidden
from audit.sources.sagemaker import mapping
from audit.sources.sagemaker.connector import SageMakerConnector
from tests.audit.sources.aws_server import AwsServer, aws_server, denied
from tests.audit.sources.support import Recorded

REGION = "eu-west-3"
STEM = f"arn:aws:sagemaker:{REGION}:123456789012"
EXECUTION = f"{STEM}:pipeline/nightly/execution/p4jn9xou8a8s"
PACKAGE, JOB = f"{STEM}:model-package/late-arrival/1", f"{STEM}:training-job/pipelines-p4jn9xou8a8s-Train-tmgxry49ug"
AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC).timestamp()
connector = SageMakerConnector()
GROUP = {"ModelPackageGroupName": "late-arrival", "ModelPackageGroupArn": f"{STEM}:model-package-group/late-arrival",
         "CreationTime": AT, "ModelPackageGroupStatus": "Completed"}  # fmt: skip
SUMMARY = {"ModelPackageGroupName": "late-arrival", "ModelPackageArn": PACKAGE, "ModelPackageVersion": 1,
           "CreationTime": AT, "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved"}  # fmt: skip


@pytest.fixture
def aws() -> Iterator[AwsServer]:
    """An account with one package that a pipeline has registered."""
    with aws_server() as server:
        server.answers |= {
            "ListModelPackageGroups": {"ModelPackageGroupSummaryList": [GROUP]},
            "ListModelPackages": {"ModelPackageSummaryList": [SUMMARY]},
            "DescribeModelPackage": SUMMARY
            | {
                "LastModifiedTime": AT + 600,
                "ModelLifeCycle": {"Stage": "Production", "StageStatus": "Live"},
                "MetadataProperties": {"CommitId": "4f1c2d", "GeneratedBy": EXECUTION},
                "ModelCard": {"ModelCardStatus": "Approved", "ModelCardContent": "{}"},
            },
            "DescribeModelPackageGroup": GROUP,
            "ListTrainingJobs": {"TrainingJobSummaries": []},
            "DescribeTrainingJob": {
                "TrainingJobName": JOB.rpartition("/")[2], "TrainingJobArn": JOB, "TrainingJobStatus": "Completed",
                "CreationTime": AT, "TrainingStartTime": AT + 60, "TrainingEndTime": AT + 300,
                "BillableTimeInSeconds": 240,
                "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 3, "VolumeSizeInGB": 1},
            },
            "ListPipelines": {"PipelineSummaries": [
                {"PipelineName": "nightly", "PipelineArn": f"{STEM}:pipeline/nightly", "LastExecutionTime": AT},
            ]},
            "ListPipelineExecutions": {"PipelineExecutionSummaries": [{"PipelineExecutionArn": EXECUTION}]},
            "DescribePipelineExecution": {
                "PipelineExecutionArn": EXECUTION, "PipelineExecutionStatus": "Succeeded", "CreationTime": AT,
                "CreatedBy": {"UserProfileName": "ana"},
            },
            "ListPipelineExecutionSteps": {"PipelineExecutionSteps": [
                {"StepName": "Train", "StepStatus": "Succeeded", "Metadata": {"TrainingJob": {"Arn": JOB}}},
                {"StepName": "Register", "StepStatus": "Succeeded", "Metadata": {"RegisterModel": {"Arn": PACKAGE}}},
            ]},
            "ListEndpoints": {"Endpoints": []},
            "ListModelCards": {"ModelCardSummaries": []},
            "ListTags": {"Tags": []},
        }  # fmt: skip
        yield server


def settings(server: AwsServer) -> dict[str, Any]:
    """Of a source."""
    return {
        "region": REGION, "access_key_id": "test", "secret_access_key": "test", "endpoint_url": server.url,
        "environment_tag": "environment", "hook_token": "x" * 16,
    }  # fmt: skip


def pull(server: AwsServer, cursor: dict[str, Any] | None = None) -> Recorded:
    """One pull."""
    found = Recorded()
    found.cursor = json.loads(json.dumps(connector.pull(found, settings(server), cursor or {}).cursor))
    return found


def test_pipeline_leads_from_the_package_to_its_training_job(aws: AwsServer) -> None:
    found = pull(aws)
    (run,), (version,) = found.all("runs"), found.all("versions")
    assert (run.id, run.pipeline, run.trigger, run.commit) == (JOB, "nightly", "person", "4f1c2d")
    assert run.compute_seconds == 720.0
    assert (version.run, version.tags["life cycle"], version.notes) == (
        JOB, "Production / Live", "Model card: Approved",
    )  # fmt: skip
    ran = next(one for one in found.all("happenings") if one.kind == "pipeline")
    assert (ran.version, ran.run, ran.actor, ran.outcome) == (PACKAGE, JOB, "ana", "succeeded")
    assert [step["name"] for step in ran.facts["steps"]] == ["Train", "Register"]
    aws.asked.clear()
    aws.answers["ListPipelines"] = {"PipelineSummaries": []}
    assert pull(aws, found.cursor).pieces == []
    assert {name for name, _ in aws.asked} == {
        "ListModelPackageGroups", "ListModelPackages", "ListTrainingJobs", "ListPipelines", "ListEndpoints",
        "ListModelCards",
    }  # fmt: skip


def test_execution_that_runs_is_looked_at_until_it_ends(aws: AwsServer) -> None:
    whole = aws.answers["DescribePipelineExecution"]
    aws.answers["DescribePipelineExecution"] = {**whole, "PipelineExecutionStatus": "Executing"}
    first = pull(aws)
    assert first.cursor["open"] == [EXECUTION]
    assert not [one for one in first.all("happenings") if one.kind == "pipeline"]
    aws.answers |= {"ListPipelines": {"PipelineSummaries": []}, "DescribePipelineExecution": whole}
    second = pull(aws, first.cursor)
    assert second.cursor["open"] == []
    assert [one.outcome for one in second.all("happenings") if one.kind == "pipeline"] == ["succeeded"]


def test_event_of_an_execution_tells_what_a_pull_tells(aws: AwsServer) -> None:
    pulled, found = pull(aws), Recorded()
    kind = "SageMaker Model Building Pipeline Execution Status Change"
    body = {"region": REGION, "resources": [f"{STEM}:pipeline/nightly", EXECUTION]}
    connector.take(found, settings(aws), Opened("1", kind, body))
    for of in ("models", "runs", "versions"):
        assert found.all(of) == pulled.all(of)
    assert {one.id for one in found.all("happenings")} == {one.id for one in pulled.all("happenings")}


@pytest.mark.parametrize(
    "action", ["ListPipelines", "ListEndpoints", "ListModelCards", "ListTags", "DescribeTrainingJob"]
)
def test_missing_right_is_named_once_and_the_rest_is_read(aws: AwsServer, action: str) -> None:
    aws.answers[action] = denied(f"sagemaker:{action}")
    found = pull(aws)
    assert len(found.problems) == 1
    assert found.problems[0].startswith(f"The right sagemaker:{action} is missing.")
    assert len(found.all("versions")) == 1
    checks = {check.sentence.split(" ")[0]: check.ok for check in connector.test(settings(aws)) if check.ok}
    assert f"sagemaker:{action}" not in checks and "sagemaker:ListModelPackages" in checks


def test_missing_right_to_list_models_ends_the_pull(aws: AwsServer) -> None:
    aws.answers["ListModelPackageGroups"] = denied("sagemaker:ListModelPackageGroups")
    with pytest.raises(Forbidden, match="sagemaker:ListModelPackageGroups is missing"):
        pull(aws)


def test_all_rights_are_said_to_be_there(aws: AwsServer) -> None:
    """Each call is answered, or finds nothing of the name that is asked for."""
    checks = connector.test(settings(aws))
    assert len(checks) == 18 and all(check.ok for check in checks)
    connected = connector.test({**settings(aws), "hook_token": ""})
    assert [check.sentence for check in connected if not check.ok] == ["Events are refused: no token is set."]


def test_sign_in_that_does_not_hold_is_one_sentence(aws: AwsServer) -> None:
    expired = 400, {"__type": "ExpiredTokenException", "message": "The security token included is expired"}
    aws.answers["ListTags"] = expired
    with pytest.raises(NotSignedIn, match="ExpiredTokenException"):
        pull(aws)


def test_limit_is_waited_for_and_one_that_lasts_is_told(aws: AwsServer) -> None:
    limited = 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
    answers: list[Any] = [limited] * 4 + [{"Endpoints": []}]
    aws.answers["ListEndpoints"] = lambda _: answers.pop(0)
    waits: list[float] = []
    assert Aws(settings(aws), pause=waits.append).ask("sagemaker", "ListEndpoints")["Endpoints"] == []
    assert waits == [2.0]
    aws.answers["ListEndpoints"] = limited
    with pytest.raises(Unavailable, match="sagemaker:ListEndpoints was asked too often"):
        Aws(settings(aws), pause=waits.append).ask("sagemaker", "ListEndpoints")
    assert waits == [2.0, 2.0, 5.0, 15.0, 30.0]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"ModelPackageSummaryList": [SUMMARY], "NextToken": "again"}, "gave the same token twice"),
        (b'{"ModelPackageSummaryList": [', "answered without ModelPackageSummaryList"),
        ({}, "answered without ModelPackageSummaryList"),
        ({"ModelPackageSummaryList": "none"}, "cannot be read|answered without|does not answer"),
        ((500, {}), "failed with 500"),
    ],
)
def test_answer_that_cannot_be_used_is_said_and_nothing_is_marked_gone(
    aws: AwsServer, answer: Any, sentence: str
) -> None:
    aws.answers["ListModelPackages"] = answer
    found = Recorded()
    with pytest.raises(Unavailable, match=sentence):
        connector.pull(found, settings(aws), {})
    assert "version" not in {kind.value for kind, _ in found.present}


def test_package_without_a_time_is_left_out_and_said(aws: AwsServer) -> None:
    aws.answers["DescribeModelPackage"] = {"ModelPackageArn": PACKAGE, "ModelPackageGroupName": "late-arrival"}
    found = pull(aws)
    assert found.problems == [f"The model package {PACKAGE} has no group, version or time; it is left out."]


def test_shadow_and_inference_components_are_told_as_what_they_are(aws: AwsServer) -> None:
    name, arn = "late-arrival", f"{STEM}:endpoint/late-arrival"
    endpoint = {
        "EndpointName": name, "EndpointArn": arn, "EndpointStatus": "InService", "EndpointConfigName": "c",
        "CreationTime": AT, "LastModifiedTime": AT,
        "ProductionVariants": [{"VariantName": "main", "CurrentWeight": 1.0}, {"VariantName": "parts"}],
        "ShadowProductionVariants": [{"VariantName": "next", "CurrentWeight": 1.0}],
    }  # fmt: skip
    aws.answers |= {
        "ListEndpoints": {"Endpoints": [endpoint]},
        "DescribeEndpoint": endpoint,
        "DescribeEndpointConfig": {
            "ProductionVariants": [{"VariantName": "main", "ModelName": "m"}, {"VariantName": "parts"}],
            "ShadowProductionVariants": [{"VariantName": "next", "ModelName": "m"}],
        },
        "DescribeModel": {"ModelName": "m", "Containers": [{"Image": "x"}, {"ModelPackageName": PACKAGE}]},
    }
    live, shadow = pull(aws).all("endpoints")
    assert [(one.name, one.version, one.unknown, one.share) for one in live.variants] == [
        ("main", PACKAGE, "", 1.0), ("parts", "", "inference components", None),
    ]  # fmt: skip
    assert (shadow.id, shadow.environment, shadow.variants[0].version) == (f"{arn}#shadow", "shadow", PACKAGE)
    aws.answers["DescribeEndpoint"] = {**endpoint, "EndpointStatus": "Failed"}
    assert pull(aws).all("endpoints")[0].variants == ()


def test_role_is_assumed_before_anything_is_asked(aws: AwsServer) -> None:
    role = "arn:aws:iam::123456789012:role/tollgate"
    connector.pull(Recorded(), {**settings(aws), "role_arn": role, "session_token": "my-own"}, {})
    assert (aws.asked[0][0], aws.asked[0][1]["RoleArn"]) == ("AssumeRole", role)
    assert (aws.tokens[0], set(aws.tokens[1:])) == ("my-own", {"of-the-role"})
    assert len(aws.calls("AssumeRole")) == 1


def test_ten_thousand_tags_are_cut_and_counted() -> None:
    group = mapping.model_of({"ModelPackageGroupName": "x"}, {f"tag-{n:05d}": "v" for n in range(10_000)})
    assert len(group.tags) == 101 and group.tags["…"] == "10000 in all"


@pytest.mark.parametrize("odd", [None, 7, "text", [], {}, True, float("nan")])
def test_fields_of_another_type_are_not_told(odd: Any) -> None:
    fields = ("HyperParameters", "ResourceConfig", "AlgorithmSpecification", "InputDataConfig", "TrainingEndTime",
              "FinalMetricDataList", "BillableTimeInSeconds", "TrainingJobName")  # fmt: skip
    job = {"TrainingJobArn": JOB, "CreationTime": datetime.fromtimestamp(AT, UTC), **dict.fromkeys(fields, odd)}
    run = mapping.run_of(job, model="late-arrival")
    assert run is not None and run.id == JOB and run.parameters == {}
    assert mapping.metrics_of_job(job) == {}
    assert mapping.version_of({"ModelPackageArn": odd}, run=None, metrics={}, owner="") is None
    assert mapping.metrics_of_report({"auc": {"value": odd}}) in ({}, {"auc": 7.0})
    assert mapping.card_of({"ModelCardArn": "x", "ModelCardStatus": "y", "Content": odd}) is None
