"""The catalogue as the API says it: what is taken in is checked here, what is given out copies the records."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field, FiniteFloat

from audit.catalogue.comparing import Comparison
from audit.catalogue.domain.completeness import PARTS
from audit.catalogue.models import (
    AliasPeriod,
    Dataset,
    DatasetVersion,
    Deployment,
    Model,
    ModelVersion,
    Pipeline,
    PipelineRun,
    UseCase,
)
from audit.catalogue.production import Answer
from audit.catalogue.provenance import completeness_of, environment_digest

Slug = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[a-z0-9][a-z0-9_-]*$", examples=["late-arrival"])]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in lower-case hex")]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Location = Annotated[str, Field(min_length=1, max_length=500, description="Where it lies: a path or an address")]
Text = Annotated[str, Field(max_length=10_000)]
Email = Annotated[str, Field(max_length=254, description="The e-mail of a user")]


class UseCaseIn(Schema):
    """A business problem."""

    team: Slug = Field(description="The team that answers for it")
    slug: Slug
    name: Name
    problem: Text
    value_hypothesis: Text = ""


class UseCaseOut(Schema):
    """A business problem that models are built for."""

    id: UUID
    team: str
    slug: str
    name: str
    problem: str
    value_hypothesis: str
    created_at: AwareDatetime

    @staticmethod
    def resolve_team(row: UseCase) -> str:
        """The team's short name."""
        return row.team.slug


class ModelIn(Schema):
    """A model of a use case."""

    use_case: Slug
    slug: Slug
    name: Name
    task: Literal["classification", "regression", "multiclass"]
    outcome: Name = Field(description="What a positive is, or what is estimated, in words")
    unit: str = Field("", max_length=40, description="The unit of an estimate")
    features: dict[Name, Literal["number", "category"]] = {}
    threshold: FiniteFloat | None = Field(None, description="The score from which a classification is positive")
    owner: Email | None = Field(None, description="E-mail of the owner; yours, when left out")


class ModelOut(Schema):
    """A model."""

    id: UUID
    use_case: str
    team: str
    slug: str
    name: str
    task: str
    outcome: str
    unit: str
    features: dict[str, str]
    threshold: float | None
    owner: str | None
    created_at: AwareDatetime

    @staticmethod
    def resolve_use_case(row: Model) -> str:
        """The use case's short name."""
        return row.use_case.slug

    @staticmethod
    def resolve_team(row: Model) -> str:
        """The team's short name."""
        return row.use_case.team.slug

    @staticmethod
    def resolve_owner(row: Model) -> str | None:
        """The owner's e-mail; None when nobody is known to own it."""
        return row.owner.email if row.owner else None


class DatasetIn(Schema):
    """A named collection of data."""

    team: Slug
    slug: Slug
    name: Name
    description: Text = ""
    owner: Email | None = Field(None, description="E-mail of who answers for it; nobody, when left out")
    sensitivity: Literal["", "public", "internal", "confidential", "secret"] = Field("", description="Empty: unknown")


class DatasetChange(Schema):
    """What is to be said of a data set; what is left out stays as it is."""

    owner: Email | None = Field(None, description="E-mail of who answers for it; null: nobody known")
    sensitivity: Literal["", "public", "internal", "confidential", "secret"] = Field("", description="Empty: unknown")
    description: Text = ""


class DatasetOut(Schema):
    """A named collection of data."""

    id: UUID
    team: str
    slug: str
    name: str
    description: str
    owner: str | None
    sensitivity: str = Field(description="Empty: unknown")
    created_at: AwareDatetime

    @staticmethod
    def resolve_owner(row: Dataset) -> str | None:
        """The owner's e-mail."""
        return row.owner.email if row.owner else None

    @staticmethod
    def resolve_team(row: Dataset) -> str:
        """The team's short name."""
        return row.team.slug


class DatasetVersionIn(Schema):
    """A dataset as it is now."""

    digest: Digest
    location: Location
    rows: Count
    columns: dict[Name, Name] = Field({}, description="Name and type of each column")
    data_from: AwareDatetime | None = None
    data_until: AwareDatetime | None = None


class DatasetVersionOut(Schema):
    """A dataset as it was."""

    id: UUID
    dataset: str
    number: int
    digest: str
    location: str
    rows: int | None
    columns: dict[str, str]
    data_from: AwareDatetime | None
    data_until: AwareDatetime | None
    created_at: AwareDatetime

    @staticmethod
    def resolve_dataset(row: DatasetVersion) -> str:
        """The dataset's short name."""
        return row.dataset.slug


class PipelineIn(Schema):
    """A way to train versions of a model."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    engine: Annotated[str, Field(min_length=1, max_length=40)] = Field(description="What runs it, such as “local”")
    parameters: dict[str, Any] = {}


class PipelineOut(Schema):
    """A way to train versions of a model."""

    id: UUID
    model: str
    name: str
    engine: str
    parameters: dict[str, Any]
    created_at: AwareDatetime

    @staticmethod
    def resolve_model(row: Pipeline) -> str:
        """The model's short name."""
        return row.model.slug


class RunIn(Schema):
    """The start of a run. The same key starts it once."""

    key: Annotated[str, Field(min_length=1, max_length=200)]
    trigger: Annotated[str, Field(min_length=1, max_length=40)] = "api"
    parameters: dict[str, Any] = {}


class RunEnd(Schema):
    """How a run went."""

    state: Literal["succeeded", "failed"]
    inputs: list[UUID] = Field([], description="Ids of the dataset versions that went in")
    compute_seconds: Annotated[FiniteFloat, Field(ge=0)] | None = None
    code_version: str = Field("", max_length=80, description="The commit that ran")
    repository: str = Field("", max_length=500, description="Address of the repository that the commit is in")
    environment: dict[str, str] = {}


class RunOut(Schema):
    """One run of a pipeline."""

    id: UUID
    model: str
    pipeline: str
    key: str
    state: str
    trigger: str
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    compute_seconds: float | None
    parameters: dict[str, Any]
    code_version: str
    repository: str
    environment: dict[str, Any]
    environment_digest: str = Field(description="SHA-256 of the environment as canonical JSON; empty when unknown")
    inputs: list[UUID]

    @staticmethod
    def resolve_model(row: PipelineRun) -> str:
        """The model's short name."""
        return row.pipeline.model.slug

    @staticmethod
    def resolve_pipeline(row: PipelineRun) -> str:
        """The pipeline's name."""
        return row.pipeline.name

    @staticmethod
    def resolve_environment_digest(row: PipelineRun) -> str:
        """The digest of its libraries."""
        return environment_digest(row.environment)

    @staticmethod
    def resolve_inputs(row: PipelineRun) -> list[UUID]:
        """Ids of the dataset versions that went in."""
        return [data.pk for data in row.inputs.all()]


class VersionIn(Schema):
    """A trained version."""

    artefact: Location
    artefact_digest: Digest
    artefact_bytes: Count = 0
    author: Email | None = Field(None, description="E-mail of who trained it; yours, when left out")
    run: UUID | None = Field(None, description="Id of the pipeline run that made it; one run makes one version")
    training_data: list[UUID] = Field([], description="Ids of the dataset versions that it learned from")
    derived_from: UUID | None = Field(None, description="Id of the version whose weights it began with")
    parameters: dict[str, Any] = {}
    metrics: dict[Name, FiniteFloat] = {}
    data_from: AwareDatetime | None = None
    data_until: AwareDatetime | None = None
    notes: Text = ""


class CompleteOut(Schema):
    """What of a version's origin is on record."""

    share: float = Field(description="The share of its parts that is on record, from 0 to 1")
    missing: list[str] = Field(description=f"Those that are not, of {', '.join(part.key for part in PARTS)}")


class VersionOut(Schema):
    """A trained version."""

    id: UUID
    model: str
    number: int
    artefact: str
    artefact_digest: str
    artefact_bytes: int
    author: str | None
    run: UUID | None
    training_data: list[UUID]
    derived_from: UUID | None
    parameters: dict[str, Any]
    metrics: dict[str, float]
    data_from: AwareDatetime | None
    data_until: AwareDatetime | None
    notes: str
    complete: CompleteOut = Field(description="What of its origin is on record")
    created_at: AwareDatetime

    @staticmethod
    def resolve_complete(row: ModelVersion) -> CompleteOut:
        """What is on record, and what is missing."""
        found = completeness_of(row)
        return CompleteOut(share=found.share, missing=[part.key for part in found.missing])

    @staticmethod
    def resolve_model(row: ModelVersion) -> str:
        """The model's short name."""
        return row.model.slug

    @staticmethod
    def resolve_author(row: ModelVersion) -> str | None:
        """The author's e-mail; None when the author is no user here."""
        return row.author.email if row.author else None

    @staticmethod
    def resolve_run(row: ModelVersion) -> UUID | None:
        """The id of the run that made it."""
        return row.run_id

    @staticmethod
    def resolve_derived_from(row: ModelVersion) -> UUID | None:
        """The id of the version whose weights it began with."""
        return row.derived_from_id

    @staticmethod
    def resolve_training_data(row: ModelVersion) -> list[UUID]:
        """Ids of the dataset versions that it learned from."""
        return [data.pk for data in row.training_data.all()]


class AliasIn(Schema):
    """Where a name points from now on."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    since: AwareDatetime | None = Field(None, description="From when; now, when left out")
    reason: Text = ""


class AliasOut(Schema):
    """A name that pointed at a version for a time."""

    model: str
    alias: str
    version: int
    since: AwareDatetime
    until: AwareDatetime | None
    recorded_at: AwareDatetime

    @staticmethod
    def resolve_model(row: AliasPeriod) -> str:
        """The model's short name."""
        return row.model.slug

    @staticmethod
    def resolve_version(row: AliasPeriod) -> int:
        """The version's number."""
        return row.version.number

    @staticmethod
    def resolve_recorded_at(row: AliasPeriod) -> Any:
        """When we learned of it."""
        return row.created_at


class DeploymentIn(Schema):
    """A version that runs somewhere."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    environment: Literal["production", "staging", "shadow"]
    mode: Literal["online", "batch"]
    since: AwareDatetime | None = Field(None, description="From when; now, when left out")
    replace: bool = Field(True, description="Whether the model's other versions stop there at that moment")
    reason: Text = ""


class DeploymentEnd(Schema):
    """When a deployment ended."""

    until: AwareDatetime | None = Field(None, description="Until when; now, when left out")
    reason: Text = ""


class DeploymentOut(Schema):
    """A version that runs, or ran, somewhere."""

    id: UUID
    model: str
    version: int
    environment: str
    mode: str
    since: AwareDatetime
    until: AwareDatetime | None
    recorded_at: AwareDatetime

    @staticmethod
    def resolve_model(row: Deployment) -> str:
        """The model's short name."""
        return row.version.model.slug

    @staticmethod
    def resolve_version(row: Deployment) -> int:
        """The version's number."""
        return row.version.number

    @staticmethod
    def resolve_recorded_at(row: Deployment) -> Any:
        """When we learned of it."""
        return row.created_at


class RecordOut(Schema):
    """A record that says that a version was in production, as it was known."""

    what: str
    since: AwareDatetime
    until: AwareDatetime | None
    recorded_at: AwareDatetime
    end_recorded_at: AwareDatetime | None


class LineOut(Schema):
    """One part of the answer: who allowed it, the evidence, the cost."""

    label: str
    words: str
    url: str = Field(description="The page that tells more; empty for none")


class HeldOut(Schema):
    """A version that was in production."""

    version: int
    since: AwareDatetime
    until: AwareDatetime | None = Field(description="Null: no end of it was known")
    records: list[RecordOut]
    lines: list[LineOut]


class ProductionOut(Schema):
    """What was in production on a day."""

    model: str
    on: date
    known: date | None
    words: list[str]
    versions: list[HeldOut]

    @staticmethod
    def of(answer: Answer) -> "ProductionOut":
        """The answer as the API says it."""
        versions = [
            HeldOut(
                version=held.version.number,
                since=held.since,
                until=held.until,
                records=[
                    RecordOut(
                        what=one.what,
                        since=one.span.since,
                        until=one.span.until,
                        recorded_at=one.span.recorded_at,
                        end_recorded_at=one.span.end_recorded_at,
                    )
                    for one in held.records
                ],
                lines=[LineOut(label=line.label, words=line.words, url=line.url) for line in held.lines],
            )
            for held in answer.held
        ]
        return ProductionOut(
            model=answer.model.slug, on=answer.day, known=answer.known, words=answer.sentences, versions=versions
        )


class ChangeOut(Schema):
    """One thing that differs; null is absent on that side."""

    name: str
    before: Any = None
    after: Any = None
    difference: float | None = Field(None, description="After minus before, of two numbers")


class PartOut(Schema):
    """A part of two versions."""

    part: str
    outcome: Literal["changed", "same", "unknown"]
    why: str = Field(description="Why nobody can say; empty unless unknown")
    changes: list[ChangeOut]


class ComparisonOut(Schema):
    """What changed from version a to version b."""

    model: str
    a: int
    b: int
    words: str
    compare_url: str = Field(description="Where the repository's host shows the changes of the code; empty for none")
    parts: list[PartOut]

    @staticmethod
    def of(found: Comparison) -> "ComparisonOut":
        """The comparison as the API says it."""
        parts = [
            PartOut(
                part=part.key,
                outcome=part.outcome.value,
                why=part.why,
                changes=[
                    ChangeOut(name=one.name, before=one.before, after=one.after, difference=one.difference)
                    for one in part.changes
                ],
            )
            for part in found.parts
        ]
        return ComparisonOut(
            model=found.b.model.slug,
            a=found.a.number,
            b=found.b.number,
            words=found.summary,
            compare_url=found.url,
            parts=parts,
        )
