"""One record of each kind, all of the cast's team: what the addresses of pages and of the API point at."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model as Row

from audit.alerts.ledger_actions import OPENED as ALERT_OPENED
from audit.alerts.models import Alert
from audit.assurance import services as assurance
from audit.base import clock
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.documents import services as documents
from audit.exports import services as exports
from audit.exports.selectors import scope_of
from audit.jobs import services as jobs
from audit.ledger.audited import created
from audit.ledger.ledger_actions import INCIDENT_OPENED
from audit.ledger.models import Incident
from audit.ledger.services import record
from audit.lineage import recall
from audit.lineage import services as lineage
from audit.lineage.ledger_actions import TASK_OPENED
from audit.lineage.models import RecallTask
from audit.monitoring import services as monitoring
from audit.monitoring.domain.importance import Importance
from audit.monitoring.quality import importances
from audit.notifications import channelling
from audit.notifications.models import Delivery as Sent
from audit.notifications.models import Message, Notification
from audit.people import services as people
from audit.people.models import Membership
from audit.retention import services as holds
from audit.sources import services as sources
from audit.sources.domain.told import ModelTold, Told
from audit.sources.ledger_actions import INCIDENT_OPENED as SOURCE_INCIDENT_OPENED
from audit.sources.models import Delivery, Identity
from audit.sources.models import Incident as SourceIncident
from audit.sources.taking.piece import take_in
from audit.streaming import services as streaming
from governance.approvals import services as approvals
from governance.retraining import services as retraining
from governance.retraining.ledger_actions import FIRED, REVIEW_OPENED
from governance.retraining.models import Retraining, Review
from tests.support import bills
from tests.support.cast import SYSTEM, Cast
from tests.support.inputs import START, compared
from tests.support.spending import state as budgeted

DIGEST = "a" * 64
PREDICTIONS = b"prediction_id,at,version,score,hour,carrier\nf1,2013-03-04T10:00:00Z,1,0.8,10,UA\n"


@dataclass(frozen=True)
class World:
    """Records by the name that ``tests/access.yaml`` uses for them."""

    cast: Cast
    rows: dict[str, Row]

    def id_of(self, name: str) -> str:
        """The id of the record ``name``."""
        return str(self.rows[name].pk)


def written(action: str, row: Any) -> Any:
    """The row, stored with its entry: where the service asks for more of a history than a test of pages needs."""
    with transaction.atomic():
        row.save(force_insert=True)
        record(actor=SYSTEM, action=action, subject=row, changes=created(row))
    return row


@pytest.fixture
def world(cast: Cast, model: Model, version: ModelVersion) -> World:
    """The cast with a model in production, a candidate, and something of every kind around them."""
    team = cast.team
    dataset = catalogue.register_dataset(actor=SYSTEM, team=team, slug="flights", name="Flights")
    data = catalogue.register_dataset_version(actor=SYSTEM, dataset=dataset, digest=DIGEST, location="lake/a", rows=3)
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key="first", trigger="test")
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production")
    deployment = catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/two", artefact_digest="2" * 64, author=cast.owner
    )
    upload = monitoring.receive_upload(
        actor=SYSTEM, model=model, kind="predictions", filename="w10.csv", chunks=[PREDICTIONS]
    )
    job = jobs.start("ledger.verify", actor=SYSTEM, trigger="person", team=team)
    source = sources.add_source(actor=SYSTEM, kind="folder", name="Arrivals", team=team, settings={"path": ""})
    hooked = sources.add_source(actor=SYSTEM, kind="github", name="Code", team=team, settings={"secret": "known"})
    take_in(source=source, told=Told(models=(ModelTold(id="late", name="Late", same_as=model.slug),)))
    document = documents.attach_document(
        actor=SYSTEM,
        scope=model,
        kind="risk-file",
        title="Risks",
        filename="risks.md",
        chunks=[b"# Risks\n"],
        dated=date(2013, 3, 1),
    )
    stream = streaming.add_stream(actor=SYSTEM, kind="files", name="Archive", settings={"path": "/nowhere"})
    channel = channelling.add_channel(
        actor=SYSTEM, team=team, kind="chat", name="Team chat", settings={"url": "https://localhost:1/hook"}
    )
    message = Message.objects.create(kind="test", key="told", team=team, title="AUC fell")
    token, _ = people.issue_token(actor=SYSTEM, user=cast.owner, name="old", scopes=["read"], days=1)
    rule = retraining.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.6
    )
    request = approvals.request_promotion(
        actor=SYSTEM, version=second, reason="AUC fell.", evidence={}, on_behalf_of=cast.owner, requester="Rule"
    )
    retrained = written(
        FIRED,
        Retraining(
            rule=rule,
            model=model,
            key="r",
            week=date(2013, 3, 4),
            started_by="Rule",
            reason="AUC fell.",
            champion=version,
            job=job,
        ),
    )
    withdrawn = recall.withdraw(actor=SYSTEM, dataset_version=data, reason="It was wrong.")
    task = written(TASK_OPENED, RecallTask(recall=withdrawn, deployment=deployment, path=[]))
    known = {"hour": Importance(0.1, None, 1)}
    importances.send_importance(actor=SYSTEM, version=version, columns=known, metric="roc_auc", n=10, source="test")
    rows: dict[str, Any] = {
        "node": withdrawn.node,
        "refused": lineage.keep_rejected(actor=SYSTEM, team=team, content=b"{", reason="The body is not JSON."),
        "recall": withdrawn,
        "recall_task": task,
        "dataset": dataset,
        "pipeline": pipeline,
        "run": run,
        "deployment": deployment,
        "model": model,
        "compared": compared(version),
        "upload": upload,
        "job": job,
        "export": exports.ask_export(actor=SYSTEM, scope=scope_of(viewer=SYSTEM, kind="model", name=model.slug)),
        "source": source,
        "hooked": hooked,
        "delivery": Delivery.objects.create(
            source=hooked, key="1", event="push", body="{}", state=Delivery.State.FAILED, reason="It names no commit."
        ),
        "identity": Identity.objects.get(source=source, kind="model"),
        "moved": written(
            SOURCE_INCIDENT_OPENED,
            SourceIncident(kind="moved", key="k", source=source, model=model, at=clock.now(), sentence="It moved."),
        ),
        "stream": stream,
        "channel": channel,
        "notification": Notification.objects.create(message=message, user=cast.owner),
        "sent": Sent.objects.create(
            key="sent",
            way=Sent.Way.CHANNEL,
            message=message,
            channel=channel,
            team=team,
            to="Chat: Team chat",
            title=message.title,
            state=Sent.State.FAILED,
            due_at=clock.now(),
        ),
        "document": document,
        "bill": bills.receive(bills.bill([{}]), source="world", team=team),
        "token": token,
        "hold": holds.place_hold(actor=SYSTEM, kind="team", target=str(cast.other_team.pk), reason="an inquiry"),
        "leaver": people.create_user(actor=SYSTEM, email="leaver@example.org", name="Leaver"),
        "witness": assurance.add_witness(
            actor=SYSTEM, kind="folder", name="Second disk", settings={"path": "/nowhere/witness"}
        ),
        "incident": written(
            INCIDENT_OPENED,
            Incident(kind="key_missing", at=clock.now(), sentence="It is over.", halts=False, closed_at=clock.now()),
        ),
        "budget": budgeted(cast, model=model, hard=True),
        "membership": Membership.objects.get(user=cast.validator),
        "rule": rule,
        "request": request,
        "retraining": retrained,
        "alert": written(
            ALERT_OPENED,
            Alert(
                model=model,
                version=version,
                cause="covariate_shift",
                first_week=START,
                last_week=START,
                sentence="The inputs changed.",
                evidence=["hour moved."],
                starts_retraining=True,
            ),
        ),
        "review": written(
            REVIEW_OPENED,
            Review(model=model, retraining=retrained, reason="Retraining does not help.", opened_at=clock.now()),
        ),
    }
    return World(cast, rows)
