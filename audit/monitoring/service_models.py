"""How endpoints answer: each hour as a source told it, and each day as pages show it.

An hour that the source corrects is never overwritten: the new row supersedes the old one.
"""

from django.db import models
from django.db.models import Q

from audit.base import clock
from audit.base.models import Record
from audit.monitoring.domain.service import COUNTS, NUMBERS, RESOURCES, Day, Histogram, Hour

VALUES = (*NUMBERS, "partial", "histogram")
OF_DAY = (
    "hours", "partial", "counted", "seen", "judged", *COUNTS, "n", "mean", "p50", "p90", "p99", "worst_p99", *RESOURCES,
    "histogram",
)  # fmt: skip


class Answered(Record):
    """What both have: which model answers, where, and who tells it (a source by its id and the name of that day).

    ``endpoint`` and ``variant`` are as the source names them. Seconds, percent and None as in ``domain.service``.
    """

    source = models.UUIDField()
    source_name = models.CharField(max_length=200)
    endpoint = models.CharField(max_length=200)
    variant = models.CharField(max_length=200, blank=True)
    start = models.DateTimeField()
    seen = models.FloatField(null=True)
    requests = models.FloatField(null=True)
    errors = models.FloatField(null=True)
    client_errors = models.FloatField(null=True)
    server_errors = models.FloatField(null=True)
    n = models.FloatField(null=True)
    mean = models.FloatField(null=True)
    p50 = models.FloatField(null=True)
    p90 = models.FloatField(null=True)
    p99 = models.FloatField(null=True)
    cpu = models.FloatField(null=True)
    memory = models.FloatField(null=True)
    gpu = models.FloatField(null=True)
    disk = models.FloatField(null=True)
    histogram = models.JSONField(null=True)

    class Meta:
        abstract = True

    @property
    def place(self) -> str:
        """What answers, in words."""
        return f"{self.endpoint}, {self.variant}" if self.variant else self.endpoint

    def __str__(self) -> str:
        return f"{self.place} from {self.start:%-d %B %Y %H:%M} UTC"


class ServiceHour(Answered):
    """One hour (``domain.service.Hour``); the current row is not superseded.

    ``deployment`` is the one that answered throughout the hour; None where several did, or it cannot be told which.
    """

    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="service_hours")
    deployment = models.ForeignKey(
        "catalogue.Deployment", on_delete=models.PROTECT, null=True, related_name="service_hours"
    )
    overhead = models.FloatField(null=True)
    partial = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(default=clock.now)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("start", "endpoint", "variant")
        constraints = (
            models.UniqueConstraint(
                fields=("model", "source", "endpoint", "variant", "start"),
                condition=Q(superseded_at=None),
                name="monitoring_service_hour_current",
            ),
        )
        indexes = (
            models.Index(fields=("model", "start"), name="monitoring_service_hour_model"),
            models.Index(fields=("start",), condition=Q(superseded_at=None), name="monitoring_service_hour_start"),
        )

    @property
    def hour(self) -> Hour:
        """Its figures."""
        said = {name: getattr(self, name) for name in VALUES if name != "histogram"}
        return Hour(start=self.start, histogram=Histogram.from_dict(self.histogram) if self.histogram else None, **said)


class ServiceDay(Answered):
    """One day, UTC (``domain.service.Day``), of the current hours; written again with each of them."""

    model = models.ForeignKey("catalogue.Model", on_delete=models.CASCADE, related_name="service_days")
    hours = models.PositiveSmallIntegerField()
    partial = models.PositiveSmallIntegerField()
    counted = models.PositiveSmallIntegerField()
    judged = models.FloatField(null=True)
    worst_p99 = models.FloatField(null=True)

    class Meta:
        ordering = ("start", "endpoint", "variant")
        constraints = (
            models.UniqueConstraint(
                fields=("model", "source", "endpoint", "variant", "start"), name="monitoring_service_day_once"
            ),
        )

    @property
    def day(self) -> Day:
        """Its figures."""
        said = {name: getattr(self, name) for name in OF_DAY if name != "histogram"}
        return Day(histogram=Histogram.from_dict(self.histogram) if self.histogram else None, **said)
