"""Who may decide, what a decision does, and what it cannot do."""

import threading
from dataclasses import replace

import pytest
from django.db import connection

from audit.base import clock
from audit.base.actors import Role
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import Deployment, Model, ModelVersion
from audit.catalogue.selectors import holder_of
from audit.ledger.models import Entry
from audit.people import services as people
from audit.people.models import Membership, User
from costs.budgets import services as budgets
from governance.approvals import selectors, services
from governance.approvals.models import PromotionRequest, State, Vote
from tests.support import told
from tests.support.cast import PASSWORD, SYSTEM, Cast
from tests.support.spending import spend, state

EVIDENCE = {"rows": 12345, "measures": [{"metric": "roc_auc", "difference": 0.05, "low": 0.03, "high": 0.07}]}


def another(cast: Cast, name: str, role: Role) -> User:
    user = people.create_user(actor=SYSTEM, email=f"{name}@example.org", name=name.title(), password=PASSWORD)
    people.grant_role(actor=SYSTEM, user=user, role=role, team=cast.team)
    return user


@pytest.fixture
def candidate(cast: Cast, model: Model, version: ModelVersion) -> ModelVersion:
    """Version 2, by the owner, while version 1 is in production."""
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production")
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")
    return catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/two", artefact_digest="2" * 64, author=cast.owner
    )


@pytest.fixture
def opened(cast: Cast, candidate: ModelVersion) -> PromotionRequest:
    """A request by a rule, on behalf of the owner."""
    return services.request_promotion(
        actor=SYSTEM, version=candidate, reason="AUC fell.", evidence=EVIDENCE, on_behalf_of=cast.owner
    )


def vote(cast: Cast, name: str, row: PromotionRequest, decision: str = "approve", comment: str = "Looked at it."):
    return services.vote(actor=cast.actor(name), request=row, decision=decision, comment=comment)


def test_two_approvals_move_the_alias_and_replace_the_deployment(cast, opened, candidate):
    catalogue.deploy(actor=SYSTEM, version=candidate, environment="shadow", mode="batch")
    assert vote(cast, "validator", opened).state == State.OPEN
    assert holder_of(model=candidate.model).number == 1
    assert vote(cast, "approver", opened).state == State.APPROVED
    assert holder_of(model=candidate.model).number == 2
    live = Deployment.objects.filter(version__model=candidate.model, until=None)
    assert [(row.version.number, row.environment, row.mode) for row in live] == [(2, "production", "batch")]


def test_approval_is_told_by_the_ledger_step_by_step(cast, opened):
    vote(cast, "validator", opened)
    vote(cast, "approver", opened)
    last = [(entry.action, entry.actor_id, entry.on_behalf_of) for entry in told.entries()][-7:]
    both = "validator@example.org, approver@example.org"
    assert last == [
        ("approvals.asked", "test", ""),
        ("approvals.voted", "validator@example.org", ""),
        ("approvals.voted", "approver@example.org", ""),
        ("approvals.approved", "approver@example.org", ""),
        ("catalogue.alias_moved", "approvals", both),
        ("catalogue.retired", "approvals", both),
        ("catalogue.deployed", "approvals", both),
    ]


@pytest.mark.parametrize(("decision", "state"), [("reject", "rejected"), ("changes", "changes_asked")])
def test_one_voice_against_ends_the_request(cast, opened, decision, state):
    vote(cast, "validator", opened)
    assert vote(cast, "approver", opened, decision).state == state
    assert holder_of(model=opened.model).number == 1


def test_closed_request_takes_no_vote(cast, opened):
    vote(cast, "validator", opened, "reject")
    with pytest.raises(Refused, match="has been rejected"):
        vote(cast, "approver", opened)
    assert Vote.objects.count() == 1


def test_person_on_whose_behalf_was_asked_cannot_vote(cast, opened):
    people.grant_role(actor=SYSTEM, user=cast.owner, role=Role.APPROVER, team=cast.team)
    with pytest.raises(NotPermitted, match="you asked for this promotion and you are the author"):
        vote(cast, "owner", opened)


def test_requester_cannot_vote(cast, model, candidate):
    asker = another(cast, "asker", Role.OWNER)
    people.grant_role(actor=SYSTEM, user=asker, role=Role.APPROVER, team=cast.team)
    actor = people.actor_of(asker)
    row = services.request_promotion(actor=actor, version=candidate, reason="It is better.")
    assert row.requested_by == asker and row.on_behalf_of is None
    with pytest.raises(NotPermitted, match="You cannot decide on this: you asked for this promotion"):
        services.vote(actor=actor, request=row, decision="approve", comment="Mine.")


def test_author_cannot_vote(cast, model, candidate):
    author = another(cast, "author", Role.VALIDATOR)
    built = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/three", artefact_digest="3" * 64, author=author
    )
    row = services.request_promotion(actor=cast.actor("owner"), version=built, reason="It is better.")
    with pytest.raises(NotPermitted, match="you are the author of the version"):
        services.vote(actor=people.actor_of(author), request=row, decision="approve", comment="Mine.")


@pytest.mark.parametrize("name", ["manager", "auditor", "administrator", "outsider"])
def test_who_holds_no_voting_role_cannot_vote(cast, opened, name):
    with pytest.raises(NotPermitted, match="a validator or an approver of this team can"):
        vote(cast, name, opened)


def test_role_of_another_team_does_not_count(cast, opened):
    people.grant_role(actor=SYSTEM, user=cast.outsider, role=Role.APPROVER, team=cast.other_team)
    with pytest.raises(NotPermitted):
        vote(cast, "outsider", opened)


def test_role_revoked_after_the_page_was_opened_does_not_count(cast, opened):
    actor = cast.actor("approver")
    people.revoke_role(actor=SYSTEM, membership=Membership.objects.get(user=cast.approver), reason="Left.")
    with pytest.raises(NotPermitted):
        services.vote(actor=actor, request=opened, decision="approve", comment="Still me.")


def test_closed_account_cannot_vote(cast, opened):
    actor = cast.actor("approver")
    User.objects.filter(pk=cast.approver.pk).update(is_active=False)
    with pytest.raises(NotPermitted, match="account has been closed"):
        services.vote(actor=actor, request=opened, decision="approve", comment="Still me.")


@pytest.mark.parametrize("kind", ["token", "service", "outside"])
def test_programs_cannot_vote(cast, opened, kind):
    actor = replace(cast.actor("approver"), kind=kind)
    with pytest.raises(NotPermitted, match="a program may not vote"):
        services.vote(actor=actor, request=opened, decision="approve", comment="Beep.")


def test_second_vote_of_one_person_is_refused(cast, opened):
    vote(cast, "validator", opened)
    with pytest.raises(Refused, match="each person votes once"):
        vote(cast, "validator", opened)


@pytest.mark.parametrize("comment", ["", "  \n "])
def test_vote_without_comment_is_refused(cast, opened, comment):
    with pytest.raises(InvalidInput, match="Write a comment"):
        vote(cast, "validator", opened, comment=comment)


def test_changed_metrics_refuse_the_vote_and_undo_nothing(cast, opened, candidate):
    vote(cast, "validator", opened)
    ModelVersion.objects.filter(pk=candidate.pk).update(metrics={"roc_auc": 0.99})
    with pytest.raises(Refused, match="has changed since it was opened"):
        vote(cast, "approver", opened)
    assert holder_of(model=candidate.model).number == 1


def test_changed_evidence_refuses_the_vote(cast, opened):
    PromotionRequest.objects.filter(pk=opened.pk).update(evidence={**EVIDENCE, "rows": 12346})
    with pytest.raises(Refused, match="has changed since it was opened"):
        vote(cast, "approver", opened)


def test_changed_production_refuses_the_vote(cast, model, opened):
    third = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/three", artefact_digest="3" * 64, author=cast.owner
    )
    catalogue.move_alias(actor=SYSTEM, version=third, alias="production")
    with pytest.raises(Refused, match="has changed since it was opened"):
        vote(cast, "approver", opened)


def test_second_open_request_for_a_model_is_refused(cast, opened, candidate):
    with pytest.raises(Refused, match="A request for late-arrival v2 is open"):
        services.request_promotion(actor=cast.actor("owner"), version=candidate, reason="Again.")


def test_promotion_of_what_is_in_production_is_refused(cast, version, candidate):
    with pytest.raises(Refused, match="late-arrival v1 is in production already"):
        services.request_promotion(actor=cast.actor("owner"), version=version, reason="Again.")


@pytest.mark.parametrize("name", ["manager", "validator", "approver", "auditor", "administrator", "outsider"])
def test_only_the_owner_asks(cast, candidate, name):
    with pytest.raises(NotPermitted):
        services.request_promotion(actor=cast.actor(name), version=candidate, reason="Please.")


def test_program_names_the_person_for_whom_it_asks(candidate):
    with pytest.raises(InvalidInput, match="on behalf of a person"):
        services.request_promotion(actor=SYSTEM, version=candidate, reason="Please.")


def test_environment_without_policy_is_refused(cast, candidate):
    with pytest.raises(InvalidInput, match="no policy for staging"):
        services.request_promotion(actor=cast.actor("owner"), version=candidate, reason="Why.", environment="staging")


def test_evidence_that_json_cannot_hold_is_refused(cast, candidate):
    with pytest.raises(InvalidInput, match="cannot be sealed"):
        services.request_promotion(
            actor=cast.actor("owner"), version=candidate, reason="Why.", evidence={"low": float("nan")}
        )


def test_withdrawal_belongs_to_who_asked(cast, opened):
    with pytest.raises(NotPermitted, match="Only Owner can withdraw"):
        services.withdraw(actor=cast.actor("approver"), request=opened)
    assert services.withdraw(actor=cast.actor("owner"), request=opened).state == State.WITHDRAWN
    with pytest.raises(Refused, match="was withdrawn"):
        services.withdraw(actor=cast.actor("owner"), request=opened)


def test_waiting_shows_only_what_the_viewer_can_decide(cast, opened):
    waits = {
        name: len(selectors.waiting_for(cast.actor(name))) for name in ("owner", "validator", "approver", "manager")
    }
    assert waits == {"owner": 0, "validator": 1, "approver": 1, "manager": 0}
    vote(cast, "validator", opened)
    assert selectors.waiting_for(cast.actor("validator")) == []


def test_request_keeps_the_policy_that_it_began_with(cast, opened):
    assert opened.policy["version"] == 1 and opened.policy["quorum"] == 2
    assert len(opened.policy["digest"]) == 64 and "quorum: 2" in opened.policy["text"]


@pytest.mark.django_db(transaction=True)
def test_concurrent_votes_decide_once(cast, opened):
    voters = [cast.actor("validator"), cast.actor("approver"), people.actor_of(another(cast, "helen", Role.APPROVER))]
    start, outcomes = threading.Barrier(3), []

    def cast_vote(actor) -> None:
        start.wait()
        try:
            services.vote(actor=actor, request=opened, decision="approve", comment="At once.")
            outcomes.append("voted")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=cast_vote, args=(actor,)) for actor in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened.refresh_from_db()
    assert sorted(outcomes) == ["refused", "voted", "voted"]
    assert opened.state == State.APPROVED
    assert Deployment.objects.filter(version=opened.version, environment="production", until=None).count() == 1
    assert Entry.objects.filter(action="approvals.approved").count() == 1


def test_exceeded_quota_takes_no_request_and_no_approval_until_it_is_overridden(cast, opened, candidate):
    vote(cast, "validator", opened)
    today = clock.now().date()
    spend({today: "120.00"}, stage="serve_batch")
    state(cast, name="Online", stage="serve_online", amount=1, hard=True)
    assert Vote.objects.count() == 1, "a request for batch costs nothing online"
    quota = state(cast, hard=True, stage="serve_batch")
    with pytest.raises(Refused, match="is exceeded"):
        vote(cast, "approver", opened)
    assert (Vote.objects.count(), holder_of(model=candidate.model).number) == (1, 1)
    services.withdraw(actor=cast.actor("owner"), request=opened)
    with pytest.raises(Refused, match="is exceeded"):
        services.request_promotion(actor=cast.actor("owner"), version=candidate, reason="AUC fell.")
    budgets.override_quota(actor=cast.actor("administrator"), budget=quota, reason="The season.", until=today)
    asked = services.request_promotion(actor=cast.actor("owner"), version=candidate, reason="AUC fell.")
    assert asked.state == State.OPEN


def test_exceeded_quota_lets_a_request_be_rejected(cast, opened):
    spend({clock.now().date(): "120.00"})
    state(cast, hard=True)
    assert vote(cast, "approver", opened, "reject").state == State.REJECTED
