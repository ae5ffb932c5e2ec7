"""Real MLflow servers: what pulls and webhooks tell of real training, and who could move a name."""

import base64
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from audit.sources.contract import Parcel, TellsMovers
from audit.sources.domain.told import Kind
from audit.sources.mlflow import reading
from audit.sources.mlflow.client import Mlflow
from audit.sources.mlflow.connector import MlflowConnector
from audit.sources.mlflow.reading import Reading
from tests.audit.sources.support import Recorded
from tests.support.mlflow_server import Server, running
from tests.support.servers import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.xdist_group("mlflow")]
COMMIT = "e9fb61817d4070ae500c4039ff8c523abde9cc0a"
SECRET = "whsec-of-these-tests"
ADMIN = ("admin", "a password of twelve")
EVENTS = ("REGISTERED_MODEL CREATED", "MODEL_VERSION CREATED", "MODEL_VERSION_TAG SET", "MODEL_VERSION_ALIAS CREATED")


@contextmanager
def listening() -> Iterator[tuple[str, list[Parcel]]]:
    """Keeps what is posted to it."""
    parcels: list[Parcel] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parcels.append(Parcel({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks", parcels
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real MLflow 3 that may send to this machine without TLS."""
    env = {
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }
    with running(tmp_path_factory.mktemp("mlflow3"), env=env) as found:
        yield found


def settings_of(server: Server, **more: Any) -> dict[str, Any]:
    """The settings of a source that reads it."""
    return {"url": server.url, "production_aliases": "champion", "mode": "online", "webhook_secret": SECRET, **more}


def pull(server: Server, cursor: dict[str, Any] | None = None, **more: Any) -> tuple[Recorded, dict[str, Any], int]:
    """One pull: what it handed in, its cursor, and how many requests it took."""
    context, settings = Recorded(), settings_of(server, **more)
    with Mlflow(settings) as asked:
        return context, Reading(context, settings, asked).pull(cursor or {}).cursor, asked.asked


def state(*contexts: Recorded) -> dict[tuple[str, str], Any]:
    """What was told last of each thing; the time at which an endpoint was looked at is left out."""
    found: dict[tuple[str, str], Any] = {}
    for context in contexts:
        for piece in context.pieces:
            for one in piece:
                told = replace(one, at=None) if hasattr(one, "variants") else one
                found[type(one).__name__, one.id] = told
    return found


def test_origin_by_pull_alone_and_by_webhook_alone_is_the_same(server: Server) -> None:
    connector, settings = MlflowConnector(), settings_of(server)
    with listening() as (address, parcels):
        events = [dict(zip(("entity", "action"), event.split(), strict=True)) for event in EVENTS]
        body = {"name": "tollgate", "url": address, "secret": SECRET, "events": events}
        httpx.post(f"{server.url}/api/2.0/mlflow/webhooks", json=body).raise_for_status()
        first = server.run("mlflow_train.py", "credit", "alias=champion")
        second = server.run("mlflow_train.py", "credit-tuned", f"base={first['logged']}", "alias=champion")
        wait_until(lambda: len(parcels) >= 6, 60, "the sixth delivery")
    sent = Recorded()
    for parcel in parcels:
        connector.prove(parcel, settings)
        connector.take(sent, settings, connector.open(parcel))
    pulled, cursor, _ = pull(server)
    assert state(sent) == state(pulled)
    assert (sent.problems, pulled.problems) == ([], [])

    base, tuned = pulled.all("versions")
    assert (base.id, base.run, base.artefact) == ("credit/1", first["run"], f"models:/{first['logged']}")
    assert (tuned.id, tuned.run, tuned.derived_from) == ("credit-tuned/1", second["run"], "credit/1")
    assert base.metrics == {"accuracy": 0.75}
    assert base.parameters == {"C": "0.5", "max_iter": "300"}
    assert base.author == "owner@example.org"
    run = next(one for one in pulled.all("runs") if one.id == first["run"])
    assert (run.state, run.pipeline, run.commit) == ("succeeded", "credit", COMMIT)
    assert run.repository == "https://github.com/example/credit.git"
    data = {one.id: one for one in pulled.all("data")}
    (train,) = (data[one] for one in base.data)
    assert (train.name, train.location, train.rows) == ("iris-training", "s3://lake/training/iris.parquet", 112)
    assert [data[one].name for one in run.inputs] == ["iris-training", "iris-eval"]
    assert [one.id for one in pulled.all("endpoints")] == ["alias:credit:champion", "alias:credit-tuned:champion"]

    api = f"{server.url}/api/2.0/mlflow"
    assert pull(server, cursor)[0].pieces == []
    gone = httpx.request("DELETE", f"{api}/registered-models/alias", json={"name": "credit", "alias": "champion"})
    gone.raise_for_status()
    moved, cursor, asked = pull(server, cursor)
    assert [(one.id, one.aliases) for one in moved.all("models")] == [("credit", {})]
    assert (moved.present[Kind.ENDPOINT, "alias:credit:"], asked <= 6) == ([], True)
    httpx.request("DELETE", f"{api}/model-versions/delete", json={"name": "credit", "version": "1"}).raise_for_status()
    assert pull(server, cursor)[0].present[Kind.VERSION, "credit/"] == []


def test_sixty_models_with_twelve_hundred_versions_come_in_few_requests(
    tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ASKED_ALONE", 50)
    with running(tmp_path_factory.mktemp("filled")) as filled:
        filled.run("mlflow_fill.py", str(filled.folder / "mlflow.db"), "60", "1200")
        context, cursor, asked = pull(filled)
        counts = {name: len(context.all(name)) for name in ("models", "runs", "versions", "endpoints")}
        assert counts == {"models": 60, "runs": 1200, "versions": 1200, "endpoints": 60}
        assert len({one.id for one in context.all("data")}) == 10
        assert len(context.present[Kind.VERSION, ""]) == 1200
        # models twice, versions in 2 pages, experiments, 50 runs alone; runs and logged models for each piece
        assert asked == 2 + 2 + 1 + 50 + 2 * len(context.pieces)
        assert len(context.pieces) <= 12
        again, _, asked = pull(filled, cursor)
        assert (again.pieces, asked) == ([], 2)
        api = f"{filled.url}/api/2.0/mlflow"
        body = {"name": "model-0007", "source": "s3://bucket/m", "run_id": f"{150:032x}"}
        httpx.post(f"{api}/model-versions/create", json=body).raise_for_status()
        fresh, _, asked = pull(filled, cursor)
        assert [one.id for one in fresh.all("versions")] == ["model-0007/21"]
        assert asked <= 7


def test_mlflow_2_has_no_logged_models_and_everything_else(tmp_path_factory: Any) -> None:
    with running(tmp_path_factory.mktemp("mlflow2"), version=2) as old:
        made = old.run("mlflow_train.py", "credit", "alias=champion")
        checks = MlflowConnector().test(settings_of(old))
        assert [check.ok for check in checks] == [True] * 5
        assert "older than MLflow 3" in checks[3].sentence
        context, cursor, _ = pull(old)
        (version,), (run,) = context.all("versions"), context.all("runs")
        assert (version.id, version.run) == ("credit/1", made["run"])
        assert (version.metrics, len(version.data)) == ({"accuracy": 0.75}, 1)
        assert (run.commit, run.parameters["C"]) == (COMMIT, "0.5")
        assert {"python", "sklearn"} == set(run.environment)
        assert pull(old, cursor)[0].pieces == []


def test_who_could_move_a_name_is_told_by_the_auth_app(tmp_path_factory: Any, server: Server) -> None:
    connector = MlflowConnector()
    assert isinstance(connector, TellsMovers)
    free = connector.movers(settings_of(server), "credit")
    assert (free.people, free.whole) == ((), False)
    assert free.sentence == "The server asks nobody to sign in: whoever reaches it can move every name."
    env = {"MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1], "MLFLOW_FLASK_SERVER_SECRET_KEY": "tests"}
    with running(tmp_path_factory.mktemp("auth"), app="basic-auth", env=env) as guarded:
        api = f"{guarded.url}/api/2.0/mlflow"
        with httpx.Client(auth=ADMIN, timeout=60) as client:
            client.post(f"{api}/registered-models/create", json={"name": "credit"}).raise_for_status()
            for name in ("editor", "reader"):
                body = {"username": name, "password": f"{name} has twelve"}
                client.post(f"{api}/users/create", json=body).raise_for_status()
            body = {"username": "editor", "resource_type": "registered_model", "resource_id": "credit"}
            grant = guarded.url + "/api/3.0/mlflow/users/permissions/grant"
            client.post(grant, json={**body, "permission": "EDIT"}).raise_for_status()
        as_admin = settings_of(guarded, username=ADMIN[0], password=ADMIN[1])
        told = connector.movers(as_admin, "credit")
        assert [(one.name, one.how) for one in told.people] == [("admin", "administrator"), ("editor", "EDIT")]
        assert (told.whole, told.sentence) == (True, "Of 3 users, as MLflow tells an administrator.")
        as_reader = settings_of(guarded, username="reader", password="reader has twelve")
        assert not connector.movers(as_reader, "credit").whole
        assert [check.ok for check in connector.test(as_admin)] == [True] * 5
        refused = connector.test(settings_of(guarded, username="reader", password="wrong"))
        assert not refused[0].ok
        assert "the sign-in does not hold" in refused[0].sentence
        assert [one.id for one in pull(guarded, username=ADMIN[0], password=ADMIN[1])[0].all("models")] == ["credit"]
