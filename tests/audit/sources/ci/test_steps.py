"""Names of jobs, and counts of tests."""

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.sources.ci.connector import CiForm
from audit.sources.ci.counts import happening
from audit.sources.ci.steps import Rule, UnreadableRuleError, rules_of, step_of
from audit.sources.contract import Malformed

BODY: dict[str, Any] = {
    "commit": "6DB8A1C", "at": "2026-03-03T12:00:00+01:00", "suite": "nightly", "run": 4711, "actor": "ci[bot]",
    "tags": {"fairness": {"passed": 3, "failed": 1}, "data": {"passed": 1200, "failed": 0, "skipped": 2}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("names", "step"),
    [
        (["Train model"], "train"),
        (["retrain-nightly"], "retrain"),
        (["TrainModel"], "train"),
        (["constraints"], "build"),
        (["pytest"], "validate"),
        (["Deploy to production"], "deploy"),
        (["deploy-test"], "deploy"),
        (["publish wheel"], "release"),
        (["CI"], "build"),
        ([""], "build"),
        (["Validate", "train-late-arrival"], "validate"),
        (["step 3", "evaluation"], "validate"),
    ],
)
def test_step_is_read_from_the_words_of_the_name_its_own_first(names: list[str], step: str) -> None:
    assert step_of(names) == step


def test_rules_of_people_come_before_ours() -> None:
    rules = rules_of("night* = train\n\n  *lint* =none\ndeploy* = release")
    assert rules == (Rule("night*", "train"), Rule("*lint*", "none"), Rule("deploy*", "release"))
    assert [step_of([name], rules) for name in ("Nightly", "pylint", "deploy", "test")] == [
        "train", "", "release", "validate",
    ]  # fmt: skip


@pytest.mark.parametrize("lines", ["night*", "= train", "night* = dance", "a=build\n" * 51])
def test_rule_that_is_none_is_refused_by_the_form(lines: str) -> None:
    with pytest.raises(UnreadableRuleError):
        rules_of(lines)
    form = CiForm({"secret": "s", "steps": lines})
    assert not form.is_valid() and "steps" in form.errors


def test_form_wants_a_secret() -> None:
    assert set(CiForm({"secret": "", "steps": ""}).errors) == {"secret"}


def test_counts_become_one_validation_with_its_tags() -> None:
    one = happening(BODY)
    assert (one.kind, one.step, one.outcome, one.automatic) == ("tests", "validate", "failed", True)
    assert one.sentence == "tests of nightly: 1,203 passed, 1 failed"
    assert (one.commit, one.at) == ("6db8a1c", datetime(2026, 3, 3, 11, tzinfo=UTC))
    assert one.facts["tests"] == {
        "data": {"passed": 1200, "failed": 0, "skipped": 2}, "fairness": {"passed": 3, "failed": 1, "skipped": 0},
    }  # fmt: skip
    assert happening(dict(reversed(BODY.items()))) == one
    assert happening({**BODY, "tags": {"data": {"passed": 1}}}).outcome == "succeeded"
    assert happening({**BODY, "tags": {"data": {"skipped": 1}}}).outcome == ""
    assert happening({**BODY, "actor": "rosa"}).automatic is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"commit": "main"}, "commit"),
        ({"at": None}, "at holds no time"),
        ({"tags": {}}, "tags"),
        ({"tags": {"data": 3}}, "no object"),
        ({"tags": {"data": {"passed": -1}}}, "no number"),
        ({"tags": {"data": {"passed": True}}}, "no number"),
        ({"tags": {str(at): {"passed": 1} for at in range(101)}}, "at most 100"),
    ],
)
def test_counts_that_are_none_are_malformed(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        happening(BODY | change)
