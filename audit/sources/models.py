"""A source is a connected system: how to reach it, how far it has been read, what it told, and how that went."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import Refused
from audit.base.models import Record, Salted
from audit.base.vault import opened
from audit.catalogue.doers import SOURCE
from audit.sources import domain
from audit.sources.contract import CONNECTORS
from audit.sources.domain.told import Kind

PURPOSE = "source"
APPROVAL = "approval status"
"""What stands in the place of an alias where not a name but the source's approval status is guarded."""


class Source(Record):
    """``cursor`` is the connector's; ``counts`` and ``problems`` are those of the last pull, ``totals`` of all.

    ``secret`` is encrypted (``audit.base.vault``) and never shown.
    ``covering`` is when it was read as far as no entry tells of it yet (``domain.coverage.Open``).
    """

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="sources")
    settings = models.JSONField(default=dict)
    secret = models.TextField(blank=True)
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

    def whole_settings(self) -> dict[str, Any]:
        """The settings with the secrets in clear, for the connector alone.

        Raises:
            Refused: the secrets cannot be read, for SECRET_KEY has changed.
        """
        return {**self.settings, **opened(self.secret, purpose=PURPOSE)}

    def set_secrets(self) -> set[str]:
        """The names of the secrets that are set; empty when they cannot be read."""
        try:
            return set(opened(self.secret, purpose=PURPOSE))
        except Refused:
            return set()


def actor_of(source: Source, *, origin: str = "") -> Actor:
    """The source, as the one in whose name entries tell what it told; it may do what a service may."""
    return replace(Actor.service(f"{SOURCE}{source.name}", origin=origin), name=source.name)


class Identity(Record):
    """A thing as a source knows it, and the record of ours that it is; None where there is no single one.

    ``external`` is the source's id; ``said`` is what it told last, with the digest by which a repetition is known.
    ``apart`` says that a person has separated it: no rule joins it with anything again.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="identities")
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    external = models.CharField(max_length=600)
    name = models.CharField(max_length=300)
    url = models.CharField(max_length=1000, blank=True)
    record = models.UUIDField(null=True)
    said = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    merged_by = models.CharField(max_length=200, blank=True)
    apart = models.BooleanField(default=False)
    told_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("kind", "name")
        constraints = (models.UniqueConstraint(fields=("source", "kind", "external"), name="sources_identity_once"),)
        indexes = (models.Index(fields=("record",), name="sources_identity_record"),)

    def __str__(self) -> str:
        return f"{self.name} at {self.source}"


class Delivery(models.Model):
    """What a system sent to us, scrubbed of secrets, and what became of it."""

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", "Waits"
        TAKEN = "taken", "Taken in"
        FAILED = "failed", "Could not be used"
        REFUSED = "refused", "Refused"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=200)
    event = models.CharField(max_length=200, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField()
    cut = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices)
    reason = models.TextField(blank=True)
    times = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField(default=clock.now)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("source", "key"), name="sources_delivery_once"),)
        indexes = (models.Index(fields=("source", "state"), name="sources_delivery_state"),)

    def __str__(self) -> str:
        return f"{self.event or 'delivery'} {self.key}"


class Happening(Record, Salted):
    """Something that happened at a time, as a source told it (``domain.told.Happening``); never changed."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="happenings")
    external = models.CharField(max_length=600)
    at = models.DateTimeField()
    kind = models.CharField(max_length=100)
    sentence = models.CharField(max_length=500)
    actor = models.CharField(max_length=300, blank=True)
    automatic = models.BooleanField(null=True)
    step = models.CharField(max_length=20, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, null=True, related_name="happenings")
    version = models.ForeignKey(
        "catalogue.ModelVersion", on_delete=models.PROTECT, null=True, related_name="happenings"
    )
    commit = models.CharField(max_length=80, blank=True)
    repository = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(default=dict)
    url = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (models.UniqueConstraint(fields=("source", "external"), name="sources_happening_once"),)
        indexes = (
            models.Index(fields=("model", "at"), name="sources_happening_model"),
            models.Index(fields=("commit",), name="sources_happening_commit"),
        )

    def __str__(self) -> str:
        return self.sentence


class Guard(Record):
    """Only Tollgate moves this name of the model; ``alias`` is the name, or ``APPROVAL`` for its approval status."""

    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, related_name="guards")
    alias = models.CharField(max_length=40)

    class Meta:
        ordering = ("alias",)
        constraints = (models.UniqueConstraint(fields=("model", "alias"), name="sources_guard_once"),)

    def __str__(self) -> str:
        return f"{self.alias} of {self.model}"


class Incident(Record):
    """What a source showed and should not be: a guarded name moved outside of Tollgate, an endpoint of unknown origin.

    Open until a person closes it with a reason, or (an orphan) until the source shows that it is over.
    """

    class Kind(models.TextChoices):
        """What is wrong."""

        MOVED = "moved", "Moved outside of Tollgate"
        ORPHAN = "orphan", "Serves what nobody registered"
        CONFLICT = "conflict", "Two contents under one digest"
        FAULT = "fault", "Evidence altered or missing"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=700)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="incidents")
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, null=True, related_name="incidents")
    at = models.DateTimeField()
    sentence = models.TextField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=254, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("kind", "key"), condition=Q(closed_at=None), name="sources_incident_once"),
        )

    def __str__(self) -> str:
        return self.sentence
