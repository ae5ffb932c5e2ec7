"""Who a charge belongs to, as found at one time; a later finding supersedes it and the earlier one stays."""

from django.db import models
from django.db.models import Q

from audit.base.models import Record
from costs.allocation.domain import EVIDENCE, REASONS, STAGES
from costs.billing.amounts import AmountField

STAGE_CHOICES = list(STAGES.items())
EVIDENCE_CHOICES = list(EVIDENCE.items())
REASON_CHOICES = list(REASONS.items())


class Split(Record):
    """One allocation of one statement.

    ``rules`` is the digest of the rules. Where each kind of charge went lies in the lake (``path``, a Parquet file with
    the SHA-256 ``digest``): traits of charges, and the target that they have.
    """

    statement = models.ForeignKey("billing.Statement", on_delete=models.CASCADE, related_name="splits")
    rules = models.CharField(max_length=64)
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("statement",), condition=Q(superseded_at=None), name="allocation_split_counts_once"
            ),
        )

    def __str__(self) -> str:
        return f"Split of {self.statement}"


class DayCost(models.Model):
    """Charges of a day that went one way, added up: what pages read.

    Money goes to a model with version and stage, or to no model, and ``residue`` says why.
    """

    split = models.ForeignKey(Split, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    provider = models.CharField(max_length=200)
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, null=True, related_name="+")
    stage = models.CharField(max_length=20, choices=STAGE_CHOICES)
    residue = models.CharField(max_length=20, choices=REASON_CHOICES, blank=True)
    evidence = models.CharField(max_length=10, choices=EVIDENCE_CHOICES)
    currency = models.CharField(max_length=40)
    billed = AmountField()
    effective = AmountField()
    charges = models.PositiveBigIntegerField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(model=None, residue__gt="") | Q(model__isnull=False, residue=""),
                name="allocation_model_or_residue",
            ),
        )
        indexes = (
            models.Index(fields=("split", "day"), name="allocation_day"),
            models.Index(fields=("model", "day"), name="allocation_model_day"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.model_id or self.residue} {self.effective} {self.currency}"


class UntiedCost(models.Model):
    """What one resource cost in a statement's period and belongs to no model: the list of what is left to tie.

    Only the dearest resources of a statement stand by themselves; the others are one row, ``resources`` of them.
    """

    split = models.ForeignKey(Split, on_delete=models.CASCADE, related_name="untied")
    resource = models.TextField(blank=True)
    resources = models.PositiveBigIntegerField(default=1)
    service = models.CharField(max_length=300)
    stage = models.CharField(max_length=20, choices=STAGE_CHOICES)
    residue = models.CharField(max_length=20, choices=REASON_CHOICES)
    currency = models.CharField(max_length=40)
    billed = AmountField()
    effective = AmountField()
    charges = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return self.resource or self.service
