"""A witness is a place that vouches for the log: how to reach it, what it took, and what it said to each checkpoint."""

from datetime import datetime, timedelta

from django.db import models

from audit.assurance import witnesses
from audit.assurance.domain.standing import Standing, standing
from audit.assurance.witnesses.contract import Place
from audit.base import clock
from audit.base.models import Record
from audit.base.vault import opened

PURPOSE = "witness"


class Witness(Record):
    """``secret`` is encrypted (``vault``) and never shown. ``origin`` is the log that ``delivered_size`` counts in.

    ``agrees``: whether its newest checkpoint was ours when it was last asked; None when it did not tell.
    """

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100, unique=True)
    settings = models.JSONField(default=dict)
    secret = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    added_by = models.ForeignKey("people.User", on_delete=models.SET_NULL, null=True, related_name="+")
    origin = models.CharField(max_length=120, blank=True)
    delivered_size = models.BigIntegerField(default=0)
    last_success_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    agrees = models.BooleanField(null=True)
    finding = models.TextField(blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What kind of place it is."""
        return witnesses.KINDS[self.kind].title if self.kind in witnesses.KINDS else self.kind

    def place(self) -> Place:
        """The means to reach it.

        Raises:
            InvalidInput: its kind is unknown.
            Refused: its secret cannot be read.
        """
        return witnesses.kind(self.kind)(self.settings, opened(self.secret, purpose=PURPOSE))

    @property
    def pause(self) -> timedelta:
        """How long it rests between deliveries."""
        return timedelta(minutes=int(self.settings.get("every_minutes") or 0))

    def delivered(self, origin: str) -> int:
        """The size of the last checkpoint of this log that it took; 0 for none."""
        return self.delivered_size if self.origin == origin else 0

    def standing(self, origin: str, size: int, at: datetime | None = None) -> Standing:
        """How it does, when the newest checkpoint of the log is of ``size``."""
        return standing(
            enabled=self.enabled,
            agrees=self.agrees,
            error=self.last_error,
            behind=size > self.delivered(origin),
            since=self.last_success_at or self.created_at,
            ever=self.last_success_at is not None,
            pause=self.pause,
            at=at or clock.now(),
        )


class Receipt(models.Model):
    """That a witness took the checkpoint of ``size`` with this ``root`` (32 bytes), and what it said.

    ``answer``: cosignature lines, an object's version id, or a time-stamp response in base64; empty where the place
    says nothing. ``stated_at`` is the time that the place states, ``at`` is ours.
    """

    witness = models.ForeignKey(Witness, on_delete=models.PROTECT, related_name="receipts")
    origin = models.CharField(max_length=120)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    answer = models.TextField(blank=True)
    stated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("witness", "origin", "size"), name="assurance_receipt_once"),)

    def __str__(self) -> str:
        return f"{self.witness_id} took checkpoint {self.size}"
