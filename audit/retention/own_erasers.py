"""What this floor keeps of people beside text columns, what must be settled first, and what is left alone, and why."""

from collections.abc import Iterator
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet

from audit.base.actors import Actor, Role
from audit.catalogue.models import Model as CatalogueModel
from audit.jobs.models import OPEN, Job
from audit.notifications.models import Delivery, Notification
from audit.people.models import IdempotencyKey, Membership, Reading, User
from audit.retention import erasers
from audit.retention.persons import Person

SEALED = "It is sealed: commitments stand in it, and the content of entries that name someone in clear is removed."
HASHES = "Hashes, keys and signed notes: no words of people stand in it."
SOFTWARE = "Names of classes, which come with the software."


def _sessions(user: User) -> list[str]:
    rows = Session.objects.all().iterator(chunk_size=1000)
    return [row.session_key for row in rows if row.get_decoded().get(SESSION_KEY) == str(user.pk)]


def _end_sessions(actor: Actor, user: User, person: Person) -> int:
    return _deleted(Session.objects.filter(pk__in=_sessions(user)))


def _deleted(rows: "QuerySet[Any]") -> int:
    count = rows.count()
    rows.delete()
    return count


def _guesses(person: Person) -> "Iterator[QuerySet[Any]]":
    email = person.traces.email
    return (kind.objects.filter(username__iexact=email) for kind in (AccessAttempt, AccessFailureLog, AccessLog))


def _deleted_with(words: str, kind: type[Model], path: str) -> None:
    """Rows that point at the user by ``path`` are deleted with them."""

    def rows(user: User) -> "QuerySet[Any]":
        return kind._default_manager.filter(**{path: user})

    erasers.own(words, count=lambda user, _: rows(user).count(), erase=lambda actor, user, person: _deleted(rows(user)))


def only_administrator(user: User) -> list[str]:
    """Somebody must be able to manage people afterwards."""
    rows = Membership.objects.filter(role=Role.ADMINISTRATOR, team=None, user__is_active=True)
    if rows.filter(user=user).exists() and not rows.exclude(user=user).exists():
        return [f"{user.name} is the only administrator of the whole organisation: make somebody else one first."]
    return []


def open_jobs(user: User) -> list[str]:
    """A job that runs would go on writing entries on behalf of the person."""
    count = Job.objects.filter(state__in=OPEN, actor_id=user.email).count()
    if not count:
        return []
    which = "a job that is" if count == 1 else f"{count} jobs that are"
    return [f"{user.name} started {which} not done: wait for the end, or cancel what is not needed."]


def owned_models(user: User) -> list[str]:
    """A model needs an owner who can act."""
    names = list(CatalogueModel.objects.filter(owner=user).values_list("name", flat=True))
    if not names:
        return []
    return [f"{user.name} owns {', '.join(names)}: hand {'it' if len(names) == 1 else 'them'} over first."]


def register_own() -> None:
    """Adds them."""
    erasers.own("sessions", count=lambda user, _: len(_sessions(user)), erase=_end_sessions)
    erasers.own(
        "counts of guessed passwords",
        count=lambda _, person: sum(rows.count() for rows in _guesses(person)),
        erase=lambda _, __, person: sum(_deleted(rows) for rows in _guesses(person)),
    )
    _deleted_with("kept answers to API calls", IdempotencyKey, "token__user")
    _deleted_with("notes of what was read", Reading, "user")
    _deleted_with("notifications", Notification, "user")
    _deleted_with("e-mails that were sent", Delivery, "user")
    erasers.names("jobs.job", "actor_name", "actor_id", "subject_name")
    erasers.names("ledger.verification", "actor_name")
    erasers.names("ledger.incident", "closed_by")
    erasers.leave("people.user", why="The person's own row is rewritten; others of the same name keep theirs.")
    erasers.leave("ledger.entry", why=SEALED)
    erasers.leave("ledger.personal", why="Value and salt are destroyed, by person and by what the value says.")
    for name in ("head", "key", "checkpoint", "chain", "state", "posting"):
        erasers.leave(f"ledger.{name}", why=HASHES)
    for label in ("auth.permission", "auth.group", "contenttypes.contenttype"):
        erasers.leave(label, why=SOFTWARE)
    for label in ("accessattempt", "accessfailurelog", "accesslog"):
        erasers.leave(f"axes.{label}", why="Its rows of the person's e-mail are deleted.")
    erasers.leave("sessions.session", why="The person's sessions are deleted; what stands in others is encoded.")
    for check in (owned_models, open_jobs, only_administrator):
        erasers.first(check)
