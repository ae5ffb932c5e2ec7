"""What outcomes are worth is stated by someone, with a reason, for a time; statement and promise are never changed."""

from decimal import Decimal

from django.db import models

from audit.base.models import Record, Salted
from costs.billing.amounts import AmountField
from costs.returns import domain


class ValueStatement(Record, Salted):
    """What each outcome of a use case is worth from ``valid_from`` until ``valid_until`` (both days belong to it).

    ``values`` maps outcomes to decimals as text, or to a range of them (``low``, ``high`` and perhaps ``likely``), in
    ``currency``. ``baseline`` is what the process without the model gives (see domain.baseline). ``owner`` answers for
    the numbers and ``source`` says where they come from, in words or as a link; ``discount_rate`` is per year, 0.08 for
    8%. Of statements valid on a day the one recorded last holds; so a later one supersedes an earlier one without
    touching it. After ``valid_until`` a return is unsupported: the numbers have run out.
    """

    use_case = models.ForeignKey("catalogue.UseCase", on_delete=models.PROTECT, related_name="value_statements")
    currency = models.CharField(max_length=3)
    values = models.JSONField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    stated_by = models.CharField(max_length=200)
    stated_by_id = models.CharField(max_length=254)
    reason = models.TextField()
    owner = models.CharField(max_length=200)
    source = models.TextField(blank=True)
    baseline = models.JSONField(default=dict)
    discount_rate = models.DecimalField(max_digits=6, decimal_places=5, null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("use_case", "-created_at"), name="returns_statement_newest"),)

    def __str__(self) -> str:
        return f"{self.use_case} from {self.valid_from:%-d %B %Y}"

    @property
    def ranges(self) -> dict[str, domain.Range]:
        """The values as exact ranges."""
        return domain.parse_values(self.values)

    @property
    def amounts(self) -> dict[str, Decimal]:
        """The one number that stands for each value: the likely one, else the middle of its range."""
        return {outcome: known.point for outcome, known in self.ranges.items()}

    @property
    def without(self) -> domain.Baseline:
        """What the process without the model gives."""
        return domain.parse_baseline(self.baseline)

    def stated(self) -> domain.Stated:
        """The statement as the formulas take it."""
        return domain.Stated(
            self.pk, self.currency, self.ranges, self.valid_from, self.valid_until, self.created_at, self.without
        )


class Promise(Record, Salted):
    """The net value a month that someone promised of a use case, from the first of one month until that of another.

    ``monthly`` is in ``currency``; ``until`` (None: for good) is the last day that the promise speaks of. Of promises
    for a day the one recorded last holds.
    """

    use_case = models.ForeignKey("catalogue.UseCase", on_delete=models.PROTECT, related_name="promises")
    currency = models.CharField(max_length=3)
    monthly = AmountField()
    since = models.DateField()
    until = models.DateField(null=True)
    promised_by = models.CharField(max_length=200)
    promised_by_id = models.CharField(max_length=254)
    reason = models.TextField()

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("use_case", "-created_at"), name="returns_promise_newest"),)

    def __str__(self) -> str:
        return f"{self.use_case}, promise from {self.since:%-d %B %Y}"
