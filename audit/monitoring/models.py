"""Uploads, the partitions that they became, and what each week's predictions and labels amount to.

A window that changes is never overwritten: the new row supersedes the old one, so "what did we believe on that day"
keeps its answer.
"""

from datetime import UTC, date

from django.db import models
from django.db.models import Q

from audit.base import clock
from audit.base.models import Record, Salted


class Kind(models.TextChoices):
    """What a file holds."""

    PREDICTIONS = "predictions", "Predictions"
    LABELS = "labels", "Labels"


class State(models.TextChoices):
    """How far an upload is."""

    RECEIVED = "received", "Received"
    IMPORTED = "imported", "Imported"
    FAILED = "failed", "Failed"


class Source(models.TextChoices):
    """Who worked a metric out: Tollgate from the prediction log, or someone else who sent it."""

    COMPUTED = "computed", "Computed"
    SENT = "sent", "Sent"


class Upload(Record, Salted):
    """A file as it came. ``version`` is the version number given with it (None: the file says).

    ``path`` is its place in the lake, ``digest`` its SHA-256 in hex. ``tries`` counts how often it was sent after a
    failure.
    """

    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="uploads")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    version = models.PositiveIntegerField(null=True)
    filename = models.CharField(max_length=200)
    path = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    error = models.TextField(blank=True)
    rows = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    actor_name = models.CharField(max_length=200)
    tries = models.PositiveSmallIntegerField(default=1)
    imported_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("model", "kind", "version", "digest"), nulls_distinct=False, name="monitoring_upload_content"
            ),
        )
        indexes = (models.Index(fields=("model", "-created_at"), name="monitoring_upload_newest"),)

    def __str__(self) -> str:
        return f"{self.filename} ({self.get_kind_display().lower()} of {self.model.slug})"


class Partition(Record):
    """One day (UTC, by the time of prediction) of one import, as a Parquet file in the lake.

    Labels have no version: a label belongs to the prediction's id, whichever versions predicted it. ``sequence`` orders
    the imports of a model: of two labels for one id the higher sequence holds. ``first_id`` and ``last_id`` bound the
    ids inside, in code point order.
    """

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="partitions")
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="partitions")
    version = models.ForeignKey(
        "catalogue.ModelVersion", on_delete=models.PROTECT, null=True, related_name="partitions"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    day = models.DateField()
    path = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    sequence = models.PositiveIntegerField()
    first_id = models.TextField()
    last_id = models.TextField()

    class Meta:
        ordering = ("-day", "-sequence")
        constraints = (
            models.UniqueConstraint(
                fields=("upload", "version", "day"), nulls_distinct=False, name="monitoring_partition_once"
            ),
        )
        indexes = (
            models.Index(fields=("model", "kind", "day"), name="monitoring_partition_day"),
            models.Index(fields=("version", "kind", "day"), name="monitoring_partition_version"),
            models.Index(fields=("model", "-sequence"), name="monitoring_partition_sequence"),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.day}"


class Window(Record):
    """What a version did in [start, end): counts over its labelled predictions; the current row is not superseded.

    The confusion counts are at ``threshold`` and None for a regression; error sums (prediction minus truth, in the
    model's unit) are None for a classification.
    """

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="windows")
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.COMPUTED)
    start = models.DateTimeField()
    end = models.DateTimeField()
    predictions = models.BigIntegerField(default=0)
    labelled = models.BigIntegerField(default=0)
    threshold = models.FloatField(null=True)
    tp = models.BigIntegerField(null=True)
    fp = models.BigIntegerField(null=True)
    fn = models.BigIntegerField(null=True)
    tn = models.BigIntegerField(null=True)
    error_sum = models.FloatField(null=True)
    absolute_error_sum = models.FloatField(null=True)
    squared_error_sum = models.FloatField(null=True)
    recorded_at = models.DateTimeField(default=clock.now)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("start", "version__number")
        constraints = (
            models.UniqueConstraint(
                fields=("version", "source", "start", "end"),
                condition=Q(superseded_at=None),
                name="monitoring_window_current",
            ),
        )
        indexes = (models.Index(fields=("start",), condition=Q(superseded_at=None), name="monitoring_window_start"),)

    @property
    def week(self) -> date:
        """The Monday with which it begins, in UTC: the same day for viewers in every zone."""
        return self.start.astimezone(UTC).date()

    def __str__(self) -> str:
        return f"{self.version}, week of {self.start:%-d %B %Y}"

    @property
    def labelled_share(self) -> float | None:
        """The share of predictions whose truth is known, 0 to 1; None when there are no predictions."""
        return self.labelled / self.predictions if self.predictions else None


class Measurement(models.Model):
    """A metric of a window with its 95% interval. None means undefined, which is not zero.

    ``variant`` says how it was worked out (empty: by whoever sent it). ``error`` is how far it may lie from the figure
    of the rows, because scores are in bins; None where it is exact.
    """

    window = models.ForeignKey(Window, on_delete=models.CASCADE, related_name="measurements")
    metric = models.CharField(max_length=60)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.BigIntegerField()
    variant = models.CharField(max_length=60, blank=True)
    error = models.FloatField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("window", "metric"), name="monitoring_measurement_once"),)

    def __str__(self) -> str:
        return f"{self.metric} of {self.window}"


class ServedWeek(Record):
    """A week of a model as its pages show it: the main metric of the version that served, and the state that it gave.

    It follows from windows, periods of the alias and thresholds, and is written again with each of them.
    """

    model = models.ForeignKey("catalogue.Model", on_delete=models.CASCADE, related_name="served_weeks")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.CASCADE, related_name="served_weeks")
    version_number = models.PositiveIntegerField()
    start = models.DateTimeField()
    end = models.DateTimeField()
    metric = models.CharField(max_length=60)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.BigIntegerField()
    predictions = models.BigIntegerField()
    labelled = models.BigIntegerField()
    state = models.CharField(max_length=10)

    class Meta:
        ordering = ("model", "start")
        constraints = (models.UniqueConstraint(fields=("model", "start"), name="monitoring_served_week_once"),)
        indexes = (models.Index(fields=("start",), name="monitoring_served_week_start"),)

    def __str__(self) -> str:
        return f"{self.model}, week of {self.start:%-d %B %Y}"


from audit.monitoring.estimate_models import EstimateDay, EstimateFit, EstimateWeek  # noqa: E402, F401
from audit.monitoring.input_models import ColumnWeek, DayProfile, InputWeek, Reference  # noqa: E402, F401
from audit.monitoring.mapping_models import LogMapping  # noqa: E402, F401
from audit.monitoring.outcome_models import (  # noqa: E402, F401
    FairnessWeek,
    OutcomeDay,
    OutcomeMonth,
    SliceFigure,
)
from audit.monitoring.quality_models import (  # noqa: E402, F401
    ConceptSign,
    ConceptState,
    FeatureImportance,
    QualityFinding,
    QualityWeek,
    ShiftWeek,
)
from audit.monitoring.service_models import ServiceDay, ServiceHour  # noqa: E402, F401
