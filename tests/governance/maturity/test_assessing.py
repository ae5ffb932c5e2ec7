"""Assessments are rows: kept as computed, seen by team, and written anew only when something changed."""

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from governance.maturity import selectors, services
from governance.maturity.models import Assessment, CriterionResult, State
from tests.support.cast import Cast

SYSTEM = Actor.service("test")


@pytest.fixture
def assessed(version: ModelVersion) -> dict[str, int]:
    return services.assess(actor=SYSTEM)


def test_assess_again_without_a_change_keeps_the_row_and_notes_that_it_was_confirmed(assessed: dict[str, int]) -> None:
    assert assessed == {"assessed": 3, "changed": 3}
    before = Assessment.objects.get(key="organisation")
    assert services.assess(actor=SYSTEM) == {"assessed": 3, "changed": 0}
    after = Assessment.objects.get(key="organisation")
    assert after.pk == before.pk
    assert after.confirmed_at > before.confirmed_at


def test_change_supersedes_the_row_and_keeps_it(cast: Cast, assessed: dict[str, int], version: ModelVersion) -> None:
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")
    services.assess(actor=SYSTEM)
    rows = Assessment.objects.filter(key="model:late-arrival").order_by("created_at")
    assert [row.superseded_at is None for row in rows] == [False, True]
    old, new = (row.results.get(criterion="G0.5").state for row in rows)
    assert (old, new) == (State.UNKNOWN, State.PRESENT)


def test_criteria_without_a_source_are_unknown(assessed: dict[str, int]) -> None:
    states = dict(CriterionResult.objects.filter(assessment__key="organisation").values_list("criterion", "state"))
    assert {states[one] for one in ("G1.3", "G1.13", "G2.2", "G2.5", "G2.22")} == {State.UNKNOWN}


def test_team_member_sees_the_team_and_not_the_organisation(cast: Cast, assessed: dict[str, int]) -> None:
    owner = cast.actor("owner")
    assert [scope.key for scope in selectors.scopes(viewer=owner)] == ["team:flight-operations", "model:late-arrival"]
    found = selectors.assessment(viewer=owner)
    assert found is not None
    assert found.key == "team:flight-operations"
    with pytest.raises(NotFound):
        selectors.assessment(viewer=owner, scope="organisation")


def test_outsider_sees_nothing(cast: Cast, assessed: dict[str, int]) -> None:
    assert selectors.scopes(viewer=cast.actor("outsider")) == []
    page = cast.client("outsider").get("/maturity/")
    assert page.status_code == 200
    assert "No assessment yet" in page.content.decode()
    assert cast.client("outsider").get("/maturity/?s=model:late-arrival").status_code == 404


def test_page_says_the_range_and_filters_by_state(cast: Cast, assessed: dict[str, int]) -> None:
    page = cast.client("auditor").get("/maturity/")
    assert "Level 0 of Google’s levels is confirmed" in page.content.decode()
    unknown = cast.client("auditor").get("/maturity/?state=unknown")
    assert {row["state"] for row in unknown.context["rows"]} == {State.UNKNOWN}


def test_csv_holds_every_criterion(cast: Cast, assessed: dict[str, int]) -> None:
    body = b"".join(cast.client("auditor").get("/maturity/?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(body.splitlines()))
    assert len(rows) == 54
    assert rows[0]["id"] == "G0.1"


def test_page_costs_the_same_number_of_queries_for_more_models(
    cast: Cast, assessed: dict[str, int], regression: Model
) -> None:
    client = cast.client("auditor")
    client.get("/maturity/")
    with CaptureQueriesContext(connection) as one:
        client.get("/maturity/")
    services.assess(actor=SYSTEM)
    with CaptureQueriesContext(connection) as two:
        client.get("/maturity/")
    assert len(two) == len(one)
