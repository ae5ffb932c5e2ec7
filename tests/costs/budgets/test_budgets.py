"""A budget adds up what its scope spent, tells of each threshold once, and as a quota stops what would spend more."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.base import clock
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, PipelineRun, UseCase
from audit.jobs.models import Job
from audit.ledger.audited import digest_of, key_of
from audit.ledger.models import Entry
from audit.notifications.models import Message, Notification
from costs.budgets import evaluating, selectors, services
from costs.budgets.models import Budget, BudgetState, Crossing, Override
from tests.support import told
from tests.support.cast import SYSTEM, Cast
from tests.support.spending import spend, state

pytestmark = pytest.mark.django_db
JUNE = date(2013, 6, 1)


@pytest.fixture(autouse=True)
def june(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 20 June 2013, noon."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2013, 6, 20, 12, tzinfo=UTC))


def on(day: int, amount: str) -> dict[date, str]:
    return {date(2013, 6, day): amount}


def spent(budget: Budget) -> Decimal:
    return BudgetState.objects.filter(budget=budget).latest("day").spent


def test_bill_that_is_read_brings_the_budget_up_to_its_last_day(cast: Cast, model: Model) -> None:
    budget = state(cast)
    assert not BudgetState.objects.exists()
    spend({date(2013, 5, 31): "7.00", **on(3, "20.10"), **on(4, "29.90")})
    known = BudgetState.objects.get()
    assert (known.day, known.period_start, known.spent) == (date(2013, 6, 4), JUNE, Decimal("50"))
    assert (known.forecast, known.months, known.standing) == (None, 0, "within")
    assert Job.objects.get(kind="budgets.evaluate").counts == {"budgets": 1, "unknown": 0, "crossings": 1}
    assert spent(budget) == 50


def test_scope_stage_and_currency_decide_what_counts(
    cast: Cast, model: Model, regression: Model, use_case: UseCase
) -> None:
    spend(on(3, "10.00"))
    spend(on(3, "20.00"), stage="store", source="b")
    spend(on(3, "40.00"), slug="arrival-delay", source="c")
    spend(on(3, "80.00"), currency="EUR", source="d")
    found = {
        "team": state(cast, name="team"),
        "use case": state(cast, name="use case", use_case=use_case),
        "model": state(cast, name="model", model=model),
        "stage": state(cast, name="stage", model=model, stage="store"),
        "currency": state(cast, name="currency", currency="eur"),
        "nobody": state(cast, name="nobody", team=cast.other_team, owner=cast.outsider),
    }
    assert {name: spent(budget) for name, budget in found.items()} == {
        "team": 70, "use case": 70, "model": 30, "stage": 20, "currency": 80, "nobody": 0,
    }  # fmt: skip
    assert found["stage"].scope == "model late-arrival, storage"


def test_period_counts_from_its_own_first_day(cast: Cast, model: Model) -> None:
    spend({date(2013, 1, 2): "1.00", date(2013, 4, 1): "2.00", **on(19, "4.00")})
    found = [spent(state(cast, name=period, period=period)) for period in ("month", "quarter", "year")]
    assert found == [4, 6, 7]


def test_days_of_a_bill_that_are_still_to_come_do_not_count(cast: Cast, model: Model) -> None:
    spend({**on(19, "4.00"), **on(30, "8.00")})
    assert spent(state(cast)) == 4


def test_forecast_is_kept_with_how_often_it_held(cast: Cast, model: Model) -> None:
    first = date(2013, 3, 1)
    spend({first + timedelta(days=at): "2.00" for at in range(111)})  # until 19 June
    state(cast, amount=50)
    known = BudgetState.objects.get()
    assert (known.spent, known.low, known.forecast, known.high) == (38, 60, 60, 60)
    assert (known.months, known.inside, known.standing) == (1, 1, "heading")
    assert [(one.kind, one.threshold) for one in Crossing.objects.order_by("kind", "threshold")] == [
        ("forecast", 50), ("forecast", 80), ("forecast", 100), ("spent", 50),
    ]  # fmt: skip


def test_threshold_is_noted_and_told_once_a_period(cast: Cast, model: Model) -> None:
    budget = state(cast, thresholds=[80])
    spend(on(3, "80.00"))
    evaluating.evaluate(actor=SYSTEM)
    evaluating.evaluate(actor=SYSTEM)
    crossing = Crossing.objects.get()
    assert (crossing.kind, crossing.threshold, crossing.value, crossing.day) == ("spent", 80, 80, date(2013, 6, 3))
    message = Message.objects.get(kind="budgets.reached")
    assert message.title == "Training in the cloud: 80% spent"
    assert message.text == "$80.00 was spent, of $100.00 for Flight operations; known until 3 June 2013."
    assert message.link == f"/budgets/{budget.pk}/"
    assert Notification.objects.get(message=message).user == cast.owner
    assert Entry.objects.filter(action="budgets.crossed").count() == 1


def test_records_have_the_digest_that_their_entry_left(cast: Cast, model: Model) -> None:
    spend(on(3, "120.00"))
    budget = state(cast, amount="100.50", hard=True)
    made = services.override_quota(actor=cast.actor("approver"), budget=budget, reason="x", until=date(2013, 6, 25))
    for row in (budget, made, *Crossing.objects.all()):
        entry = Entry.objects.get(action__startswith="budgets.", subject_id=str(row.pk))
        assert entry.states == {key_of(row): digest_of(type(row).objects.get(pk=row.pk))}  # type: ignore[attr-defined]
    assert Crossing.objects.count() == 3


def test_threshold_of_long_ago_is_noted_and_not_told(cast: Cast, model: Model) -> None:
    spend({date(2013, 5, 1): "500.00"})
    state(cast, thresholds=[100])
    assert Crossing.objects.get().period_start == date(2013, 5, 1)
    assert not Message.objects.filter(kind="budgets.reached").exists()


def test_restated_bill_changes_the_state_and_leaves_what_was_noted(cast: Cast, model: Model) -> None:
    budget = state(cast, thresholds=[100])
    spend({**on(3, "60.00"), **on(5, "60.00")})
    assert spent(budget) == 120 and Crossing.objects.count() == 1
    spend(on(3, "60.00"))
    assert [(one.day, one.spent) for one in budget.states.all()] == [(date(2013, 6, 3), 60)]
    assert Crossing.objects.count() == 1


def test_training_hours_are_those_of_runs_that_ended(cast: Cast, model: Model) -> None:
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    start = datetime(2013, 6, 3, 22, tzinfo=UTC)
    for number, hours in enumerate([1.5, 3, None]):
        PipelineRun.objects.create(
            pipeline=pipeline, key=str(number), state="succeeded", trigger="test", started_at=start,
            finished_at=start + timedelta(hours=hours) if hours else None,
        )  # fmt: skip
    budget = state(cast, measure="training_hours", currency="", amount=4, hard=True)
    known = BudgetState.objects.get(budget=budget)
    assert (budget.stage, known.day, known.spent) == ("train", date(2013, 6, 20), Decimal("4.5"))
    assert selectors.blocked_by(model=model, stages={"train"})
    assert not selectors.blocked_by(model=model, stages={"serve_online"})
    last = date(2013, 6, 20)
    assert selectors.daily(viewer=cast.actor("owner"), of=budget, last=last) == {date(2013, 6, 3): Decimal("4.5")}
    assert selectors.daily(viewer=cast.actor("outsider"), of=budget, last=last) == {}


@pytest.mark.parametrize(
    ("fields", "stages", "stops"),
    [
        ({}, {"train"}, False),
        ({"hard": True}, {"train"}, True),
        ({"hard": True, "amount": 120}, {"train"}, False),
        ({"hard": True, "stage": "train"}, {"train"}, True),
        ({"hard": True, "stage": "train"}, {"serve_batch"}, False),
        ({"hard": True, "valid_until": date(2013, 6, 19)}, {"train"}, False),
    ],
)
def test_only_an_exceeded_quota_in_force_stops_what_it_counts(
    cast: Cast, model: Model, regression: Model, fields: dict[str, object], stages: set[str], stops: bool
) -> None:
    spend(on(3, "120.00"))
    state(cast, **fields)
    said = selectors.blocked_by(model=model, stages=stages)
    assert bool(said) is stops
    assert selectors.blocked_by(model=regression, stages=stages) == said, "the budget is the whole team's"
    if stops:
        assert said == (
            "The quota “Training in the cloud” for June 2013 is exceeded. An approver or an administrator of this team "
            "can override it, with a reason and an end."
        )


def test_quota_of_one_model_stops_no_other_and_not_the_next_period(cast: Cast, model: Model, regression: Model) -> None:
    spend(on(3, "120.00"))
    state(cast, hard=True, model=model)
    assert selectors.blocked_by(model=model, stages={"train"})
    assert not selectors.blocked_by(model=regression, stages={"train"})
    assert not selectors.blocked_by(model=model, stages={"train"}, on=date(2013, 7, 1))


def test_override_lets_pass_until_its_day(cast: Cast, model: Model) -> None:
    spend(on(3, "120.00"))
    budget = state(cast, hard=True)
    approver = cast.actor("approver")
    made = services.override_quota(actor=approver, budget=budget, reason=" The season. ", until=date(2013, 6, 25))
    assert (made.reason, made.given_by) == ("The season.", cast.approver)
    assert not selectors.blocked_by(model=model, stages={"train"}, on=date(2013, 6, 25))
    assert selectors.blocked_by(model=model, stages={"train"}, on=date(2013, 6, 26))
    entry = told.entry(action="budgets.overridden")
    assert (entry.reason, entry.actor_id) == ("The season.", "approver@example.org")


def test_override_needs_a_right_a_person_a_reason_an_end_and_something_to_override(cast: Cast, model: Model) -> None:
    budget = state(cast, hard=True)
    said: dict[str, Any] = {"budget": budget, "reason": "The season.", "until": date(2013, 6, 25)}
    for name in ("manager", "owner", "validator", "auditor", "outsider", "nobody"):
        with pytest.raises(NotPermitted):
            services.override_quota(actor=cast.actor(name), **said)
    with pytest.raises(NotPermitted, match="person"):
        services.override_quota(actor=SYSTEM, **said)
    with pytest.raises(Refused, match="not exceeded"):
        services.override_quota(actor=cast.actor("approver"), **said)
    spend(on(3, "120.00"))
    for wrong in ({"reason": " "}, {"until": date(2013, 6, 19)}, {"until": date(2013, 7, 1)}):
        with pytest.raises(InvalidInput):
            services.override_quota(actor=cast.actor("approver"), **{**said, **wrong})
    soft = state(cast, name="soft")
    with pytest.raises(Refused, match="stops nothing"):
        services.override_quota(actor=cast.actor("approver"), **{**said, "budget": soft})
    assert not Override.objects.exists()


def test_closed_budget_is_not_looked_at_and_stops_nothing(cast: Cast, model: Model) -> None:
    spend(on(3, "120.00"))
    budget = state(cast, hard=True)
    with pytest.raises(InvalidInput):
        services.close_budget(actor=cast.actor("manager"), budget=budget, reason="")
    with pytest.raises(NotPermitted):
        services.close_budget(actor=cast.actor("owner"), budget=budget, reason="x")
    services.close_budget(actor=cast.actor("manager"), budget=budget, reason="A new contract.")
    assert not selectors.blocked_by(model=model, stages={"train"})
    assert evaluating.evaluate(actor=SYSTEM)["budgets"] == 0
    with pytest.raises(Refused, match="closed before"):
        services.close_budget(actor=cast.actor("manager"), budget=budget, reason="Again.")
    assert state(cast, hard=True) != budget, "its name is free again"


def test_stating_the_same_again_gives_the_same_and_another_of_the_name_is_refused(cast: Cast) -> None:
    first = state(cast, amount="100.50")
    assert state(cast, amount="100.5000") == first
    with pytest.raises(InvalidInput, match="open budget"):
        state(cast, amount="99")
    assert Entry.objects.filter(action="budgets.stated").count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "0"},
        {"amount": "much"},
        {"amount": "NaN"},
        {"amount": "1e20"},
        {"currency": "dollars"},
        {"currency": ""},
        {"measure": "gpu_hours"},
        {"measure": "training_hours"},
        {"measure": "training_hours", "currency": "", "stage": "store"},
        {"stage": "nowhere"},
        {"period": "week"},
        {"thresholds": []},
        {"valid_until": date(2012, 1, 1)},
        {"reason": " "},
        {"name": ""},
    ],
)
def test_budget_that_cannot_be_used_is_refused(cast: Cast, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        state(cast, **fields)
    assert not Budget.objects.exists()


def test_budget_of_anothers_model_or_with_an_owner_elsewhere_is_refused(cast: Cast, model: Model) -> None:
    with pytest.raises(InvalidInput, match="another team"):
        state(cast, team=cast.other_team, model=model, owner=cast.outsider)
    with pytest.raises(InvalidInput, match="cannot see"):
        state(cast, owner=cast.outsider)
    with pytest.raises(InvalidInput, match="use case or of a model"):
        state(cast, model=model, use_case=model.use_case)


def test_state_budget_without_right_is_refused(cast: Cast) -> None:
    for name in ("owner", "validator", "approver", "auditor", "outsider", "nobody"):
        with pytest.raises(NotPermitted):
            state(cast, actor=cast.actor(name))
    assert state(cast, actor=cast.actor("manager")).owner == cast.owner
