"""What may be spent, by whom stated and why; how it stands by each day; what it crossed; who let it be exceeded."""

from datetime import date

from django.db import models
from django.db.models import Q

from audit.base.models import Record
from costs.allocation.domain import STAGES
from costs.billing.amounts import AmountField
from costs.budgets.domain.forecast import Forecast
from costs.budgets.domain.periods import NAMES, Span, span_of
from costs.budgets.domain.standing import FORECAST, MEASURES, MONEY, SPENT, standing

PERIOD_CHOICES = list(NAMES.items())
MEASURE_CHOICES = list(MEASURES.items())
KIND_CHOICES = [(SPENT, "Spent"), (FORECAST, "Forecast")]


class Budget(Record):
    """What a team, one of its use cases or one of its models may spend in each period, of all stages or of one.

    Money is effective cost in ``currency``, exact; training hours have no currency, and "train" as their stage.
    ``thresholds`` are percent of ``amount``. A ``hard`` one is a quota: exceeded, it stops retraining and promotion.
    It holds from ``valid_from`` until ``valid_until`` (both days of UTC belong to it), unless it was closed.
    """

    name = models.CharField(max_length=120)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="budgets")
    use_case = models.ForeignKey("catalogue.UseCase", on_delete=models.PROTECT, null=True, related_name="budgets")
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, null=True, related_name="budgets")
    stage = models.CharField(max_length=20, blank=True)
    measure = models.CharField(max_length=20, choices=MEASURE_CHOICES)
    currency = models.CharField(max_length=3, blank=True)
    amount = AmountField()
    period = models.CharField(max_length=10, choices=PERIOD_CHOICES)
    hard = models.BooleanField(default=False)
    thresholds = models.JSONField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    owner = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="budgets")
    reason = models.TextField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(condition=Q(use_case=None) | Q(model=None), name="budgets_one_scope"),
            models.CheckConstraint(
                condition=Q(measure=MONEY, currency__gt="") | (~Q(measure=MONEY) & Q(currency="")),
                name="budgets_money_has_currency",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> str:
        """Whose it is, in words."""
        whose = f"model {self.model}" if self.model else f"use case {self.use_case}" if self.use_case else self.team
        return f"{whose}, {STAGES[self.stage].lower()}" if self.stage else str(whose)

    def span(self, day: date) -> Span:
        """Its period that holds ``day``."""
        return span_of(self.period, day)

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on ``day``."""
        in_time = self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
        return in_time and self.closed_at is None


class BudgetState(models.Model):
    """How a budget stood at the end of ``day``: the last day that its costs were known for.

    ``low``, ``forecast`` and ``high`` are of the whole period; None where they are unknown. Of ``months`` that were
    held back, the forecast's interval held ``inside``.
    """

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="states")
    day = models.DateField()
    period_start = models.DateField()
    spent = AmountField()
    low = AmountField(null=True)
    forecast = AmountField(null=True)
    high = AmountField(null=True)
    months = models.PositiveSmallIntegerField()
    inside = models.PositiveSmallIntegerField()
    evaluated_at = models.DateTimeField()

    class Meta:
        ordering = ("-day",)
        constraints = (models.UniqueConstraint(fields=("budget", "day"), name="budgets_state_once"),)

    def __str__(self) -> str:
        return f"{self.budget_id} {self.day}"

    @property
    def coming(self) -> Forecast | None:
        """The forecast with its interval."""
        if self.forecast is None or self.low is None or self.high is None:
            return None
        return Forecast(self.low, self.forecast, self.high)

    @property
    def standing(self) -> str:
        """See ``domain.standing``."""
        return standing(self.budget.amount, self.spent, self.coming)

    @property
    def share(self) -> float | None:
        """What was spent, of the amount."""
        return float(self.spent / self.budget.amount)


class Crossing(Record):
    """That a threshold was reached in a period, by what was spent or by the forecast; said once, as it was known."""

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="crossings")
    period_start = models.DateField()
    kind = models.CharField(max_length=10, choices=KIND_CHOICES)
    threshold = models.PositiveSmallIntegerField()
    day = models.DateField()
    value = AmountField()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("budget", "period_start", "kind", "threshold"), name="budgets_crossing_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.threshold}% of {self.budget}"

    @property
    def span(self) -> Span:
        """The period."""
        return self.budget.span(self.period_start)


class Override(Record):
    """That someone let an exceeded quota be passed until the end of a day (UTC), with a reason."""

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="overrides")
    until = models.DateField()
    reason = models.TextField()
    given_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"Override of {self.budget} until {self.until:%-d %B %Y}"
