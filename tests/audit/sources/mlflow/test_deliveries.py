"""A delivery is taken only from who knows the secret, only while it is fresh, and only if it can be read."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from audit.base import clock
from audit.sources.contract import Malformed, Opened, Parcel, Receiver, Unproven
from audit.sources.mlflow.connector import MlflowConnector
from audit.sources.mlflow.forms import MlflowForm
from tests.audit.sources.support import Recorded

SECRET = "a secret of the webhook"
SETTINGS = {"url": "http://127.0.0.1:9", "webhook_secret": SECRET}
EVENT = {
    "entity": "model_version_alias",
    "action": "created",
    "timestamp": "2026-11-21T12:00:00+00:00",
    "data": {"name": "credit", "alias": "champion", "version": "2"},
}


def parcel(body: Any = EVENT, *, secret: str = SECRET, age: float = 0, this: str = "d-1") -> Parcel:
    """A delivery as MLflow sends it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = str(int((clock.now() - timedelta(seconds=age)).timestamp()))
    mac = hmac.new(secret.encode(), f"{this}.{at}.".encode() + content, hashlib.sha256).digest()
    headers = {
        "x-mlflow-delivery-id": this,
        "x-mlflow-timestamp": at,
        "x-mlflow-signature": "v1," + base64.b64encode(mac).decode(),
    }
    return Parcel(headers, content)


def test_proved_delivery_is_opened_with_its_id_as_key() -> None:
    connector = MlflowConnector()
    assert isinstance(connector, Receiver)
    for fresh in (parcel(), parcel(age=290)):
        connector.prove(fresh, SETTINGS)
        assert connector.open(fresh) == Opened("d-1", "model_version_alias.created", EVENT)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: parcel(secret="another"), "not that of this body"),
        (lambda: Parcel(parcel().headers, b'{"entity": "other"}'), "not that of this body"),
        (lambda: Parcel({**parcel().headers, "x-mlflow-delivery-id": "d-2"}, parcel().body), "not that of this body"),
        (lambda: Parcel({**parcel().headers, "x-mlflow-signature": "v1,é"}, parcel().body), "not that of this body"),
        (lambda: Parcel({}, parcel().body), "lacks X-MLflow-Signature"),
        (lambda: parcel(age=400), "may be a replay"),
        (lambda: parcel(age=-400), "may be a replay"),
    ],
)
def test_unproved_delivery_is_refused(make: Callable[[], Parcel], sentence: str) -> None:
    with pytest.raises(Unproven, match=sentence):
        MlflowConnector().prove(make(), SETTINGS)


def test_without_a_secret_nothing_is_proved() -> None:
    with pytest.raises(Unproven, match="no webhook secret"):
        MlflowConnector().prove(parcel(secret=""), {**SETTINGS, "webhook_secret": ""})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ([], "no object"),
        ({"entity": 1, "action": "created"}, "entity and action"),
        ({"entity": "model_version", "action": "created", "data": "x"}, "no object under data"),
    ],
)
def test_proved_delivery_that_cannot_be_read_is_malformed(body: Any, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence):
        MlflowConnector().open(parcel(body))


def test_delivery_without_an_id_is_malformed() -> None:
    with pytest.raises(Malformed, match="no id"):
        MlflowConnector().open(Parcel({}, parcel().body))


@pytest.mark.parametrize(
    ("data", "sentence"), [({}, "names no model"), ({"name": "credit", "version": "two"}, "which is no number")]
)
def test_delivery_that_names_nothing_is_malformed(data: dict[str, Any], sentence: str) -> None:
    opened = Opened("d-1", "model_version.created", {**EVENT, "data": data})
    with pytest.raises(Malformed, match=sentence):
        MlflowConnector().take(Recorded(), SETTINGS, opened)


def test_events_of_other_things_are_told_apart_and_ask_nobody() -> None:
    context = Recorded()
    for event in ("prompt_version.created", "budget_policy.exceeded", "something.new"):
        MlflowConnector().take(context, SETTINGS, Opened("d", event, EVENT))
    assert context.pieces == []
    assert context.run.messages == [
        "prompt_version.created tells nothing of models.",
        "budget_policy.exceeded tells nothing of models.",
        "something.new tells nothing of models.",
    ]


def test_form_wants_a_name_with_a_password_and_a_pattern_that_filters_can_hold() -> None:
    good = {"url": "https://mlflow.example.org", "mode": "online"}
    assert MlflowForm(good).is_valid()
    assert "username" in MlflowForm({**good, "password": "p"}).errors
    assert "names" in MlflowForm({**good, "names": "a'b\"c"}).errors
    assert "url" in MlflowForm({**good, "url": "file:///etc/passwd"}).errors
