"""A user is known by e-mail; roles are held per team, or for the whole organisation, and may end."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django.db.models import Q

from audit.base.actors import TITLES, Role
from audit.base.models import Record, Salted


class UserManager(BaseUserManager["User"]):
    """Makes users; there is no superuser: rights come from roles alone."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new user with this e-mail, folded to lower case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this e-mail, in any case."""
        return self.get(email=(username or "").strip().lower())


def _forget(user: "User", before: str, after: str) -> None:
    """Until the services are there, a stronger hash is not kept."""


class User(Record, Salted, AbstractBaseUser):
    """A person who signs in."""

    keep_hash: ClassVar[Callable[["User", str, str], None]] = _forget
    """Keeps the hash ``after`` in the place of ``before``: signing in may find that passwords are hashed anew."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.name

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password. One that is hashed more weakly than today is hashed anew, which is an entry."""
        return check_password(raw_password, self.password, self._hash_anew)

    def _hash_anew(self, raw_password: str) -> None:
        before, self.password = self.password, make_password(raw_password)
        type(self).keep_hash(self, before, self.password)


class Team(Record):
    """People who answer for models together; what a team owns, only its members and auditors see."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(Record):
    """A role that a user holds, for one team or (team empty) for the whole organisation, until it ends.

    An auditor's may be limited: to ``only_models`` (ids of models as text; None: all), and to what happened from
    ``seen_since`` to ``seen_until`` (days, UTC, both within; None where that is open).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, title) for role, title in TITLES.items()])
    until = models.DateTimeField(null=True, blank=True)
    only_models = models.JSONField(null=True, blank=True)
    seen_since = models.DateField(null=True, blank=True)
    seen_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "team", "role"), name="people_membership_once"),
            models.UniqueConstraint(fields=("user", "role"), condition=Q(team=None), name="people_organisation_once"),
        )

    def __str__(self) -> str:
        return f"{self.user}: {TITLES[Role(self.role)]}, {self.team or 'whole organisation'}"

    @property
    def limited(self) -> bool:
        """Whether the role is for a part only of what there is to see."""
        return not (self.only_models is None and self.seen_since is None and self.seen_until is None)


class Token(Record, Salted):
    """A key for programs. Only its SHA-256 is kept; it has its owner's rights, narrowed by scopes, until it ends."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(Record):
    """The answer that a token's write got under a key, so that the same write, sent again, gets it again."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="keys")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=100, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("token", "key"), name="people_idempotency_once"),)

    def __str__(self) -> str:
        return self.key


class Reading(Record):
    """What an auditor looked at in the hour from ``hour`` (UTC): it is one entry, however often they look.

    ``place`` is the record ("catalogue.model:0190…"), or what a page of no single record shows in words.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=120)
    hour = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "place", "hour"), name="people_reading_once"),)

    def __str__(self) -> str:
        return self.place
