"""A list costs the same number of queries for twelve rows as for twenty-four; each line says what adds a row."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.alerts.models import Alert, AlertSign
from audit.assurance import services as assurance
from audit.base import clock, ids
from audit.base.actors import Role
from audit.catalogue import services as catalogue
from audit.catalogue.models import Dataset, ModelVersion
from audit.documents import services as documents
from audit.jobs import services as jobs
from audit.ledger.ledger_actions import REFUSED
from audit.ledger.services import record
from audit.lineage import recall
from audit.lineage import services as lineage
from audit.lineage.domain.reading import read
from audit.lineage.models import RecallTask
from audit.monitoring import services as monitoring
from audit.monitoring.domain.service import HOUR, Hour
from audit.monitoring.models import Window
from audit.monitoring.outcome_models import FairnessWeek, OutcomeDay, SliceFigure
from audit.monitoring.quality_models import ConceptSign, QualityFinding, QualityWeek
from audit.monitoring.service.keeping import Served, Teller, keep_hours
from audit.notifications import channelling
from audit.notifications.models import Delivery as Sent
from audit.notifications.models import Message, Notification
from audit.people import services as people
from audit.sources import services as sources
from audit.sources.domain.told import Told, VersionTold
from audit.sources.models import Delivery
from audit.sources.models import Incident as SourceIncident
from audit.sources.taking.piece import take_in
from costs.billing.models import Statement
from costs.budgets.models import BudgetState
from costs.returns import services as returns
from tests.support import bills
from tests.support.api import Program
from tests.support.cast import SYSTEM
from tests.support.spending import state as budgeted
from tests.support.world import World

Add = Callable[[World, int], None]


def add_service_hour(world: World, number: int) -> None:
    """An hour in which the model's endpoint answered."""
    model = world.rows["model"]
    hour = Hour(start=datetime(2026, 11, 2, tzinfo=UTC) + number * HOUR, requests=10.0)
    served = Served("late-arrival", f"v{number}", None, hour)
    keep_hours(actor=SYSTEM, model=model, teller=Teller(UUID(int=1), "Paris"), rows=[served])  # type: ignore[arg-type]


def add_budget(world: World, number: int) -> None:
    """A budget of the team, and how it stands."""
    budget = budgeted(world.cast, name=f"Budget {number}", model=world.rows["model"])
    BudgetState.objects.create(
        budget=budget, day=date(2013, 6, 3), period_start=date(2013, 6, 1), spent=Decimal(1), months=0, inside=0,
        evaluated_at=clock.now(),
    )  # fmt: skip


def add_alert(world: World, number: int) -> None:
    """An alert of the world's model that was closed."""
    alert = world.rows["alert"]
    Alert.objects.create(
        model_id=alert.model_id, version_id=alert.version_id, cause="covariate_shift", state="closed",  # type: ignore[attr-defined]
        first_week=clock.now(), last_week=clock.now(), sentence=f"It moved {number}.", starts_retraining=True,
        holder=world.cast.owner,
    )  # fmt: skip


def add_sign(world: World, number: int) -> None:
    """A sign of the world's alert."""
    alert = world.rows["alert"]
    AlertSign.objects.create(
        alert=alert, version_id=alert.version_id, start=clock.now(), what="column", name=f"c{number}",  # type: ignore[attr-defined, misc]
        variant="psi/credit", n=1, sentence="It moved.",
    )  # fmt: skip


def add_entry(world: World, number: int) -> None:
    """A ledger entry of the team."""
    record(actor=SYSTEM, action=REFUSED, subject_name=f"attempt {number}", team=world.cast.team.pk)


def add_promise(world: World, number: int) -> None:
    """A promise for the world's use case."""
    returns.promise_value(
        actor=SYSTEM,
        use_case=world.rows["model"].use_case,  # type: ignore[attr-defined]
        currency="USD",
        monthly=Decimal(number + 1),
        since=date(2013, 1, 1),
        reason="The plan.",
    )


def add_job(world: World, number: int) -> None:
    """A job of the team, with a part."""
    job = jobs.start("ledger.verify", actor=SYSTEM, trigger="person", team=world.cast.team)
    jobs.start("ledger.verify", actor=SYSTEM, trigger="chain", parent=job)


def add_part(world: World, number: int) -> None:
    """A part of the world's job."""
    job = world.rows["job"]
    jobs.start("ledger.verify", actor=SYSTEM, trigger="chain", parent=job)  # type: ignore[arg-type]
    jobs.log(job=job, text=f"line {number}")  # type: ignore[arg-type]


def add_member(world: World, number: int) -> None:
    """Someone with a role."""
    user = people.create_user(actor=SYSTEM, email=f"{number}@example.org", name=f"Person {number}")
    people.grant_role(actor=SYSTEM, user=user, role=Role.VIEWER, team=world.cast.team)


def add_token(world: World, number: int) -> None:
    """A token of the owner."""
    people.issue_token(actor=SYSTEM, user=world.cast.owner, name=f"{number}", scopes=["read"], days=1)


def add_recall(world: World, number: int) -> None:
    """A recall of other data."""
    dataset = Dataset.objects.get(slug="flights")
    data = catalogue.register_dataset_version(
        actor=SYSTEM, dataset=dataset, digest=f"recalled {number}", location="lake/b", rows=1
    )
    recall.withdraw(actor=SYSTEM, dataset_version=data, reason="It was wrong.")


def add_recall_task(world: World, number: int) -> None:
    """A task of the world's recall, for a deployment of its own."""
    version = catalogue.register_version(
        actor=SYSTEM,
        model=world.rows["model"],  # type: ignore[arg-type]
        artefact="a",
        artefact_digest="3" * 64,
        author=world.cast.owner,
    )
    live = catalogue.deploy(actor=SYSTEM, version=version, environment="staging", mode="online", replace=False)
    RecallTask.objects.create(recall_id=world.rows["recall"].pk, deployment=live, path=[world.rows["node"].pk])


def add_source(world: World, number: int) -> None:
    """A source of the team."""
    sources.add_source(actor=SYSTEM, kind="folder", name=f"S{number}", team=world.cast.team, settings={"path": ""})


def add_moved(world: World, number: int) -> None:
    """An incident of the team's source."""
    SourceIncident.objects.create(
        kind="moved",
        key=f"k{number}",
        source=world.rows["source"],  # type: ignore[misc]
        model=world.rows["model"],  # type: ignore[misc]
        at=clock.now(),
        sentence=f"It moved {number}.",
    )


def add_delivery(world: World, number: int) -> None:
    """A delivery that could not be used."""
    hooked = world.rows["hooked"]
    Delivery.objects.create(source=hooked, key=f"d{number}", body="{}", state="failed")  # type: ignore[misc]


def add_told(world: World, number: int) -> None:
    """A version of the model that the source tells of."""
    version = VersionTold(id=f"late/{number}", model="late", number=number, created=clock.now())
    take_in(source=world.rows["source"], told=Told(versions=(version,)))  # type: ignore[arg-type]


def add_witness(world: World, number: int) -> None:
    """A folder that vouches for the log."""
    assurance.add_witness(actor=SYSTEM, kind="folder", name=f"W{number}", settings={"path": f"/nowhere/{number}"})


def add_model(world: World, number: int) -> None:
    """A model of the use case, in production."""
    model = catalogue.register_model(
        actor=SYSTEM,
        use_case=world.rows["model"].use_case,  # type: ignore[attr-defined]
        slug=f"m{number}",
        name=f"m{number}",
        task="regression",
        owner=world.cast.owner,
        outcome="minutes",
    )
    version = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="a", artefact_digest=ids.uuid7().hex * 2, author=world.cast.owner
    )
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production")
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")


def add_version(world: World, number: int) -> None:
    """A version of the world's model, trained on data by a run."""
    catalogue.register_version(
        actor=SYSTEM,
        model=world.rows["model"],  # type: ignore[arg-type]
        artefact="a",
        artefact_digest=ids.uuid7().hex * 2,
        author=world.cast.owner,
    )


def add_dataset(world: World, number: int) -> None:
    """A dataset of the team, from whose only version a new version of the world's model learned."""
    dataset = catalogue.register_dataset(actor=SYSTEM, team=world.cast.team, slug=f"d{number}", name=f"Data {number}")
    _learned(world, dataset)


def add_data(world: World, number: int) -> None:
    """A version of the world's dataset, from which a new version of the model learned that is in production."""
    version = _learned(world, world.rows["dataset"])  # type: ignore[arg-type]
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="online", replace=False)


def _learned(world: World, dataset: Dataset) -> ModelVersion:
    data = catalogue.register_dataset_version(
        actor=SYSTEM, dataset=dataset, digest=ids.uuid7().hex * 2, location="lake/x", rows=3, columns={"hour": "int64"}
    )
    return catalogue.register_version(
        actor=SYSTEM,
        model=world.rows["model"],  # type: ignore[arg-type]
        artefact="a",
        artefact_digest=ids.uuid7().hex * 2,
        author=world.cast.owner,
        training_data=[data],
    )


def add_name(world: World, number: int) -> None:
    """A name that points at the world's version."""
    version = world.rows["deployment"].version  # type: ignore[attr-defined]
    catalogue.move_alias(actor=SYSTEM, version=version, alias=f"name-{number}")


def add_upload(world: World, number: int) -> None:
    """A file that was sent."""
    monitoring.receive_upload(
        actor=SYSTEM,
        model=world.rows["model"],  # type: ignore[arg-type]
        kind="labels",
        filename=f"{number}.csv",
        chunks=[str(number).encode()],
    )


def add_document(world: World, number: int) -> None:
    """A document of the model, a newer one of it, and one of its team."""
    model = world.rows["model"]
    said = {"kind": "policy", "title": f"Policy {number}", "filename": "policy.txt", "dated": date(2013, 3, 1)}
    first = documents.attach_document(actor=SYSTEM, scope=model, chunks=[f"{number}".encode()], **said)  # type: ignore[arg-type]
    newer = {"chunks": [f"newer {number}".encode()], "replaces": first}
    documents.attach_document(actor=SYSTEM, scope=model, **said, **newer)  # type: ignore[arg-type]
    documents.attach_document(actor=SYSTEM, scope=world.cast.team, chunks=[f"team {number}".encode()], **said)  # type: ignore[arg-type]


def add_bill(world: World, number: int) -> None:
    """A bill of two files."""
    files = (bills.bill([{"SkuId": f"{number}-{part}"}]) for part in range(2))
    bills.receive(*files, source="more", team=world.cast.team)


def add_restatement(world: World, number: int) -> None:
    """The world's bill says one account more, which a later bill restates."""
    bill, account = world.rows["bill"], {"BillingAccountId": f"{number}"}
    first = bills.receive(bills.bill([account]), source="world", team=world.cast.team)
    bills.read(first)
    Statement.objects.filter(bill_file=first).update(bill_file=bill)
    bills.read(bills.receive(bills.bill([account | {"EffectiveCost": "2"}]), source="world", team=world.cast.team))


def add_event(world: World, number: int) -> None:
    """A run of a job that read the world's data and wrote other data."""
    _, _, version = world.rows["node"].name.partition("@")  # type: ignore[attr-defined]
    facets = {"version": {"datasetVersion": version}, "schema": {"fields": [{"name": f"column {number}"}]}}
    event = {
        "eventType": "COMPLETE",
        "eventTime": "2026-03-03T10:00:00Z",
        "producer": "https://example.org",
        "schemaURL": "https://example.org",
        "run": {"runId": str(ids.uuid7())},
        "job": {"namespace": "airflow", "name": f"job {number}"},
        "inputs": [{"namespace": "tollgate", "name": "flights", "facets": facets}],
        "outputs": [{"namespace": "lake", "name": f"data {number}"}],
    }
    lineage.receive(actor=SYSTEM, team=world.cast.team, events=[read(event)])


def add_refused(world: World, number: int) -> None:
    """A delivery that is no event."""
    lineage.keep_rejected(actor=SYSTEM, team=world.cast.team, content=str(number).encode(), reason="It is no object.")


def add_notification(world: World, number: int) -> None:
    """Something that the owner is told, also by a channel of its own."""
    team = world.cast.team
    channel = channelling.add_channel(
        actor=SYSTEM, team=team, kind="chat", name=f"C{number}", settings={"url": "https://localhost:1/"}
    )
    message = Message.objects.create(kind="test", key=f"told {number}", team=team, title=f"Told {number}")
    Notification.objects.create(message=message, user=world.cast.owner)
    to = {"channel": channel, "team": team, "to": "chat", "state": "failed", "tried_at": clock.now()}
    Sent.objects.create(key=f"sent {number}", way="channel", message=message, title="Told", due_at=clock.now(), **to)


def add_change(world: World, number: int) -> None:
    """A change of the errors of the world's version."""
    version = world.rows["deployment"].version  # type: ignore[attr-defined]
    at = date(2026, 11, 2) + timedelta(days=number % 7)
    ConceptSign.objects.create(version=version, method="adwin", at=at, sign="change", before=0.1, mean=0.2, n=number)


def add_finding(world: World, number: int) -> None:
    """A check of a week of the world's version."""
    version, start = world.rows["deployment"].version, datetime(2026, 11, 2, tzinfo=UTC)  # type: ignore[attr-defined]
    told = {"rows": 1, "checks": 1, "faults": 1, "watch": 0, "unknown": 0, "evidence": "", "digest": ""}
    week, _ = QualityWeek.objects.get_or_create(
        version=version, start=start, defaults={"end": start + timedelta(weeks=1), **told}
    )
    QualityFinding.objects.create(
        week=week, check_name="nulls", column=f"c{number}", outcome="broken", n=1, sentence="Null.", is_fault=True
    )


def add_outcome(world: World, number: int) -> None:
    """A day, a group and a gap of a measured week of the world's version."""
    version, start = world.rows["deployment"].version, datetime(2026, 11, 2, tzinfo=UTC)  # type: ignore[attr-defined]
    metric = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 200, "error": None}
    figures = {"threshold": 0.5, "counts": {}, "metrics": {"roc_auc": metric}}
    told = {"rows": 200, "labelled": 200, "figures": figures, "evidence": "", "path": "", "digest": ""}
    OutcomeDay.objects.create(version=version, day=start.date() + timedelta(days=number), **told)
    window, _ = Window.objects.get_or_create(
        version=version, start=start, end=start + timedelta(weeks=1), superseded_at=None,
        defaults={"predictions": 200, "labelled": 200},
    )  # fmt: skip
    SliceFigure.objects.create(
        window=window, column="place", kind="value", value=f"p{number}", predictions=200, labelled=200, figures=figures
    )
    FairnessWeek.objects.create(
        window=window, version=version, start=start, column=f"c{number}", metric="equalised_odds_difference",
        variant="", value=0.1, low=0.05, high=0.2, n=200, rate="selection_rate", highest="a", lowest="b", minimum=100,
    )  # fmt: skip


def nothing(world: World, number: int) -> None:
    """Nothing."""


PAGES: list[tuple[str, Add]] = [
    ("/audit/", add_entry),
    ("/audit/?q=attempt", add_entry),
    ("/audit/standing/", add_witness),
    ("/notifications/", add_notification),
    ("/notifications/deliveries/", add_notification),
    ("/notifications/channels/", add_notification),
    ("/notifications/channels/{channel}/", add_notification),
    ("/jobs/", add_job),
    ("/jobs/?kind=ledger.verify", add_job),
    ("/jobs/{job}/", add_part),
    ("/jobs/{job}/live/", add_part),
    ("/people/", add_member),
    ("/settings/", add_token),
    ("/sources/", add_source),
    ("/sources/incidents/", add_moved),
    ("/sources/{hooked}/deliveries/", add_delivery),
    ("/models/late-arrival/sources/", add_told),
    ("/models/", add_model),
    ("/monitoring/", add_model),
    ("/models/late-arrival/", add_version),
    ("/models/late-arrival/history/", add_name),
    ("/models/late-arrival/compare/", add_version),
    ("/models/late-arrival/process/", add_data),
    ("/models/late-arrival/process/", add_upload),
    ("/datasets/", add_dataset),
    ("/datasets/?q=data", add_dataset),
    ("/datasets/flights/", add_data),
    ("/use-cases/late-arrival-alert/", add_model),
    ("/models/late-arrival/upload/", add_upload),
    ("/models/late-arrival/service/?from=2026-11-02&until=2026-11-08", add_service_hour),
    ("/models/late-arrival/performance/?grain=day&from=2026-11-02&until=2026-11-08", add_outcome),
    ("/models/late-arrival/slices/?from=2026-11-02&until=2026-11-08", add_outcome),
    ("/models/late-arrival/fairness/?from=2026-11-02&until=2026-11-08", add_outcome),
    ("/models/late-arrival/monitoring/?from=2026-11-02&until=2026-11-08", add_outcome),
    ("/models/late-arrival/errors/?from=2026-11-02&until=2026-11-08", add_change),
    ("/models/late-arrival/versions/1/quality/?from=2026-11-02&until=2026-11-08", add_finding),
    ("/lineage/", add_event),
    ("/lineage/?q=data&kind=dataset", add_event),
    ("/lineage/{node}/", add_event),
    ("/lineage/rejected/", add_refused),
    ("/lineage/recalls/", add_recall),
    ("/lineage/recalls/{recall}/", add_recall_task),
    ("/documents/", add_document),
    ("/documents/?model=late-arrival", add_document),
    ("/documents/", add_model),
    ("/documents/{document}/", add_document),
    ("/models/late-arrival/", add_document),
    ("/use-cases/late-arrival-alert/", add_document),
    ("/", add_model),
    ("/maturity/", add_model),
    ("/budgets/", add_budget),
    ("/budgets/", add_model),
    ("/returns/", add_model),
    ("/returns/use-cases/late-arrival-alert/", add_model),
    ("/returns/promises/late-arrival-alert/", add_promise),
    ("/spend/", add_model),
    ("/spend/bills/", add_bill),
    ("/spend/bills/{bill}/", add_restatement),
    ("/retraining/", add_model),
    ("/alerts/?state=all", add_alert),
    ("/alerts/{alert}/", add_sign),
    ("/decisions/", add_model),
]
API: list[tuple[str, Add]] = [
    ("/models", add_model),
    ("/models/late-arrival/versions", add_version),
    ("/models/late-arrival/process", add_data),
    ("/jobs", add_job),
    ("/notifications", add_notification),
    ("/lineage?nodeId=dataset:tollgate:flights", add_event),
    ("/namespaces/airflow/jobs", add_event),
    ("/namespaces/lake/datasets", add_event),
    ("/search?q=data", add_event),
    ("/events/lineage", add_event),
    ("/uploads", add_upload),
    ("/models/late-arrival/versions/1/quality", add_finding),
    ("/alerts?state=all", add_alert),
    ("/documents", add_document),
    ("/models/late-arrival/documents", add_document),
    ("/budgets", add_budget),
    ("/promotion-requests", nothing),
    ("/use-cases/late-arrival-alert/returns", add_model),
    ("/use-cases/late-arrival-alert/promises", add_promise),
]


def _queries(ask: Callable[[], int]) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert ask() == 200
    return len(caught)


def _grows(world: World, ask: Callable[[], int], add: Add) -> tuple[int, int]:
    for number in range(12):
        add(world, number)
    ask()  # what is read once for a process is read now
    few = _queries(ask)
    for number in range(12, 24):
        add(world, number)
    return few, _queries(ask)


@pytest.mark.parametrize(("address", "add"), PAGES, ids=[address for address, _ in PAGES])
def test_page_asks_the_same_number_of_queries_for_more_rows(world: World, address: str, add: Add) -> None:
    cache.clear()
    of = {
        name: world.id_of(name) for name in ("job", "channel", "document", "node", "recall", "hooked", "alert", "bill")
    }
    client, place = world.cast.client("owner"), address.format(**of)
    few, many = _grows(world, lambda: client.get(place).status_code, add)
    assert many <= few


@pytest.mark.parametrize(("address", "add"), API, ids=[address for address, _ in API])
def test_api_asks_the_same_number_of_queries_for_more_rows(
    world: World, program: Callable[..., Program], address: str, add: Add
) -> None:
    owner = program("owner")
    few, many = _grows(world, lambda: owner.get(address).status_code, add)
    assert many <= few
