"""Value, cost and net value of a week come from measured windows, statements and the bill, and from nothing else."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.base.errors import InvalidInput, NotPermitted
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion, UseCase
from audit.ledger.models import Entry
from audit.monitoring.models import Window
from costs.returns import selectors, services
from costs.returns.models import ValueStatement
from tests.support.bills import SYSTEM, bill, read, receive
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
MONDAY = datetime(2013, 6, 3, tzinfo=UTC)
WEEK = timedelta(days=7)


def window(version: ModelVersion, start: datetime = MONDAY, **counts: object) -> Window:
    given = {"predictions": 100, "labelled": 80, "tp": 10, "fp": 4, "fn": 6, "tn": 60}
    return Window.objects.create(version=version, start=start, end=start + WEEK, **{**given, **counts})


def deploy(version: ModelVersion, since: datetime, environment: str = "production", *, replace: bool = True) -> None:
    catalogue.deploy(actor=SYSTEM, version=version, environment=environment, mode="batch", since=since, replace=replace)


def state(use_case: UseCase, **fields: object) -> ValueStatement:
    given = {
        "currency": "USD",
        "values": {"tp": "3.20", "fp": "-1.10"},
        "valid_from": date(2013, 1, 1),
        "reason": "Asked the stand planners.",
    }
    return services.state_value(actor=SYSTEM, use_case=use_case, **{**given, **fields})  # type: ignore[arg-type]


def charge(slug: str = "late-arrival", amount: str = "20.00", currency: str = "USD") -> dict[str, str]:
    return {
        "Tags": f'{{"tollgate:model": "{slug}", "tollgate:stage": "train"}}',
        "EffectiveCost": amount,
        "BillingCurrency": currency,
    }


def test_weekly_value_minus_cost_of_the_version_in_production(
    model: Model, version: ModelVersion, use_case: UseCase
) -> None:
    deploy(version, MONDAY)
    window(version)
    state(use_case)
    read(receive(bill([charge()])))
    (week,) = selectors.weekly(viewer=SYSTEM, model=model)
    assert (week.week, week.predictions, week.labelled, week.currency) == (date(2013, 6, 3), 100, 80, "USD")
    assert (week.value, week.cost, week.net) == (Decimal("27.60"), Decimal("20.00"), Decimal("7.60"))
    assert week.roi == Decimal("0.38")


def test_weekly_without_statement_or_labels_is_unknown_and_not_zero(
    model: Model, version: ModelVersion, use_case: UseCase
) -> None:
    deploy(version, MONDAY)
    window(version)
    read(receive(bill([charge()])))
    (week,) = selectors.weekly(viewer=SYSTEM, model=model)
    assert (week.value, week.net, week.roi, week.cost) == (None, None, None, Decimal("20"))
    state(use_case)
    Window.objects.all().delete()
    window(version, labelled=0, tp=0, fp=0, fn=0, tn=0)
    assert selectors.weekly(viewer=SYSTEM, model=model)[0].value is None
    total = selectors.totals(viewer=SYSTEM)[0]
    assert (total.value, total.net, total.cost) == (None, None, Decimal("20"))


def test_weekly_shadow_and_undeployed_versions_earn_nothing(
    cast: Cast, model: Model, version: ModelVersion, use_case: UseCase
) -> None:
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="two", artefact_digest="2" * 64, author=cast.owner
    )
    deploy(version, MONDAY)
    deploy(second, MONDAY, "shadow")
    window(version)
    window(second, tp=80, fp=0, fn=0, tn=0)
    state(use_case)
    (week,) = selectors.weekly(viewer=SYSTEM, model=model)
    assert (week.value, week.versions) == (Decimal("27.60"), [1])


def test_weekly_version_promoted_from_shadow_in_the_week_counts_from_the_next(
    cast: Cast, model: Model, version: ModelVersion, use_case: UseCase
) -> None:
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="two", artefact_digest="2" * 64, author=cast.owner
    )
    deploy(version, MONDAY - WEEK)
    deploy(second, MONDAY - WEEK, "shadow")
    catalogue.end_deployment(actor=SYSTEM, deployment=second.deployments.get(), until=MONDAY + timedelta(days=2))
    deploy(second, MONDAY + timedelta(days=2))
    for start in (MONDAY, MONDAY + WEEK):
        window(version, start)
        window(second, start, tp=20)
    state(use_case)
    weeks = selectors.weekly(viewer=SYSTEM, model=model)
    assert [week.versions for week in weeks] == [[1], [2]]
    assert [week.value for week in weeks] == [Decimal("27.60"), Decimal("59.60")]


def test_weekly_value_and_cost_in_two_currencies_are_never_set_against_each_other(
    model: Model, version: ModelVersion, use_case: UseCase
) -> None:
    deploy(version, MONDAY)
    window(version)
    state(use_case, currency="EUR")
    read(receive(bill([charge()])))
    found = {row.currency: (row.value, row.cost, row.net) for row in selectors.weekly(viewer=SYSTEM, model=model)}
    assert found == {"EUR": (Decimal("27.60"), 0, Decimal("27.60")), "USD": (None, Decimal("20"), None)}


def test_weekly_value_changes_with_the_statement_valid_that_week(
    model: Model, version: ModelVersion, use_case: UseCase
) -> None:
    deploy(version, MONDAY)
    window(version)
    window(version, MONDAY + WEEK)
    state(use_case)
    state(use_case, values={"tp": "1"}, valid_from=date(2013, 6, 10))
    assert [week.value for week in selectors.weekly(viewer=SYSTEM, model=model)] == [Decimal("27.60"), Decimal("10")]


def test_totals_add_up_with_what_belongs_to_no_model(model: Model, version: ModelVersion, use_case: UseCase) -> None:
    deploy(version, MONDAY)
    window(version)
    state(use_case)
    read(receive(bill([charge(), {"EffectiveCost": "2.50"}])))
    rows = {row.kind: row for row in selectors.totals(viewer=SYSTEM, since=MONDAY, until=MONDAY + WEEK)}
    assert rows["model"].net == Decimal("7.60")
    assert rows["residue"].cost == Decimal("2.50")
    assert (rows["total"].cost, rows["total"].net) == (Decimal("22.50"), Decimal("5.10"))
    assert rows["total"].labelled_share == 0.8


def test_state_value_is_a_new_record_with_entry_and_same_again_is_not(cast: Cast, use_case: UseCase) -> None:
    first = state(use_case)
    assert state(use_case) == first
    second = services.state_value(
        actor=cast.actor("manager"), use_case=use_case, currency="usd", values={"tp": Decimal("4")},
        valid_from=date(2013, 7, 1), reason="A new contract.",
    )  # fmt: skip
    assert (second.currency, second.values, second.stated_by) == ("USD", {"tp": "4"}, "Manager")
    assert Entry.objects.filter(action="returns.value_stated").count() == 2
    first.refresh_from_db()
    assert first.values == {"tp": "3.20", "fp": "-1.10"}


@pytest.mark.parametrize(
    "fields",
    [
        {"values": {"tp": "much"}},
        {"currency": "dollars"},
        {"reason": " "},
        {"valid_until": date(2012, 1, 1)},
        {"values": {}},
    ],
)
def test_state_value_that_cannot_be_used_is_refused(use_case: UseCase, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        state(use_case, **fields)
    assert not ValueStatement.objects.exists()


def test_state_value_without_right_is_refused(cast: Cast, use_case: UseCase) -> None:
    for name in ("validator", "auditor", "outsider", "nobody"):
        with pytest.raises(NotPermitted):
            services.state_value(
                actor=cast.actor(name),
                use_case=use_case,
                currency="USD",
                values={"tp": 1},
                valid_from=date(2013, 1, 1),
                reason="x",
            )


def test_values_form_states_and_shows_errors(cast: Cast, model: Model, use_case: UseCase) -> None:
    url = f"/returns/values/{use_case.slug}/"
    said = {"tp": "3.20", "fp": "-1.10", "currency": "USD", "valid_from": "2013-01-01", "reason": "Asked."}
    assert cast.client("validator").post(url, said).status_code == 403
    assert cast.client("outsider").get(url).status_code == 404
    client = cast.client("manager")
    assert client.post(url, said | {"valid_from": "soon"}).status_code == 422
    assert client.post(url, said).status_code == 302
    text = client.get(url).content.decode()
    assert "Asked." in text and "$3.20" in text and "Manager" in text
    assert "You may not state what outcomes are worth here" in cast.client("validator").get(url).content.decode()


def test_returns_page_shows_figures_and_says_simulated(
    cast: Cast, model: Model, version: ModelVersion, use_case: UseCase
) -> None:
    deploy(version, MONDAY)
    window(version)
    state(use_case)
    read(receive(bill([charge()]), team=cast.team, simulated=True))
    text = cast.client("manager").get("/returns/").content.decode()
    for figure in ("$27.60", "$20.00", "$7.60", "38%", "80%", "simulated"):
        assert figure in text
    lines = b"".join(cast.client("manager").get("/returns/?format=csv")).decode().splitlines()
    assert lines[1].startswith("2013-06-03,late-arrival,100,80,")
    assert "late-arrival" not in cast.client("outsider").get("/returns/").content.decode()


def test_returns_page_query_count_does_not_grow_with_weeks(
    cast: Cast, model: Model, version: ModelVersion, use_case: UseCase
) -> None:
    deploy(version, MONDAY - 9 * WEEK)
    state(use_case)
    window(version)
    read(receive(bill([charge()]), team=cast.team))

    def count() -> int:
        client = cast.client("manager")
        client.get("/returns/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/returns/").status_code == 200
        return len(queries)

    few = count()
    for number in range(1, 9):
        window(version, MONDAY - number * WEEK)
    for number in range(5):
        state(use_case, values={"tp": str(number + 1)})
    assert count() == few


def test_model_page_shows_cost_and_return(cast: Cast, model: Model, version: ModelVersion, use_case: UseCase) -> None:
    deploy(version, MONDAY)
    window(version)
    state(use_case)
    read(receive(bill([charge()]), team=cast.team, simulated=True))
    text = cast.client("manager").get("/models/late-arrival/").content.decode()
    assert "What did it cost, and what did it return?" in text
    assert "It cost $20.00 and returned $27.60: $7.60 net" in text
    assert "simulated bill" in text
