"""The catalogue's records. What changes over time carries two times: when it was true, and when we learned of it."""

from django.db import models
from django.db.models import Q

from audit.base import clock
from audit.base.models import Record, Salted


class Task(models.TextChoices):
    """What a model predicts."""

    CLASSIFICATION = "classification", "Classification"
    REGRESSION = "regression", "Regression"
    MULTICLASS = "multiclass", "Classification into more than two classes"


class Environment(models.TextChoices):
    """Where a version runs."""

    PRODUCTION = "production", "Production"
    STAGING = "staging", "Staging"
    SHADOW = "shadow", "Shadow"


class Mode(models.TextChoices):
    """How a version answers."""

    ONLINE = "online", "Online"
    BATCH = "batch", "Batch"


class Sensitivity(models.TextChoices):
    """Who data may be shown to; blank is unknown."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"
    CONFIDENTIAL = "confidential", "Confidential"
    SECRET = "secret", "Secret"


class UseCase(Record):
    """A business problem that models are built for; its team owns everything below it.

    One of a team's may be ``unassigned``: it holds the models that a source told of and nobody has given a use case.
    """

    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="use_cases")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    problem = models.TextField()
    value_hypothesis = models.TextField(blank=True)
    unassigned = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("team",), condition=Q(unassigned=True), name="catalogue_unassigned_once"),
        )

    def __str__(self) -> str:
        return self.name


class Model(Record):
    """A model of a use case, whatever its version.

    ``features`` maps each input's name to "number" or "category". ``threshold`` is the score from which a
    classification counts as positive. ``outcome`` says in words what a positive is, or what is estimated; ``unit``
    is the unit of an estimate. What a source does not tell is blank (``task``, ``outcome``) or None (``owner``).
    """

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="models")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    task = models.CharField(max_length=20, choices=Task.choices, blank=True)
    owner = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="owned_models")
    outcome = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    features = models.JSONField(default=dict)
    threshold = models.FloatField(null=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def owner_name(self) -> str:
        """Who answers for it; empty when unknown."""
        return self.owner.name if self.owner else ""

    @property
    def inputs(self) -> dict[str, str]:
        """The features in the order of the alphabet: PostgreSQL keeps members of an object in an order of its own."""
        return dict(sorted(self.features.items()))


class Dataset(Record):
    """A named collection of data, with who answers for it and how sensitive it is, where that is known."""

    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="datasets")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    owner = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="owned_datasets")
    sensitivity = models.CharField(max_length=20, choices=Sensitivity.choices, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class DatasetVersion(Record):
    """A dataset as it was: its content's digest, its rows, its columns, and the time that it covers.

    The digest is a SHA-256 in hex, or what the source that told of it calls its digest; ``rows`` is None when unknown.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    location = models.CharField(max_length=500)
    rows = models.BigIntegerField(null=True)
    columns = models.JSONField(default=dict)
    data_from = models.DateTimeField(null=True)
    data_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("dataset", "-number")
        constraints = (
            models.UniqueConstraint(fields=("dataset", "number"), name="catalogue_dataset_version_number"),
            models.UniqueConstraint(fields=("dataset", "digest"), name="catalogue_dataset_version_content"),
        )

    def __str__(self) -> str:
        return f"{self.dataset} v{self.number}"


class Pipeline(Record):
    """A way to train versions of a model. ``engine`` runs it; ``parameters`` are the engine's."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="pipelines")
    name = models.CharField(max_length=100)
    engine = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("model", "name"), name="catalogue_pipeline_name"),)

    def __str__(self) -> str:
        return self.name


class RunState(models.TextChoices):
    """How a pipeline run went."""

    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class PipelineRun(Record):
    """One run of a pipeline: what went in, with which parameters and code, when, started by whom.

    ``code_version`` is the commit and ``repository`` the address that it is in: both belong to the run that executed
    them, and a version has them through its run.
    """

    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="runs")
    key = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=RunState.choices)
    trigger = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    compute_seconds = models.FloatField(null=True)
    parameters = models.JSONField(default=dict)
    code_version = models.CharField(max_length=80, blank=True)
    repository = models.CharField(max_length=500, blank=True)
    environment = models.JSONField(default=dict)
    inputs = models.ManyToManyField(DatasetVersion, related_name="used_by")

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.pipeline} {self.started_at:%Y-%m-%d %H:%M}"


class ModelVersion(Record, Salted):
    """A trained version: its artefact's SHA-256, its author, the data it learned from, its metrics at training.

    ``derived_from`` is the version, of this or another model, whose weights it began with; None when none is known.
    A source may know neither the digest (blank) nor an ``author`` who is a user here (None); ``registered_by`` then is
    what the source calls them.
    """

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    artefact = models.CharField(max_length=500)
    artefact_digest = models.CharField(max_length=64, blank=True)
    artefact_bytes = models.BigIntegerField(default=0)
    author = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="authored_versions")
    registered_by = models.CharField(max_length=254)
    run = models.ForeignKey(PipelineRun, on_delete=models.PROTECT, null=True, related_name="versions")
    training_data = models.ManyToManyField(DatasetVersion, related_name="trained")
    derived_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="derived")
    parameters = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    data_from = models.DateTimeField(null=True)
    data_until = models.DateTimeField(null=True)
    notes = models.TextField(blank=True)

    class Meta:
        ordering = ("model", "-number")
        constraints = (models.UniqueConstraint(fields=("model", "number"), name="catalogue_version_number"),)

    def __str__(self) -> str:
        return f"{self.model} v{self.number}"

    @property
    def author_name(self) -> str:
        """Who trained it: a user here, or as the source calls them; empty when unknown."""
        return self.author.name if self.author else self.registered_by


class AliasPeriod(Record):
    """A name ("production") that pointed at a version from ``since`` until ``until`` (empty: still does)."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="aliases")
    alias = models.SlugField(max_length=40)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="aliases")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ended_recorded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-since",)
        constraints = (
            models.UniqueConstraint(fields=("model", "alias"), condition=Q(until=None), name="catalogue_alias_once"),
        )

    def __str__(self) -> str:
        return f"{self.alias} of {self.model}: v{self.version.number}"


class Deployment(Record, Salted):
    """A version that runs in an environment from ``since`` until ``until`` (empty: still runs).

    ``created_at`` and ``ended_recorded_at`` say when we learned of either. ``endpoint`` is what answers there, by its
    name in the system that runs it, and ``share`` the part of its traffic, 0 to 1; blank and None where nobody told.
    """

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    environment = models.CharField(max_length=20, choices=Environment.choices)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    endpoint = models.CharField(max_length=200, blank=True)
    share = models.FloatField(null=True)
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True)
    ended_recorded_at = models.DateTimeField(null=True)
    actor_id = models.CharField(max_length=254)

    class Meta:
        ordering = ("-since",)
        constraints = (
            models.UniqueConstraint(
                fields=("version", "environment", "mode", "endpoint"),
                condition=Q(until=None),
                name="catalogue_deployment_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} in {self.environment}"

    @property
    def place(self) -> str:
        """Where it runs, in words: "Production, online", with the endpoint and its share of the traffic where known."""
        share = "" if self.share is None else f", {self.share:.0%} of the traffic"
        at = f": {self.endpoint}{share}" if self.endpoint else ""
        return f"{self.get_environment_display()}, {self.get_mode_display().lower() or 'how is unknown'}{at}"
