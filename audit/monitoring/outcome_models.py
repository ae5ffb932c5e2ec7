"""What predictions came to: a merged day and month of a version, the groups of a week, and whether they fare alike.

``figures`` is a JSON object everywhere: ``threshold`` (None: 0.5 decides), ``counts`` (tp, fp, fn, tn and flagged where
the model answers yes or no) and ``metrics``: name -> value, low, high, n, and error, which is how far the value may lie
from that of the rows. A model with more than two classes has ``classes`` too: name -> metrics. The metric's name says
its variant (``domain.meaning.VARIANTS``).
"""

from django.db import models

from audit.base import clock
from audit.base.models import Record


class OutcomeDay(Record):
    """A day (UTC) of a version's predictions with the newest labels, as a document in the lake that merges.

    ``evidence`` is the SHA-256 in hex of what it was made from: files of predictions, labels that may touch the day,
    and the columns by which it is cut.
    """

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.CASCADE, related_name="outcome_days")
    day = models.DateField()
    evidence = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    labelled = models.BigIntegerField()
    figures = models.JSONField(default=dict)
    path = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    computed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("day",)
        constraints = (models.UniqueConstraint(fields=("version", "day"), name="monitoring_outcome_day_once"),)

    def __str__(self) -> str:
        return f"{self.version}, outcomes of {self.day}"


class OutcomeMonth(Record):
    """A month (UTC) of a version, merged from ``days`` days, which ``evidence`` seals; ``start`` is its first day."""

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.CASCADE, related_name="outcome_months")
    start = models.DateField()
    days = models.PositiveSmallIntegerField()
    evidence = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    labelled = models.BigIntegerField()
    figures = models.JSONField(default=dict)
    computed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("start",)
        constraints = (models.UniqueConstraint(fields=("version", "start"), name="monitoring_outcome_month_once"),)

    def __str__(self) -> str:
        return f"{self.version}, outcomes of {self.start:%B %Y}"


class SliceFigure(models.Model):
    """A group of a week's predictions: those with ``value`` in ``column``. A week has those of its current window.

    One row, of no column, is the whole week.
    """

    class Kind(models.TextChoices):
        WHOLE = "whole", "All predictions"
        VALUE = "value", "Value"
        UNKNOWN = "unknown", "Unknown"
        OTHERS = "others", "All others"

    window = models.ForeignKey("monitoring.Window", on_delete=models.CASCADE, related_name="slices")
    column = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.TextField(blank=True)
    predictions = models.BigIntegerField()
    labelled = models.BigIntegerField()
    figures = models.JSONField(default=dict)
    computed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("window", "column", "kind", "value"), name="monitoring_slice_once"),
        )

    def __str__(self) -> str:
        return f"{self.column} {self.words}"

    @property
    def words(self) -> str:
        """The group for people."""
        if self.kind == self.Kind.VALUE:
            return self.value
        return str(self.Kind(self.kind).label).lower()


class FairnessWeek(models.Model):
    """A gap between the groups of a protected attribute in a week: one row for each metric, current ones alone.

    ``highest`` and ``lowest`` are the groups with the largest difference, by ``rate``; groups with fewer than
    ``minimum`` rows decide nothing and stand in ``too_small`` (rate -> names). ``value`` is None with fewer than two
    groups that decide. ``n`` counts the rows of the two groups.
    """

    window = models.ForeignKey("monitoring.Window", on_delete=models.CASCADE, related_name="fairness")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.CASCADE, related_name="fairness_weeks")
    start = models.DateTimeField()
    column = models.CharField(max_length=200)
    metric = models.CharField(max_length=60)
    variant = models.CharField(max_length=60)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.BigIntegerField()
    threshold = models.FloatField(null=True)
    rate = models.CharField(max_length=40, blank=True)
    highest = models.TextField(blank=True)
    lowest = models.TextField(blank=True)
    minimum = models.PositiveIntegerField()
    too_small = models.JSONField(default=dict)
    computed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("start", "pk")
        constraints = (
            models.UniqueConstraint(fields=("version", "start", "column", "metric"), name="monitoring_fairness_once"),
        )

    def __str__(self) -> str:
        return f"{self.metric} by {self.column}, {self.version}, week of {self.start:%-d %B %Y}"
