"""An entry outlives what it describes: it copies names, and refers to nothing by key."""

from typing import Any

from django.db import models

FIELDS = (
    "number", "at", "actor_kind", "actor_id", "actor_name", "on_behalf_of", "action", "subject_type", "subject_id",
    "subject_name", "team", "reason", "changes", "address", "origin",
)  # fmt: skip


class Entry(models.Model):
    """Who did what to what, when, from where and why. Written once: triggers refuse every change."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=254, db_index=True)
    actor_name = models.CharField(max_length=200)
    on_behalf_of = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=60, db_index=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=300)
    team = models.UUIDField(null=True, db_index=True)
    reason = models.TextField(blank=True)
    changes = models.JSONField(default=dict)
    address = models.CharField(max_length=45, blank=True)
    origin = models.CharField(max_length=80, blank=True)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("-number",)
        indexes = (models.Index(fields=("subject_type", "subject_id", "-number"), name="ledger_entry_subject"),)

    def __str__(self) -> str:
        return f"Entry {self.number}"

    def sealed_fields(self) -> dict[str, Any]:
        """The fields that the digest covers, as JSON values."""
        values: dict[str, Any] = {name: getattr(self, name) for name in FIELDS}
        values["at"] = self.at.isoformat(timespec="microseconds")
        values["team"] = str(self.team) if self.team else None
        return values


class Head(models.Model):
    """The last entry's number and digest: the one row that writers lock to take their turn."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"Head at {self.number}"


class Verification(models.Model):
    """One walk over the chain: how far it reached, and where it broke (None: nowhere).

    A chain that holds is signed with the installation's key, ``key``: who keeps number, digest and signature elsewhere
    can show later that entries up to there were rewritten.
    """

    at = models.DateTimeField()
    seconds = models.FloatField()
    number = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    broken_at = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    key = models.CharField(max_length=16, blank=True)
    signature = models.CharField(max_length=88, blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"entries 1 to {self.number}" if self.broken_at is None else f"broken at entry {self.broken_at}"
