"""A source is a connected system: how to reach it, how often, how far it has been read, and how that went."""

from datetime import timedelta

from django.db import models

from audit.base import clock
from audit.base.models import Record
from audit.sources import domain
from audit.sources.contract import CONNECTORS


class Source(Record):
    """``cursor`` is the connector's; ``counts`` and ``problems`` are those of the last pull, ``totals`` of all.

    ``covering`` is when it was read as far as no entry tells of it yet (``domain.coverage.Open``).
    """

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="sources")
    settings = models.JSONField(default=dict)
    every_seconds = models.PositiveIntegerField(default=60)
    enabled = models.BooleanField(default=True)
    cursor = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    totals = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    covering = models.JSONField(default=dict)
    last_started_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("team", "name"), name="sources_name_once"),)

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What kind of system it is."""
        return CONNECTORS[self.kind].title if self.kind in CONNECTORS else self.kind

    @property
    def every(self) -> timedelta:
        """How often it is pulled."""
        return timedelta(seconds=self.every_seconds)

    @property
    def standing(self) -> domain.Standing:
        """How it does now."""
        return domain.standing(
            enabled=self.enabled,
            every=self.every,
            last_success=self.last_success_at,
            error=self.last_error,
            created=self.created_at,
            at=clock.now(),
        )
