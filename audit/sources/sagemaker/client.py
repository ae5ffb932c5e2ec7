"""The calls of SageMaker that are made, each by its name in the API reference."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from audit.base.errors import InvalidInput
from audit.sources.aws import Aws
from audit.sources.http import Missing

Answer = dict[str, Any]
LARGEST_REPORT = 1024 * 1024


class SageMaker:
    """SageMaker in one region. What never changes under its name (configurations, models) is asked for once."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._kept: dict[tuple[str, str], Answer] = {}

    def groups(self, prefix: str) -> Iterator[Answer]:
        """Model package groups whose names begin with ``prefix``."""
        wanted = {"NameContains": prefix} if prefix else {}
        found = self._listed("ListModelPackageGroups", "ModelPackageGroupSummaryList", **wanted)
        return (row for row in found if str(row.get("ModelPackageGroupName", "")).startswith(prefix))

    def group(self, name: str) -> Answer:
        """One group."""
        return self._one("DescribeModelPackageGroup", ModelPackageGroupName=name)

    def packages(self, prefix: str) -> Iterator[Answer]:
        """Versioned model packages of groups that begin with ``prefix``, the oldest first.

        Without ``ModelPackageType`` only unversioned ones would come.
        """
        found = self._listed(
            "ListModelPackages",
            "ModelPackageSummaryList",
            ModelPackageType="Versioned",
            SortBy="CreationTime",
            SortOrder="Ascending",
        )
        return (row for row in found if str(row.get("ModelPackageGroupName", "")).startswith(prefix))

    def package(self, arn: str) -> Answer:
        """One model package."""
        return self._one("DescribeModelPackage", ModelPackageName=arn)

    def jobs(self, since: datetime | None) -> Iterator[Answer]:
        """Training jobs that were changed after ``since``."""
        wanted = {"LastModifiedTimeAfter": since} if since else {}
        return self._listed("ListTrainingJobs", "TrainingJobSummaries", SortBy="CreationTime", **wanted)

    def job(self, name: str) -> Answer:
        """One training job."""
        return self._one("DescribeTrainingJob", TrainingJobName=name)

    def pipelines(self) -> Iterator[Answer]:
        """All pipelines."""
        return self._listed("ListPipelines", "PipelineSummaries")

    def executions(self, pipeline: str, since: datetime | None) -> Iterator[Answer]:
        """Executions of a pipeline that began after ``since``."""
        wanted = {"CreatedAfter": since} if since else {}
        return self._listed("ListPipelineExecutions", "PipelineExecutionSummaries", PipelineName=pipeline, **wanted)

    def execution(self, arn: str) -> Answer:
        """One execution."""
        return self._one("DescribePipelineExecution", PipelineExecutionArn=arn)

    def steps(self, execution: str) -> list[Answer]:
        """The steps of an execution, the first one first."""
        found = self._listed(
            "ListPipelineExecutionSteps",
            "PipelineExecutionSteps",
            PipelineExecutionArn=execution,
            SortOrder="Ascending",
        )
        return list(found)

    def endpoints(self, prefix: str) -> Iterator[Answer]:
        """Endpoints whose names begin with ``prefix``."""
        wanted = {"NameContains": prefix} if prefix else {}
        found = self._listed("ListEndpoints", "Endpoints", **wanted)
        return (row for row in found if str(row.get("EndpointName", "")).startswith(prefix))

    def endpoint(self, name: str) -> Answer:
        """One endpoint."""
        return self._one("DescribeEndpoint", EndpointName=name)

    def configuration(self, name: str) -> Answer:
        """An endpoint's configuration."""
        return self._once("DescribeEndpointConfig", "EndpointConfigName", name)

    def model(self, name: str) -> Answer:
        """A model: what an endpoint's variant loads."""
        return self._once("DescribeModel", "ModelName", name)

    def cards(self) -> Iterator[Answer]:
        """All model cards."""
        return self._listed("ListModelCards", "ModelCardSummaries")

    def card(self, name: str) -> Answer:
        """One model card."""
        return self._one("DescribeModelCard", ModelCardName=name)

    def tags(self, arn: str) -> list[Mapping[str, Any]]:
        """The tags of a thing."""
        return list(self._listed("ListTags", "Tags", ResourceArn=arn))

    def report(self, uri: str) -> Any:
        """The JSON file at an address of S3.

        Raises:
            InvalidInput: it is none, or larger than 1 MB.
        """
        parts = urlsplit(uri)
        if parts.scheme != "s3" or not parts.path.strip("/"):
            raise InvalidInput(f"{uri} is no address of a file in S3.")
        content, _ = self.aws.content(parts.netloc, parts.path.lstrip("/"), most=LARGEST_REPORT)
        try:
            return json.loads(content)
        except ValueError:
            raise InvalidInput(f"{uri} is no JSON.") from None

    def _listed(self, action: str, field: str, **wanted: Any) -> Iterator[Answer]:
        size: dict[str, Any] = {} if action == "ListTags" else {"MaxResults": 100}
        return self.aws.listed("sagemaker", action, field, **size, **wanted)

    def _one(self, action: str, **wanted: Any) -> Answer:
        return self.aws.ask("sagemaker", action, **wanted)

    def _once(self, action: str, field: str, name: str) -> Answer:
        if (action, name) not in self._kept:
            try:
                self._kept[action, name] = self._one(action, **{field: name})
            except Missing:
                self._kept[action, name] = {}
        return self._kept[action, name]
