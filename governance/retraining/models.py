"""A rule, each time it was judged, each retraining that it caused, and the reviews in which retraining ended."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from audit.base.models import Record, Salted
from governance.retraining import domain


class Comparison(models.TextChoices):
    """The side of the threshold on which a rule fires."""

    BELOW = "below", "Below"
    ABOVE = "above", "Above"


class Mode(models.TextChoices):
    """What a rule does once it fires."""

    ASK = "ask", "Train, compare, then ask people"


class State(models.TextChoices):
    """Where a retraining stands."""

    QUEUED = domain.QUEUED, "Queued"
    RUNNING = domain.RUNNING, "Training"
    WAITING = domain.WAITING, "Waiting for labels"
    FINISHED = domain.FINISHED, "Finished"
    FAILED = domain.FAILED, "Failed"


class Outcome(models.TextChoices):
    """What the comparison said."""

    BETTER = domain.BETTER, "Better"
    NOT_BETTER = domain.NOT_BETTER, "No difference"
    WORSE = domain.WORSE, "Worse"
    UNDECIDED = domain.UNDECIDED, "Undecided"


class ReviewState(models.TextChoices):
    """Where a review stands."""

    OPEN = domain.OPEN, "Open"
    CLOSED = domain.CLOSED, "Closed"


def _whole(default: int, least: int, most: int) -> "models.PositiveIntegerField[int, int]":
    return models.PositiveIntegerField(default=default, validators=(MinValueValidator(least), MaxValueValidator(most)))


class Rule(Record):
    """Retrain ``model`` with ``pipeline`` when ``metric`` breaks ``threshold`` in ``windows`` weeks in a row.

    It learns from the newest ``train_weeks`` labelled weeks and compares on the ``compare_weeks`` that follow, at
    least ``min_n`` labelled predictions each week; after a retraining it waits ``cooldown_weeks``. ``shadow``: a
    challenger is deployed beside production, so that its own weeks are measured as well.
    """

    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="rules")
    pipeline = models.ForeignKey("catalogue.Pipeline", on_delete=models.PROTECT, related_name="rules")
    metric = models.CharField(max_length=60)
    comparison = models.CharField(max_length=5, choices=Comparison.choices)
    threshold = models.FloatField()
    windows = _whole(3, 1, 26)
    min_n = _whole(200, 1, 10_000_000)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.ASK)
    train_weeks = _whole(8, 1, 260)
    compare_weeks = _whole(4, 1, 52)
    cooldown_weeks = _whole(4, 0, 260)
    shadow = models.BooleanField(default=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("model__name", "metric")
        constraints = (models.UniqueConstraint(fields=("model", "metric"), name="retraining_rule_once"),)

    def __str__(self) -> str:
        return f"{self.model}: {self.condition().words()}"

    def condition(self) -> domain.Condition:
        """What the rule asks, as a value."""
        return domain.Condition(self.metric, self.comparison, self.threshold, self.windows, self.min_n, self.model.unit)


class Evaluation(Record):
    """One judgement of a rule on the weeks that end with ``week`` (a Monday), with exactly what it saw."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="evaluations")
    week = models.DateField()
    fired = models.BooleanField()
    code = models.CharField(max_length=20)
    conclusive = models.BooleanField()
    sentence = models.TextField()
    inputs = models.JSONField()
    inputs_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-week", "-at")
        constraints = (
            models.UniqueConstraint(fields=("rule", "week", "inputs_digest"), name="retraining_evaluation_once"),
            models.UniqueConstraint(fields=("rule", "week"), condition=Q(fired=True), name="retraining_fires_once"),
        )
        indexes = (models.Index(fields=("rule", "-week", "-at"), name="retraining_evaluation_new"),)

    def __str__(self) -> str:
        return f"{self.rule}, week of {domain.say_day(self.week)}"


class Retraining(Record, Salted):
    """One retraining: ``key`` (rule and week) makes it one, however often it is started.

    ``comparison`` is the evidence; ``request`` the promotion request that it opened, if it did.
    """

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="retrainings")
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="retrainings")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, null=True, related_name="retrainings")
    key = models.CharField(max_length=120, unique=True)
    week = models.DateField()
    started_by = models.CharField(max_length=200)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    job = models.ForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, related_name="retrainings")
    champion = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="+")
    candidate = models.ForeignKey(
        "catalogue.ModelVersion", on_delete=models.PROTECT, null=True, related_name="retrainings"
    )
    run = models.ForeignKey("catalogue.PipelineRun", on_delete=models.PROTECT, null=True, related_name="+")
    comparison = models.JSONField(default=dict)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    sentence = models.TextField(blank=True)
    request = models.ForeignKey(
        "approvals.PromotionRequest", on_delete=models.PROTECT, null=True, related_name="retrainings"
    )
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=("model", "-created_at"), name="retraining_newest"),
            models.Index(fields=("rule", "-week"), name="retraining_rule_week"),
        )

    def __str__(self) -> str:
        return f"{self.model}, week of {domain.say_day(self.week)}"


class Review(Record):
    """A model that retraining did not make better: a person looks at it, and until then the rule does not fire."""

    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="reviews")
    retraining = models.OneToOneField(Retraining, on_delete=models.PROTECT, related_name="review")
    state = models.CharField(max_length=10, choices=ReviewState.choices, default=ReviewState.OPEN)
    reason = models.TextField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(fields=("model",), condition=Q(state="open"), name="retraining_one_open_review"),
        )

    def __str__(self) -> str:
        return f"{self.model}"
