"""Changes people: users, teams, roles, tokens. Each change is one call and one ledger entry."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.text import slugify

from audit.base import clock
from audit.base.actors import SCOPES, Actor, Role
from audit.base.clock import start_of
from audit.base.errors import InvalidInput, NotFound, NotPermitted, Refused
from audit.ledger.audited import created, removed
from audit.ledger.services import Changes, record, take_turn
from audit.people import ledger_actions, scopes
from audit.people.models import Membership, Team, Token, User
from audit.people.selectors import actor_of, token_scopes, tokens

TOKEN_PREFIX = "tg_"  # noqa: S105  it starts every token, and is no secret
MAX_TOKEN_DAYS = 366
AUDITOR_DAYS = 90
LAST_USED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_user(*, actor: Actor, email: str, name: str, password: str | None = None, zone: str = "UTC") -> User:
    """A new user; without a password, one who cannot sign in by one.

    Raises:
        NotPermitted: the actor may not manage people.
        InvalidInput: the e-mail is taken.
    """
    actor.check("people.manage")
    if User.objects.filter(email=email.strip().lower()).exists():
        raise InvalidInput(f"{email} is in use.", where="email", mend="Grant that user a role instead.")
    user = User.objects.create_user(email, password, name=name, zone=zone)
    record(
        actor=actor,
        action=ledger_actions.USER_CREATED,
        subject=user,
        changes=created(user) | {"email": (None, user.email), "name": (None, name)},
    )
    return user


@transaction.atomic
def set_up(*, actor: Actor, email: str, name: str, password: str, team: str) -> User:
    """The first administrator and the first team of an empty installation; of two who try at once, one succeeds.

    Raises:
        Refused: the installation has people.
    """
    take_turn()
    if User.objects.exists():
        raise Refused("This installation has been set up before. Sign in, or ask an administrator for an account.")
    set_up_by = Actor.service("set-up", origin=actor.origin)
    user = create_user(actor=set_up_by, email=email, name=name, password=password)
    first = create_team(actor=set_up_by, slug=slugify(team) or "first-team", name=team)
    grant_role(actor=set_up_by, user=user, role=Role.ADMINISTRATOR, team=None, reason="First set-up")
    grant_role(actor=set_up_by, user=user, role=Role.OWNER, team=first, reason="First set-up")
    return user


@transaction.atomic
def change_profile(*, actor: Actor, user: User, name: str, zone: str) -> User:
    """One's own name and time zone.

    Raises:
        NotPermitted: it is another person's.
    """
    if actor.user_id != user.pk:
        raise NotPermitted("Only the person can change this.", right="people.own")
    user = User.objects.select_for_update().get(pk=user.pk)
    before = {"name": user.name, "zone": user.zone}
    after = {"name": name, "zone": zone}
    changes = {field: (before[field], after[field]) for field in after if before[field] != after[field]}
    if changes:
        user.name, user.zone = name, zone
        user.save(update_fields=("name", "zone"))
        record(actor=actor, action=ledger_actions.PROFILE_CHANGED, subject=user, changes=dict(changes))
    return user


def change_password(*, actor: Actor, user: User, password: str) -> User:
    """Another password; what was signed in with the old one is signed out.

    Raises:
        NotPermitted: it is another person's, and the actor may not manage people.
    """
    if actor.user_id != user.pk:
        actor.check("people.manage")
    kept = make_password(password)  # slow by intent, so before anything is locked
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        user.password = kept
        user.save(update_fields=("password",))
        record(actor=actor, action=ledger_actions.PASSWORD_CHANGED, subject=user)
    return user


@transaction.atomic
def note_rehashed(*, user: User, before: str, after: str) -> None:
    """Keeps the hash ``after`` of the same password, where ``before`` still stands: how it is hashed has changed."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.password != before:
        return  # it was changed meanwhile; the newer one stays
    locked.password = after
    locked.save(update_fields=("password",))
    actor = Actor.service("sign-in", on_behalf_of=user.email)
    record(actor=actor, action=ledger_actions.PASSWORD_REHASHED, subject=locked)


@transaction.atomic
def create_team(*, actor: Actor, slug: str, name: str) -> Team:
    """A new team.

    Raises:
        NotPermitted: the actor may not manage people.
        InvalidInput: the short name is taken.
    """
    actor.check("people.manage")
    if Team.objects.filter(slug=slug).exists():
        raise InvalidInput(f"The team {slug} exists.", where="slug", mend="Choose another short name.")
    team = Team.objects.create(slug=slug, name=name)
    record(actor=actor, action=ledger_actions.TEAM_CREATED, subject=team, team=team.pk, changes=created(team))
    return team


@transaction.atomic
def grant_role(
    *,
    actor: Actor,
    user: User,
    role: Role,
    team: Team | None,
    until: datetime | None = None,
    only_models: Collection[UUID] | None = None,
    seen_since: date | None = None,
    seen_until: date | None = None,
    reason: str = "",
) -> Membership:
    """The role, held from now on, for ``team`` or (None) for the whole organisation, until ``until`` (UTC) or always.

    An auditor's may be limited to ``only_models`` (ids; None for all) and to what happened from ``seen_since`` to
    ``seen_until`` (days, UTC, both within). What a person grants to an auditor ends: after 90 days, when no end is
    named. Granted again, the role holds with what is said then.

    Raises:
        NotPermitted: the actor may not manage people.
        InvalidInput: another role is to be limited, a model is not the team's, or the days are in the wrong order.
    """
    actor.check("people.manage")
    if role == Role.AUDITOR and until is None and actor.kind != "service":
        until = start_of(clock.now().date() + timedelta(days=AUDITOR_DAYS + 1))
    named = _check_limits(role, team, only_models, seen_since, seen_until)
    after = {
        "until": until,
        "only_models": None if only_models is None else sorted(map(str, only_models)),
        "seen_since": seen_since,
        "seen_until": seen_until,
    }
    rows = Membership.objects.select_for_update()
    membership, made = rows.get_or_create(user=user, team=team, role=role, defaults=after)
    before = {} if made else {name: getattr(membership, name) for name in after}
    changes: Changes = {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}
    if not made and not changes:
        return membership
    if "only_models" in changes:
        ids = {UUID(one) for one in before.get("only_models") or ()}
        changes["models"] = (scopes.names_of(ids) or None, named)
    for name, value in after.items():
        setattr(membership, name, value)
    membership.save()
    record(
        actor=actor,
        action=ledger_actions.ROLE_GRANTED,
        subject=membership,
        team=team.pk if team else None,
        reason=reason,
        changes=changes | ({} if not made else created(membership)) | {"role": (None if made else role, role)},
    )
    return membership


def _check_limits(
    role: Role, team: Team | None, models: Collection[UUID] | None, since: date | None, until: date | None
) -> list[str] | None:
    """The names of the models to which the role is limited; None when it is not limited to any."""
    if role != Role.AUDITOR and not (models is None and since is None and until is None):
        raise InvalidInput("Only an auditor’s role can be limited to models or days.", where="role")
    if since and until and since > until:
        raise InvalidInput("The days end before they begin.", where="seen_until", mend="Swap the two dates.")
    if models is None:
        return None
    known = [model for model in scopes.Known.models() if model.id in models]
    if not models or len(known) != len(set(models)):
        raise InvalidInput("Choose models that exist, or none for all.", where="only_models")
    strange = [model.name for model in known if team is not None and model.team != team.pk]
    if strange:
        raise InvalidInput(f"{strange[0]} is not a model of {team}.", where="only_models", mend="Leave it out.")
    return [model.name for model in known]


@transaction.atomic
def revoke_role(*, actor: Actor, membership: Membership, reason: str) -> None:
    """Ends the role at once.

    Raises:
        NotPermitted: the actor may not manage people.
    """
    actor.check("people.manage")
    record(
        actor=actor,
        action=ledger_actions.ROLE_REVOKED,
        subject=membership,
        team=membership.team_id,
        reason=reason,
        changes=removed(membership),
        gone=True,
    )
    membership.delete()


def digest(token: str) -> str:
    """What is stored of a token: its SHA-256, in hex. Tokens have 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def issue_token(*, actor: Actor, user: User, name: str, scopes: list[str], days: int) -> tuple[Token, str]:
    """A new token of ``user`` and its text, which is shown this once.

    Raises:
        NotPermitted: the actor is neither a service nor a user whose roles include tokens of these scopes.
        InvalidInput: a scope is unknown, or ``days`` is not between 1 and 366.
    """
    if actor.kind != "service" and (actor.user_id != user.pk or not actor.may_anywhere("people.issue_token")):
        raise NotPermitted(actor.why_not("people.issue_token"), right="people.issue_token")
    if actor.kind != "service" and set(scopes) & set(SCOPES) - set(token_scopes(actor)):
        raise NotPermitted("An auditor’s token may read, and nothing else.", right="people.issue_token")
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        raise InvalidInput("Choose at least one scope of " + ", ".join(SCOPES) + ".", where="scopes")
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise InvalidInput(f"A token lasts 1 to {MAX_TOKEN_DAYS} days.", where="days", mend="Enter a number of days.")
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        name=name,
        prefix=text[:8],
        digest=digest(text),
        scopes=sorted(scopes),
        expires_at=clock.now() + timedelta(days=days),
    )
    record(
        actor=actor,
        action=ledger_actions.TOKEN_ISSUED,
        subject=token,
        changes=created(token) | {"name": (None, name)},
    )
    return token, text


@transaction.atomic
def revoke_token(*, actor: Actor, token_id: str) -> Token:
    """Ends a token at once.

    Raises:
        NotFound: there is no such token among the actor's own.
        Refused: it has ended before.
    """
    token = tokens(viewer=actor).select_for_update().filter(pk=token_id).first()
    if token is None:
        raise NotFound("There is no such token among yours.")
    if token.revoked_at:
        raise Refused("This token has been revoked before.")
    token.revoked_at = clock.now()
    token.save(update_fields=("revoked_at",))
    record(
        actor=actor,
        action=ledger_actions.TOKEN_REVOKED,
        subject=token,
        changes={"revoked_at": (None, token.revoked_at)},
    )
    return token


def actor_of_token(*, text: str, address: str = "", origin: str = "") -> Actor | None:
    """The actor that a token's text stands for; None when it is unknown, revoked or expired.

    The time of last use is kept to the minute, so that a busy client does not write at each call.
    """
    at = clock.now()
    token = (
        Token.objects.select_related("user")
        .filter(digest=digest(text), revoked_at=None, expires_at__gt=at, user__is_active=True)
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or at - token.last_used_at > LAST_USED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=at)
    person = actor_of(token.user, address=address, origin=origin, at=at)
    return Actor(
        "token",
        f"{person.id} {token.prefix}",
        f"{token.name} ({person.name})",
        person.grants,
        person.limits,
        scopes=frozenset(token.scopes),
        address=address,
        origin=origin,
        on_behalf_of=person.id,
        user_id=token.user_id,
    )
