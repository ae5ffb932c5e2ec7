"""Facts are functions of records; what no function gives stays unknown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from audit.base.ids import uuid7
from governance.maturity import domain, facts
from governance.maturity.domain import State
from governance.maturity.framework import google
from governance.maturity.rows import Deployed, Firing, Measured, Records, Request, Run, Version

NOW = datetime(2013, 7, 15, tzinfo=UTC)
MODEL, PIPELINE, FIRST, SECOND = (uuid7() for _ in range(4))
EMPTY = Records(now=NOW, anchor=NOW, models=(MODEL,))
RUN = Run(MODEL, PIPELINE, "succeeded", "rule", NOW - timedelta(days=9), "1f3c", NOW - timedelta(days=20), (True,) * 7)
VERSION = Version(
    FIRST, MODEL, "ines@example.org", NOW - timedelta(days=9), NOW - timedelta(days=20), True, True, True, True
)
LIVE = Deployed(MODEL, FIRST, "production", NOW - timedelta(days=8), None, "approvals", True, True)


def test_every_fact_of_empty_records_is_unknown_and_never_zero() -> None:
    found = facts.all_facts(EMPTY, google())
    assert {name for name, fact in found.items() if fact.known} == set()


def test_facts_of_sources_that_are_not_connected_are_unknown_and_name_what_is_missing() -> None:
    found = facts.all_facts(replace(EMPTY, runs=(RUN,), versions=(VERSION,), deployments=(LIVE,)), google())
    for name in ("ci.any", "features", "canary", "symmetry", "gate.load"):
        assert not found[name].known
        assert found[name].sentence
    assert found["ci.any"].sentence == "No results of builds or tests were received."


def test_auto_runs_counts_those_that_a_machine_started() -> None:
    asked = replace(RUN, trigger="person")
    fact = facts.auto_runs(replace(EMPTY, runs=(RUN, RUN, RUN, asked)))
    assert (fact.value, fact.n) == (0.75, 4)
    assert fact.sentence == "3 of 4 training runs were started by a machine."


def test_windows_counts_the_last_four_whole_weeks_of_what_runs() -> None:
    weeks = tuple(Measured(MODEL, NOW - timedelta(weeks=back), measured=back != 2) for back in (1, 2, 3, 4, 5))
    fact = facts.windows_performance(replace(EMPTY, deployments=(LIVE,), windows=weeks))
    assert (fact.value, fact.n) == (0.75, 4)


def test_approval_by_the_author_alone_is_no_approval() -> None:
    asked = Request(MODEL, SECOND, "approved", NOW, "ask", "author", ("author",), compared=True, passed=True)
    other = replace(asked, approvers=("author", "validator"))
    assert facts.approvals(replace(EMPTY, requests=(asked, other))).value == 0.5


def test_outcomes_counts_firings_that_nobody_answered() -> None:
    firings = (Firing(MODEL, NOW, started=True, outcome="better"), Firing(MODEL, NOW, started=False, outcome=""))
    assert facts.outcomes(replace(EMPTY, firings=firings)).value == 0.5


def test_audit_is_zero_when_the_chain_is_broken_and_unknown_before_anything_happened() -> None:
    whole = replace(EMPTY, subjects=((MODEL, "a"), (MODEL, "b")), told=frozenset({"a"}), chain_holds=True)
    assert facts.audit(whole).value == 0.5
    assert facts.audit(replace(whole, chain_holds=False)).value == 0.0
    assert not facts.audit(replace(whole, chain_holds=None)).known
    assert not facts.audit(EMPTY).known


def test_age_is_measured_from_the_newest_data_and_not_from_today() -> None:
    later = replace(EMPTY, now=NOW + timedelta(days=4000), versions=(VERSION,), deployments=(LIVE,))
    assert facts.age(later).value == 20


def test_disconnecting_the_bill_makes_the_cost_unknown() -> None:
    billed = replace(EMPTY, costs=((MODEL, 90.0, 3), (None, 10.0, 1)))
    assert facts.cost(billed).value == 0.9
    assert not facts.cost(EMPTY).known
    assert not facts.cost(billed.of({MODEL})).known


def test_records_of_one_model_hold_nothing_of_another() -> None:
    other = uuid7()
    both = replace(EMPTY, models=(MODEL, other), runs=(RUN, replace(RUN, model=other, trigger="person")))
    assert facts.auto_runs(both).value == 0.5
    assert facts.auto_runs(both.of({MODEL})).value == 1.0


def test_fact_that_becomes_known_settles_its_criteria() -> None:
    found = facts.all_facts(EMPTY, google())
    criterion = next(one for one in google().criteria if one.id == "G2.2")
    assert domain.judge(criterion, found).state is State.UNKNOWN
    found["ci.any"] = replace(found["ci.any"], value=1.0, n=12)
    assert domain.judge(criterion, found).state is State.MET
