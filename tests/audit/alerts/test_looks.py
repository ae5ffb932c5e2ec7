"""The budget pays each look of a month, late rows too, and never more than it has."""

from datetime import UTC, datetime, timedelta

import pytest

from audit.alerts.domain import life
from audit.alerts.domain.looks import INPUTS, OUTCOMES, Trial, as_decided, look, mondays_of, of_means, told
from audit.base.errors import Refused
from audit.monitoring.domain.budget import ALARM, QUIET, SMALL, UNTESTED, Budget
from audit.monitoring.domain.causes import DATA_FAULT

MONDAY = datetime(2013, 3, 4, tzinfo=UTC)
WEEK = timedelta(weeks=1)
BUDGET = Budget(0.4, 1)


def column(name: str = "hour", p: float | None = 1e-9, effect: float | None = 0.3, **more: object) -> Trial:
    told = {"bound": 0.1, "variant": "psi/credit", "n": 1000, "n_reference": 4000}
    return Trial(name, p, effect, **(told | more))  # type: ignore[arg-type]


def looked(tests, *, spent=0.0, taken=(), week=MONDAY, kind=INPUTS, kept=()):
    return look(tests, of=BUDGET, spent=spent, taken=taken, week=week, kind=kind, least_rows=200, kept=kept)


def test_month_has_the_mondays_that_begin_in_it():
    assert mondays_of(MONDAY) == [MONDAY + place * WEEK for place in range(4)]
    assert mondays_of(datetime(2013, 4, 22, tzinfo=UTC))[0] == datetime(2013, 4, 1, tzinfo=UTC)
    assert len(mondays_of(datetime(2013, 4, 29, tzinfo=UTC))) == 5


def test_looks_of_a_month_share_its_budget_equally_and_repeats_are_paid_from_what_is_left():
    # Four weeks, two looks each: 0.4 / 8.
    first = looked([column()])
    assert first.level == pytest.approx(0.05)
    assert first.alarms == ("hour",)
    taken, spent = {(MONDAY, INPUTS)}, first.level
    assert looked([column()], taken=taken, spent=spent, kind=OUTCOMES).level == pytest.approx(0.35 / 7)
    # The same look again, with more rows: seven are open and this one counts too.
    assert looked([column()], taken=taken, spent=spent).level == pytest.approx(0.35 / 8)
    assert looked([column()], spent=0.4).alarms == ()
    total, seen = 0.0, set()
    for place in range(200):
        week, kind = MONDAY + (place % 4) * WEEK, (INPUTS, OUTCOMES)[place % 2]
        total += looked([column()], spent=total, taken=seen, week=week, kind=kind).level
        seen.add((week, kind))
    assert total <= 0.4


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        (column(), ALARM),
        (column(p=0.2), QUIET),
        (column(effect=0.09), SMALL),
        (column(effect=None), SMALL),
        (column(bound=0.4), SMALL),
        (column(p=None), UNTESTED),
        (column(n=199), UNTESTED),
        (column(n_reference=199), UNTESTED),
    ],
)
def test_alarm_needs_a_sure_test_an_effect_beyond_its_bound_and_enough_rows(test, outcome):
    assert looked([test]).decisions[0].outcome == outcome


def test_what_alarmed_stays_while_its_effect_reaches_the_bound():
    assert looked([column(p=0.2)], kept={"hour"}).alarms == ("hour",)
    assert looked([column(p=0.2, effect=0.05)], kept={"hour"}).alarms == ()


def test_decisions_come_back_as_they_were_kept():
    tests = [column(), column("fare", p=None)]
    spent = looked(tests)
    again, same = as_decided(told(spent, tests), spent.level)
    assert (again.decisions, again.level) == (spent.decisions, spent.level)
    assert same == tests


def test_means_of_errors_by_hand():
    # Means 1 and 2, variances 1 and 1, 100 rows each: z = 1 / sqrt(0.02), one standard deviation.
    found = of_means("errors", (100, 100.0, 200.0), (100, 200.0, 500.0))
    assert found.effect == pytest.approx(1.0)
    assert found.p == pytest.approx(1.54e-12, rel=0.01)
    assert of_means("errors", (1, 1.0, 1.0), (100, 200.0, 500.0)).p is None
    assert of_means("errors", (10, 10.0, 10.0), (10, 10.0, 10.0)).p == 1.0


def test_only_a_data_fault_keeps_retraining_from_starting():
    assert [cause for cause in life.CAUSES if not life.starts_retraining(cause)] == [DATA_FAULT]
    assert set(life.WORST) == set(life.CAUSES) == set(life.SHORT)
    with pytest.raises(Refused, match="is closed"):
        life.LIFE.after(life.CLOSED, "explain")
