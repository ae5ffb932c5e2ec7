"""From signed deliveries to the chain of a version, its page and the process of its model."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.process import StepFacts, process_of
from audit.sources import services as sources
from audit.sources.chain_of import HEADINGS, chain_of
from audit.sources.domain.chain import GAPS, Stage
from audit.sources.domain.told import EndpointTold, ModelTold, RunTold, Told, Variant, VersionTold
from audit.sources.models import Delivery, Happening, Source
from audit.sources.taking.piece import take_in
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker

ROOT = Path(__file__).parent.parent
SECRET = "correct horse battery staple"
COMMIT = "5f3c1e0a9b7d4c2e8f6a1b3c5d7e9f0a2b4c6d8e"
GITLAB = "https://gitlab.example.com/flights/late-arrival"
TRAINED = datetime(2026, 3, 2, 8, 20, 10, tzinfo=UTC)
COUNTS = {
    "commit": COMMIT[:8], "at": "2026-03-02T08:42:00Z", "suite": "model", "run": "31", "repository": GITLAB,
    "tags": {"fairness": {"passed": 4, "failed": 0}, "data": {"passed": 9, "failed": 1}},
}  # fmt: skip


def registered(cast: Cast, commit: str, repository: str, *, number: int = 1) -> ModelVersion:
    """A version whose run had the commit, as a registry tells it, with an endpoint."""
    registry = Source.objects.filter(name="Registry").first() or sources.add_source(
        actor=SYSTEM, kind="folder", name="Registry", team=cast.team, settings={"path": ""}
    )
    run = RunTold(
        id=f"r{number}", key=f"mlflow:r{number}", pipeline="nightly", engine="mlflow", state="succeeded",
        started=TRAINED, finished=TRAINED + timedelta(minutes=20), trigger="schedule", commit=commit,
        repository=repository,
    )  # fmt: skip
    version = VersionTold(
        id=f"f/{number}", model="f", number=number, created=TRAINED + timedelta(minutes=21), run=run.id
    )
    endpoint = EndpointTold(
        id="e", name="late-live", environment="production", mode="online", at=TRAINED + timedelta(hours=2),
        variants=(Variant(name="blue", version=version.id, share=1.0),),
    )  # fmt: skip
    take_in(
        source=registry,
        told=Told(models=(ModelTold(id="f", name="Late"),), runs=(run,), versions=(version,), endpoints=(endpoint,)),
    )
    return ModelVersion.objects.get(model__slug="late", number=number)


def connected(cast: Cast, kind: str) -> Source:
    """A source with a secret."""
    return sources.add_source(
        actor=SYSTEM, kind=kind, name=kind, team=cast.team, settings={"secret": SECRET, "steps": "", "user": "hooks"}
    )


def send(source: Source, body: bytes, **headers: str) -> int:
    """Sends a delivery to the source's address; returns the status."""
    found = Client().post(reverse("sources:hook", args=[source.pk]), body, content_type="application/json",
                          headers=headers)  # fmt: skip
    return found.status_code


def signed(body: bytes) -> dict[str, str]:
    """The headers of counts of tests."""
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Tollgate-Event": "tests", "X-Tollgate-Signature-256": signature}


@pytest.fixture
def gitlab(cast: Cast, worker: Worker) -> Source:
    """Everything that GitLab sent of one commit, and counts of tests, each delivered twice and in reverse."""
    source = connected(cast, "gitlab")
    names = ["push", "merge_request.merge", "pipeline.running", "pipeline.success", "deployment.success",
             "release.create"]  # fmt: skip
    for name in [*reversed(names), *names]:
        body = (ROOT / "gitlab" / "payloads" / f"{name}.json").read_bytes()
        assert send(source, body, **{"X-Gitlab-Token": SECRET}) in {200, 202}
    body = json.dumps(COUNTS).encode()
    assert send(source, body, **signed(body)) == 202
    worker.run_all()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"taken"}
    return source


def test_chain_of_a_version_from_commit_to_endpoint(cast: Cast, gitlab: Source) -> None:
    version = registered(cast, COMMIT, GITLAB + ".git")
    found = chain_of(viewer=cast.actor("owner"), version=version)
    assert [(str(section.stage), [link.sentence for link in section.links]) for section in found.sections] == [
        ("commit", ["committed “Learn from the weather too”", "pushed 1 commit to main",
                    "merged !12, “Learn from the weather too”"]),
        ("build", ["“image” succeeded", "“pipeline” succeeded"]),
        ("tests", ["“unit” succeeded", "tests of model: 13 passed, 1 failed"]),
        ("training", ["nightly: succeeded", "“train-model” succeeded"]),
        ("registration", ["registered as version 1"]),
        ("release", ["published the release v2.0"]),
        ("deployment", ["deployment to production succeeded", "“production” succeeded"]),
        ("endpoint", ["late-live in production, online"]),
    ]  # fmt: skip
    deployed = found.of(Stage.DEPLOYMENT)[0]
    assert (deployed.how, deployed.actor, deployed.at) == ("by hand", "rlind", datetime(2026, 3, 2, 9, 34, tzinfo=UTC))
    assert found.of(Stage.TESTS)[1].tests == {"data": (9, 1, 0), "fairness": (4, 0, 0)}
    assert found.lead_time == timedelta(hours=1, minutes=19)
    assert found.gaps == ()


def test_one_commit_may_make_several_versions_and_a_short_one_is_enough(cast: Cast, gitlab: Source) -> None:
    versions = [registered(cast, COMMIT, "", number=1), registered(cast, COMMIT[:7], "", number=2)]
    builds = [chain_of(viewer=SYSTEM, version=version).of(Stage.BUILD) for version in versions]
    assert builds[0] == builds[1] and len(builds[0]) == 2


def test_azure_stage_and_deployment_are_found_by_their_build(cast: Cast, worker: Worker) -> None:
    source = connected(cast, "azure_devops")
    basic = "Basic aG9va3M6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ=="
    for path in sorted((ROOT / "azure_devops" / "payloads").glob("*.json")):
        assert send(source, path.read_bytes(), Authorization=basic) == 202
    worker.run_all()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"taken"}
    version = registered(cast, "9d8c7b6a5f4e3d2c1b0a99887766554433221100", "")
    found = chain_of(viewer=SYSTEM, version=version)
    assert [link.sentence for link in found.of(Stage.TESTS)] == ["“Validate” succeeded"]
    assert [(link.sentence, link.how) for link in found.of(Stage.DEPLOYMENT)] == [
        ("deployment to Production succeeded", "by hand")
    ]
    assert not any("rejected" in link.sentence for link in found.of(Stage.DEPLOYMENT)), "it is of another release"


def test_release_of_github_is_found_by_its_tag(cast: Cast, worker: Worker) -> None:
    source = connected(cast, "github")
    release = json.loads((ROOT / "github" / "payloads" / "release.published.json").read_text())
    release["release"]["tag_name"] = "simple-tag"
    tag = (ROOT / "github" / "payloads" / "push.tag.json").read_bytes()
    for event, body in (("release", json.dumps(release).encode()), ("push", tag)):
        signature = signed(body)["X-Tollgate-Signature-256"]
        assert send(source, body, **{"X-GitHub-Event": event, "X-Hub-Signature-256": signature}) == 202
    worker.run_all()
    version = registered(cast, "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "")
    assert [link.how for link in chain_of(viewer=SYSTEM, version=version).of(Stage.RELEASE)] == ["by hand"]


def test_without_proof_nothing_is_taken_in(cast: Cast, worker: Worker) -> None:
    for kind in ("github", "gitlab", "azure_devops"):
        source = connected(cast, kind)
        assert send(source, b"{}", **{"X-GitHub-Event": "push", "X-Gitlab-Token": "guess"}) == 401
        assert send(source, json.dumps(COUNTS).encode(), **{"X-Tollgate-Event": "tests"}) == 401
    worker.run_all()
    assert not Happening.objects.exists()


def table(found: Any) -> str:
    """A downloaded table."""
    return b"".join(found.streaming_content).decode()


def test_who_sees_the_version_sees_its_chain_and_others_see_neither(cast: Cast, gitlab: Source) -> None:
    version = registered(cast, COMMIT, GITLAB)
    address = reverse("catalogue:version", args=["late", version.number])
    for name, status in (("owner", 200), ("auditor", 200), ("outsider", 404)):
        found = cast.client(name).get(address)
        assert found.status_code == status
        assert ("pushed 1 commit to main" in found.content.decode()) is (status == 200)
    page = cast.client("owner").get(address).content.decode()
    assert "How did it get here?" in page and "1 hour 19 minutes from its commit" in page
    assert "fairness: 4 passed, 0 failed" in page
    lines = table(cast.client("owner").get(address, {"format": "csv", "of": "chain"})).splitlines()
    assert lines[0].lstrip("\ufeff").split(",") == list(HEADINGS) and len(lines) == 15
    origin = table(cast.client("owner").get(address, {"format": "csv"}))
    assert origin.lstrip("\ufeff").startswith("part,")


def test_version_without_commit_says_what_is_missing(cast: Cast) -> None:
    registered(cast, "", "")
    page = cast.client("owner").get(reverse("catalogue:version", args=["late", 1])).content.decode()
    assert page.count("The version names no commit") == 5
    assert GAPS[Stage.BUILD] not in page


def steps(viewer: Actor, model: Model) -> dict[str, StepFacts]:
    """The steps of the model's process."""
    return {one.step.key: one.facts for one in process_of(viewer=viewer, model=model).steps}


def test_process_knows_build_validation_and_release_of_the_commits_of_versions(cast: Cast, gitlab: Source) -> None:
    version = registered(cast, COMMIT, GITLAB)
    found = steps(cast.actor("owner"), version.model)
    build, validate, release = found["build"], found["validate"], found["release"]
    assert build.sentence == "The newest build: “pipeline” succeeded." and str(build.state) == "done"
    assert build.last == datetime(2026, 3, 2, 9, 34, 5, tzinfo=UTC)
    assert (str(validate.state), validate.sentence) == (
        "failed", "The newest validation: tests of model: 13 passed, 1 failed.",
    )  # fmt: skip
    assert release.last == datetime(2026, 3, 2, 9, tzinfo=UTC)
    Happening.objects.filter(step="build").update(at=TRAINED.now(UTC) - timedelta(days=1))
    counted = steps(cast.actor("owner"), version.model)["build"]
    assert (counted.automatic, counted.by_hand) == (1, 0), "the pipeline and its job are one doing"


def test_process_without_builds_stays_unknown(cast: Cast, gitlab: Source) -> None:
    version = registered(cast, "f" * 40, GITLAB)
    assert {str(steps(SYSTEM, version.model)[key].state) for key in ("build", "validate", "release")} == {"unknown"}


@pytest.mark.parametrize("kind", ["github", "gitlab", "azure_devops"])
def test_source_is_connected_on_its_page_and_its_secret_is_not_shown(cast: Cast, kind: str) -> None:
    client = cast.client("owner")
    address = reverse("sources:add", args=[kind])
    assert "A delivery without it is refused" in client.get(address).content.decode()
    posted = {"name": "Code", "team": str(cast.team.pk), "every_seconds": "3600", "secret": SECRET, "steps": "x = y"}
    assert client.post(address, posted).status_code == 422
    assert client.post(address, posted | {"steps": "night* = train"}).status_code == 302
    source = Source.objects.get(name="Code")
    assert source.whole_settings()["secret"] == SECRET and SECRET not in str(source.settings)
    page = client.get(reverse("sources:source", args=[source.pk])).content.decode()
    assert SECRET not in page and "night* = train" in page
