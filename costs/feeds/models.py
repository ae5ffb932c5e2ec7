"""What asking a service costs, request by request, so that a cap holds whatever happens to the pull."""

from django.db import models

from costs.billing.amounts import AmountField


class Paid(models.Model):
    """What a pull asked of a service that charges, for one billing month; written before the service is asked.

    ``period`` is the first day of the billing month. ``amount`` (US dollars) is what these ``requests`` cost at most
    until it is known, then what they cost. ``scanned`` are the bytes that a query read; None where none does.
    ``whole`` says that all of the month came.
    """

    source = models.ForeignKey("sources.Source", on_delete=models.CASCADE, related_name="paid")
    job = models.UUIDField()
    at = models.DateTimeField()
    period = models.DateField()
    requests = models.PositiveIntegerField(default=0)
    scanned = models.BigIntegerField(null=True)
    amount = AmountField()
    whole = models.BooleanField(default=False)

    class Meta:
        ordering = ("-at", "-pk")
        constraints = (models.UniqueConstraint(fields=("source", "job", "period"), name="feeds_paid_once"),)
        indexes = (models.Index(fields=("source", "at"), name="feeds_paid_at"),)

    def __str__(self) -> str:
        return f"{self.requests} requests for {self.period:%Y-%m}"
