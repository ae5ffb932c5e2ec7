"""What GitLab's deliveries tell; how they came to be is said in payloads/README.md."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.sources.contract import Malformed, Parcel
from audit.sources.domain.told import Happening
from audit.sources.gitlab.connector import GitLabConnector
from audit.sources.gitlab.mapping import told

HERE = Path(__file__).parent / "payloads"
COMMIT = "5f3c1e0a9b7d4c2e8f6a1b3c5d7e9f0a2b4c6d8e"
PROJECT = "https://gitlab.example.com/flights/late-arrival"


def payload(name: str) -> Any:
    """A delivery."""
    return json.loads((HERE / f"{name}.json").read_text())


def of(name: str) -> list[Happening]:
    """What a delivery tells."""
    return list(told(payload(name), ()))


def test_push_tells_each_commit_and_the_push() -> None:
    commit, push = of("push")
    assert commit.at == push.at == datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    assert (commit.actor, commit.sentence) == ("Rosa Lind", "committed “Learn from the weather too”")
    assert (push.actor, push.sentence, push.commit) == ("rlind", "pushed 1 commit to main", COMMIT)
    assert {commit.repository, push.repository} == {PROJECT}


@pytest.mark.parametrize("name", ["push.deleted", "pipeline.running"])
def test_nothing_is_told_of_what_has_not_happened(name: str) -> None:
    assert of(name) == []


def test_pipeline_tells_itself_its_commit_and_the_jobs_that_ran() -> None:
    found = {one.id.rpartition(":")[2]: one for one in of("pipeline.success") if one.kind != "commit"}
    assert list(found) == ["31", "501", "502", "503", "504"]
    assert {key: one.step for key, one in found.items()} == {
        "31": "build", "501": "build", "502": "validate", "503": "train", "504": "deploy",
    }  # fmt: skip
    assert {key: one.automatic for key, one in found.items()} == {
        "31": True, "501": True, "502": True, "503": True, "504": False,
    }  # fmt: skip
    assert found["31"].at == datetime(2026, 3, 2, 9, 34, 5, tzinfo=UTC)
    assert {one.commit for one in found.values()} == {COMMIT}
    (commit,) = [one for one in of("pipeline.success") if one.kind == "commit"]
    assert commit == of("push")[0], "told by either, it is the same"


def test_job_is_told_alone_too() -> None:
    (job,) = of("build.failed")
    assert (job.outcome, job.step, job.facts["run"], job.facts["job"]) == ("failed", "validate", "30", "498")


def test_deployment_has_the_whole_commit_of_its_address() -> None:
    (one,) = of("deployment.success")
    assert (one.commit, one.outcome, one.actor) == (COMMIT, "succeeded", "rlind")
    assert one.at == datetime(2026, 3, 2, 9, 34, tzinfo=UTC)
    assert (one.facts["job"], one.automatic) == ("504", None), "whether by hand, its job tells"
    body = payload("deployment.success") | {"commit_url": None}
    assert [one.commit for one in told(body, ())] == [COMMIT[:8]]


def test_release_and_merge_have_their_commit() -> None:
    (release,), (merge,) = of("release.create"), of("merge_request.merge")
    assert (release.commit, release.step, release.sentence) == (COMMIT, "release", "published the release v2.0")
    assert (merge.commit, merge.actor, merge.facts["number"]) == (COMMIT, "bokafor", "!12")


def test_key_is_the_id_that_comes_again_with_a_repetition() -> None:
    body = (HERE / "push.json").read_bytes()
    for headers, key in (
        ({"x-gitlab-event-uuid": "c"}, "c"),
        ({"x-gitlab-event-uuid": "c", "idempotency-key": "b"}, "b"),
        ({"idempotency-key": "b", "webhook-id": "a"}, "a"),
    ):
        assert GitLabConnector().open(Parcel(headers, body)).key == key


def test_delivery_without_what_is_needed_says_what() -> None:
    for change, said in (
        ({"project": 4}, "project.path_with_namespace"),
        ({"deployment_id": None}, "deployment_id"),
        ({"status_changed_at": "2021-13-28 21:50:00 +0200"}, "status_changed_at"),
        ({"commit_url": "", "short_sha": "no"}, "commit_url"),
    ):
        with pytest.raises(Malformed, match=said):
            list(told(payload("deployment.success") | change, ()))
