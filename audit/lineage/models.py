"""What was said (events, kept as they came) and what follows from it (nodes, edges, facets).

Times of edges and sightings are whole microseconds since 1970 (UTC): the smaller of two is the earlier on every
database, and questions over a million edges compare them.
"""

from django.db import models

from audit.base import clock
from audit.base.models import Record
from audit.lineage.domain.fold import Kind, Link


class Event(models.Model):
    """A well-formed event, as canonical JSON with the SHA-256 ``digest``: kept once for a team, never changed."""

    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    body = models.TextField()
    event_time = models.DateTimeField()
    received_at = models.DateTimeField(default=clock.now)
    actor_id = models.CharField(max_length=254)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("team", "digest"), name="lineage_event_once"),)
        indexes = (models.Index(fields=("team", "event_time"), name="lineage_event_time"),)

    def __str__(self) -> str:
        return f"{self.digest[:12]} of {self.event_time:%Y-%m-%d %H:%M}"


class Rejected(models.Model):
    """A delivery that could not be kept as an event, with the reason; ``event`` is what it became when sent again."""

    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    body = models.TextField()
    cut = models.BooleanField(default=False)
    reason = models.TextField()
    times = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField(default=clock.now)
    actor_id = models.CharField(max_length=254)
    replayed_at = models.DateTimeField(null=True)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("team", "digest"), name="lineage_rejected_once"),)

    def __str__(self) -> str:
        return self.reason


class Node(models.Model):
    """A thing with a place in the graph. Who may see it follows from ``Sighting``."""

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    namespace = models.TextField(blank=True)
    name = models.TextField()
    key = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("kind", "namespace", "name")

    def __str__(self) -> str:
        return self.name


class Place(models.TextChoices):
    """What of the catalogue a node tells of."""

    DATASET = "dataset", "Dataset"
    DATA = "data", "Version of a dataset"
    RUN = "run", "Run"
    VERSION = "version", "Version of a model"
    DEPLOYMENT = "deployment", "Deployment"


class Placed(models.Model):
    """A node tells of the catalogue's record with the id ``record``; data at one address may be several records."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="placed", db_index=False)
    place = models.CharField(max_length=10, choices=Place.choices)
    record = models.UUIDField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("node", "place", "record"), name="lineage_placed_once"),)
        indexes = (models.Index(fields=("place", "record"), name="lineage_placed_record"),)

    def __str__(self) -> str:
        return f"{self.node}: {self.place} {self.record}"


class Recall(Record):
    """Data withdrawn: a version, or a whole dataset (``data`` is its record, where the catalogue has one).

    ``raised_by`` and ``lifted_by`` are empty where a part of Tollgate did it. ``elsewhere`` counts the live deployments
    that it reached then beyond the teams of who raised it: these got no task. It is raised at ``created_at``.
    """

    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="+")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="recalls")
    data = models.ForeignKey("catalogue.DatasetVersion", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField()
    raised_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    elsewhere = models.PositiveIntegerField(default=0)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    lift_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("node", "team"), condition=models.Q(lifted_at=None), name="lineage_recall_open_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.data or self.node)


class RecallTask(Record):
    """A live deployment that learned from withdrawn data: open until ``done_at``, when ``note`` says what was done.

    ``owner`` answered for the model when the task was opened, None when nobody was known to. ``path`` is the evidence:
    the ids of nodes from the data to the deployment.
    """

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="tasks")
    deployment = models.ForeignKey("catalogue.Deployment", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    path = models.JSONField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("created_at",)
        constraints = (models.UniqueConstraint(fields=("recall", "deployment"), name="lineage_task_once"),)

    def __str__(self) -> str:
        return f"{self.deployment}, which learned from {self.recall}"


class Sighting(models.Model):
    """A team's events speak of a node: since which event's time, and since when we know."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="sightings")
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="+")
    since = models.BigIntegerField()
    known = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("node", "team"), name="lineage_sighting_once"),)

    def __str__(self) -> str:
        return f"{self.node} of {self.team}"


class Edge(models.Model):
    """``target`` came from ``source``: since which event's time, and since when we know."""

    source = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="+", db_index=False)
    target = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="+", db_index=False)
    link = models.PositiveSmallIntegerField(choices=[(link.value, link.name.lower()) for link in Link])
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    since = models.BigIntegerField()
    known = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("source", "link", "target", "team"), name="lineage_edge_once"),)
        indexes = (models.Index(fields=("target", "link", "source", "team"), name="lineage_edge_upstream"),)

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}"


class Facet(models.Model):
    """What a team's events said last of a node under ``name``: canonical JSON, facets that nobody knows among them."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="facets", db_index=False)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=230)
    body = models.TextField()
    digest = models.CharField(max_length=64)
    event_time = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("node", "team", "name"), name="lineage_facet_once"),)

    def __str__(self) -> str:
        return self.name
