"""Whoever leaves keeps no role and no token: each end is an entry."""

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.ledger.services import record
from audit.people import ledger_actions
from audit.people.models import Membership, Token, User
from audit.people.services import revoke_role


@transaction.atomic
def end_access(*, actor: Actor, user: User, reason: str) -> dict[str, int]:
    """Ends every role and token of ``user``; returns how many of each.

    Raises:
        NotPermitted: the actor may not manage people.
    """
    actor.check("people.manage")
    roles = list(Membership.objects.select_for_update(of=("self",)).select_related("user", "team").filter(user=user))
    for role in roles:
        revoke_role(actor=actor, membership=role, reason=reason)
    tokens = list(Token.objects.select_for_update().filter(user=user, revoked_at=None))
    for token in tokens:
        token.revoked_at = clock.now()
        token.save(update_fields=("revoked_at",))
        changes = {"revoked_at": (None, token.revoked_at)}
        record(actor=actor, action=ledger_actions.TOKEN_REVOKED, subject=token, reason=reason, changes=dict(changes))
    return {"roles": len(roles), "tokens": len(tokens)}
