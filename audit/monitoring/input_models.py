"""What models were asked: the reference that inputs are held against, a profile of each day, and each week's drift."""

from django.db import models
from django.db.models import Q

from audit.base import clock
from audit.base.models import Record, Salted


class Reference(Record, Salted):
    """What a version's inputs are compared with, and the profile of it in the lake; one of a version counts now.

    ``since`` and ``until`` bound its rows (UTC; None for a profile that was sent). Under ``season`` they are those that
    the edges come from, and each week is compared with the weeks around it a year before.
    """

    class Kind(models.TextChoices):
        TRAINING = "training", "What it learned from"
        PERIOD = "period", "A period"
        SEASON = "season", "The same season a year before"
        SENT = "sent", "A profile that was sent"

    class State(models.TextChoices):
        BUILDING = "building", "Being read"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="references")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    chosen_by = models.CharField(max_length=200)
    by_default = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.BUILDING)
    error = models.TextField(blank=True)
    rows = models.BigIntegerField(null=True)
    path = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("version",), condition=Q(replaced_at=None), name="monitoring_reference_current"
            ),
        )

    def __str__(self) -> str:
        if self.since is None or self.until is None:
            return self.get_kind_display()
        return f"{self.get_kind_display()}, {self.since:%-d %B %Y} to {self.until:%-d %B %Y}"

    @property
    def words(self) -> str:
        """As it stands in a sentence: "a period, 7 January 2013 to 4 February 2013"."""
        whole = str(self)
        return whole[:1].lower() + whole[1:]


class DayProfile(Record):
    """A day (UTC) of a version's inputs as a profile in the lake, cut at the edges of a reference.

    ``evidence`` is the SHA-256 in hex of what it was made from: the digests of the day's files; of a profile that was
    sent, its own.
    """

    class Source(models.TextChoices):
        ROWS = "rows", "Read from rows"
        SENT = "sent", "Sent instead of rows"

    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="days")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.CASCADE, related_name="day_profiles")
    day = models.DateField()
    source = models.CharField(max_length=4, choices=Source.choices, default=Source.ROWS)
    evidence = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    path = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    computed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("reference", "version", "day"), name="monitoring_day_profile_once"),
        )

    def __str__(self) -> str:
        return f"{self.version}, {self.day}"


class InputWeek(Record):
    """A week of a version's inputs against a reference: how many columns moved. ``digest`` seals its columns' rows.

    ``evidence`` is the SHA-256 in hex of the profiles that it was merged from.
    """

    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="weeks")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="input_weeks")
    start = models.DateTimeField()
    end = models.DateTimeField()
    rows = models.BigIntegerField()
    columns = models.PositiveIntegerField()
    watch = models.PositiveIntegerField()
    bad = models.PositiveIntegerField()
    evidence = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    computed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("start",)
        constraints = (
            models.UniqueConstraint(fields=("reference", "version", "start"), name="monitoring_input_week_once"),
        )
        indexes = (models.Index(fields=("version", "start"), name="monitoring_input_week_start"),)

    def __str__(self) -> str:
        return f"{self.version}, inputs of the week of {self.start:%-d %B %Y}"


class ColumnWeek(models.Model):
    """A column in such a week: how it moved by ``variant``, and by the others (``statistics``: variant -> figures).

    ``shape`` holds both distributions for drawing: edges or names, shares of the reference, shares of the week.
    """

    class Role(models.TextChoices):
        FEATURE = "feature", "Feature"
        SCORE = "score", "Score"
        PREDICTION = "prediction", "Prediction"

    week = models.ForeignKey(InputWeek, on_delete=models.CASCADE, related_name="column_weeks")
    column = models.CharField(max_length=200)
    role = models.CharField(max_length=10, choices=Role.choices)
    kind = models.CharField(max_length=10)
    n = models.BigIntegerField()
    nulls = models.BigIntegerField()
    infinite = models.BigIntegerField()
    n_reference = models.BigIntegerField()
    variant = models.CharField(max_length=30)
    value = models.FloatField(null=True)
    error = models.FloatField(null=True)
    state = models.CharField(max_length=10)
    statistics = models.JSONField(default=dict)
    shape = models.JSONField(default=dict)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("week", "column"), name="monitoring_column_week_once"),)

    def __str__(self) -> str:
        return f"{self.column}, {self.week}"
