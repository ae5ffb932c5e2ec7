"""An assessment is kept as it was computed: facts, criteria and level of one scope on one day."""

from django.db import models

from audit.base import clock
from audit.base.models import Record
from governance.maturity import domain


class ScopeKind(models.TextChoices):
    """Whose maturity."""

    ORGANISATION = "organisation", "Organisation"
    TEAM = "team", "Team"
    MODEL = "model", "Model"


class State(models.TextChoices):
    """What the facts say of a criterion; level 0 lists symptoms, which are present or absent."""

    MET = domain.State.MET, "Met"
    NOT_MET = domain.State.NOT_MET, "Not met"
    UNKNOWN = domain.State.UNKNOWN, "Unknown"
    PRESENT = domain.State.PRESENT, "Symptom present"
    ABSENT = domain.State.ABSENT, "Symptom absent"


class Assessment(Record):
    """The level of a scope, as a range. ``key`` is the scope in addresses: "organisation", "team:slug", "model:slug".

    ``confirmed_at`` is when it was last computed with the same result. ``facts`` maps a fact's name to {value, unit, n,
    as_of, sentence, evidence}; ``steps`` lists what to do next. ``superseded_at`` is empty for the one that counts.
    """

    framework = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    scope = models.CharField(max_length=12, choices=ScopeKind.choices)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, related_name="+")
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, null=True, related_name="+")
    confirmed = models.PositiveSmallIntegerField()
    possible = models.PositiveSmallIntegerField()
    models_count = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    confirmed_at = models.DateTimeField(default=clock.now)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("framework", "key"), condition=models.Q(superseded_at=None), name="maturity_one_current"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: level {self.confirmed} to {self.possible}"


class CriterionResult(Record):
    """What one assessment says of one criterion."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="results")
    criterion = models.CharField(max_length=20)
    level = models.PositiveSmallIntegerField()
    order = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices)
    sentence = models.TextField()
    evidence = models.CharField(max_length=40, blank=True)
    as_of = models.DateTimeField(null=True)

    class Meta:
        ordering = ("order",)
        constraints = (models.UniqueConstraint(fields=("assessment", "criterion"), name="maturity_result_once"),)

    def __str__(self) -> str:
        return f"{self.criterion}: {self.get_state_display().lower()}"
