"""What deliveries of Azure DevOps tell; how they came to be is said in payloads/README.md."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.sources.azure_devops.connector import AzureDevOpsConnector
from audit.sources.contract import Malformed, Parcel
from audit.sources.domain.told import Happening

HERE = Path(__file__).parent / "payloads"
COMMIT = "9d8c7b6a5f4e3d2c1b0a99887766554433221100"
REPOSITORY = "https://dev.azure.com/fabrikam/Flights/_git/late-arrival"


def of(name: str, /, **changes: Any) -> list[Happening]:
    """What a delivery tells, with other values in its resource."""
    body = json.loads((HERE / f"{name}.json").read_text())
    body["resource"].update(changes)
    opened = AzureDevOpsConnector().open(Parcel({}, json.dumps(body).encode()))
    assert opened.key == body["id"]
    return list(AzureDevOpsConnector().told(opened.event, opened.body, ()))


def test_push_tells_commits_and_each_branch_that_moved() -> None:
    commit, push = of("git.push")
    assert (commit.commit, commit.at) == (COMMIT, datetime(2026, 4, 6, 7, tzinfo=UTC))
    assert (push.sentence, push.actor, push.repository) == ("pushed 1 commit to main", "Mia Chen", REPOSITORY)
    assert push.at == datetime(2026, 4, 6, 7, 1, 13, 330958, tzinfo=UTC)


def test_build_tells_commit_reason_and_who_asked() -> None:
    (one,) = of("build.complete")
    assert (one.commit, one.step, one.outcome, one.automatic) == (COMMIT, "train", "succeeded", True)
    assert (one.facts["run"], one.repository, one.facts["branch"]) == ("2727", REPOSITORY, "main")
    assert of("build.complete", reason="manual")[0].automatic is False
    assert of("build.complete", reason="other")[0].automatic is None
    assert of("build.complete", result="partiallySucceeded")[0].outcome == "failed"


def test_build_of_the_old_kind_has_its_commit_in_a_text() -> None:
    (one,) = of("build.complete.xaml")
    assert (one.commit, one.actor, one.automatic, one.outcome) == (COMMIT, "Omar Haddad", False, "failed")
    with pytest.raises(Malformed, match=r"resource\.sourceVersion"):
        of("build.complete.xaml", sourceGetVersion="C123")


def test_stage_names_its_build() -> None:
    (one,) = of("stage-state-changed")
    assert (one.step, one.commit, one.facts["run"], one.outcome) == ("validate", "", "2727", "succeeded")
    assert one.run, "without a commit it is kept by its build"


def test_release_and_deployment_have_commit_or_build_of_their_artefact() -> None:
    (release,), (deployed,) = of("release-created"), of("deployment-completed")
    assert (release.commit, release.automatic, release.actor) == (COMMIT, True, "Mia Chen")
    assert (deployed.commit, deployed.facts["run"], deployed.outcome) == ("", "2727", "succeeded")
    assert (deployed.actor, deployed.automatic) == ("Omar Haddad", False)
    assert deployed.at == datetime(2026, 4, 6, 8, 6, 30, tzinfo=UTC)
    (plain,) = of("deployment-completed.plain")
    assert (plain.outcome, plain.actor, plain.automatic) == ("failed", "", None)


def test_merge_names_who_closed_it() -> None:
    (one,) = of("git.pullrequest.merged")
    assert (one.kind, one.actor, one.commit) == ("merge", "Omar Haddad", COMMIT)
    assert of("git.pullrequest.merged", status="active") == []


def test_delivery_without_its_resource_says_so() -> None:
    body = {"id": "1", "eventType": "git.push", "resource": None}
    with pytest.raises(Malformed, match="Send all details"):
        list(AzureDevOpsConnector().told("git.push", body, ()))
    assert list(AzureDevOpsConnector().told("workitem.created", body, ())) == []
