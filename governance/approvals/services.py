"""Asks, votes, decides. A decision and what follows from it are one transaction, and so are its ledger entries."""

from typing import Any

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import Deployment, Environment, Mode, Model, ModelVersion
from audit.catalogue.selectors import holder_of
from audit.ledger.audited import created
from audit.ledger.services import record
from audit.people.models import User
from audit.people.selectors import actor_of
from costs.budgets.selectors import blocked_by
from governance.approvals import domain, ledger_actions, selectors
from governance.approvals.models import Decision, PromotionRequest, State, Vote
from governance.approvals.policies import policy_for

PRODUCTION = "production"
MAX_COMMENT = 10_000
SERVING: dict[str, str] = {Mode.ONLINE: "serve_online", Mode.BATCH: "serve_batch"}
"""The stage of costs to which each mode belongs."""
DECIDED = {
    State.APPROVED: ledger_actions.APPROVED,
    State.REJECTED: ledger_actions.REJECTED,
    State.CHANGES_ASKED: ledger_actions.CHANGES_ASKED,
}


@transaction.atomic
def request_promotion(
    *,
    actor: Actor,
    version: ModelVersion,
    reason: str,
    mode: str = Mode.BATCH,
    environment: str = PRODUCTION,
    evidence: dict[str, Any] | None = None,
    on_behalf_of: User | None = None,
    requester: str = "",
) -> PromotionRequest:
    """A new request that ``version`` run in ``environment``, under the policy of today.

    A service names the person ``on_behalf_of`` whom it asks, and may give the words (``requester``) by which people
    know it; a token asks on behalf of its owner. ``evidence`` is the comparison: see ``page.Evidence``.

    Raises:
        NotPermitted: the actor may not ask for this team.
        InvalidInput: no reason, no policy for the environment, an unknown mode, figures that JSON cannot hold, or a
            service that names nobody.
        Refused: the version is there already, another request for the same model and environment is open, or a quota
            is exceeded.
    """
    model = Model.objects.select_for_update().get(pk=version.model_id)
    actor.check("approvals.request", model.use_case.team_id)
    if not reason.strip():
        raise InvalidInput("Say why this version should be promoted.", where="reason")
    if mode not in Mode.values:
        raise InvalidInput(f"{mode!r} is not a mode.", where="mode", mend="Use online or batch.")
    if actor.kind == "service" and on_behalf_of is None:
        raise InvalidInput("A program asks on behalf of a person.", where="on_behalf_of")
    policy = policy_for(environment)
    if version.author_id is None and "author" in policy.excluded:
        raise Refused(
            f"Nobody knows who made {version}, and its author may not decide: say on its page who it was first."
        )
    present = holder_of(model=model, alias=environment)
    if present and present.pk == version.pk:
        raise Refused(f"{version} is in {environment} already.")
    waiting = selectors.open_request(model=model, environment=environment)
    if waiting:
        raise Refused(f"A request for {waiting.version} is open; {model} can have one for {environment} at a time.")
    _check_quota(model, mode)
    person = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    row = PromotionRequest(
        version=version,
        model=model,
        replaces=present,
        environment=environment,
        mode=mode,
        requester_id=actor.id,
        requester_name=requester or actor.name,
        requested_by=person if actor.kind == "person" else None,
        on_behalf_of=on_behalf_of or (person if actor.kind != "person" else None),
        reason=reason.strip(),
        policy=policy.snapshot(),
        evidence=evidence or {},
        opened_at=clock.now(),
    )
    row.digest = selectors.current_digest(row)
    row.save(force_insert=True)
    record(
        actor=actor,
        action=ledger_actions.ASKED,
        subject=row,
        team=model.use_case.team_id,
        reason=row.reason,
        changes=created(row)
        | {
            "replaces": (None, str(present) if present else None),
            "decided by": (None, f"{policy.name}, version {policy.version}"),
        },
    )
    return row


@transaction.atomic
def vote(*, actor: Actor, request: PromotionRequest, decision: str, comment: str) -> PromotionRequest:
    """The request after the actor's vote: approve, changes or reject.

    The vote that completes the quorum moves the alias and replaces the deployment, here and now; one rejection, or
    one call for changes, ends the request. Votes on one request take turns.

    Raises:
        NotPermitted: the actor may not vote on it (see ``selectors.check_can_vote``).
        Refused: it is closed, was voted on by the actor, what it is about has changed, or it is approved while a quota
            is exceeded.
        InvalidInput: no comment, or an unknown decision.
    """
    row = _locked(request)
    actor = _today(actor)
    selectors.check_can_vote(actor, row)
    if decision not in Decision.values:
        raise InvalidInput(f"{decision!r} is not a decision.", where="decision", mend="Use approve, changes or reject.")
    comment = comment.strip()
    if row.policy["comment_required"] and not comment:
        raise InvalidInput("Write a comment: it stands in the record with your name.", where="comment")
    if len(comment) > MAX_COMMENT:
        raise InvalidInput(f"The comment has {len(comment):,} characters; {MAX_COMMENT:,} fit.", where="comment")
    if decision == Decision.APPROVE:
        _check_quota(row.model, row.mode)
    role, team = selectors.role_of(actor, row), row.model.use_case.team_id
    assert actor.user_id is not None and role is not None
    said = Vote.objects.create(
        request=row,
        user_id=actor.user_id,
        decision=decision,
        comment=comment,
        role=role,
        digest=row.digest,
        at=clock.now(),
    )
    record(
        actor=actor,
        action=ledger_actions.VOTED,
        subject=row,
        team=team,
        reason=comment,
        changes={"vote": (None, decision), "as": (None, role), "about": (None, row.digest)},
        also=[said],
    )
    approvals = row.votes.filter(decision=Decision.APPROVE).count()
    event = domain.event_of(decision, approvals, row.policy["quorum"])
    after = domain.REQUEST.after(row.state, event)
    if after != State.OPEN:
        _close(row, State(after), actor=actor, reason=comment)
    if after == State.APPROVED:
        _apply(row, actor)
    return row


@transaction.atomic
def withdraw(*, actor: Actor, request: PromotionRequest, reason: str = "") -> PromotionRequest:
    """The request, withdrawn by whoever asked for it, or by the person on whose behalf it was asked.

    Raises:
        NotPermitted: the actor is neither.
        Refused: the request is closed.
    """
    row = _locked(request)
    why = why_not_withdraw(actor, row)
    if why:
        if domain.REQUEST.is_end(row.state):
            raise Refused(why)
        raise NotPermitted(why, right="approvals.request")
    row.state = domain.REQUEST.after(row.state, domain.WITHDRAW)
    row.decided_at = clock.now()
    row.save(update_fields=("state", "decided_at"))
    record(
        actor=actor,
        action=ledger_actions.WITHDRAWN,
        subject=row,
        team=row.model.use_case.team_id,
        reason=reason.strip(),
        changes={"state": (State.OPEN, row.state), "decided_at": (None, row.decided_at)},
    )
    return row


def why_not_withdraw(actor: Actor, row: PromotionRequest) -> str:
    """The sentence that says why the actor cannot withdraw the request; empty when the actor can."""
    if domain.REQUEST.is_end(row.state):
        return domain.REQUEST.why_not(row.state)
    people = [user for user in (row.requested_by, row.on_behalf_of) if user is not None]
    if actor.kind == "person" and any(user.pk == actor.user_id for user in people):
        return ""
    names = domain.listed([user.name for user in people], "or")
    return f"Only {names or row.requester_name} can withdraw this request."


def _check_quota(model: Model, mode: str) -> None:
    """Nothing, while no exceeded quota counts what serving the model costs."""
    why = blocked_by(model=model, stages={SERVING[mode]})
    if why:
        raise Refused(why)


def _locked(request: PromotionRequest) -> PromotionRequest:
    rows = PromotionRequest.objects.select_for_update(of=("self",))
    rows = rows.select_related("model__use_case__team", "version__model", "version__author", "replaces")
    return rows.get(pk=request.pk)


def _today(actor: Actor) -> Actor:
    """The actor with the roles held at this moment: one taken away since the page was opened no longer counts."""
    if actor.kind != "person":
        return actor
    user = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if user is None:
        raise NotPermitted("Your account has been closed, so you cannot decide.", right=selectors.RIGHT)
    return actor_of(user, address=actor.address, origin=actor.origin)


def _close(row: PromotionRequest, state: State, *, actor: Actor, reason: str) -> None:
    before, row.state, row.decided_at = row.state, state, clock.now()
    row.save(update_fields=("state", "decided_at"))
    record(
        actor=actor,
        action=DECIDED[state],
        subject=row,
        team=row.model.use_case.team_id,
        reason=reason,
        changes={"state": (before, state), "decided_at": (None, row.decided_at)},
    )


def _apply(row: PromotionRequest, actor: Actor) -> None:
    """Carries the approval out, as a service on behalf of those who approved: their roles give no right to deploy."""
    voters = [vote.user for vote in row.votes.filter(decision=Decision.APPROVE).select_related("user")]
    service = Actor.service(
        "approvals", origin=actor.origin, on_behalf_of=", ".join(user.email for user in voters)[:254]
    )
    reason = "Approved; the votes stand in the request."
    catalogue.move_alias(actor=service, version=row.version, alias=row.environment, reason=reason)
    catalogue.deploy(
        actor=service, version=row.version, environment=row.environment, mode=row.mode, replace=True, reason=reason
    )
    shadows = Deployment.objects.filter(version=row.version, environment=Environment.SHADOW, until=None)
    for shadow in shadows.select_related("version__model__use_case"):
        catalogue.end_deployment(actor=service, deployment=shadow, reason=f"It runs in {row.environment} now.")
