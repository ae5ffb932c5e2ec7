"""How a version is likely doing before its labels come: what an estimator learned, and what it said of each week."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from audit.base import clock
from audit.base.models import Record


class EstimateFit(Record):
    """What was learned from labelled weeks of a version, once; one of a version counts now, the others keep their rows.

    ``weeks`` are the Mondays (ISO dates, UTC) that it learned from: those of ``reference``, or the version's first
    labelled ones (None). ``bounds`` are where each metric lay in them by labels, ``usual`` where estimates of it lay
    (metric -> low, high, windows). ``evidence`` is the SHA-256 in hex of what it follows from, ``digest`` that of the
    document in the lake.
    """

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="estimate_fits")
    reference = models.ForeignKey(
        "monitoring.Reference", on_delete=models.PROTECT, null=True, related_name="estimate_fits"
    )
    variant = models.CharField(max_length=30)
    weeks = models.JSONField(default=list)
    threshold = models.FloatField()
    n = models.BigIntegerField()
    bounds = models.JSONField(default=dict)
    usual = models.JSONField(default=dict)
    evidence = models.CharField(max_length=64)
    path = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    fitted_at = models.DateTimeField(default=clock.now)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-fitted_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("version",), condition=Q(replaced_at=None), name="monitoring_estimate_fit_current"
            ),
        )

    def __str__(self) -> str:
        return f"{self.version}, estimator of {self.fitted_at:%-d %B %Y}"


class EstimateDay(Record):
    """The calibrated scores of a day (UTC) as a small table in the lake. ``evidence`` seals the day's files."""

    fit = models.ForeignKey(EstimateFit, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    evidence = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    path = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("fit", "day"), name="monitoring_estimate_day_once"),)

    def __str__(self) -> str:
        return f"{self.fit.version}, {self.day}"


class EstimateWeek(models.Model):
    """A metric of a week from Monday ``start`` (UTC) as estimated, and what it was once its labels came.

    ``low`` and ``high`` are its 95% interval (sampling only); ``sampling_error`` one standard error; ``error`` how far
    the value may lie from what all rows give. ``sign``: below what estimates usually are. ``outside``: outside of the
    bounds. ``alarm`` is that where the record gave the estimator a say, and None where ``why`` says that it has none.
    """

    fit = models.ForeignKey(EstimateFit, on_delete=models.CASCADE, related_name="estimate_weeks")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.CASCADE, related_name="estimate_weeks")
    start = models.DateTimeField()
    end = models.DateTimeField()
    metric = models.CharField(max_length=60)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    sampling_error = models.FloatField(null=True)
    error = models.FloatField()
    n = models.BigIntegerField()
    sign = models.BooleanField(null=True)
    outside = models.BooleanField(null=True)
    alarm = models.BooleanField(null=True)
    why = models.CharField(max_length=200, blank=True)
    evidence = models.CharField(max_length=64)
    realised = models.FloatField(null=True)
    realised_low = models.FloatField(null=True)
    realised_high = models.FloatField(null=True)
    realised_n = models.BigIntegerField(default=0)
    computed_at = models.DateTimeField(default=clock.now)
    realised_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("start", "pk")
        constraints = (
            models.UniqueConstraint(fields=("fit", "start", "metric"), name="monitoring_estimate_week_once"),
        )
        indexes = (models.Index(fields=("version", "start"), name="monitoring_estimate_week_start"),)

    def __str__(self) -> str:
        return f"{self.metric} of {self.version}, estimated for the week of {self.start:%-d %B %Y}"
