"""Evidence of costs: months and stages that add up to the bill, as it was known; a simulated one is called so."""

from datetime import date
from decimal import Decimal

from audit.base import clock
from audit.exports.domain.scope import Scope
from costs.allocation import evidence
from tests.support.bills import bill, read, receive
from tests.support.cast import SYSTEM

ROWS = [
    {
        "Tags": '{"tollgate:model": "late-arrival", "tollgate:stage": "train"}',
        "BilledCost": "2.50",
        "EffectiveCost": "2.25",
    },
    {
        "Tags": '{"tollgate:model": "late-arrival", "tollgate:stage": "store"}',
        "BilledCost": "1.00",
        "EffectiveCost": "1.00",
    },
    {"BilledCost": "4.00", "EffectiveCost": "4.00"},
]


def scopes(model):
    return (
        Scope("model", model.pk, model.name, models=(model.pk,)),
        Scope("all", None, "", models=(model.pk,)),
    )


def effective(section) -> Decimal:
    by_month = section.tables[1]
    return sum((Decimal(str(row[5]).strip("$")) for row in by_month.rows), Decimal(0))


def test_model_is_told_its_own_and_everything_the_whole_bill(model):
    read(receive(bill(ROWS)))
    one, everything = (evidence.section(scope, SYSTEM, clock.now()) for scope in scopes(model))
    assert effective(one) == Decimal("3.25")
    assert effective(everything) == Decimal("7.25")
    assert one.lede == "The bills come to $3.25 of effective cost, June 2013."
    assert [row[0] for row in everything.tables[0].rows] == ["late-arrival", "late-arrival", "no model"]
    assert one.tables[0].rows[0] == ("late-arrival", "Training", "$2.25")
    assert one.claims[0].holds


def test_bill_that_was_corrected_later_stands_as_it_was_known(model):
    read(receive(bill(ROWS)))
    then = clock.now()
    read(receive(bill([{**ROWS[0], "EffectiveCost": "9.00"}]), simulated=True))
    scope = scopes(model)[0]
    assert effective(evidence.section(scope, SYSTEM, then)) == Decimal("3.25")
    now = evidence.section(scope, SYSTEM, clock.now())
    assert effective(now) == Decimal("9.00")
    assert now.lede.endswith("All of it comes from a simulated bill.")


def test_period_narrows_the_days(model):
    read(receive(bill(ROWS)))
    outside = Scope("model", model.pk, model.name, date(2013, 6, 4), models=(model.pk,))
    inside = Scope("model", model.pk, model.name, date(2013, 6, 3), date(2013, 6, 3), models=(model.pk,))
    assert evidence.section(outside, SYSTEM, clock.now()).tables == ()
    assert effective(evidence.section(inside, SYSTEM, clock.now())) == Decimal("3.25")


def test_without_a_bill_cost_is_unknown(model):
    found = evidence.section(scopes(model)[0], SYSTEM, clock.now())
    assert found.sentences == ("What it cost in this period is unknown: no bill of these days has been read.",)
    assert not found.claims[0].holds
