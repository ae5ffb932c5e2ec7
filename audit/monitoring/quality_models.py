"""Whether a week's data are sound, whether errors changed, what answers rest on, and whether all columns moved."""

from django.db import models

from audit.base import clock
from audit.base.models import Record


class QualityWeek(Record):
    """The checks of a version's week from Monday 00:00 UTC; ``reference`` is None where nothing says what is usual.

    ``faults`` counts the findings that say that the data are wrong, ``watch`` those that only stand out, ``unknown``
    those that could not be judged. ``evidence`` is the SHA-256 in hex of what it follows from, ``digest`` seals its
    findings.
    """

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="quality_weeks")
    reference = models.ForeignKey(
        "monitoring.Reference", on_delete=models.PROTECT, null=True, related_name="quality_weeks"
    )
    start = models.DateTimeField()
    end = models.DateTimeField()
    rows = models.BigIntegerField()
    checks = models.PositiveIntegerField()
    faults = models.PositiveIntegerField()
    watch = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()
    evidence = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    computed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("start",)
        constraints = (models.UniqueConstraint(fields=("version", "start"), name="monitoring_quality_week_once"),)

    def __str__(self) -> str:
        return f"{self.version}, data of the week of {self.start:%-d %B %Y}"


class QualityFinding(models.Model):
    """One check of such a week: ``outcome`` is ok, watch, broken or unknown; ``column`` is empty for the whole week.

    ``value`` and ``bound`` are in the check's own unit: a share of rows, rows, minutes, files, or the factor of a unit.
    """

    week = models.ForeignKey(QualityWeek, on_delete=models.CASCADE, related_name="findings")
    check_name = models.CharField(max_length=12)
    column = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=8)
    value = models.FloatField(null=True)
    bound = models.FloatField(null=True)
    n = models.BigIntegerField()
    sentence = models.TextField()
    is_fault = models.BooleanField(default=False)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.sentence


class ConceptState(models.Model):
    """How far a detector has followed a version's errors: all days up to ``upto``, each once, and what it learned.

    ``scale`` is the standard deviation of the first errors, which is Page-Hinkley's unit. ``sequence`` is the newest
    import of labels that it knew; ``late`` counts labels of days that it had followed by then.
    """

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.CASCADE, related_name="concept_states")
    method = models.CharField(max_length=12)
    upto = models.DateField()
    state = models.JSONField()
    scale = models.FloatField()
    sequence = models.PositiveIntegerField()
    late = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("version", "method"), name="monitoring_concept_state_once"),)

    def __str__(self) -> str:
        return f"{self.version}, {self.method} up to {self.upto}"


class ConceptSign(Record):
    """A detector's warning or change on ``at`` (a day, UTC): the mean error before it and as it sees it now.

    ``n`` counts the errors that it had followed by then. The error is 1 for a wrong class and 0 for a right one, or the
    absolute error in the model's unit.
    """

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="concept_signs")
    method = models.CharField(max_length=12)
    at = models.DateField()
    sign = models.CharField(max_length=8)
    before = models.FloatField(null=True)
    mean = models.FloatField(null=True)
    n = models.BigIntegerField()

    class Meta:
        ordering = ("at", "created_at")

    def __str__(self) -> str:
        return f"{self.version}, {self.method}: {self.sign} on {self.at:%-d %B %Y}"


class FeatureImportance(Record):
    """How much the answers of a version rest on each column: permutation importance, as its training run told it.

    ``columns`` maps a column to {"mean", "sd"}: how much worse ``metric`` gets, in its unit, when the column's values
    are shuffled (``repeats`` times, over ``n`` rows); sd is null for one shuffle.
    """

    version = models.OneToOneField("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="importance")
    columns = models.JSONField(default=dict)
    metric = models.CharField(max_length=60)
    repeats = models.PositiveIntegerField()
    n = models.BigIntegerField()
    source = models.CharField(max_length=200)
    computed_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"Importance of the columns of {self.version}"


class ShiftWeek(Record):
    """How well a classifier tells a version's week from its reference, all columns taken together.

    ``value`` is the area under the ROC curve with its 95% interval (0.5: not at all); None where there are too few
    rows. ``n_reference`` and ``n_current`` are the rows there were, of which at most ``used`` of either side were read.
    """

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="shift_weeks")
    reference = models.ForeignKey("monitoring.Reference", on_delete=models.PROTECT, related_name="shift_weeks")
    start = models.DateTimeField()
    end = models.DateTimeField()
    variant = models.CharField(max_length=30)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p = models.FloatField(null=True)
    n_reference = models.BigIntegerField()
    n_current = models.BigIntegerField()
    used = models.BigIntegerField()
    columns = models.PositiveIntegerField()
    evidence = models.CharField(max_length=64)
    computed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("start",)
        constraints = (
            models.UniqueConstraint(fields=("reference", "version", "start"), name="monitoring_shift_week_once"),
        )

    def __str__(self) -> str:
        return f"{self.version}, inputs as a whole in the week of {self.start:%-d %B %Y}"
