"""MLflow as a source: what its settings can do, pulls, and its webhooks."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Final

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources.contract import (
    Check,
    Cursor,
    Malformed,
    Movers,
    Opened,
    Parcel,
    PullContext,
    PullResult,
    Settings,
    Unavailable,
    Unproven,
)
from audit.sources.http import Forbidden, Missing
from audit.sources.mlflow import mapping
from audit.sources.mlflow.client import API, Mlflow
from audit.sources.mlflow.forms import MlflowForm
from audit.sources.mlflow.permissions import movers_of
from audit.sources.mlflow.reading import Reading

OLDEST: Final = 300
"""Seconds after which a delivery is a replay."""
KNOWN: Final = frozenset({"registered_model", "model_version", "model_version_tag", "model_version_alias"})
READ: Final = "An administrator of MLflow gives it there, or by the server's default_permission."


class MlflowConnector:
    """Reads a tracking server with a registry, MLflow 2.9 or later; MLflow 3 also sends."""

    kind = "mlflow"
    title = "MLflow"
    description = "Registered models, versions and their names, with the runs, data and code that they come from"
    form: type[forms.Form] = MlflowForm
    secret: tuple[str, ...] = ("password", "token", "webhook_secret")
    hook = (
        "In MLflow 3 create a webhook with this address and the secret that stands in the settings here, for"
        " registered_model.created, model_version.created, model_version_tag.set and .deleted, and"
        " model_version_alias.created and .deleted. MLflow sends to https only, to private addresses only if its server"
        " runs with MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS=true, and tells nothing of deletions and stages: keep pulling."
    )

    def test(self, settings: Settings) -> list[Check]:
        """Whether each thing that a pull asks for is answered, and which permission of MLflow is missing."""
        try:
            with Mlflow(settings, pause=_at_once) as server:
                checks = [_tried(ask, server) for ask in (_registry, _versions, _runs, _logged)]
        except InvalidInput as error:
            return [Check(False, error.sentence)]
        secret = bool(settings.get("webhook_secret"))
        said = "Deliveries are proved by the webhook secret." if secret else "No webhook secret: only pulls tell."
        return [*checks, Check(True, said)]

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Everything at first and once a day, else what has changed; see ``reading``."""
        with Mlflow(settings) as server:
            return Reading(context, settings, server).pull(cursor)

    def prove(self, parcel: Parcel, settings: Settings) -> None:
        """Proves a delivery: HMAC-SHA256 of delivery id, time and body, not older than five minutes.

        Protocol: MLflow's webhooks, which follow https://www.standardwebhooks.com.
        """
        secret = str(settings.get("webhook_secret") or "")
        if not secret:
            raise Unproven("This source has no webhook secret, so nothing proves a delivery.")
        said, this, at = (
            parcel.headers.get(f"x-mlflow-{name}", "") for name in ("signature", "delivery-id", "timestamp")
        )
        if not (said and this and at):
            raise Unproven("The delivery lacks X-MLflow-Signature, X-MLflow-Delivery-Id or X-MLflow-Timestamp.")
        signed = f"{this}.{at}.".encode() + parcel.body
        right = b"v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
        if not any(hmac.compare_digest(right, one.encode()) for one in said.split(" ")):
            raise Unproven("The signature is not that of this body under the webhook secret.")
        if not at.isascii() or not at.isdigit() or abs(clock.now().timestamp() - int(at)) > OLDEST:
            raise Unproven(f"The delivery is not of the last {OLDEST // 60} minutes: it may be a replay.")

    def open(self, parcel: Parcel) -> Opened:
        """Reads a delivery: its id is the key, entity and action are the event."""
        this = parcel.headers.get("x-mlflow-delivery-id", "")
        if not this:
            raise Malformed("The delivery has no id (X-MLflow-Delivery-Id).")
        try:
            told = json.loads(parcel.body)
        except (ValueError, RecursionError):
            raise Malformed("The body is not JSON.") from None
        if not isinstance(told, dict):
            raise Malformed("The body is no object.")
        entity, action = told.get("entity"), told.get("action")
        if not isinstance(entity, str) or not isinstance(action, str):
            raise Malformed("The body does not say what happened (entity and action).")
        if not isinstance(told.get("data"), dict):
            raise Malformed("The body holds no object under data.")
        return Opened(key=this[:200], event=f"{entity}.{action}"[:200], body=told)

    def take(self, context: PullContext, settings: Settings, opened: Opened) -> None:
        """Asks for the model and version that a delivery names, and takes in what a pull would."""
        entity, data = opened.event.partition(".")[0], mapping.inner(opened.body, "data")
        if entity not in KNOWN:
            context.run.log(f"{opened.event} tells nothing of models.")
            return
        name, number = mapping.text(data.get("name")), mapping.text(data.get("version"))
        if not name:
            raise Malformed(f"{opened.event} names no model (data.name).")
        if number and not mapping.NUMBER.fullmatch(number):
            raise Malformed(f"{opened.event} names the version {number[:40]} (data.version), which is no number.")
        try:
            with Mlflow(settings) as server:
                Reading(context, settings, server).named(name, number)
        except InvalidInput as error:
            raise Unavailable(error.sentence) from None

    def movers(self, settings: Settings, model: str) -> Movers:
        """Who could move the names of the registered model ``model``; see ``permissions``."""
        return movers_of(settings, model)


def _tried(ask: Callable[[Mlflow], Check], server: Mlflow) -> Check:
    try:
        return ask(server)
    except (InvalidInput, Unavailable) as error:
        return Check(False, error.sentence)
    except Missing as error:
        return Check(False, f"{error} Is this the address of an MLflow server with a registry?")


def _registry(server: Mlflow) -> Check:
    try:
        there = server.get(f"{API}/registered-models/search", max_results=1).get("registered_models")
    except Forbidden as error:
        return Check(False, f"{error.sentence} The account needs READ on registered models. {READ}")
    if there:
        return Check(True, "Registered models can be read.")
    return Check(True, f"MLflow answers and shows no registered model. If it has some, READ on them is missing. {READ}")


def _versions(server: Mlflow) -> Check:
    try:
        next(server.versions(size=1), [])
    except Forbidden as error:
        return Check(False, f"{error.sentence} The account needs READ on registered models. {READ}")
    return Check(True, "Versions of models can be read.")


def _runs(server: Mlflow) -> Check:
    try:
        count = len(server.experiments())
        server.runs(["0"])
    except Forbidden as error:
        return Check(False, f"{error.sentence} The account needs READ on experiments. {READ}")
    if not count:
        return Check(False, f"No experiment is shown, so no run can be read: READ on experiments is missing. {READ}")
    return Check(True, f"Runs can be read, in {count:,} experiments.")


def _logged(server: Mlflow) -> Check:
    try:
        found = server.logged_models(["m-0"])
    except Forbidden as error:
        return Check(False, f"{error.sentence} The account needs READ on experiments. {READ}")
    if found is None:
        return Check(True, "The server is older than MLflow 3: it has no logged models, and sends nothing by itself.")
    return Check(True, "Logged models can be read (MLflow 3).")


def _at_once(seconds: float) -> None:
    """A person waits for the test: it does not."""
