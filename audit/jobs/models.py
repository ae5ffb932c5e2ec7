"""A job is a row with its kind, trigger, state, progress, counts, log and lease."""

from django.db import models
from django.db.models import Q

from audit.base.models import Record
from audit.jobs.registry import KINDS


class State(models.TextChoices):
    """Where a job stands. Queued and running are open; the rest are ends."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN = (State.QUEUED, State.RUNNING)


class Job(Record):
    """One piece of background work. ``key`` makes it one: the same key never makes a second row.

    ``model`` is the id of the model in whose life the subject stands, None when it stands in none's.
    """

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    trigger = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=254)
    actor_name = models.CharField(max_length=200)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, related_name="+")
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    subject_name = models.CharField(max_length=300, blank=True)
    model = models.UUIDField(null=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    root = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="tree")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=("-created_at",), name="jobs_newest"),
            models.Index(fields=("kind", "-created_at"), name="jobs_kind"),
            models.Index(fields=("root", "state"), name="jobs_tree"),
            models.Index(fields=("state",), condition=Q(state__in=OPEN), name="jobs_open"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {str(self.pk)[-6:]}"

    @property
    def title(self) -> str:
        """What kind of work it is, in words, and on what."""
        kind = KINDS[self.kind].title if self.kind in KINDS else self.kind
        return f"{kind}: {self.subject_name}" if self.subject_name else kind

    @property
    def is_open(self) -> bool:
        """Whether the job may still do something."""
        return self.state in OPEN


class JobLine(models.Model):
    """A line of a job's log."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.text


class Heartbeat(models.Model):
    """When a worker or beat was last alive."""

    name = models.CharField(max_length=100, primary_key=True)
    role = models.CharField(max_length=10)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
