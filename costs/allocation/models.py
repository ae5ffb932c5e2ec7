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
    """One allocation of one statement. ``rules`` is the digest of the rules, ``digest`` that of what was found."""

    statement = models.ForeignKey("billing.Statement", on_delete=models.CASCADE, related_name="splits")
    rules = models.CharField(max_length=64)
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


class Attribution(models.Model):
    """To what money goes: a model with version and stage, or no model and the residue's reason."""

    day = models.DateField()
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, null=True, related_name="+")
    stage = models.CharField(max_length=20, choices=STAGE_CHOICES)
    residue = models.CharField(max_length=20, choices=REASON_CHOICES, blank=True)
    evidence = models.CharField(max_length=10, choices=EVIDENCE_CHOICES)
    currency = models.CharField(max_length=40)
    billed = AmountField()
    effective = AmountField()

    class Meta:
        abstract = True


class Allocation(Attribution):
    """Where one charge went: all of it."""

    split = models.ForeignKey(Split, on_delete=models.CASCADE, related_name="allocations")
    charge = models.ForeignKey("billing.Charge", on_delete=models.CASCADE, related_name="allocations")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("split", "charge"), name="allocation_charge_once"),
            models.CheckConstraint(
                condition=Q(model=None, residue__gt="") | Q(model__isnull=False, residue=""),
                name="allocation_model_or_residue",
            ),
        )
        indexes = (models.Index(fields=("residue", "day"), name="allocation_residue"),)

    def __str__(self) -> str:
        return f"{self.day} {self.model_id or self.residue}"


class DayCost(Attribution):
    """The allocations of a split that differ only in their charge, added up: what pages read."""

    split = models.ForeignKey(Split, on_delete=models.CASCADE, related_name="days")
    charges = models.PositiveIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=("split", "day"), name="allocation_day"),
            models.Index(fields=("model", "day"), name="allocation_model_day"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.model_id or self.residue} {self.effective} {self.currency}"
