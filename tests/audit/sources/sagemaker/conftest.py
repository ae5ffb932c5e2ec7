"""A real moto server with the chain from a training job to an endpoint with two variants."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
import pytest

from tests.support.servers import S3, moto_s3

REGION = "eu-west-3"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
ROLE = "arn:aws:iam::123456789012:role/Trainer"
IMAGE = "123456789012.dkr.ecr.eu-west-3.amazonaws.com/late-arrival@sha256:" + "ab" * 32
HOOK_TOKEN = "the-token-of-the-events"


@dataclass
class Chain:
    """The client, the settings of a source, and the ARNs of what was made."""

    client: Any
    settings: dict[str, Any]
    jobs: list[str]
    packages: list[str]
    endpoint: str = ""

    def approve(self, number: int, status: str = "Approved") -> None:
        """Sets the approval status of a package; moto forgets the properties that are not sent again."""
        self.client.update_model_package(
            ModelPackageArn=self.packages[number - 1],
            ModelApprovalStatus=status,
            CustomerMetadataProperties={"season": "summer"},
        )


def train(client: Any, name: str) -> tuple[str, str]:
    """A training job; its ARN, and where its model lies."""
    arn = client.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        RoleArn=ROLE,
        HyperParameters={"max_depth": "6", "eta": "0.2"},
        InputDataConfig=[
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://flights/2013/train/"}},
            },
        ],
        OutputDataConfig={"S3OutputPath": "s3://flights/models"},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
        Tags=[{"Key": "owner", "Value": "ana@example.org"}],
    )["TrainingJobArn"]
    return arn, client.describe_training_job(TrainingJobName=name)["ModelArtifacts"]["S3ModelArtifacts"]


def register(client: Any, artefact: str, **more: Any) -> str:
    """A model package of the group."""
    return client.create_model_package(
        ModelPackageGroupName="late-arrival",
        ModelPackageDescription="Trained on flights of 2013",
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": artefact}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        ModelApprovalStatus="PendingManualApproval",
        **more,
    )["ModelPackageArn"]


def serve(client: Any, name: str, variants: list[tuple[str, str, float]], tags: dict[str, str] | None = None) -> str:
    """An endpoint with variants (name, model, weight)."""
    client.create_endpoint_config(
        EndpointConfigName=f"{name}-1",
        ProductionVariants=[
            {
                "VariantName": variant,
                "ModelName": model,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "InitialVariantWeight": weight,
            }
            for variant, model, weight in variants
        ],
    )
    made = client.create_endpoint(
        EndpointName=name,
        EndpointConfigName=f"{name}-1",
        Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
    )
    return made["EndpointArn"]


@pytest.fixture(scope="module")
def moto() -> Iterator[S3]:
    """A moto server of this module's own: it is emptied before each test."""
    with moto_s3("tollgate-sagemaker") as server:
        yield server


@pytest.fixture
def chain(moto: S3) -> Chain:
    """Two jobs, two packages (one says its job, one only its artefact), two models, and one endpoint for both."""
    httpx.post(f"{moto.endpoint}/moto-api/reset").raise_for_status()
    client: Any = boto3.client("sagemaker", endpoint_url=moto.endpoint, **KEYS)  # type: ignore[call-overload]
    store: Any = boto3.client("s3", endpoint_url=moto.endpoint, **KEYS)  # type: ignore[call-overload]
    store.create_bucket(Bucket="flights", CreateBucketConfiguration={"LocationConstraint": REGION})
    report = {
        "binary_classification_metrics": {
            "auc": {"value": 0.81, "standard_deviation": "NaN"},
            "accuracy": {"value": 0.77},
        }
    }
    store.put_object(Bucket="flights", Key="quality.json", Body=json.dumps(report).encode())
    client.create_model_package_group(
        ModelPackageGroupName="late-arrival", ModelPackageGroupDescription="Will the flight be late?"
    )
    first, artefact = train(client, "late-arrival-2026-11-01-10-00-00-000")
    second, other = train(client, "late-arrival-2026-11-08-10-00-00-000")
    packages = [
        register(
            client,
            artefact,
            MetadataProperties={"GeneratedBy": first, "CommitId": "4f1c2d", "Repository": "https://example.org/late"},
            ModelMetrics={
                "ModelQuality": {
                    "Statistics": {"ContentType": "application/json", "S3Uri": "s3://flights/quality.json"}
                }
            },
            CustomerMetadataProperties={"season": "summer"},
        ),
        register(client, other),
    ]
    for number, arn in enumerate(packages, start=1):
        client.create_model(
            ModelName=f"late-arrival-{number}",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"ModelPackageName": arn},
        )
    settings = {
        "region": REGION,
        "access_key_id": "test",
        "secret_access_key": "test",
        "endpoint_url": moto.endpoint,
        "environment_tag": "environment",
        "staging_names": "*-staging",
        "name_prefix": "",
        "hook_token": HOOK_TOKEN,
    }
    endpoint = serve(client, "late-arrival", [("champion", "late-arrival-1", 3), ("challenger", "late-arrival-2", 1)])
    return Chain(client, settings, [first, second], packages, endpoint)
