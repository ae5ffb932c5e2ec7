"""What a model's alerts keep to, each week that was weighed, the alerts that came of it, and who follows a model."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from audit.alerts.domain import life
from audit.base import clock
from audit.base.models import Record, Salted
from audit.monitoring.domain.budget import Budget
from audit.monitoring.domain.thresholds import ABOVE, FIXED, Bound


def usual_bound() -> dict[str, Any]:
    """A column has moved where its population stability index lies at 0.10 or more."""
    return Bound(FIXED, ABOVE, 0.1).to_dict()


class AlertPolicy(Record):
    """When a model raises an alert: at most ``alarms`` false ones in ``months``, and from which figures on.

    ``drift`` is a Bound on a column's population stability index; ``least_effect`` is a floor under it, and below
    ``least_rows`` nothing is tested. ``p99_seconds``, ``error_share`` and ``fairness_gap`` are bounds that count only
    where they are set. After ``calm_weeks`` without a sign an alert closes.
    """

    model = models.OneToOneField("catalogue.Model", on_delete=models.PROTECT, related_name="alert_policy")
    alarms = models.FloatField(default=1.0, validators=(MinValueValidator(0.01), MaxValueValidator(100)))
    months = models.PositiveSmallIntegerField(default=6, validators=(MinValueValidator(1), MaxValueValidator(120)))
    drift = models.JSONField(default=usual_bound)
    least_effect = models.FloatField(default=0.1, validators=(MinValueValidator(0), MaxValueValidator(10)))
    least_rows = models.PositiveIntegerField(default=200, validators=(MinValueValidator(20),))
    calm_weeks = models.PositiveSmallIntegerField(default=2, validators=(MinValueValidator(1), MaxValueValidator(26)))
    p99_seconds = models.FloatField(null=True, blank=True, validators=(MinValueValidator(0),))
    error_share = models.FloatField(null=True, blank=True, validators=(MinValueValidator(0), MaxValueValidator(1)))
    fairness_gap = models.FloatField(null=True, blank=True, validators=(MinValueValidator(0), MaxValueValidator(1)))

    def __str__(self) -> str:
        return f"when {self.model} raises an alert"

    @property
    def budget(self) -> Budget:
        """How many false alarms are allowed."""
        return Budget(self.alarms, self.months)

    @property
    def bound(self) -> Bound:
        """From where on a column has moved."""
        return Bound.from_dict(self.drift)


class Weighing(Record):
    """What was found of the version that served in the week from ``start`` (Monday 00:00 UTC), with what it was from.

    ``looks`` maps "inputs" and "outcomes" to {"evidence", "level", "tests"}; ``spent`` is what the looks cost of the
    month's budget. ``inputs_known`` and ``outcomes_known`` say whether the whole week was tested. ``digest`` seals the
    signs.
    """

    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="weighings")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="weighings")
    start = models.DateTimeField()
    end = models.DateTimeField()
    evidence = models.CharField(max_length=64)
    looks = models.JSONField(default=dict)
    spent = models.FloatField(default=0.0)
    inputs_known = models.BooleanField(default=False)
    outcomes_known = models.BooleanField(default=False)
    cause = models.CharField(max_length=20, blank=True)
    sentence = models.TextField(blank=True)
    signs = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("start",)
        constraints = (models.UniqueConstraint(fields=("model", "start"), name="alerts_weighing_once"),)

    def __str__(self) -> str:
        return f"the week of {self.start:%-d %B %Y} of {self.version}"


class Alert(Record, Salted):
    """Something stands out, for one cause; further signs of it extend it, and a model has one active alert a cause.

    ``evidence`` are sentences with their figures. ``holder`` is who has it; ``reason`` says why it was explained or
    closed, and ``closed_by`` by whom.
    """

    class State(models.TextChoices):
        OPEN = life.OPEN, "Open"
        ACKNOWLEDGED = life.ACKNOWLEDGED, "Somebody has it"
        EXPLAINED = life.EXPLAINED, "Explained"
        CLOSED = life.CLOSED, "Closed"

    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="alerts")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="alerts")
    cause = models.CharField(max_length=20, choices=list(life.CAUSES.items()))
    state = models.CharField(max_length=14, choices=State.choices, default=State.OPEN)
    first_week = models.DateTimeField()
    last_week = models.DateTimeField()
    sentence = models.TextField()
    evidence = models.JSONField(default=list)
    starts_retraining = models.BooleanField()
    holder = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    by_calm = models.BooleanField(default=False)
    closed_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(fields=("model", "cause"), condition=~Q(state="closed"), name="alerts_one_active"),
        )
        indexes = (models.Index(fields=("model", "-last_week"), name="alerts_alert_newest"),)

    def __str__(self) -> str:
        return f"{life.SHORT[self.cause]} at {self.model}"

    @property
    def is_active(self) -> bool:
        """Whether it is not closed."""
        return self.state != self.State.CLOSED

    @property
    def short(self) -> str:
        """The cause in a word or two."""
        return life.SHORT[self.cause]


class AlertSign(models.Model):
    """One thing that stood out in one week: ``value`` by ``variant`` against ``bound``, from ``n`` rows."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="signs")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="+")
    start = models.DateTimeField()
    what = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    variant = models.CharField(max_length=60)
    value = models.FloatField(null=True)
    bound = models.FloatField(null=True)
    n = models.BigIntegerField()
    sentence = models.TextField()

    class Meta:
        ordering = ("-start", "pk")
        indexes = (models.Index(fields=("version", "start"), name="alerts_sign_week"),)

    def __str__(self) -> str:
        return self.sentence


class Following(Record):
    """A person who is told of a model's alerts, though it is not theirs."""

    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    model = models.ForeignKey("catalogue.Model", on_delete=models.CASCADE, related_name="followings")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "model"), name="alerts_following_once"),)

    def __str__(self) -> str:
        return f"{self.user} follows {self.model}"
