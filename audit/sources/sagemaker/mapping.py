"""What SageMaker answers, in the catalogue's terms. Field names are those of its API reference."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from audit.sources.domain.answers import MOST, Answer, few, moment, number, part, rows, text
from audit.sources.domain.told import DataTold, EndpointTold, Happening, ModelTold, RunTold, Variant, VersionTold

JOB_STATES: Final = {
    "InProgress": "running", "Stopping": "running", "Completed": "succeeded", "Failed": "failed", "Stopped": "failed",
}  # fmt: skip
EXECUTION_STATES: Final = {
    "Executing": "running", "Stopping": "running", "Succeeded": "succeeded", "Failed": "failed", "Stopped": "failed",
}  # fmt: skip
SERVING: Final = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})
NOT_PRODUCTION: Final = frozenset({
    "acceptance", "dev", "development", "qa", "sandbox", "stage", "staging", "test", "testing", "uat",
})  # fmt: skip
APPROVALS: Final = {
    "Approved": ("approved the model package", "succeeded"),
    "Rejected": ("rejected the model package", "failed"),
    "PendingManualApproval": ("took the decision on the model package back", ""),
}
STAMP: Final = re.compile(r"-(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d(-\d{3})?|\d{8,17})$")
NAME: Final = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
WHO: Final = ("owner", "user", "creator", "created-by", "sagemaker:user-profile-arn")


def tail(arn: object) -> str:
    """The name in an ARN: what follows the kind of resource."""
    return text(arn).split(":", 5)[-1].partition("/")[2]


def kind_of(arn: object) -> str:
    """The kind of resource of a SageMaker ARN, such as ``training-job``; empty for other text."""
    pieces = text(arn).split(":", 5)
    return pieces[5].partition("/")[0] if len(pieces) == 6 and pieces[0] == "arn" and pieces[2] == "sagemaker" else ""


def is_name(found: str) -> bool:
    """Whether a training job may be called so."""
    return NAME.fullmatch(found) is not None


def tags_of(tags: Iterable[Answer]) -> dict[str, str]:
    """Tags as a mapping."""
    return {text(tag.get("Key"), 200): text(tag.get("Value")) for tag in tags if tag.get("Key")}


def owner_of(tags: Mapping[str, str]) -> str:
    """Whom the tags name, if anybody."""
    return next((tags[key] for key in WHO if tags.get(key)), "")


def sign(*values: object) -> str:
    """A short mark by which a thing that has not changed is known."""
    said = json.dumps(values, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:10]


def who(context: object) -> str:
    """Who did it, from a user context: the profile in Studio, or the name behind an IAM identity."""
    found = part(context)
    identity = part(found.get("IamIdentity"))
    return text(found.get("UserProfileName") or identity.get("Arn") or identity.get("PrincipalId"), 300)


def console(arn: object, page: str, name: str) -> str:
    """The thing's page in the AWS console, where the partition has the public one."""
    pieces = text(arn).split(":", 5)
    if len(pieces) != 6 or pieces[1] != "aws":
        return ""
    return f"https://{pieces[3]}.console.aws.amazon.com/sagemaker/home?region={pieces[3]}#/{page}/{name}"


def model_of(group: Answer, tags: Mapping[str, str]) -> ModelTold:
    """A model package group; its name is the model's id."""
    name = text(group.get("ModelPackageGroupName"), 300)
    return ModelTold(
        id=name,
        name=name,
        owner=owner_of(tags),
        description=text(group.get("ModelPackageGroupDescription")),
        tags=few(tags),
    )


def pipeline_of(job: str) -> str:
    """The name of a line of training jobs: a job's without the stamp of time that the SDK puts behind it."""
    return STAMP.sub("", job) or job


def data_of(job: Answer) -> tuple[DataTold, ...]:
    """The inputs of a training job. SageMaker keeps no digest of their content: the place is all that is known."""
    started = moment(job.get("CreationTime"))
    found: dict[str, DataTold] = {}
    for channel in rows(job.get("InputDataConfig")):
        source = part(channel.get("DataSource"))
        place = _place(source)
        if place:
            name = place.rstrip("/").rpartition("/")[2] or text(channel.get("ChannelName"))
            found[place] = DataTold(id=place, dataset=place, name=name, digest="", location=place, since=started)
    return tuple(found.values())


def _place(source: Answer) -> str:
    files = part(source.get("FileSystemDataSource"))
    if files.get("FileSystemId"):
        return f"{text(files['FileSystemId'])}:{text(files.get('DirectoryPath'))}"
    return text(
        part(source.get("S3DataSource")).get("S3Uri") or part(source.get("DatasetSource")).get("DatasetArn"), 600
    )


def run_of(
    job: Answer, *, model: str = "", pipeline: str = "", trigger: str = "", metadata: Answer | None = None
) -> RunTold | None:
    """A training job as a run of ``model``; None when it has no ARN or no time.

    Compute seconds are the billable seconds times the instances (DescribeTrainingJob, ``BillableTimeInSeconds``).
    """
    arn, name = text(job.get("TrainingJobArn")), text(job.get("TrainingJobName"), 200)
    started = moment(job.get("TrainingStartTime")) or moment(job.get("CreationTime"))
    if not arn or started is None:
        return None
    image = part(job.get("AlgorithmSpecification"))
    resources = part(job.get("ResourceConfig"))
    environment = {
        "image": text(image.get("TrainingImage") or image.get("AlgorithmName")),
        "instances": f"{_instances(resources)} x {_machine(resources)}" if _machine(resources) else "",
        "role": text(job.get("RoleArn")),
    }
    said = part(metadata)
    return RunTold(
        id=arn,
        key=f"sagemaker:{arn}",
        model=model,
        pipeline=pipeline or pipeline_of(name or tail(arn)),
        engine="sagemaker",
        state=JOB_STATES.get(text(job.get("TrainingJobStatus")), "running"),
        started=started,
        finished=moment(job.get("TrainingEndTime")),
        trigger=trigger,
        compute_seconds=_compute(job.get("BillableTimeInSeconds"), _instances(resources)),
        parameters=few(part(job.get("HyperParameters"))),
        commit=text(said.get("CommitId"), 80),
        repository=text(said.get("Repository"), 500),
        environment={key: value for key, value in environment.items() if value},
        inputs=tuple(one.id for one in data_of(job)),
        url=console(arn, "jobs", name),
    )


def _instances(resources: Answer) -> int:
    groups = rows(resources.get("InstanceGroups"))
    counts = [group.get("InstanceCount") for group in groups] if groups else [resources.get("InstanceCount")]
    return sum(count for count in counts if isinstance(count, int)) or 1


def _machine(resources: Answer) -> str:
    groups = rows(resources.get("InstanceGroups"))
    kinds = {text(group.get("InstanceType")) for group in groups} if groups else {text(resources.get("InstanceType"))}
    return ", ".join(sorted(kinds - {""}))


def _compute(seconds: object, instances: int) -> float | None:
    return float(seconds) * instances if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None


def metrics_of_job(job: Answer) -> dict[str, float]:
    """The metrics that a training job ended with."""
    found = {text(row.get("MetricName"), 200): row.get("Value") for row in rows(job.get("FinalMetricDataList"))}
    return {name: float(value) for name, value in found.items() if name and number(value)}


def metrics_of_report(report: object, path: tuple[str, ...] = ()) -> dict[str, float]:
    """The figures of a metrics file: those under ``value`` by the name above it, others by their path; 100 at most."""
    if number(report):
        name = ".".join(path[:-1] if len(path) > 1 and path[-1] == "value" else path)
        return {name: float(report)} if name and "standard_deviation" not in path else {}
    found: dict[str, float] = {}
    if isinstance(report, Mapping) and len(path) < 6:
        for key in sorted(report, key=str):
            found |= metrics_of_report(report[key], (*path, text(key, 100)))
            if len(found) >= MOST:
                break
    return dict(list(found.items())[:MOST])


def container_of(package: Answer) -> Answer:
    """The first container of a model package."""
    found = rows(part(package.get("InferenceSpecification")).get("Containers"))
    return found[0] if found else {}


def artefact_of(package: Answer) -> str:
    """Where the model's data is."""
    container = container_of(package)
    source = part(part(container.get("ModelDataSource")).get("S3DataSource"))
    return text(container.get("ModelDataUrl") or source.get("S3Uri") or package.get("SourceUri"), 500)


def version_of(package: Answer, *, run: RunTold | None, metrics: Mapping[str, float], owner: str) -> VersionTold | None:
    """A versioned model package; None when its ARN, group, number or time is missing.

    ``owner`` is its author where it does not say itself who made it.
    """
    arn, group = text(package.get("ModelPackageArn"), 600), text(package.get("ModelPackageGroupName"), 300)
    place, created = package.get("ModelPackageVersion"), moment(package.get("CreationTime"))
    if not arn or not group or not isinstance(place, int) or created is None:
        return None
    stage = part(package.get("ModelLifeCycle"))
    more = {
        "approval": text(package.get("ModelApprovalStatus")),
        "package status": text(package.get("ModelPackageStatus")),
        "life cycle": " / ".join(one for one in (text(stage.get("Stage")), text(stage.get("StageStatus"))) if one),
        "image": text(container_of(package).get("Image")),
    }
    notes = (
        text(package.get("ModelPackageDescription")),
        text(package.get("ApprovalDescription")),
        text(stage.get("StageDescription")),
        _card_note(package),
    )
    return VersionTold(
        id=arn,
        model=group,
        number=place,
        created=created,
        run=run.id if run else "",
        artefact=artefact_of(package),
        author=who(package.get("CreatedBy")) or owner,
        data=run.inputs if run else (),
        parameters=dict(run.parameters) if run else {},
        metrics=dict(metrics),
        status=text(package.get("ModelApprovalStatus")),
        notes="\n".join(one for one in notes if one),
        tags=few({**part(package.get("CustomerMetadataProperties")), **{k: v for k, v in more.items() if v}}),
    )


def _card_note(package: Answer) -> str:
    status = text(part(package.get("ModelCard")).get("ModelCardStatus"))
    return f"Model card: {status}" if status else ""


def approval_of(package: Answer) -> Happening | None:
    """That the approval status became what it is, when the package was changed last."""
    arn, status = text(package.get("ModelPackageArn")), text(package.get("ModelApprovalStatus"))
    at = moment(package.get("LastModifiedTime")) or moment(package.get("CreationTime"))
    if not arn or not status or at is None:
        return None
    sentence, outcome = APPROVALS.get(status, (f"set the approval status to {status}", ""))
    facts = {"status": status, "description": text(package.get("ApprovalDescription"))}
    return Happening(
        id=f"{arn}#{status}@{at.isoformat()}",
        at=at,
        kind="approval",
        sentence=sentence,
        actor=who(package.get("LastModifiedBy")),
        step="approve",
        outcome=outcome,
        model=text(package.get("ModelPackageGroupName"), 300),
        version=arn,
        facts={name: value for name, value in facts.items() if value},
    )


def environment_of(name: str, tags: Mapping[str, str], *, tag: str, staging: Sequence[str]) -> str:
    """Production, unless the tag or a pattern of names says otherwise."""
    said = next((value for key, value in tags.items() if tag and key.lower() == tag.lower()), "").strip().lower()
    if said == "shadow":
        return "shadow"
    if said:
        return "staging" if said in NOT_PRODUCTION else "production"
    return "staging" if any(fnmatchcase(name.lower(), one.lower()) for one in staging) else "production"


def variants_of(endpoint: Answer, field: str, serves: Mapping[str, Variant]) -> tuple[Variant, ...]:
    """The variants with their shares of the traffic: each one's current weight by the sum of all."""
    if text(endpoint.get("EndpointStatus")) not in SERVING:
        return ()
    found = rows(endpoint.get(field))
    weights = [one.get("CurrentWeight") for one in found]
    whole = sum(weight for weight in weights if number(weight))
    shares = [weight / whole if number(weight) and whole else None for weight in weights]
    named = [text(one.get("VariantName"), 200) for one in found]
    blank = Variant(name="", unknown="a model that SageMaker does not name")
    return tuple(
        Variant(
            name=name,
            version=serves.get(name, blank).version,
            unknown=serves.get(name, blank).unknown,
            share=share,
        )
        for name, share in zip(named, shares, strict=True)
    )


def endpoint_of(endpoint: Answer, *, environment: str, variants: tuple[Variant, ...], at: datetime) -> EndpointTold:
    """An endpoint with what it serves, as of its last change; ``at`` where it does not tell when."""
    arn, name = text(endpoint.get("EndpointArn"), 600), text(endpoint.get("EndpointName"), 200)
    return EndpointTold(
        id=arn,
        name=name,
        environment=environment,
        mode="online",
        at=moment(endpoint.get("LastModifiedTime")) or moment(endpoint.get("CreationTime")) or at,
        variants=variants,
        url=console(arn, "endpoints", name),
    )


def shadow_of(endpoint: EndpointTold, variants: tuple[Variant, ...]) -> EndpointTold:
    """The shadow variants of an endpoint: they get a copy of its traffic, and nobody gets their answers."""
    return EndpointTold(
        id=f"{endpoint.id}#shadow",
        name=f"{endpoint.name} (shadow)",
        environment="shadow",
        mode="online",
        at=endpoint.at,
        variants=variants,
        url=endpoint.url,
    )


def card_of(card: Answer) -> Happening | None:
    """That a model card has the status that it has; None when it names no model package (group)."""
    arn, status = text(card.get("ModelCardArn"), 500), text(card.get("ModelCardStatus"))
    at = moment(card.get("LastModifiedTime")) or moment(card.get("CreationTime"))
    if not arn or not status or at is None:
        return None
    try:
        content = part(json.loads(text(card.get("Content"), 1_000_000) or "{}"))
    except ValueError:
        content = {}
    details = part(content.get("model_package_details"))
    named = text(details.get("model_package_arn") or part(content.get("model_overview")).get("model_id"), 600)
    group = text(details.get("model_package_group_name"), 300)
    version = named if kind_of(named) == "model-package" else ""
    if not version and not group:
        return None
    issue, name = card.get("ModelCardVersion"), text(card.get("ModelCardName"), 200)
    return Happening(
        id=f"{arn}#{issue}#{status}",
        at=at,
        kind="model card",
        sentence=f"wrote version {issue} of the model card {name}: {status}",
        actor=who(card.get("LastModifiedBy")) or who(card.get("CreatedBy")),
        model=group,
        version=version,
        facts={"card": name, "version": issue, "status": status},
    )


def execution_of(execution: Answer, pipeline: str, steps: Sequence[Answer]) -> Happening | None:
    """That a pipeline ran: under the training job, and the package, that it made; None when it made neither."""
    arn = text(execution.get("PipelineExecutionArn"), 500)
    at = moment(execution.get("StartTime")) or moment(execution.get("CreationTime"))
    status = text(execution.get("PipelineExecutionStatus"))
    jobs, packages = made_by(steps)
    if not arn or at is None or not (jobs or packages) or EXECUTION_STATES.get(status) == "running":
        return None
    shown = [
        {
            "name": text(step.get("StepName"), 200),
            "status": text(step.get("StepStatus"), 40),
            "failed": text(step.get("FailureReason"), 300),
        }
        for step in steps[:MOST]
    ]
    return Happening(
        id=f"{arn}#{status}",
        at=at,
        kind="pipeline",
        sentence=f"ran the pipeline {pipeline}: {status or 'unknown'}",
        actor=who(execution.get("CreatedBy")),
        automatic=None if not trigger_of(execution) else False,
        step="train",
        outcome=EXECUTION_STATES.get(status, ""),
        version=packages[0] if packages else "",
        run=jobs[0] if jobs else "",
        facts={"pipeline": pipeline, "execution": arn, "steps": shown},
    )


def trigger_of(execution: Answer) -> str:
    """``person`` when a profile of Studio or an IAM user started the execution; empty when that cannot be told."""
    started = part(execution.get("CreatedBy"))
    user = ":user/" in text(part(started.get("IamIdentity")).get("Arn"))
    return "person" if started.get("UserProfileName") or user else ""


def made_by(steps: Sequence[Answer]) -> tuple[list[str], list[str]]:
    """The ARNs of training jobs, and of model packages, that the steps of an execution made."""
    jobs, packages = [], []
    for step in steps:
        made = part(step.get("Metadata"))
        job, package = text(part(made.get("TrainingJob")).get("Arn")), text(part(made.get("RegisterModel")).get("Arn"))
        jobs += [job] if job else []
        packages += [package] if package else []
    return jobs, packages
