"""A bill's file stays as it came; what it says of an account and period is a statement, which a later one replaces."""

from django.db import models
from django.db.models import Q

from audit.base.models import Record, Salted
from costs.billing.amounts import AmountField


class BillFile(Record, Salted):
    """A file that was handed in, unchanged in the lake. ``team`` (may be empty) is whose own bill it is.

    ``created_at`` is when we received it. ``rows`` and ``totals`` (currency to {"billed", "effective"} as text) are
    known once it is read; ``imported_at`` is empty until then.
    """

    source = models.SlugField(max_length=60)
    filename = models.CharField(max_length=255)
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    simulated = models.BooleanField(default=False)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, related_name="bills")
    received_from = models.CharField(max_length=254)
    imported_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(null=True)
    totals = models.JSONField(default=dict)

    class Meta:
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("source", "digest"), name="billing_file_once"),)

    def __str__(self) -> str:
        return self.filename


class Statement(Record):
    """What one file says of one billing account in one billing period (UTC, end exclusive).

    The statement that counts has no ``superseded_at``; there is at most one for a source, account and period. The
    others stay: what was known on a day is what had been recorded (``created_at``) and not yet superseded then.
    """

    bill_file = models.ForeignKey(BillFile, on_delete=models.PROTECT, related_name="statements")
    source = models.SlugField(max_length=60)
    account = models.CharField(max_length=300)
    account_name = models.CharField(max_length=300, blank=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    rows = models.BigIntegerField()
    superseded_at = models.DateTimeField(null=True)
    superseded_by = models.ForeignKey(BillFile, on_delete=models.PROTECT, null=True, related_name="superseded")

    class Meta:
        ordering = ("source", "account", "-period_start", "-created_at")
        constraints = (
            models.UniqueConstraint(
                fields=("source", "account", "period_start"),
                condition=Q(superseded_at=None),
                name="billing_statement_counts_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.source} {self.account} {self.period_start:%B %Y}"


class Charge(models.Model):
    """Rows of a statement that differ in nothing but the hour, added up to a day (UTC).

    Money is in ``currency``: billed, effective, contracted and list cost as FOCUS defines them. A charge whose
    period is longer than a day stands on its first day. ``usage`` is the provider's usage type, meter or description.
    ``rows`` is the number of rows added up, ``first_row`` the first of them in the file (1 is the first data row).
    """

    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="charges")
    day = models.DateField()
    provider = models.CharField(max_length=200)
    sub_account = models.CharField(max_length=300, blank=True)
    service = models.CharField(max_length=300)
    service_category = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=100, blank=True)
    resource_id = models.TextField(blank=True)
    resource_name = models.TextField(blank=True)
    resource_type = models.CharField(max_length=200, blank=True)
    charge_category = models.CharField(max_length=40)
    charge_class = models.CharField(max_length=40, blank=True)
    sku = models.CharField(max_length=300, blank=True)
    usage = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    tags_key = models.CharField(max_length=16)
    currency = models.CharField(max_length=40)
    billed = AmountField()
    effective = AmountField()
    contracted = AmountField(null=True)
    list = AmountField(null=True)
    quantity = AmountField(null=True)
    unit = models.CharField(max_length=100, blank=True)
    rows = models.PositiveBigIntegerField()
    first_row = models.PositiveBigIntegerField()

    class Meta:
        ordering = ("statement", "first_row")
        indexes = (models.Index(fields=("statement", "day"), name="billing_charge_day"),)

    def __str__(self) -> str:
        return f"{self.day} {self.resource_id or self.service}"
