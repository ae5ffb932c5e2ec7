"""Holds are never deleted: a released one says who released it, and why. What was removed is remembered by its path."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from audit.base.models import Record, Salted


class Kind(models.TextChoices):
    """What a hold is on."""

    PERSON = "person", "Person"
    MODEL = "model", "Model"
    USE_CASE = "use_case", "Use case"
    TEAM = "team", "Team"
    ALL = "all", "Everything"


class Hold(Record, Salted):
    """Nothing in its scope is erased or removed while it is open (``released_at`` empty).

    ``target`` is the id of what it is on, empty for everything; ``target_name`` is its name on the day of the hold.
    ``placed_by`` and ``released_by`` are empty where a part of Tollgate did it. It is placed at ``created_at``.
    """

    kind = models.CharField(max_length=10, choices=Kind.choices)
    target = models.CharField(max_length=36, blank=True)
    target_name = models.CharField(max_length=300)
    reason = models.TextField()
    placed_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    release_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="all", target="") | ~Q(kind="all") & ~Q(target=""), name="retention_hold_has_target"
            ),
        )

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """What it is on: "the model late-arrival"."""
        if self.kind == Kind.ALL:
            return "everything"
        return f"the {self.get_kind_display().lower()} {self.target_name}"


class TakenUp(models.Model):
    """A policy that a run found for the first time: it rules from the run after that one on."""

    digest = models.CharField(max_length=64, primary_key=True)
    title = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.title


class Pruning(Record):
    """One run: what went and what holds kept. ``counts`` lists for each rule {clock, rule, gone, kept}."""

    policy = models.CharField(max_length=64)
    entries = models.BigIntegerField(default=0)
    documents = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    kept = models.BigIntegerField(default=0)
    personal = models.BigIntegerField(default=0)
    counts = models.JSONField(default=list)
    sentence = models.TextField()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.sentence


class Removed(models.Model):
    """A file that retention removed from the lake: its path there, its SHA-256 in hex, its size, and when."""

    path = models.CharField(max_length=500, primary_key=True)
    kind = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[tuple[str, ...]] = ("-at",)

    def __str__(self) -> str:
        return self.path
