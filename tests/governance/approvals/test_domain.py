"""A policy is data with a clear error; a digest covers everything that a vote is given on."""

import pytest

from audit.base.errors import InvalidInput, Refused
from governance.approvals import domain
from governance.approvals.policies import in_force

TEXT = """
name: Two people
version: 3
environment: production
quorum: 2
roles: [validator, approver]
excluded: [requester, author]
comment_required: true
"""
SEALED = {
    "model": "late-arrival",
    "version": 2,
    "artefact_digest": "2" * 64,
    "metrics": {"roc_auc": 0.7},
    "replaces": 1,
    "environment": "production",
    "mode": "batch",
    "evidence": {"rows": 10},
    "policy": {"name": "Two people", "version": 3, "digest": "a" * 64},
}


def test_policy_text_is_read_and_restored_the_same():
    policy = domain.parse_policy(TEXT)
    assert (policy.quorum, policy.version, [role.value for role in policy.roles]) == (2, 3, ["validator", "approver"])
    assert domain.restored(policy.snapshot()) == policy


def test_policy_in_force_for_production_asks_two_people_who_neither_asked_nor_built():
    policy = in_force()["production"]
    assert (policy.quorum, policy.excluded, policy.comment_required) == (2, ("requester", "author"), True)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("quorum: 2", "quorum: 0"), "quorum is 0; it should be a whole number from 1 to 20"),
        (("quorum: 2", "quorum: true"), "quorum is True"),
        (("quorum: 2", "quorums: 2"), "lacks quorum, has the unknown key quorums"),
        (("[validator, approver]", "[]"), "it should be at least one of viewer, owner"),
        (("[validator, approver]", "[boss]"), "roles is \\['boss'\\]"),
        (("[requester, author]", "[nobody]"), "it should be some of requester, author"),
        (("comment_required: true", "comment_required: maybe"), "it should be true or false"),
        (("name: Two people", "name: ["), "This is not YAML"),
    ],
)
def test_policy_with_a_mistake_names_it(change, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        domain.parse_policy(TEXT.replace(*change), where="production.yaml")


@pytest.mark.parametrize(
    "change",
    [
        {"artefact_digest": "3" * 64},
        {"metrics": {"roc_auc": 0.71}},
        {"evidence": {"rows": 11}},
        {"replaces": None},
        {"mode": "online"},
        {"policy": {"name": "Two people", "version": 4, "digest": "a" * 64}},
    ],
)
def test_digest_changes_with_each_part(change):
    assert domain.binding(**{**SEALED, **change}) != domain.binding(**SEALED)


def test_digest_does_not_depend_on_order_or_on_whole_numbers_as_floats():
    turned = {**SEALED, "evidence": {"b": 1.0, "a": 2}}
    assert domain.binding(**turned) == domain.binding(**{**SEALED, "evidence": {"a": 2, "b": 1}})


@pytest.mark.parametrize(
    ("low", "high", "higher", "words"),
    [
        (0.01, 0.02, True, "better"),
        (0.01, 0.02, False, "worse"),
        (-0.02, -0.01, False, "better"),
        (-0.02, -0.01, True, "worse"),
        (-0.01, 0.02, True, "none"),
        (0.0, 0.02, True, "none"),
        (None, None, True, "unknown"),
        (0.01, 0.02, None, "unknown"),
    ],
)
def test_difference_in_words_needs_the_interval_clear_of_zero(low, high, higher, words):
    assert domain.words_of({"low": low, "high": high, "higher_is_better": higher}) == words


@pytest.mark.parametrize("state", ["approved", "rejected", "changes_asked", "withdrawn"])
@pytest.mark.parametrize("event", ["approve", "reach_quorum", "changes", "reject", "withdraw"])
def test_ended_request_allows_nothing(state, event):
    with pytest.raises(Refused):
        domain.REQUEST.after(state, event)
    assert domain.REQUEST.is_end(state)
