"""The chain of a version, from any order of what happened; each expectation can be read off the scene."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.sources.domain.chain import (
    GAPS,
    HERE,
    UNNAMED,
    Happened,
    Link,
    Stage,
    chain,
    same_commit,
    same_repository,
    units,
)

COMMIT = "6db8a1c0d7e5f0a9b3c2d1e0f9a8b7c6d5e4f3a2"
REPOSITORY = "https://github.com/bank/fraud"
AT = datetime(2026, 3, 3, 9, tzinfo=UTC)


def one(minute: int, kind: str, *, step: str = "", **more: Any) -> Happened:
    """Something that happened so many minutes after nine."""
    base = Happened(
        at=AT + timedelta(minutes=minute), kind=kind, step=step, sentence=f"{kind} {minute}", source="s", commit=COMMIT,
        repository=REPOSITORY, outcome="succeeded",
    )  # fmt: skip
    return replace(base, **more)


SCENE = [
    one(0, "commit", actor="Rosa", automatic=False),
    one(5, "push", actor="rosa", automatic=False),
    one(9, "tag", facts={"tag": "v2"}),
    one(10, "run", step="build", automatic=True, facts={"run": "31"}),
    one(11, "job", step="validate", facts={"run": "31", "job": "1"}),
    one(12, "tests", step="validate", facts={"tests": {"data": {"passed": 3, "failed": 1}}}, outcome="failed"),
    one(13, "stage", step="train", commit="", facts={"run": "31"}),
    one(20, "release", step="release", commit="", facts={"tag": "v2"}, automatic=False),
    one(29, "job", step="deploy", facts={"run": "31", "job": "2"}, automatic=False),
    one(30, "deployment", step="deploy", facts={"job": "2"}, commit=COMMIT[:8]),
]
OTHERS = [
    one(1, "run", step="build", commit="f" * 40, facts={"run": "32"}),
    one(2, "stage", step="build", commit="", facts={"run": "32"}),
    one(3, "stage", step="build", commit="", facts={"run": "31"}, source="another"),
    one(4, "run", step="build", repository="https://github.com/bank/churn"),
    one(6, "release", step="release", commit="", facts={"tag": "v1"}),
    one(7, "release", step="release", commit="", facts={"tag": {}}),
]
RECORDS = [
    Link(stage=Stage.REGISTRATION, at=AT + timedelta(minutes=15), sentence="registered"),
    Link(stage=Stage.ENDPOINT, at=AT + timedelta(minutes=31), sentence="live", outcome=HERE),
]


@given(st.permutations(SCENE + OTHERS))
def test_chain_is_the_same_in_any_order_and_has_nothing_of_other_commits(order: list[Happened]) -> None:
    found = chain(commit=COMMIT, repository=REPOSITORY, happened=order, records=RECORDS)
    assert [(section.stage, [link.sentence for link in section.links]) for section in found.sections] == [
        (Stage.COMMIT, ["commit 0", "push 5"]),
        (Stage.BUILD, ["run 10"]),
        (Stage.TESTS, ["job 11", "tests 12"]),
        (Stage.TRAINING, ["stage 13"]),
        (Stage.REGISTRATION, ["registered"]),
        (Stage.RELEASE, ["release 20"]),
        (Stage.DEPLOYMENT, ["job 29", "deployment 30"]),
        (Stage.ENDPOINT, ["live"]),
    ]
    assert found.gaps == ()
    assert found.lead_time == timedelta(minutes=29), "from the commit to the deployment job"


def test_by_hand_is_known_of_the_job_or_the_run_that_it_was_part_of() -> None:
    found = chain(commit=COMMIT, repository=REPOSITORY, happened=SCENE, records=())
    how = {link.sentence: link.how for section in found.sections for link in section.links}
    assert how["job 11"] == "by itself", "its run was"
    assert how["deployment 30"] == "by hand", "its job was, though the run was not"
    assert how["tests 12"] == "unknown"
    assert found.of(Stage.TESTS)[1].tests == {"data": (3, 1, 0)}


def test_each_stage_of_which_nothing_is_known_says_so() -> None:
    bare = chain(commit=COMMIT, repository="", happened=OTHERS[:3], records=RECORDS[:1])
    assert bare.gaps == tuple(GAPS[stage] for stage in Stage if stage is not Stage.REGISTRATION)
    assert bare.lead_time is None
    unnamed = chain(commit="", repository="", happened=SCENE, records=())
    assert unnamed.gaps == (UNNAMED, *(GAPS[s] for s in (Stage.TRAINING, Stage.REGISTRATION, Stage.ENDPOINT)))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (COMMIT, COMMIT.upper(), True),
        (COMMIT, COMMIT[:7], True),
        (COMMIT[:8], COMMIT, True),
        (COMMIT, COMMIT[:6], False),
        (COMMIT, "", False),
        ("main-branch", "main-branch", False),
        (COMMIT, COMMIT[:7] + "f", False),
    ],
)
def test_commit_is_known_by_seven_digits(left: str, right: str, same: bool) -> None:
    assert same_commit(left, right) is same


def test_repository_is_one_under_each_of_its_addresses() -> None:
    for address in (
        "git@github.com:bank/fraud.git",
        "https://GitHub.com/bank/fraud/",
        "ssh://git@github.com/bank/fraud",
        "",
    ):
        assert same_repository(address, REPOSITORY), address
    assert not same_repository("https://github.com/bank/fraud2", REPOSITORY)


def test_page_shows_the_newest_dozen_of_a_stage() -> None:
    many = [one(at, "check", step="build") for at in range(15)]
    section = chain(commit=COMMIT, repository="", happened=many, records=()).sections[1]
    assert (len(section.links), section.more, section.shown[0].sentence) == (15, 3, "check 3")


def test_run_and_its_jobs_are_one_doing() -> None:
    jobs = [one(at, "job", step="build", facts={"run": "31"}) for at in (1, 2)]
    alone = [one(at, "check", step="build") for at in (3, 4)]
    assert [found.sentence for found in units([*alone, *jobs, *SCENE], "build")] == ["run 10", "check 3", "check 4"]
