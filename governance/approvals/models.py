"""A request keeps the policy and the evidence that it began with; a vote keeps the digest that it was given on."""

from django.db import models
from django.db.models import Q

from audit.base.models import Record, Salted
from governance.approvals import domain


class State(models.TextChoices):
    """Where a request stands."""

    OPEN = domain.OPEN, "Open"
    APPROVED = domain.APPROVED, "Approved"
    REJECTED = domain.REJECTED, "Rejected"
    CHANGES_ASKED = domain.CHANGES_ASKED, "Changes asked for"
    WITHDRAWN = domain.WITHDRAWN, "Withdrawn"


class Decision(models.TextChoices):
    """What a voter says."""

    APPROVE = domain.APPROVE, "Approved"
    CHANGES = domain.ASK_CHANGES, "Asked for changes"
    REJECT = domain.REJECT, "Rejected"


class PromotionRequest(Record, Salted):
    """A question: shall ``version`` run in ``environment``?

    ``requested_by`` is the person who asked; a machine that asked names the person ``on_behalf_of`` whom it did.
    ``evidence`` is the comparison as it was shown; ``digest`` seals it with the artefact, its metrics and the policy.
    """

    version = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, related_name="requests")
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="requests")
    replaces = models.ForeignKey("catalogue.ModelVersion", on_delete=models.PROTECT, null=True, related_name="+")
    environment = models.CharField(max_length=20)
    mode = models.CharField(max_length=10)
    requester_id = models.CharField(max_length=254)
    requester_name = models.CharField(max_length=200)
    requested_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField()
    policy = models.JSONField()
    evidence = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=15, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("model", "environment"), condition=Q(state="open"), name="approvals_one_open_request"
            ),
        )
        indexes = (
            models.Index(fields=("state", "opened_at"), name="approvals_request_state"),
            models.Index(fields=("model", "-opened_at"), name="approvals_request_model"),
        )

    def __str__(self) -> str:
        return f"{self.version} into {self.environment}"

    @property
    def question(self) -> str:
        """The request as a question."""
        if self.replaces is None:
            return f"Shall {self.version} go into {self.environment}?"
        return f"Shall {self.version} replace v{self.replaces.number} in {self.environment}?"


class Vote(Record):
    """What one person said, about exactly what ``digest`` seals."""

    request = models.ForeignKey(PromotionRequest, on_delete=models.PROTECT, related_name="votes")
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="votes")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    comment = models.TextField()
    role = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at",)
        constraints = (models.UniqueConstraint(fields=("request", "user"), name="approvals_one_vote_a_person"),)

    def __str__(self) -> str:
        return f"{self.user}: {self.get_decision_display().lower()}"
