"""Which records about people the ledger answers for; those of Django's own tables stand here as well."""

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

from audit.ledger.audited import audited, every, not_audited
from audit.people.models import IdempotencyKey, Membership, Reading, Team, Token, User

audited(
    User,
    fields=every(User, but=("last_login",)),
    person=lambda user: user.pk,
    personal=("email", "name"),
    secret=("password",),
)
audited(Team, fields=every(Team))
audited(Membership, fields=every(Membership), person=lambda membership: membership.user_id)
audited(
    Token,
    fields=every(Token, but=("last_used_at",)),
    person=lambda token: token.user_id,
    personal=("name",),
    secret=("digest",),
)
not_audited(IdempotencyKey, why="The answer to a write, kept for a day; the write itself is an entry.")
not_audited(Reading, why="Keeps what an auditor reads to one entry an hour; that entry says the same.")

RIGHTS = "Django makes it, and nothing here asks for it: rights come from roles, which are audited."
GUESSES = "It counts wrong passwords, to lock out who guesses; each failed sign-in is an entry."
not_audited(Permission, why=RIGHTS)
not_audited(Group, why=RIGHTS)
not_audited(Group.permissions.through, why=RIGHTS)
not_audited(ContentType, why="The names of tables; they come with the software.")
not_audited(Session, why="A browser that is signed in; signing in and out are entries.")
not_audited(AccessAttempt, why=GUESSES)
not_audited(AccessAttemptExpiration, why=GUESSES)
not_audited(AccessFailureLog, why=GUESSES)
not_audited(AccessLog, why="A second record of who signed in and out, which are entries.")
