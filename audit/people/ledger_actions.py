"""What the ledger can say about people."""

from audit.ledger.registry import Action, register

SIGNED_IN = register(Action("people.signed_in", "signed in"))
SIGNED_OUT = register(Action("people.signed_out", "signed out"))
SIGN_IN_FAILED = register(Action("people.sign_in_failed", "could not sign in as {subject}"))
USER_CREATED = register(Action("people.user_created", "added the user {subject}"))
TEAM_CREATED = register(Action("people.team_created", "created the team {subject}"))
ROLE_GRANTED = register(Action("people.role_granted", "granted a role: {subject}"))
ROLE_REVOKED = register(Action("people.role_revoked", "revoked a role: {subject}"))
TOKEN_ISSUED = register(Action("people.token_issued", "issued the API token {subject}"))
TOKEN_REVOKED = register(Action("people.token_revoked", "revoked the API token {subject}"))
PROFILE_CHANGED = register(Action("people.profile_changed", "changed their own settings"))
