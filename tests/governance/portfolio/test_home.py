"""The front page shows the viewer's models with their money, what waits, and what is unknown."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.base.actors import Actor
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion, UseCase
from audit.jobs import services as jobs
from audit.monitoring.models import Measurement, Window
from audit.monitoring.serving import roll_up
from costs.returns import services as returns
from governance.portfolio import filling
from governance.portfolio.domain import Sums, total
from tests.support.cast import Cast

SYSTEM = Actor.service("test")
MONDAY = datetime(2013, 7, 8, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def _week(version: ModelVersion, start: datetime, auc: float | None = 0.7) -> None:
    window = Window.objects.create(
        version=version, start=start, end=start + WEEK, predictions=100, labelled=80 if auc else 0,
        tp=20, fp=10, fn=5, tn=45, threshold=0.5,
    )  # fmt: skip
    Measurement.objects.create(window=window, metric="roc_auc", value=auc, low=0.65, high=0.75, n=80)
    roll_up({version.model_id: start})


@pytest.fixture
def live(cast: Cast, use_case: UseCase, version: ModelVersion) -> ModelVersion:
    """Version 1, in production since March, with four measured weeks and a value of 3 for each caught flight."""
    since = datetime(2013, 3, 4, tzinfo=UTC)
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production", since=since)
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch", since=since)
    for back in range(4):
        _week(version, MONDAY - back * WEEK)
    returns.state_value(
        actor=SYSTEM, use_case=use_case, currency="USD",
        values={"tp": Decimal(3), "fp": Decimal(-1), "fn": Decimal(0), "tn": Decimal(0)},
        valid_from=since.date(), reason="Ground staff time.",
    )  # fmt: skip
    return version


def test_sums_of_known_and_unknown_values_keep_what_is_known() -> None:
    both = total([Sums(Decimal(5), Decimal(2)), Sums(None, Decimal(3))])
    assert (both.value, both.cost, both.net) == (Decimal(5), Decimal(5), Decimal(0))
    assert total([Sums(None, Decimal(3))]).net is None


def test_home_ends_its_period_with_the_data_and_not_with_today(cast: Cast, live: ModelVersion) -> None:
    page = cast.client("owner").get("/").content.decode()
    assert "17 June to 14 July 2013" in page


def test_home_adds_up_value_and_names_the_model(cast: Cast, live: ModelVersion) -> None:
    response = cast.client("manager").get("/")
    money = response.context["found"].now
    assert (money.value, money.valued, money.labelled_share) == (Decimal(200), 4, 0.8)
    assert "returned $200 net" in response.content.decode()


def test_home_lists_what_is_unknown_and_never_counts_it(cast: Cast, live: ModelVersion, regression: Model) -> None:
    second = catalogue.register_version(
        actor=SYSTEM, model=regression, artefact="a", artefact_digest="2" * 64, author=cast.owner
    )
    catalogue.deploy(actor=SYSTEM, version=second, environment="production", mode="batch", since=MONDAY - 4 * WEEK)
    _week(second, MONDAY, auc=None)
    response = cast.client("owner").get("/")
    titles = [one.title for one in response.context["unknowns"]]
    assert "Whether arrival-delay is still right" in titles
    assert "The value of arrival-delay" in titles
    assert response.context["found"].now.value == Decimal(200)


def test_home_compares_only_with_a_time_that_the_data_cover(cast: Cast, live: ModelVersion) -> None:
    assert "than in the same time before" not in cast.client("owner").get("/").content.decode()
    for back in range(4, 8):
        _week(live, MONDAY - back * WEEK)
    assert "$0 more than in the same time before" in cast.client("owner").get("/").content.decode()


def test_outsider_sees_no_model_of_the_team(cast: Cast, live: ModelVersion) -> None:
    response = cast.client("outsider").get("/")
    assert response.status_code == 200
    assert "late-arrival" not in response.content.decode()


def test_home_without_models_leads_who_sees_everything_to_the_first_steps(cast: Cast) -> None:
    response = cast.client("administrator").get("/")
    assert (response.status_code, response["Location"]) == (302, "/first-steps/")


def test_home_while_filling_shows_progress_and_the_block_reloads_when_done(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = jobs.start("maturity.assess", actor=SYSTEM, trigger="person", key="root")
    sources: list[filling.Source] = [lambda: filling.Filling(root, 12, 90, "12 of 90 weeks are replayed.")]
    monkeypatch.setattr(filling, "SOURCES", sources)
    client = cast.client("administrator")
    page = client.get("/").content.decode()
    assert 'value="12" max="90"' in page
    assert "data-poll" in client.get("/progress/").content.decode()
    sources.clear()
    assert 'data-then="reload"' in client.get("/progress/").content.decode()


def test_home_csv_ends_with_the_total(cast: Cast, live: ModelVersion) -> None:
    body = b"".join(cast.client("owner").get("/?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(body.splitlines()))
    assert [row["model"] for row in rows] == ["late-arrival", "belongs to no model", "all models"]
    assert Decimal(rows[-1]["value"]) == Decimal(200)
    assert rows[0]["period_until"] == "2013-07-14"


@pytest.mark.parametrize(
    "query", ["p=q", "p=y", "p=custom&from=2013-06-17&until=2013-06-30", "sort=state", "sort=none"]
)
def test_home_answers_for_every_period_and_order(cast: Cast, live: ModelVersion, query: str) -> None:
    assert cast.client("owner").get(f"/?{query}").status_code == 200


def test_home_with_dates_in_the_wrong_order_says_so(cast: Cast, live: ModelVersion) -> None:
    response = cast.client("owner").get("/?from=2013-07-01&until=2013-06-01")
    assert response.status_code == 422
    assert "ends before it starts" in response.content.decode()


def test_home_costs_the_same_number_of_queries_for_more_models(
    cast: Cast, live: ModelVersion, use_case: UseCase
) -> None:
    client = cast.client("owner")
    client.get("/")
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for number in range(5):
        model = catalogue.register_model(
            actor=SYSTEM, use_case=use_case, slug=f"m{number}", name=f"m{number}", task="classification",
            owner=cast.owner, outcome="late", features={"hour": "number"}, threshold=0.5,
        )  # fmt: skip
        version = catalogue.register_version(
            actor=SYSTEM, model=model, artefact="a", artefact_digest=f"{number}" * 64, author=cast.owner
        )
        catalogue.move_alias(actor=SYSTEM, version=version, alias="production", since=MONDAY)
        catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch", since=MONDAY)
        _week(version, MONDAY)
    with CaptureQueriesContext(connection) as many:
        client.get("/")
    assert len(many) == len(few)
    assert len(few) <= 45
