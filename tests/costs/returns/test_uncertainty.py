"""Intervals hold what they promise: against simulated truth, against exact figures, and as data grow."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from costs.returns import domain
from costs.returns.domain import Baseline, Counts, Evidence, Measured, Range, Stated

TRUE_RATES = np.array([0.12, 0.06, 0.05, 0.77])
STATED = {
    "tp": Range(Decimal("2.5"), Decimal("4.5"), Decimal("3.2")),
    "fp": Range(Decimal("-1.6"), Decimal("-0.7")),
    "fn": Range(Decimal("-1.0"), Decimal("-0.2"), Decimal("-0.4")),
}


def stated(ranges: dict[str, Range], baseline: Baseline | None = None, number: int = 1) -> Stated:
    recorded = datetime(2013, 1, number, tzinfo=UTC)
    return Stated(UUID(int=number), "USD", ranges, date(2013, 1, 1), None, recorded, baseline or Baseline())


def certain(**values: str) -> dict[str, Range]:
    return {outcome: Range.certain(Decimal(text)) for outcome, text in values.items()}


def evidence(ranges: dict[str, Range], cells: tuple[int, ...], baseline: Baseline | None = None) -> Evidence:
    tp, fp, fn, tn = cells
    n = sum(cells)
    counts = Counts(n, n, tp, fp, fn, tn)
    return Evidence((Measured(stated(ranges, baseline), counts, (n / 2, n / 2)),), (10.0, 14.0), (1.0, 1.4))


def simulated(rng: np.random.Generator, weeks: int, a_week: int) -> tuple[bool, bool, bool]:
    """One history of known truth: whether net value, ROI and the worth of a prediction lie in their intervals."""
    true = {
        "tp": rng.triangular(2.5, 3.2, 4.5),
        "fp": rng.uniform(-1.6, -0.7),
        "fn": rng.triangular(-1.0, -0.4, -0.2),
    }
    rates = rng.dirichlet(TRUE_RATES * 40)
    cells = rng.multinomial(a_week * weeks, rates)
    costs = rng.gamma(25.0, 0.12 * a_week / 25.0, weeks)
    n = int(cells.sum())
    counts = Counts(n, n, *(int(cell) for cell in cells))
    measured = Measured(stated(STATED), counts, (float(a_week),) * weeks)
    found = domain.simulate(
        Evidence((measured,), tuple(costs * 0.7), tuple(costs * 0.3)), seed=int(rng.integers(2**31)), draws=1_000
    )
    assert found is not None and found.roi is not None
    each = rates[0] * true["tp"] + rates[1] * true["fp"] + rates[2] * true["fn"]
    cost = 0.12 * a_week * weeks
    net = each * n - cost

    def holds(interval: domain.Interval, truth: float) -> bool:
        assert interval.low is not None and interval.high is not None
        return interval.low <= truth <= interval.high

    return holds(found.net, net), holds(found.roi, net / cost), holds(found.each, each)


@pytest.mark.parametrize(("weeks", "a_week"), [(12, 40), (12, 400)], ids=["few labels", "many labels"])
def test_interval_of_90_percent_covers_the_truth_in_88_to_92_percent_of_1000_histories(weeks: int, a_week: int) -> None:
    rng = np.random.default_rng(20131)
    covered = np.array([simulated(rng, weeks, a_week) for _ in range(1_000)]).mean(axis=0)
    assert (covered >= 0.88).all() and (covered <= 0.92).all(), covered


cells_of = some.tuples(*(some.integers(0, 5_000) for _ in range(4))).filter(lambda cells: sum(cells) > 0)
amounts = some.decimals(-100, 100, places=2)


@given(cells_of, some.fixed_dictionaries({"tp": amounts, "fp": amounts, "fn": amounts, "tn": amounts}))
@settings(max_examples=60, deadline=None)
def test_value_of_certain_ranges_is_the_exact_figure_as_labels_grow(
    cells: tuple[int, int, int, int], values: dict[str, Decimal]
) -> None:
    """With a thousand times the labels the draws close in on what the exact sum says of a prediction."""
    many = tuple(1_000 * cell for cell in cells)
    n = sum(many)
    exact = domain.value_of(domain.parts(Counts(n, n, *many), values))
    found = domain.simulate(evidence({key: Range.certain(one) for key, one in values.items()}, many), draws=2_000)
    assert exact is not None and found is not None and found.each.middle is not None
    widest = max(abs(one) for one in values.values()) + 1
    assert found.each.middle == pytest.approx(float(exact) / n, abs=0.08 * float(widest) * (1_000 / n) ** 0.5 + 1e-9)


@given(some.dictionaries(some.sampled_from(["tp", "fp", "fn", "tn", "prediction"]), amounts, min_size=1))
def test_range_of_one_number_is_that_number_exactly(values: dict[str, Decimal]) -> None:
    texts = {outcome: {"low": str(one), "high": str(one)} for outcome, one in values.items()}
    ranges = domain.parse_values(texts)
    assert ranges == domain.parse_values(values)
    assert {outcome: known.point for outcome, known in ranges.items()} == values
    assert domain.texts(ranges) == {outcome: format(one, "f") for outcome, one in values.items()}


@given(cells_of.filter(lambda cells: min(cells) > 5))
@settings(max_examples=40, deadline=None)
def test_more_data_of_the_same_rates_narrows_the_interval_of_a_prediction(cells: tuple[int, int, int, int]) -> None:
    ranges = certain(tp="3.2", fp="-1.1", fn="-0.4")

    def width(of: tuple[int, ...]) -> float:
        found = domain.simulate(evidence(ranges, of), draws=2_000)
        assert found is not None and found.each.high is not None and found.each.low is not None
        return found.each.high - found.each.low

    assert width(tuple(4 * cell for cell in cells)) < 0.7 * width(cells)


def test_result_by_hand_where_nothing_is_uncertain() -> None:
    """Half of the predictions bring 4, none costs: with so many labels chance is below a cent of each."""
    n = 4_000_000
    counts = Counts(n, n, n, 0, 0, 0)
    one = Measured(stated(certain(tp="4.00", prediction="0.50")), counts, (300.0, 300.0))
    found = domain.simulate(Evidence((one,), (100.0, 100.0), (150.0, 150.0)), rate=0.1)
    assert found is not None and found.roi is not None and found.npv is not None
    assert found.value.middle == pytest.approx(2_700, abs=0.1)
    assert found.net.middle == pytest.approx(2_200, abs=0.1)
    assert found.roi.middle == pytest.approx(4.4, abs=0.001)
    assert found.break_even.middle == pytest.approx(100 / (4.5 - 0.5), abs=0.001)
    assert found.npv.middle == pytest.approx(1_100 * (1 + 1.1 ** (-7 / 365.25)), abs=0.1)
    assert found.gain == 1.0


def test_break_even_is_beyond_all_bounds_where_a_prediction_is_worth_less_than_it_costs() -> None:
    found = domain.simulate(evidence(certain(tp="0.01"), (100, 100, 100, 100)))
    assert found is not None
    assert (found.break_even.low, found.break_even.middle, found.break_even.high) == (None, None, None)
    assert found.gain == 0.0


def test_same_evidence_gives_the_same_interval_and_no_outcome_none() -> None:
    known = evidence(STATED, (10, 4, 6, 60))
    assert domain.simulate(known) == domain.simulate(known)
    assert domain.simulate(Evidence((), (1.0,), (0.0,))) is None


def test_one_value_is_one_draw_for_all_models_of_the_statement() -> None:
    """Two models under one statement do not average their doubt away: widths add up, as one value is behind both."""
    counts = Counts(10**6, 10**6, 10**6, 0, 0, 0)
    one = Measured(stated({"tp": Range(Decimal(1), Decimal(3))}), counts, (100.0,))
    single, double = (domain.simulate(Evidence(own, (0.0,), (0.0,))) for own in ((one,), (one, one)))
    assert single is not None and double is not None
    assert double.value.high - double.value.low == pytest.approx(2 * (single.value.high - single.value.low), rel=0.001)  # type: ignore[operator]


def test_regression_interval_is_that_of_its_mean_error() -> None:
    """The mean of 10,000 absolute errors of deviation 10 is known to 0.1: 1.645 of those to each side."""
    counts = Counts(10_000, 10_000, absolute_error=200_000.0, squared_error=(20.0**2 + 10.0**2) * 10_000)
    one = Measured(stated(certain(prediction="0.40", unit_of_error="-0.01")), counts, (10_000.0,))
    found = domain.simulate(Evidence((one,), (0.0,), (0.0,)), draws=50_000)
    assert found is not None and found.each.high is not None and found.each.low is not None
    assert found.each.middle == pytest.approx(0.2, abs=1e-4)
    assert found.each.high - found.each.low == pytest.approx(2 * 1.645 * 0.1 * 0.01, rel=0.03)


def test_what_if_changes_volume_cost_and_values_and_nothing_else() -> None:
    known = evidence(certain(tp="4"), (4_000_000, 0, 0, 0))
    changed = known.what_if(volume=2.0, cost=0.5, values={"tp": Decimal(3)})
    assert changed.labelled == 2 * known.labelled
    assert (changed.fixed, changed.variable) == ((5.0, 7.0), (1.0, 1.4))
    found = domain.simulate(changed)
    assert found is not None and found.each.middle == pytest.approx(3, abs=1e-4)
    assert known.what_if() == known


def test_baseline_takes_away_what_would_have_come_without_the_model() -> None:
    cells = (400_000, 100_000, 200_000, 300_000)
    ranges = certain(tp="4", fp="-1", fn="-3", tn="1")
    for baseline, each in (
        (Baseline("negative"), 0.4 * 7 - 0.1 * 2),
        (Baseline("positive"), -0.2 * 7 + 0.3 * 2),
        (Baseline("rates", Decimal("0.5"), Decimal("0.25")), 0.4 * 3.5 - 0.2 * 3.5 - 0.1 * 1.5 + 0.3 * 0.5),
        (Baseline("per_prediction", amount=Decimal("0.1")), 1.6 - 0.1 - 0.6 + 0.3 - 0.1),
    ):
        known = evidence(ranges, cells, baseline)
        counts = known.measured[0].counts
        exact = domain.value_of(domain.parts(counts, known.measured[0].statement.values, baseline))
        assert exact is not None and float(exact) / 1e6 == pytest.approx(each)
        found = domain.simulate(known)
        assert found is not None and found.each.middle == pytest.approx(each, abs=0.001)


def test_payback_is_the_first_week_with_a_cumulative_value_of_its_cost() -> None:
    sure = stated(certain(tp="2"))
    weeks = [
        domain.PaidWeek(date(2013, 6, 3), 100.0, ()),
        *(domain.PaidWeek(date(2013, 6, 3 + 7 * at), 10.0, ((sure, Counts(30, 30, 25, 5, 0, 0)),)) for at in (1, 2, 3)),
    ]
    found = domain.payback(weeks)
    assert found is not None and (found.first, found.last, found.share) == (date(2013, 6, 24), date(2013, 6, 24), 1.0)
    unsure = stated({"tp": Range(Decimal(1), Decimal(3))})
    drawn = domain.payback([replace(week, outcomes=tuple((unsure, own) for _, own in week.outcomes)) for week in weeks])
    assert drawn is not None and (drawn.first, drawn.last) == (date(2013, 6, 17), None)
    assert drawn.share == pytest.approx((3 - 130 / 75) / 2, abs=0.02)
    assert domain.payback(weeks[:1]) is None


def test_decisions_by_hand() -> None:
    found = domain.deviations(certain(tp="3.20", fp="-1.10") | {"fn": Range(Decimal(-2), Decimal(-1))})
    assert [(one.outcome, one.low, one.point, one.high) for one in found] == [
        ("fp", Decimal("1.10"), Decimal("1.10"), Decimal("1.10")),
        ("fn", Decimal("4.20"), Decimal("4.70"), Decimal("5.20")),
    ]
    values = {"tp": Decimal("3.20"), "fp": Decimal("-1.10")}
    assert domain.best_threshold(values) == Decimal("1.10") / Decimal("4.30")
    assert domain.best_threshold({"tp": Decimal(1), "fp": Decimal(1)}) is None
    assert domain.best_threshold({"prediction": Decimal(1)}) is None


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "magic"},
        {"kind": "rates", "caught": "0.5"},
        {"kind": "rates", "caught": "1.5", "flagged": "0"},
        {"kind": "per_prediction", "amount": 0.1},
        {"kind": "per_prediction", "amount": "NaN"},
    ],
)
def test_baseline_that_cannot_be_used_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        domain.parse_baseline(said)


@pytest.mark.parametrize("said", [{"low": "2"}, {"low": "3", "high": "2"}, {"low": "1", "likely": "5", "high": "2"}])
def test_range_that_does_not_rise_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        domain.parse_values({"tp": said})


def test_expired_before_is_the_last_day_with_a_stated_value() -> None:
    one = replace(stated(certain(tp="1")), valid_until=date(2013, 6, 30))
    assert domain.expired_before([one], date(2013, 6, 30)) is None
    assert domain.expired_before([one], date(2013, 7, 1)) == date(2013, 6, 30)
    assert domain.expired_before([one, stated(certain(tp="1"), number=2)], date(2013, 7, 1)) is None
    assert domain.expired_before([], date(2013, 7, 1)) is None


def test_draws_of_many_weeks_are_fewer_so_that_memory_is_bounded() -> None:
    """Ten years of weeks: 260,000 cells are 500 draws of 520 weeks."""
    known = evidence(certain(tp="1"), (100, 0, 0, 0))
    one = replace(known.measured[0], labelled=(1.0,) * 520)
    found = domain.simulate(Evidence((one,), (1.0,) * 520, (0.0,) * 520))
    assert found is not None and found.draws == 500
    few = domain.simulate(known)
    assert few is not None and few.draws == 10_000
