"""Levels are ranges: the unknown widens them and never lowers what is confirmed."""

from datetime import UTC, datetime

import pytest

from governance.maturity import domain
from governance.maturity.domain import Criterion, Fact, Framework, Proof, Range, Source, State
from governance.maturity.framework import google

AT = datetime(2013, 7, 15, tzinfo=UTC)


def _criterion(id_: str, level: int, proof: str, *, optional: bool = False) -> Criterion:
    return Criterion(id_, level, "group", id_, "asks", "rule", (Proof.parse(proof),), f"Do {id_}.", optional)


def _fact(name: str, value: float | None) -> Fact:
    return Fact(name, value, "share", 10 if value is not None else 0, AT, f"{name} is {value}.")


def _reach(facts: dict[str, float | None], *criteria: Criterion) -> Range:
    found = {name: _fact(name, value) for name, value in facts.items()}
    return domain.level([domain.judge(one, found) for one in criteria], (0, 1, 2))


ONE, TWO = _criterion("A", 1, "ci >= 0.9"), _criterion("B", 1, "runs >= 0.5")
THREE = _criterion("C", 2, "runs >= 0.9")


def test_level_with_every_row_met_is_confirmed_and_possible() -> None:
    assert _reach({"ci": 1.0, "runs": 1.0}, ONE, TWO, THREE) == Range(2, 2)


def test_level_with_an_unknown_row_is_a_range() -> None:
    assert _reach({"ci": None, "runs": 1.0}, ONE, TWO, THREE) == Range(0, 2)


def test_disconnecting_a_source_widens_the_range_and_never_lowers_the_possible_level() -> None:
    connected = _reach({"ci": 1.0, "runs": 1.0}, ONE, TWO, THREE)
    disconnected = _reach({"ci": None, "runs": 1.0}, ONE, TWO, THREE)
    assert disconnected.possible == connected.possible
    assert disconnected.confirmed < connected.confirmed


def test_row_that_is_not_met_ends_both_ends_of_the_range() -> None:
    assert _reach({"ci": 0.2, "runs": None}, ONE, TWO, THREE) == Range(0, 0)


def test_level_needs_the_levels_below_it() -> None:
    assert _reach({"ci": 0.2, "runs": 1.0}, ONE, THREE) == Range(0, 0)


def test_optional_row_that_is_not_met_does_not_hold_a_level_back() -> None:
    assert _reach({"ci": 0.0, "runs": 1.0}, _criterion("A", 1, "ci >= 0.9", optional=True), TWO, THREE) == Range(2, 2)


def test_fact_that_nobody_computes_leaves_its_criterion_unknown() -> None:
    assert domain.judge(ONE, {}).state is State.UNKNOWN


def test_symptom_is_present_or_absent_and_never_met() -> None:
    symptom = _criterion("S", 0, "runs < 0.1")
    assert domain.judge(symptom, {"runs": _fact("runs", 0.0)}).state is State.PRESENT
    assert domain.judge(symptom, {"runs": _fact("runs", 0.5)}).state is State.ABSENT


def test_false_line_decides_although_another_is_unknown() -> None:
    both = Criterion("A", 1, "g", "A", "", "", (Proof.parse("x >= 1"), Proof.parse("y >= 1")), "")
    judged = domain.judge(both, {"x": _fact("x", None), "y": _fact("y", 0.0)})
    assert judged.state is State.NOT_MET
    assert judged.sentence == "y is 0.0."


def test_next_steps_start_with_the_source_that_settles_most() -> None:
    source = Source("ci", "the build system", ("ci",), "Nothing was received.")
    other = Source("canary", "the serving platform", ("canary",), "Nothing was received.")
    rows = (ONE, _criterion("D", 2, "ci >= 0.5"), _criterion("E", 1, "canary >= 1"), TWO)
    framework = Framework("f", "F", "", "", "", (0, 1, 2), (other, source), rows)
    facts = {"ci": _fact("ci", None), "canary": _fact("canary", None), "runs": _fact("runs", 0.0)}
    steps = domain.steps(framework, [domain.judge(one, facts) for one in rows], 0)
    assert [(step.title, step.criteria) for step in steps] == [
        ("Connect the build system", ("A", "D")),
        ("Connect the serving platform", ("E",)),
        ("Do B", ("B",)),
    ]


@pytest.mark.parametrize("text", ["ci", "ci ~ 1", "ci >= much"])
def test_proof_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Proof.parse(text)


def test_google_has_its_54_criteria_with_a_proof_each() -> None:
    criteria = google().criteria
    assert len(criteria) == 54
    assert all(one.proofs for one in criteria)
    assert [one.id for one in criteria if one.optional] == ["G1.14"]
