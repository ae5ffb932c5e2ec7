"""What the ledger can say about people."""

from audit.ledger.registry import Action, register

WHO = ("subject_name",)
SIGNED_IN = register(Action("people.signed_in", "signed in", personal=WHO, touches=False))
SIGNED_OUT = register(Action("people.signed_out", "signed out", personal=WHO, touches=False))
SIGN_IN_FAILED = register(Action("people.sign_in_failed", "could not sign in as {subject}", personal=WHO))
USER_CREATED = register(
    Action(
        "people.user_created",
        "added the user {subject}",
        personal=(*WHO, "changes.email", "changes.name"),
        weighty=True,
    )
)
PROFILE_CHANGED = register(
    Action("people.profile_changed", "changed their own settings", personal=(*WHO, "changes.name"))
)
PASSWORD_CHANGED = register(
    Action("people.password_changed", "changed the password of {subject}", personal=WHO, weighty=True)
)
PASSWORD_REHASHED = register(
    Action("people.password_rehashed", "kept the same password of {subject} under a stronger hash", personal=WHO)
)
TEAM_CREATED = register(Action("people.team_created", "created the team {subject}", weighty=True))
ROLE_GRANTED = register(
    Action("people.role_granted", "granted a role: {subject}", personal=(*WHO, "reason"), weighty=True)
)
ROLE_REVOKED = register(
    Action("people.role_revoked", "revoked a role: {subject}", personal=(*WHO, "reason"), weighty=True)
)
TOKEN_ISSUED = register(
    Action("people.token_issued", "issued the API token {subject}", personal=(*WHO, "changes.name"), weighty=True)
)
TOKEN_REVOKED = register(Action("people.token_revoked", "revoked the API token {subject}", personal=WHO, weighty=True))
READ = register(Action("people.read", "looked at {subject}", touches=False))
