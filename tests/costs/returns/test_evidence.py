"""Evidence of value is marked as someone's words, and holds only what had been said by then."""

from datetime import date
from decimal import Decimal

from audit.base import clock
from audit.exports.domain.scope import Scope
from costs.returns import evidence, services
from tests.support.cast import SYSTEM, Cast


def state(cast: Cast, use_case, amount: str, **days):
    return services.state_value(
        actor=cast.actor("owner"),
        use_case=use_case,
        currency="USD",
        values={"tp": Decimal(amount)},
        reason=f"{amount} a stand.",
        **({"valid_from": date(2013, 1, 1)} | days),
    )


def told(model, as_of, **days):
    scope = Scope("model", model.pk, model.name, models=(model.pk,), **days)
    return evidence.section(scope, SYSTEM, as_of)


def test_statement_stands_with_who_said_it_and_why(cast: Cast, model):
    state(cast, model.use_case, "3.20")
    found = told(model, clock.now())
    (row,) = found.tables[0].rows
    assert row[:6] == ("Late arrival alert", "True positive", "$3.20", "1 January 2013", "no end", "Owner")
    assert row[7] == "3.20 a stand."
    assert found.claims[0].said and found.claims[0].holds


def test_what_was_said_later_is_not_told(cast: Cast, model):
    state(cast, model.use_case, "3.20")
    then = clock.now()
    state(cast, model.use_case, "4.10")
    assert [row[2] for row in told(model, then).tables[0].rows] == ["$3.20"]
    assert [row[2] for row in told(model, clock.now()).tables[0].rows] == ["$3.20", "$4.10"]


def test_statement_on_other_days_is_left_out(cast: Cast, model):
    state(cast, model.use_case, "3.20", valid_until=date(2013, 3, 31))
    assert told(model, clock.now(), since=date(2013, 4, 1)).tables == ()
    assert len(told(model, clock.now(), since=date(2013, 3, 31)).tables[0].rows) == 1


def test_without_statements_nobody_said_anything(model):
    found = told(model, clock.now())
    assert found.sentences == ("Nobody stated what outcomes are worth.",)
    assert not found.claims[0].holds
