"""A list costs the same number of queries for twelve rows as for twenty-four; each line says what adds a row."""

from collections.abc import Callable
from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.assurance import services as assurance
from audit.base import ids
from audit.base.actors import Role
from audit.catalogue import services as catalogue
from audit.documents import services as documents
from audit.jobs import services as jobs
from audit.ledger.ledger_actions import REFUSED
from audit.ledger.services import record
from audit.monitoring import services as monitoring
from audit.people import services as people
from audit.sources import services as sources
from tests.support.api import Program
from tests.support.cast import SYSTEM
from tests.support.world import World

Add = Callable[[World, int], None]


def add_entry(world: World, number: int) -> None:
    """A ledger entry of the team."""
    record(actor=SYSTEM, action=REFUSED, subject_name=f"attempt {number}", team=world.cast.team.pk)


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


def add_source(world: World, number: int) -> None:
    """A source of the team."""
    sources.add_source(actor=SYSTEM, kind="folder", name=f"S{number}", team=world.cast.team, settings={"path": ""})


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


def nothing(world: World, number: int) -> None:
    """Nothing."""


PAGES: list[tuple[str, Add]] = [
    ("/audit/", add_entry),
    ("/audit/?q=attempt", add_entry),
    ("/audit/standing/", add_witness),
    ("/jobs/", add_job),
    ("/jobs/?kind=ledger.verify", add_job),
    ("/jobs/{job}/", add_part),
    ("/jobs/{job}/live/", add_part),
    ("/people/", add_member),
    ("/settings/", add_token),
    ("/sources/", add_source),
    ("/models/", add_model),
    ("/models/late-arrival/", add_version),
    ("/models/late-arrival/history/", add_name),
    ("/models/late-arrival/compare/", add_version),
    ("/use-cases/late-arrival-alert/", add_model),
    ("/models/late-arrival/upload/", add_upload),
    ("/documents/", add_document),
    ("/documents/?model=late-arrival", add_document),
    ("/documents/", add_model),
    ("/documents/{document}/", add_document),
    ("/models/late-arrival/", add_document),
    ("/use-cases/late-arrival-alert/", add_document),
    ("/", add_model),
    ("/maturity/", add_model),
    ("/returns/", add_model),
    ("/spend/", add_model),
    ("/retraining/", add_model),
    ("/decisions/", add_model),
]
API: list[tuple[str, Add]] = [
    ("/models", add_model),
    ("/models/late-arrival/versions", add_version),
    ("/jobs", add_job),
    ("/uploads", add_upload),
    ("/documents", add_document),
    ("/models/late-arrival/documents", add_document),
    ("/promotion-requests", nothing),
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
    client, place = world.cast.client("owner"), address.format(job=world.id_of("job"), document=world.id_of("document"))
    few, many = _grows(world, lambda: client.get(place).status_code, add)
    assert many <= few


@pytest.mark.parametrize(("address", "add"), API, ids=[address for address, _ in API])
def test_api_asks_the_same_number_of_queries_for_more_rows(
    world: World, program: Callable[..., Program], address: str, add: Add
) -> None:
    owner = program("owner")
    few, many = _grows(world, lambda: owner.get(address).status_code, add)
    assert many <= few
