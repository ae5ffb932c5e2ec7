"""Reads requests as the viewer may see them, and says why someone may not decide on one."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from audit.base.actors import TITLES, Actor, Role, listed
from audit.base.errors import NotFound, NotPermitted, Refused
from audit.base.scoping import visible
from audit.catalogue.models import Model
from audit.catalogue.selectors import holder_of
from audit.people.models import User
from audit.people.selectors import holders
from governance.approvals import domain
from governance.approvals.models import PromotionRequest, State, Vote

RIGHT = "approvals.vote"


def requests(*, viewer: Actor) -> QuerySet[PromotionRequest]:
    """Requests for models of the viewer's teams, newest first, with their votes."""
    rows = PromotionRequest.objects.select_related(
        "model__use_case__team", "version__model", "version__author", "replaces", "requested_by", "on_behalf_of"
    ).prefetch_related(Prefetch("votes", Vote.objects.select_related("user")))
    return visible(rows, viewer=viewer, team="model__use_case__team", model="model", at="opened_at")


def request(*, viewer: Actor, request_id: UUID | str) -> PromotionRequest:
    """One request.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = requests(viewer=viewer).filter(pk=request_id).first()
    if found is None:
        raise NotFound("There is no such request, or it belongs to a team that you are not in.")
    return found


def waiting_for(viewer: Actor) -> list[PromotionRequest]:
    """The open requests on which the viewer can vote now, oldest first."""
    if viewer.kind != "person" or not viewer.may_anywhere(RIGHT):
        return []
    rows = requests(viewer=viewer).filter(state=State.OPEN).order_by("opened_at")
    return [row for row in rows if _refusal(viewer, row) is None]


def open_request(*, model: Model, environment: str = "production") -> PromotionRequest | None:
    """The request that waits for a decision on this model and environment."""
    return PromotionRequest.objects.filter(model=model, environment=environment, state=State.OPEN).first()


def current_digest(row: PromotionRequest) -> str:
    """The digest of what a vote would be given on now; it differs from the request's when something changed."""
    now = holder_of(model=row.model, alias=row.environment)
    return domain.binding(
        model=row.model.slug,
        version=row.version.number,
        artefact_digest=row.version.artefact_digest,
        metrics=row.version.metrics,
        replaces=now.number if now else None,
        environment=row.environment,
        mode=row.mode,
        evidence=row.evidence,
        policy=row.policy,
    )


def excluded(row: PromotionRequest) -> dict[UUID, tuple[User, list[str]]]:
    """Who may not vote on the request, by the policy that it keeps, and why."""
    found: dict[UUID, tuple[User, list[str]]] = {}
    people: dict[str, list[User | None]] = {
        "requester": [row.requested_by, row.on_behalf_of],
        "author": [row.version.author],
    }
    for kind in row.policy["excluded"]:
        for user in people[kind]:
            if user is not None:
                found.setdefault(user.pk, (user, []))[1].append(domain.EXCLUDABLE[kind])
    return found


def can_vote(row: PromotionRequest) -> list[User]:
    """Who could still vote on an open request."""
    if row.state != State.OPEN:
        return []
    out = set(excluded(row)) | {vote.user_id for vote in row.votes.all()}
    roles = {Role(name) for name in row.policy["roles"]}
    return [user for user in holders(team=row.model.use_case.team, roles=roles) if user.pk not in out]


def check_can_vote(actor: Actor, row: PromotionRequest) -> None:
    """Nothing, when the actor can vote on the request now.

    Raises:
        NotPermitted: the actor is not a person, lacks the role, or is excluded.
        Refused: the request is closed, was voted on by the actor, or what it is about has changed.
    """
    refusal = _refusal(actor, row)
    if refusal is not None:
        raise refusal
    if current_digest(row) != row.digest:
        raise Refused(
            "What this request is about has changed since it was opened (the artefact, its metrics, the evidence or "
            "what is in production), so no vote can be given on it. Withdraw it and ask again."
        )


def why_not_vote(actor: Actor, row: PromotionRequest) -> str:
    """The sentence that the disabled buttons show; empty when the actor can vote."""
    try:
        check_can_vote(actor, row)
    except (NotPermitted, Refused) as refusal:
        return refusal.sentence
    return ""


def role_of(actor: Actor, row: PromotionRequest) -> Role | None:
    """The role with which the actor votes: the first of the policy's roles that the actor holds."""
    held = actor.roles(row.model.use_case.team_id)
    return next((Role(name) for name in row.policy["roles"] if Role(name) in held), None)


def _refusal(actor: Actor, row: PromotionRequest) -> NotPermitted | Refused | None:
    if actor.kind != "person":
        return NotPermitted("A decision needs a person who is signed in; a program may not vote.", right=RIGHT)
    if domain.REQUEST.is_end(row.state):
        return Refused(domain.REQUEST.why_not(row.state))
    barred = excluded(row)
    if actor.user_id in barred:
        why = domain.listed([_you(reason) for reason in barred[actor.user_id][1]])
        return NotPermitted(f"You cannot decide on this: {why}.{_others(row)}", right=RIGHT)
    if not actor.may(RIGHT, row.model.use_case.team_id) or role_of(actor, row) is None:
        roles = listed([_article(TITLES[Role(name)].lower()) for name in row.policy["roles"]])
        return NotPermitted(f"You cannot decide on this: {roles} of this team can.{_others(row)}", right=RIGHT)
    if any(vote.user_id == actor.user_id for vote in row.votes.all()):
        return Refused(f"You have voted on this request; each person votes once.{_others(row)}")
    return None


def _others(row: PromotionRequest) -> str:
    names = [user.name for user in can_vote(row)]
    return f" {domain.listed(names)} can." if names else ""


def _article(title: str) -> str:
    return f"{'an' if title[0] in 'aeiou' else 'a'} {title}"


def _you(reason: str) -> str:
    return "you " + reason.replace("is the author", "are the author")
