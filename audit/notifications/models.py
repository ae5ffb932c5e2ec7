"""A message is what is told, once; notifications are whom it reaches in the app, deliveries where else it goes."""

from datetime import time

from django.db import models
from django.db.models import Q

from audit.base.models import Record
from audit.base.vault import opened
from audit.notifications import kinds, places
from audit.notifications.domain.times import Quiet
from audit.notifications.places.contract import Place

PURPOSE = "channel"


class Message(Record):
    """What is told. ``key`` makes it one: the same key never makes a second. ``link`` is a path of ours, or empty."""

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, related_name="+")
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    link = models.CharField(max_length=500, blank=True)
    urgent = models.BooleanField(default=False)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.title

    @property
    def kind_title(self) -> str:
        """What people call its kind."""
        return kinds.title_of(self.kind)


class Preferences(Record):
    """What a person wants: ``choices`` maps codes of kinds to choices; what is missing is as the kind usually is.

    Times are "22:00" by the clocks of the person's own time zone. Quiet hours need both ends.
    """

    user = models.OneToOneField("people.User", on_delete=models.CASCADE, related_name="+")
    choices = models.JSONField(default=dict)
    quiet_from = models.CharField(max_length=5, blank=True)
    quiet_until = models.CharField(max_length=5, blank=True)
    digest_at = models.CharField(max_length=5, default="08:00")

    def __str__(self) -> str:
        return f"what {self.user} is told"

    def choice(self, kind: str) -> str:
        """What the person wants of a kind."""
        found = self.choices.get(kind)
        return str(found) if found in kinds.Choice.values else str(kinds.KINDS[kind].usually)

    @property
    def quiet(self) -> Quiet | None:
        """The quiet hours; None without."""
        if not (self.quiet_from and self.quiet_until):
            return None
        return Quiet(time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_until), self.user.zone)


class Channel(Record):
    """Where a team's messages go beside its people. ``secret`` is encrypted and never shown.

    ``kinds`` are the codes of the kinds that go there; empty stands for all. ``inside``: the address may lie within
    the own network, because an administrator gave it.
    """

    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    settings = models.JSONField(default=dict)
    secret = models.TextField(blank=True)
    kinds = models.JSONField(default=list)
    inside = models.BooleanField(default=False)
    added_by = models.ForeignKey("people.User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("team__name", "name")
        constraints = (models.UniqueConstraint(fields=("team", "name"), name="notifications_channel_once"),)

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What kind of place it is."""
        return places.KINDS[self.kind].title if self.kind in places.KINDS else self.kind

    @property
    def kind_titles(self) -> list[str]:
        """The kinds of messages that go there; empty for all."""
        return [kinds.title_of(one) for one in self.kinds]

    def place(self) -> Place:
        """The means to reach it.

        Raises:
            InvalidInput: its kind is unknown.
            Refused: its secret cannot be read.
        """
        return places.kind(self.kind)(self.settings, opened(self.secret, purpose=PURPOSE), inside=self.inside)


class Delivery(Record):
    """One way that a message takes out of the app. Its id is what the receiver knows it by, the same at each try.

    ``user`` or ``channel`` says to whom; ``to`` keeps the address or name of that day, and ``team`` whose channel it
    is, when the channel has been removed. A digest has no message of its own: notifications point at it.
    ``due_at`` is when it is tried next, while it waits; ``lease_until``: until then one process has it in hand.
    """

    class Way(models.TextChoices):
        """How it goes."""

        EMAIL = "email", "E-mail"
        DIGEST = "digest", "Daily digest"
        CHANNEL = "channel", "Channel"
        TEST = "test", "Test of a channel"

    class State(models.TextChoices):
        """Where it stands. Waiting is open; the rest are ends."""

        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        DROPPED = "dropped", "Not needed"

    key = models.CharField(max_length=200, unique=True)
    way = models.CharField(max_length=10, choices=Way.choices)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="deliveries")
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, null=True, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, related_name="+")
    to = models.CharField(max_length=300)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=("due_at",), condition=Q(state="waiting"), name="notifications_due"),
            models.Index(fields=("channel", "-id"), name="notifications_sent_channel"),
            models.Index(fields=("user", "-id"), name="notifications_sent_user"),
        )

    def __str__(self) -> str:
        return f"{self.title} to {self.to}"


class Notification(Record):
    """A message as one person has it in the app. ``digest`` is the digest that tells of it, None without."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="notifications")
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    digest = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="told")
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("message", "user"), name="notifications_once"),)
        indexes = (
            models.Index(fields=("user", "-id"), name="notifications_newest"),
            models.Index(fields=("user",), condition=Q(read_at=None), name="notifications_unread"),
        )

    def __str__(self) -> str:
        return self.message.title
