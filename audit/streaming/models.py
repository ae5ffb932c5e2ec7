"""A stream is a place that events go to: how to reach it, how far it is, and how that went."""

from datetime import datetime

from django.db import models

from audit.base import clock
from audit.base.models import Record
from audit.base.vault import opened
from audit.streaming import destinations
from audit.streaming.destinations.contract import Destination
from audit.streaming.domain.standing import Standing, standing

PURPOSE = "stream"


class Stream(Record):
    """``secret`` is encrypted and never shown. ``cursor`` is the number of the last entry that was taken.

    ``pending`` is the last entry of the batch that was tried and not confirmed, 0 without one: it comes again just so.
    ``reveal``: personal values go out in clear, and not as commitments.
    """

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100, unique=True)
    settings = models.JSONField(default=dict)
    secret = models.TextField(blank=True)
    reveal = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    added_by = models.ForeignKey("people.User", on_delete=models.SET_NULL, null=True, related_name="+")
    cursor = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    last_success_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What kind of place it is."""
        return destinations.KINDS[self.kind].title if self.kind in destinations.KINDS else self.kind

    def destination(self) -> Destination:
        """The means to reach it.

        Raises:
            InvalidInput: its kind is unknown.
            Refused: its secret cannot be read.
        """
        return destinations.kind(self.kind)(self.settings, opened(self.secret, purpose=PURPOSE))

    def standing(self, waiting_since: datetime | None) -> Standing:
        """How it does, when its oldest entry that waits was written at ``waiting_since``."""
        return standing(
            enabled=self.enabled,
            error=self.last_error,
            waiting_since=waiting_since,
            ever=self.last_success_at is not None,
            at=clock.now(),
        )
