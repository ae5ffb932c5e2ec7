"""What is registered through the API is read back as it was sent; what belongs to others is not there."""

from collections.abc import Callable
from typing import Any

from audit.catalogue.models import Model, ModelVersion, UseCase
from audit.ledger.models import Entry
from tests.support import told
from tests.support.api import Program
from tests.support.cast import Cast

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
