"""What outcomes are worth is stated by someone, with a reason, for a time; a statement is never changed."""

from decimal import Decimal

from django.db import models

from audit.base.models import Record, Salted
from costs.returns import domain


class ValueStatement(Record, Salted):
    """What each outcome of a use case is worth from ``valid_from`` until ``valid_until`` (both days belong to it).

    ``values`` maps outcomes to decimals as text, in ``currency``. Of statements valid on a day the one recorded last
    holds; so a later one supersedes an earlier one without touching it.
    """

    use_case = models.ForeignKey("catalogue.UseCase", on_delete=models.PROTECT, related_name="value_statements")
    currency = models.CharField(max_length=3)
    values = models.JSONField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    stated_by = models.CharField(max_length=200)
    stated_by_id = models.CharField(max_length=254)
    reason = models.TextField()

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("use_case", "-created_at"), name="returns_statement_newest"),)

    def __str__(self) -> str:
        return f"{self.use_case} from {self.valid_from:%-d %B %Y}"

    @property
    def amounts(self) -> dict[str, Decimal]:
        """The values as decimals."""
        return {outcome: Decimal(text) for outcome, text in self.values.items()}

    def stated(self) -> domain.Stated:
        """The statement as the formulas take it."""
        return domain.Stated(self.pk, self.currency, self.amounts, self.valid_from, self.valid_until, self.created_at)
