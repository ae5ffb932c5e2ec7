"""What is registered through the API is read back as it was sent; what belongs to others is not there."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from audit.base.errors import InvalidInput
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion, UseCase
from audit.ledger.models import Entry
from tests.support import told
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast

Programs = Callable[..., Program]
USE_CASE = {"team": "flight-operations", "slug": "alert", "name": "Alert", "problem": "Too late."}
MODEL = {
    "use_case": "late-arrival-alert",
    "slug": "taxi-out",
    "name": "taxi-out",
    "task": "regression",
    "outcome": "minutes on the ground",
    "unit": "minutes",
    "features": {"hour": "number"},
}


def test_use_case_registered_and_read_back(program: Programs) -> None:
    owner = program("owner")
    sent = owner.post("/use-cases", USE_CASE)
    assert sent.status_code == 201, sent.content
    assert owner.get("/use-cases/alert").json() == sent.json()
    assert {key: sent.json()[key] for key in USE_CASE} == USE_CASE
    assert Entry.objects.filter(action="catalogue.use_case_registered", subject_name="Alert").count() == 1


def test_whole_chain_registered_and_read_back(program: Programs, use_case: UseCase) -> None:
    owner = program("owner")

    def post(path: str, body: dict[str, Any], status: int = 201) -> Any:
        answer = owner.post(path, body)
        assert answer.status_code == status, answer.content
        return answer.json()

    model = post("/models", MODEL)
    assert model["owner"] == "owner@example.org"
    post("/datasets", {"team": "flight-operations", "slug": "flights", "name": "Flights"})
    content = {"digest": "a" * 64, "location": "lake/a", "rows": 3, "data_from": "2013-01-01T00:00:00Z"}
    data = post("/datasets/flights/versions", content)
    assert post("/datasets/flights/versions", content)["id"] == data["id"]
    assert owner.get("/datasets/flights/versions/1").json()["data_from"] == "2013-01-01T00:00:00Z"
    pipeline = post("/models/taxi-out/pipelines", {"name": "train", "engine": "local", "parameters": {"trees": 3}})
    run = post(f"/pipelines/{pipeline['id']}/runs", {"key": "first"})
    ended = post(
        f"/runs/{run['id']}/finish", {"state": "succeeded", "inputs": [data["id"]], "compute_seconds": 2.5}, 200
    )
    assert (ended["state"], ended["inputs"], ended["compute_seconds"]) == ("succeeded", [data["id"]], 2.5)
    version = post(
        "/models/taxi-out/versions",
        {
            "artefact": "lake/m",
            "artefact_digest": "b" * 64,
            "run": run["id"],
            "training_data": [data["id"]],
            "metrics": {"mae": 4.25},
        },
    )
    assert (version["number"], version["author"], version["training_data"]) == (1, "owner@example.org", [data["id"]])
    assert owner.get("/models/taxi-out/versions/1").json() == version
    deployed = post("/models/taxi-out/deployments", {"version": 1, "environment": "production", "mode": "batch"})
    moved = owner.call("PUT", "/models/taxi-out/aliases/production", {"version": 1, "reason": "first"})
    assert (moved.status_code, moved.json()["version"]) == (200, 1)
    assert owner.get("/models/taxi-out/aliases").json()["items"] == [moved.json()]
    assert owner.get(f"/deployments/{deployed['id']}").json() == deployed
    ended = post(f"/deployments/{deployed['id']}/end", {"reason": "switched off"}, 200)
    assert ended["until"] is not None
    again = owner.post(f"/deployments/{deployed['id']}/end", {})
    assert (again.status_code, again.json()["detail"]) == (409, "This deployment has ended before.")


def test_model_of_another_team_is_not_there(program: Programs, model: Model) -> None:
    answer = program("outsider").get("/models/late-arrival")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert program("outsider").post("/models", MODEL).status_code == 404
    assert not Model.objects.filter(slug="taxi-out").exists()


def test_registration_without_the_role_is_refused_and_recorded(program: Programs, use_case: UseCase) -> None:
    answer = program("validator").post("/models", MODEL)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("You may not register or change models here")
    entry = told.entry(action="ledger.refused")
    assert (entry.actor_kind, entry.on_behalf_of, entry.subject_name) == (
        "token",
        "validator@example.org",
        "POST /api/v1/models",
    )


def test_versions_come_in_pages_without_gaps(program: Programs, cast: Cast, version: ModelVersion) -> None:
    owner = program("owner")
    for letter in "abcd":
        owner.post("/models/late-arrival/versions", {"artefact": letter, "artefact_digest": letter * 64})
    first = owner.get("/models/late-arrival/versions?limit=3").json()
    rest = owner.get(f"/models/late-arrival/versions?limit=3&cursor={first['next']}").json()
    assert [row["number"] for row in first["items"] + rest["items"]] == [5, 4, 3, 2, 1]
    assert rest["next"] is None
    assert owner.get("/models/late-arrival/versions?cursor=%2B").status_code == 422


def test_dataset_says_who_owns_it_and_how_sensitive_it_is(program: Programs, cast: Cast) -> None:
    owner = program("owner")
    body = {"team": "flight-operations", "slug": "flights", "name": "Flights"}
    known = {"owner": "validator@example.org", "sensitivity": "confidential"}
    sent = owner.post("/datasets", body | known)
    assert sent.status_code == 201, sent.content
    assert {key: owner.get("/datasets/flights").json()[key] for key in known} == known
    entry = told.entry(action="catalogue.dataset_registered")
    assert entry.changes["owner"] == [None, "validator@example.org"]
    assert entry.changes["sensitivity"] == [None, "confidential"]
    assert owner.post("/datasets", body | {"slug": "b", "sensitivity": "rather"}).status_code == 422
    bare = owner.post("/datasets", body | {"slug": "c"}).json()
    assert (bare["owner"], bare["sensitivity"]) == (None, "")


def test_dataset_with_a_sensitivity_that_is_none_is_refused(cast: Cast) -> None:
    with pytest.raises(InvalidInput, match="'rather' is not a sensitivity"):
        catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="d", name="D", sensitivity="rather")


def test_version_says_from_which_it_was_derived(program: Programs, cast: Cast, version: ModelVersion) -> None:
    owner = program("owner")
    body = {"artefact": "b", "artefact_digest": "b" * 64}
    made = owner.post("/models/late-arrival/versions", body | {"derived_from": str(version.pk)})
    assert (made.status_code, made.json()["derived_from"]) == (201, str(version.pk))
    assert told.entries(action="catalogue.version_registered")[-1].changes["derived_from"] == [None, "late-arrival v1"]
    page = cast.client("owner").get("/models/late-arrival/versions/2/").content.decode()
    assert '<a href="/models/late-arrival/versions/1/">late-arrival v1</a>' in page
    hidden = owner.post("/models/late-arrival/versions", body | {"derived_from": str(cast.team.pk)})
    assert hidden.status_code == 422


def test_run_gives_the_digest_of_its_libraries_and_its_repository(program: Programs, model: Model) -> None:
    owner = program("owner")
    pipeline = owner.post("/models/late-arrival/pipelines", {"name": "train", "engine": "local"}).json()
    run = owner.post(f"/pipelines/{pipeline['id']}/runs", {"key": "first"}).json()
    assert run["environment_digest"] == ""
    libraries = {"sklearn": "1.5", "python": "3.11"}
    end = {"state": "succeeded", "repository": "https://github.com/airline/delays", "environment": libraries}
    ended = owner.post(f"/runs/{run['id']}/finish", end).json()
    assert ended["repository"] == "https://github.com/airline/delays"
    assert ended["environment_digest"] == sha256(b'{"python":"3.11","sklearn":"1.5"}').hexdigest()
    with_secret = owner.post(f"/runs/{run['id']}/finish", end | {"repository": "https://me:pass@github.com/a/b"})
    assert with_secret.status_code == 422
