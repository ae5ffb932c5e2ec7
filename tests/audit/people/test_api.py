"""Programs come in by token alone; every refusal is a problem with a sentence; one key has one effect."""

import json
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from audit.catalogue.models import UseCase
from audit.people.models import IdempotencyKey
from tests.support.api import Program
from tests.support.cast import Cast

Programs = Callable[..., Program]
BODY = {"team": "flight-operations", "slug": "alert", "name": "Alert", "problem": "Too late."}


def test_me_says_whom_the_token_stands_for(program: Programs) -> None:
    found = program("owner", ("read",)).get("/me").json()
    assert found == {
        "name": "test (Owner)",
        "email": "owner@example.org",
        "scopes": ["read"],
        "grants": [{"team": "flight-operations", "roles": ["owner"]}],
        "limits": [],
    }


def test_session_is_not_enough(cast: Cast) -> None:
    answer = cast.client("owner").get("/api/v1/me")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["", "tg_guess", "x" * 5000])
def test_nobody_gets_a_problem(cast: Cast, token: str) -> None:
    answer = Program(token, Client()).get("/me")
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert (problem["type"], problem["status"], problem["title"]) == ("about:blank", 401, "Sign in with a token")
    assert problem["instance"] == f"urn:uuid:{answer['X-Request-Id']}"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/no-such-thing", None, 404),
        ("DELETE", "/me", None, 405),
        ("POST", "/use-cases", {**BODY, "team": "catering"}, 404),
        ("POST", "/use-cases", {**BODY, "slug": "Not a slug"}, 422),
        ("POST", "/use-cases", {"team": "flight-operations"}, 422),
        ("POST", "/use-cases", b"{", 400),
        ("POST", "/use-cases", b'{"team": NaN}', 400),
        ("POST", "/use-cases", b'{"team": "\\u0000"}', 400),
        ("POST", "/use-cases", b'{"team": "\\ud800"}', 400),
        ("GET", "/models/no-such-model", None, 404),
        ("GET", "/jobs?state=sleeping", None, 422),
    ],
)
def test_every_refusal_is_a_problem(program: Programs, method: str, path: str, body: object, status: int) -> None:
    answer = program("owner").call(method, path, body)
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert set(problem) == {"type", "title", "status", "detail", "instance", "errors"}
    assert problem["status"] == status
    assert problem["detail"].endswith((".", "0.")) or status == 400


def test_body_that_breaks_the_schema_names_each_field(program: Programs) -> None:
    problem = program("owner").post("/use-cases", {"team": "flight-operations", "slug": 7}).json()
    assert {row["where"] for row in problem["errors"]} == {"body.slug", "body.name", "body.problem"}
    assert not UseCase.objects.exists()


def test_fault_shows_no_trace(program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit.people import selectors

    def fault(**_: object) -> None:
        raise OSError("postgresql://user:secret@host")

    monkeypatch.setattr(selectors, "teams", fault)
    answer = program("owner").get("/teams")
    assert answer.status_code == 500
    assert "secret" not in answer.content.decode()
    assert answer["Content-Type"] == "application/problem+json"


def test_too_many_requests_are_slowed(program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "API_REQUESTS_A_MINUTE", 2)
    owner = program("owner")
    statuses = [owner.get("/me").status_code for _ in range(4)]
    assert statuses.count(429) >= 1
    answer = owner.get("/me")
    if answer.status_code == 429:
        assert 1 <= int(answer["Retry-After"]) <= 60
    assert program("owner").get("/me").status_code == 200


def test_same_key_and_body_take_effect_once(program: Programs) -> None:
    owner = program("owner")
    first = owner.post("/use-cases", BODY, Idempotency_Key="k1")
    again = owner.post("/use-cases", BODY, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert UseCase.objects.count() == 1
    assert owner.post("/use-cases", BODY).status_code == 422  # without the key it is a second registration


def test_same_key_with_another_body_is_refused(program: Programs) -> None:
    owner = program("owner")
    owner.post("/use-cases", BODY, Idempotency_Key="k1")
    answer = owner.post("/use-cases", {**BODY, "slug": "other"}, Idempotency_Key="k1")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["where"] == "Idempotency-Key"
    assert UseCase.objects.count() == 1


def test_keys_belong_to_the_token(program: Programs) -> None:
    program("owner").post("/use-cases", BODY, Idempotency_Key="k1")
    other = program("owner").post("/use-cases", {**BODY, "slug": "other"}, Idempotency_Key="k1")
    assert other.status_code == 201


def test_refusal_is_not_kept_and_the_key_can_succeed_later(program: Programs) -> None:
    owner = program("owner")
    body = {"use_case": "alert", "slug": "m", "name": "m", "task": "regression", "outcome": "minutes"}
    assert owner.post("/models", body, Idempotency_Key="k2").status_code == 404
    assert not IdempotencyKey.objects.exists()
    owner.post("/use-cases", BODY)
    assert owner.post("/models", body, Idempotency_Key="k2").status_code == 201


def test_key_of_a_refused_write_leaves_the_refusal_in_the_ledger(program: Programs, use_case: UseCase) -> None:
    from audit.ledger.models import Entry

    assert program("manager").post("/use-cases", BODY, Idempotency_Key="k3").status_code == 403
    assert Entry.objects.filter(action="ledger.refused").count() == 1


def test_openapi_declares_the_problems_of_every_operation(cast: Cast) -> None:
    document = json.loads(Client().get("/api/v1/openapi.json").content)
    assert document["components"]["securitySchemes"]["TokenAuth"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            missing = {"401", "403", "422", "500"} - set(operation["responses"])
            assert not missing, f"{method} {path} does not declare {missing}"
            assert operation.get("summary"), path


def test_reference_lists_every_operation_without_script(cast: Cast) -> None:
    answer = cast.client("manager").get("/api/v1/docs")
    text = answer.content.decode()
    document = json.loads(Client().get("/api/v1/openapi.json").content)
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in text
    assert "https://cdn" not in text
    assert "<script>" not in text
