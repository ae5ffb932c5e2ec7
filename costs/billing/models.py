"""A bill's files stay as they came; what it says of an account and period is a statement, until a later one comes."""

from django.db import models
from django.db.models import Q

from audit.base.models import Record, Salted


class BillFile(Record, Salted):
    """A bill that was handed in, of one file or several (``parts``). ``team`` (may be empty) is whose own bill it is.

    ``created_at`` is when we received it. ``digest`` is that of the only part, or the SHA-256 of all their digests in
    order; ``size`` is in bytes. The rest is known once it is read, which ``imported_at`` tells: ``rows``, ``totals``
    (currency to {"billed", "effective"} as text), ``format`` ("FOCUS 1.2"), and ``findings``, the rules of FOCUS that
    it does not keep (see ``reading.rules.Finding``).
    """

    source = models.SlugField(max_length=60)
    filename = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    simulated = models.BooleanField(default=False)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, related_name="bills")
    received_from = models.CharField(max_length=254)
    imported_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(null=True)
    totals = models.JSONField(default=dict)
    format = models.CharField(max_length=40, blank=True)
    findings = models.JSONField(default=list)

    class Meta:
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("source", "digest"), name="billing_file_once"),)

    def __str__(self) -> str:
        return self.filename


class BillPart(models.Model):
    """One file of a bill, unchanged in the lake."""

    bill_file = models.ForeignKey(BillFile, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    filename = models.CharField(max_length=255)
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()

    class Meta:
        ordering = ("bill_file", "position")
        constraints = (models.UniqueConstraint(fields=("bill_file", "position"), name="billing_part_once"),)

    def __str__(self) -> str:
        return self.filename


class Statement(Record):
    """What one bill says of one billing account in one billing period (UTC, end exclusive).

    The statement that counts has no ``superseded_at``; there is at most one for a source, account and period. The
    others stay: what was known on a day is what had been recorded (``created_at``) and not yet superseded then.

    Its charges lie in the lake (``path``, a Parquet file with the SHA-256 ``digest``): rows of the bill that differ in
    nothing but the hour, added up to a day (UTC); see ``rollup``. ``totals`` maps a currency to billed, effective,
    contracted and list cost as text, ``difference`` what was added to them since the statement before, signed; it is
    empty in the first.
    """

    bill_file = models.ForeignKey(BillFile, on_delete=models.PROTECT, related_name="statements")
    source = models.SlugField(max_length=60)
    account = models.CharField(max_length=300)
    account_name = models.CharField(max_length=300, blank=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    rows = models.BigIntegerField()
    charges = models.BigIntegerField()
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    totals = models.JSONField(default=dict)
    difference = models.JSONField(default=dict)
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
