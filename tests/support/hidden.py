"""A second model with something of every kind around it, all of it named so that a test can look for the name.

It is of the same team and use case as the world's model, but for a use case, a dataset and a source of its own.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model
from audit.jobs import services as jobs
from audit.ledger import sealing
from audit.monitoring import services as monitoring
from audit.monitoring import starting
from audit.monitoring.domain.importance import Importance
from audit.monitoring.quality import importances
from audit.notifications import channelling
from audit.notifications.models import Delivery, Message
from audit.sources import services as sources
from audit.sources.domain.told import ModelTold, Told
from audit.sources.models import Identity, Incident
from audit.sources.taking.piece import take_in
from costs.returns import services as returns
from governance.approvals import services as approvals
from governance.maturity import services as maturity
from governance.retraining import services as retraining
from governance.retraining.models import Retraining, Review
from tests.support import bills
from tests.support.cast import SYSTEM
from tests.support.inputs import compared
from tests.support.spending import state as budgeted
from tests.support.world import World

MARK = "zqhidden"
FILE = b"prediction_id,at,version,score,hour,carrier\nh1,2013-03-04T10:00:00Z,1,0.8,10,UA\n"


@dataclass(frozen=True)
class Hidden:
    """The model, and the ids that stand in addresses in the place of the world's."""

    model: Model
    instead: dict[str, str]


def _model(world: World, use_case: object, slug: str) -> Model:
    return catalogue.register_model(
        actor=SYSTEM,
        use_case=use_case,  # type: ignore[arg-type]
        slug=slug,
        name=f"{slug} name",
        task="classification",
        owner=world.cast.owner,
        outcome=f"{MARK} happens",
        features={"hour": "number", "carrier": "category"},
        threshold=0.5,
    )


@pytest.fixture
def hidden(world: World) -> Hidden:
    """The hidden model with its records, bills for both models, an assessment of each, and all entries sealed."""
    team = world.cast.team
    model = _model(world, world.rows["model"].use_case, f"{MARK}-one")  # type: ignore[attr-defined]
    alone = catalogue.register_use_case(
        actor=SYSTEM, team=team, slug=f"{MARK}-case", name=f"{MARK} case", problem=f"{MARK} problem"
    )
    _model(world, alone, f"{MARK}-two")
    returns.state_value(
        actor=SYSTEM,
        use_case=alone,
        currency="USD",
        values={"tp": "3"},
        valid_from=date(2013, 1, 1),
        reason=f"{MARK} is worth it",
    )
    returns.promise_value(
        actor=SYSTEM,
        use_case=alone,
        currency="USD",
        monthly=Decimal(1200),
        since=date(2013, 1, 1),
        reason=f"{MARK} will pay",
    )
    dataset = catalogue.register_dataset(actor=SYSTEM, team=team, slug=f"{MARK}-data", name=f"{MARK} data")
    data = catalogue.register_dataset_version(
        actor=SYSTEM, dataset=dataset, digest="b" * 64, location=f"lake/{MARK}", rows=3
    )
    pipeline = catalogue.register_pipeline(
        actor=SYSTEM, model=model, name=f"{MARK} train", engine="local", parameters={}
    )
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key=f"{MARK} run", trigger="test")
    version = catalogue.register_version(
        actor=SYSTEM,
        model=model,
        artefact=f"artefacts/{MARK}",
        artefact_digest="4" * 64,
        author=world.cast.owner,
        training_data=[data],
    )
    compared(version)
    known = {"hour": Importance(0.1, None, 1)}
    importances.send_importance(actor=SYSTEM, version=version, columns=known, metric="roc_auc", n=10, source="test")
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/h2", artefact_digest="5" * 64, author=world.cast.owner
    )
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production")
    deployment = catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")
    upload, job = starting.take(
        actor=SYSTEM,
        model=model,
        kind="predictions",
        filename=f"{MARK}.csv",
        chunks=[SimpleUploadedFile("f", FILE).read()],
        trigger="person",
    )
    jobs.log(job=job, text=f"{MARK} was said")
    monitoring.send_metric(
        actor=SYSTEM,
        version=version,
        start=datetime(2013, 3, 4, tzinfo=UTC),
        end=datetime(2013, 3, 11, tzinfo=UTC),
        metric=f"{MARK}_metric",
        value=1.5,
        n=3,
    )
    source = sources.add_source(actor=SYSTEM, kind="folder", name=f"{MARK} source", team=team, settings={"path": ""})
    take_in(source=source, told=Told(models=(ModelTold(id=f"{MARK} id", name=f"{MARK} told", same_as=model.slug),)))
    moved = Incident.objects.create(
        kind="moved", key=MARK, source=source, model=model, at=clock.now(), sentence=f"{MARK} moved."
    )
    channel = channelling.add_channel(
        actor=SYSTEM, team=team, kind="chat", name=f"{MARK} chat", settings={"url": "https://localhost:1/hidden"}
    )
    message = Message.objects.create(kind="test", key=MARK, team=team, title=f"{MARK} fell")
    told = Delivery.objects.create(
        key=MARK, way="channel", message=message, channel=channel, team=team, to=MARK, title=MARK, due_at=clock.now()
    )
    rule = retraining.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.6
    )
    request = approvals.request_promotion(
        actor=SYSTEM,
        version=second,
        reason=f"{MARK} fell.",
        evidence={},
        on_behalf_of=world.cast.owner,
        requester=f"{MARK} rule",
    )
    retrained = Retraining.objects.create(
        rule=rule,
        model=model,
        key="h",
        week=date(2013, 3, 4),
        started_by="Rule",
        reason=f"{MARK} fell.",
        champion=version,
        job=job,
    )
    review = Review.objects.create(
        model=model, retraining=retrained, reason=f"{MARK} does not gain.", opened_at=clock.now()
    )
    rows = [
        {"ResourceId": "endpoint/late-arrival", "Tags": '{"tollgate:model": "late-arrival"}', "EffectiveCost": "1.00"},
        {"ResourceId": f"endpoint/{MARK}", "Tags": f'{{"tollgate:model": "{MARK}-one"}}', "EffectiveCost": "2.00"},
        {"ResourceId": f"{MARK}/untied", "EffectiveCost": "4.00"},
    ]
    bill = bills.receive(bills.bill(rows), source=f"{MARK}-cloud")
    bills.read(bill)
    maturity.assess(actor=SYSTEM)
    budget = budgeted(world.cast, name=f"{MARK} budget", model=model, amount=1)
    budgeted(world.cast, name=f"{MARK} of all", amount=1)
    sealing.seal()
    instead = {
        "late-arrival": model.slug,
        "late-arrival-alert": alone.slug,
        "flights": dataset.slug,
        "dataset": str(dataset.pk),
        "pipeline": str(pipeline.pk),
        "run": str(run.pk),
        "deployment": str(deployment.pk),
        "model": str(model.pk),
        "upload": str(upload.pk),
        "job": str(job.pk),
        "source": str(source.pk),
        "identity": str(Identity.objects.get(source=source, kind="model").pk),
        "moved": str(moved.pk),
        "channel": str(channel.pk),
        "sent": str(told.pk),
        "rule": str(rule.pk),
        "request": str(request.pk),
        "retraining": str(retrained.pk),
        "review": str(review.pk),
        "bill": str(bill.pk),
        "budget": str(budget.pk),
    }
    return Hidden(model, instead)
