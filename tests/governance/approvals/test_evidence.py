"""Evidence of a decision: who asked, who voted on what and why, as it was known, and whether they were apart."""

import pytest

from audit.base import clock
from audit.exports.domain.scope import Scope
from audit.exports.report import Mark
from governance.approvals import evidence, services
from tests.support.cast import SYSTEM, Cast


def told(request, as_of):
    scope = Scope("model", request.model_id, request.model.name, models=(request.model_id,))
    found = evidence.section(scope, SYSTEM, as_of)
    return found, {table.title: table.rows for table in found.tables}, {one.name: one for one in found.claims}


def vote(cast: Cast, request, name: str) -> None:
    services.vote(actor=cast.actor(name), request=request, decision="approve", comment=f"Holds, says the {name}.")


@pytest.fixture
def voted(cast: Cast, asked):
    """The moments before and after each vote."""
    moments = [clock.now()]
    for name in ("validator", "approver"):
        vote(cast, asked, name)
        moments.append(clock.now())
    return moments


def test_state_and_votes_are_those_of_the_moment(asked, voted):
    states = []
    for as_of in voted:
        _, tables, _ = told(asked, as_of)
        states.append((tables["Requests"][0][4], len(tables.get("Votes", ()))))
    assert states == [(Mark("waiting", "Open"), 0), (Mark("waiting", "Open"), 1), (Mark("ok", "Approved"), 2)]


def test_vote_stands_with_role_reason_and_what_it_was_given_on(asked, voted):
    _, tables, claims = told(asked, voted[-1])
    validator = tables["Votes"][0]
    assert (validator[2], validator[3], validator[5]) == ("Validator", "Validator", "Holds, says the validator.")
    assert validator[6] == Mark("ok", "what was asked")
    assert ("late-arrival v2 into production", "what is asked", asked.digest) in tables["Digests"]
    assert tables["Policies, as each request keeps them"][0][:3] == (
        "Two people for production, version 1",
        "production",
        "2",
    )
    assert claims["separation"].holds and claims["policy"].holds
    assert claims["rationale"].said and (claims["rationale"].held, claims["rationale"].of) == (2, 2)


def test_version_in_production_without_a_request_is_counted(asked, voted):
    _, _, claims = told(asked, voted[-1])
    assert claims["approvals"].words == "1 of 2 versions in production with an approved request"
    assert not claims["approvals"].holds


def test_request_before_it_was_made_is_not_told(asked):
    found, tables, claims = told(asked, asked.opened_at.replace(year=2000))
    assert found.sentences == ("Nobody asked for a promotion.",)
    assert tables == {} and not any(one.holds for one in claims.values())
