"""What GitHub's deliveries tell; their origin is named in payloads/README.md."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from audit.sources.contract import Malformed, Parcel
from audit.sources.domain.told import Happening
from audit.sources.github.connector import GitHubConnector
from audit.sources.github.mapping import told
from tests.audit.sources.support import Recorded

HERE = Path(__file__).parent / "payloads"
FIRST = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"


def payload(name: str) -> Any:
    """A delivery."""
    return json.loads((HERE / f"{name}.json").read_text())


def of(name: str, /, **changes: Any) -> list[Happening]:
    """What a delivery tells, with other values in the object that it is about."""
    body, event = payload(name), name.partition(".")[0]
    body.get(event, body).update(changes)
    return list(told(event, body, ()))


def test_push_tells_each_commit_and_the_push() -> None:
    commit, push = of("push")
    assert commit == Happening(
        id=f"commit:Codertocat/Hello-World:{FIRST}", at=datetime(2019, 5, 15, 15, 19, 25, tzinfo=UTC), kind="commit",
        sentence="committed “Initial commit”", actor="Codertocat", automatic=False, commit=FIRST,
        repository="https://github.com/Codertocat/Hello-World",
        url=f"https://github.com/Codertocat/Hello-World/commit/{FIRST}",
    )  # fmt: skip
    assert (push.kind, push.sentence, push.actor, push.automatic, push.commit, push.facts) == (
        "push", "pushed 1 commit to master", "Codertocat", False, FIRST, {"branch": "master", "commits": 1},
    )  # fmt: skip
    assert push.at == datetime.fromtimestamp(1557933657, UTC)


def test_push_of_a_tag_names_the_tag_and_its_commit() -> None:
    commit, tag = of("push.tag")
    assert (tag.kind, tag.commit, tag.facts["tag"], commit.commit) == ("tag", FIRST, "simple-tag", FIRST)


@pytest.mark.parametrize(
    "name",
    ["push.deleted", "ping", "workflow_run.requested", "workflow_job.queued", "release.created", "pull_request.closed",
     "workflow_run.completed.unfinished", "check_run.completed"],
)  # fmt: skip
def test_nothing_is_told_of_what_has_not_happened_or_is_told_elsewhere(name: str) -> None:
    assert [one for one in of(name) if one.kind != "commit"] == []


def test_workflow_run_tells_step_outcome_and_times() -> None:
    commit, run = of("workflow_run.completed")
    assert commit.actor == "Matthias Fax"
    assert (run.step, run.outcome, run.sentence) == ("validate", "succeeded", "“test” succeeded")
    assert run.id == "run:octo-org/octo-repo:289782451:1"
    assert run.at == datetime(2020, 10, 5, 16, 33, 49, tzinfo=UTC)
    assert run.facts["trigger"] == "repository_dispatch"
    assert run.automatic is None, "GitHub does not say whether a person or a program dispatched it"


@pytest.mark.parametrize(
    ("changes", "automatic"),
    [
        ({"event": "push"}, True),
        ({"event": "schedule"}, True),
        ({"event": "workflow_dispatch"}, False),
        ({"event": "push", "run_attempt": 2}, False),
        ({"event": "workflow_dispatch", "triggering_actor": {"login": "nightly[bot]", "type": "Bot"}}, True),
        ({"event": "repository_dispatch", "triggering_actor": {"login": "deployer[bot]"}}, True),
    ],
)
def test_workflow_run_is_by_hand_when_a_person_started_or_repeated_it(changes: dict[str, Any], automatic: bool) -> None:
    assert of("workflow_run.completed", **changes)[-1].automatic is automatic


@pytest.mark.parametrize(
    ("conclusion", "outcome"),
    [("failure", "failed"), ("timed_out", "failed"), ("cancelled", ""), ("startup_failure", "failed")],
)
def test_workflow_run_ends_as_github_says(conclusion: str, outcome: str) -> None:
    assert of("workflow_run.completed", conclusion=conclusion)[-1].outcome == outcome


def test_workflow_job_is_part_of_its_run() -> None:
    (job,) = of("workflow_job.completed")
    assert (job.step, job.outcome, job.facts["run"], job.automatic) == ("build", "failed", "2202229078", None)
    assert of("workflow_job.completed", name="Train model")[0].step == "train"
    assert of("workflow_job.completed", conclusion="skipped") == []


def test_check_of_another_app_is_told() -> None:
    (check,) = of("check_run.completed", app={"slug": "octocoders-linter", "name": "octocoders-linter"})
    assert (check.kind, check.outcome, check.automatic, check.actor) == ("check", "failed", True, "octocoders-linter")


def test_status_of_another_system_is_a_check() -> None:
    (check,) = of("status")
    assert (check.kind, check.outcome, check.commit) == ("check", "succeeded", FIRST)
    assert of("status", state="pending") == []


def test_deployment_is_of_who_asked_for_it() -> None:
    (one,) = of("deployment_status.success")
    assert (one.step, one.outcome, one.actor, one.automatic) == ("deploy", "succeeded", "Codertocat", False)
    assert one.sentence == "deployment to production succeeded"
    assert one.commit == "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
    (began,) = of("deployment_status.in_progress")
    assert (began.outcome, began.automatic, began.actor) == ("running", True, "github-pages[bot]")
    assert began.id != one.id


def test_release_is_found_by_its_tag_or_its_commit() -> None:
    (one,) = of("release.published")
    assert (one.step, one.commit, one.facts["tag"], one.automatic) == ("release", "", "0.0.1", False)
    assert one.run, "without a commit it is kept by its tag"
    assert of("release.published", target_commitish=FIRST)[0].commit == FIRST


def test_merge_names_the_merged_commit() -> None:
    merged = {"merged": True, "merged_at": "2019-05-15T15:21:18Z", "merged_by": {"login": "octocat", "type": "User"}}
    (one,) = of("pull_request.closed", **merged)
    assert (one.kind, one.actor, one.facts["number"]) == ("merge", "octocat", "#2")
    assert one.commit == "c4295bd74fb0f4fda03689c3df3f2803b658fd85"


@pytest.mark.parametrize(
    ("name", "path", "value", "said"),
    [
        ("push", ("repository",), None, "repository.full_name"),
        ("push", ("commits", 0, "id"), "not a commit", "commits.id"),
        ("workflow_run.completed", ("workflow_run", "head_sha"), 7, "workflow_run.head_sha"),
        ("workflow_run.completed", ("workflow_run", "updated_at"), "yesterday", "workflow_run.updated_at"),
        ("deployment_status.success", ("deployment",), [], "deployment.sha"),
        ("release.published", ("release", "tag_name"), {}, "release.tag_name"),
    ],
)
def test_delivery_without_what_is_needed_says_what(name: str, path: tuple[Any, ...], value: Any, said: str) -> None:
    body = copy.deepcopy(payload(name))
    place = body
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(Malformed, match=said):
        list(told(name.partition(".")[0], body, ()))


def test_delivery_is_read_from_json_and_from_a_form() -> None:
    body = (HERE / "push.json").read_bytes()
    headers = {"x-github-event": "push", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    opened = GitHubConnector().open(Parcel(headers, body))
    assert (opened.key, opened.event, opened.body) == (headers["x-github-delivery"], "push", payload("push"))
    form = headers | {"content-type": "application/x-www-form-urlencoded"}
    assert GitHubConnector().open(Parcel(form, urlencode({"payload": body.decode()}).encode())).body == opened.body
    for wrong in (b"", b"load=1", b"\xff"):
        with pytest.raises(Malformed):
            GitHubConnector().open(Parcel(form, wrong))
    context = Recorded()
    GitHubConnector().take(context, {"secret": "s", "steps": ""}, opened)
    assert [one.kind for one in context.all("happenings")] == ["commit", "push"]
