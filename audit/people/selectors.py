"""Reads people as the viewer may see them."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from audit.base import clock
from audit.base.actors import RIGHTS, SCOPES, Actor, Limit, Role
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.people import scopes
from audit.people.models import Membership, Team, Token, User


def actor_of(user: User, *, address: str = "", origin: str = "", at: datetime | None = None) -> Actor:
    """The actor that a signed-in user is, with the roles that have not ended at ``at`` (now, when left out)."""
    held: dict[UUID | None, set[Role]] = {}
    limits = []
    rows = Membership.objects.filter(Q(until=None) | Q(until__gt=at or clock.now()), user=user)
    for row in rows:
        if row.limited:
            limit = limit_of(row)
            limits.append(replace(limit, use_cases=scopes.Known.use_cases(limit.models)) if limit.models else limit)
        else:
            held.setdefault(row.team_id, set()).add(Role(row.role))
    grants = {team: frozenset(roles) for team, roles in held.items()}
    return Actor(
        "person", user.email, user.name, grants, tuple(limits), address=address, origin=origin, user_id=user.pk
    )


def limit_of(membership: Membership) -> Limit:
    """Within what a limited role is held, but for the use cases of its models."""
    ids = None if membership.only_models is None else frozenset(UUID(one) for one in membership.only_models)
    return Limit(
        team=membership.team_id,
        models=ids,
        since=membership.seen_since,
        until=membership.seen_until,
        ends=membership.until,
    )


def teams(*, viewer: Actor) -> QuerySet[Team]:
    """The teams that the viewer belongs to, or all for who sees the whole organisation."""
    return visible(Team.objects.all(), viewer=viewer, team="pk")


def members(*, viewer: Actor) -> QuerySet[Membership]:
    """Roles held, of the teams that the viewer sees."""
    rows = Membership.objects.select_related("user", "team").order_by("team__name", "user__name", "role")
    return visible(rows, viewer=viewer, team="team")


def tokens(*, viewer: Actor) -> QuerySet[Token]:
    """The viewer's own tokens, newest first."""
    return Token.objects.filter(user_id=viewer.user_id) if viewer.user_id else Token.objects.none()


def token_scopes(actor: Actor) -> list[str]:
    """The scopes that the actor's own tokens may have: an auditor's may read only."""
    held = {role for roles in actor.grants.values() for role in roles}
    return list(SCOPES) if held & RIGHTS["people.issue_token"] - {Role.AUDITOR} else ["read"]


def holders(*, team: Team, roles: set[Role]) -> QuerySet[User]:
    """Active users who hold one of ``roles`` for ``team`` now."""
    live = Q(memberships__until=None) | Q(memberships__until__gt=clock.now())
    where = Q(memberships__team=team) | Q(memberships__team=None)
    return User.objects.filter(live, where, memberships__role__in=roles, is_active=True).distinct().order_by("name")


def signed_in(user: User | AnonymousUser) -> User:
    """The same user, when it is one.

    Raises:
        NotFound: nobody has signed in.
    """
    if isinstance(user, AnonymousUser):
        raise NotFound("Nobody has signed in.")
    return user


def anybody() -> bool:
    """Whether this installation has any people."""
    return User.objects.exists()


def last_ended(user: User | AnonymousUser) -> Membership | None:
    """The role of ``user`` that ended last; None when none has."""
    if isinstance(user, AnonymousUser):
        return None
    return user.memberships.filter(until__lte=clock.now()).order_by("-until").first()


def roles_of(user: User | AnonymousUser) -> QuerySet[Membership]:
    """The roles that ``user`` holds now, by team."""
    if isinstance(user, AnonymousUser):
        return Membership.objects.none()
    live = Q(until=None) | Q(until__gt=clock.now())
    return user.memberships.filter(live).select_related("team").order_by("team__name", "role")
