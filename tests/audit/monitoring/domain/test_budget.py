"""False alarms stay within the budget: by the arithmetic, and on 200 seeded streams in which nothing drifts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from audit.base.errors import InvalidInput
from audit.monitoring.domain import divergence
from audit.monitoring.domain.budget import MOST_LEVEL, Budget, Candidate, Decision, adjusted, decide
from audit.monitoring.domain.columns import Categories, Numbers
from audit.monitoring.domain.drift import of_columns

YEAR = Budget(alarms=1, months=12)
STREAMS, MONTHS, ROWS = 200, 12, 400
SHARES = np.array([0.5, 0.3, 0.2])


def test_adjusted_p_by_hand():
    # Four tests: p times 4 / rank, from the largest down never above what came before.
    assert adjusted([0.01, 0.04, 0.03, 0.5], "bh") == pytest.approx([0.04, 4 / 3 * 0.04, 4 / 3 * 0.04, 0.5])
    harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4
    assert adjusted([0.01, 0.04, 0.03, 0.5], "by")[0] == pytest.approx(0.04 * harmonic)
    assert adjusted([], "by") == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from(["bh", "by"]))
def test_adjusted_p_is_scipys(ps, method):
    expected = stats.false_discovery_control(ps, method=method)
    assert adjusted(ps, method) == pytest.approx(expected.tolist(), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(("ps", "method"), [([1.1], "bh"), ([-0.1], "by"), ([float("nan")], "bh"), ([0.5], "holm")])
def test_adjusted_refuses_what_is_no_p(ps, method):
    with pytest.raises(InvalidInput):
        adjusted(ps, method)


def test_budget_says_what_it_is_and_what_a_month_has():
    assert YEAR.words() == "at most 1 false alarm in 12 months"
    assert YEAR.monthly == pytest.approx(1 / 12)
    assert Budget(2, 1).words() == "at most 2 false alarms in a month"


@pytest.mark.parametrize(("alarms", "months"), [(0, 12), (-1, 12), (float("nan"), 12), (1, 0)])
def test_budget_that_is_none_is_refused(alarms, months):
    with pytest.raises(InvalidInput):
        Budget(alarms, months)


def test_window_names_alarms_small_effects_and_untested_columns():
    spent = decide(
        [
            Candidate("age", 1e-9, 0.3),
            Candidate("fare", 1e-12, 0.01),
            Candidate("size", 0.4, 0.2),
            Candidate("note", None, 0.5),
            Candidate("kind", float("nan"), None),
            Candidate("place", 1e-10, None),
            Candidate("weight", 1e-11, 0.2),
        ],
        remaining=0.08,
        windows_left=4,
    )
    outcomes = {decision.column: decision.outcome for decision in spent.decisions}
    assert outcomes == {
        "age": "alarm", "fare": "small", "size": "quiet", "note": "untested", "kind": "untested", "place": "small",
        "weight": "alarm",
    }  # fmt: skip
    assert spent.alarms == ("weight", "age")
    assert (spent.level, spent.remaining) == (pytest.approx(0.02), pytest.approx(0.06))
    assert spent.sentence == (
        "2 of 5 tested columns raise an alarm at level 0.02 (Benjamini-Yekutieli); 2 more are sure but below the least "
        "effect of 0.1."
    )


def test_window_without_a_tested_column_costs_nothing_and_leaves_more_for_later():
    nothing = decide([Candidate("age", None, 0.3)], remaining=0.04, windows_left=4)
    assert (nothing.level, nothing.remaining) == (0.0, 0.04)
    assert nothing.decisions == (Decision("age", "untested", None, None, 0.3),)
    later = decide([Candidate("age", 0.5, 0.3)], remaining=nothing.remaining, windows_left=2)
    assert later.level == pytest.approx(0.02)


def test_window_with_nothing_left_raises_no_alarm():
    spent = decide([Candidate("age", 0.0, 9.0)], remaining=0.0, windows_left=1)
    assert spent.alarms == ()
    assert spent.remaining == 0.0


def test_large_budget_is_capped_a_window():
    assert decide([Candidate("age", 0.2, 1.0)], remaining=10.0, windows_left=1).level == MOST_LEVEL


@pytest.mark.parametrize(("remaining", "windows_left"), [(-0.1, 1), (0.1, 0)])
def test_overdrawn_budget_or_no_window_is_refused(remaining, windows_left):
    with pytest.raises(InvalidInput):
        decide([Candidate("age", 0.1, 0.1)], remaining=remaining, windows_left=windows_left)


TESTS = st.lists(
    st.tuples(st.none() | st.floats(0, 1), st.none() | st.floats(0, 2)).map(lambda pair: Candidate("", *pair)),
    max_size=12,
)


@given(st.lists(TESTS, min_size=1, max_size=8), st.floats(0, 2))
def test_months_levels_never_add_up_to_more_than_its_budget(windows, monthly):
    remaining, levels = monthly, []
    for place, candidates in enumerate(windows):
        spent = decide(candidates, remaining=remaining, windows_left=len(windows) - place)
        levels.append(spent.level)
        remaining = spent.remaining
    assert sum(levels) <= monthly * (1 + 1e-12)
    assert remaining == pytest.approx(monthly - sum(levels), abs=1e-12)


@given(TESTS, st.randoms())
def test_outcome_does_not_depend_on_the_order_of_columns(candidates, shuffle):
    named = [Candidate(str(place), one.p, one.effect) for place, one in enumerate(candidates)]
    shuffled = shuffle.sample(named, len(named))
    first, second = (decide(one, remaining=0.04, windows_left=1) for one in (named, shuffled))
    assert first.alarms == second.alarms
    assert set(first.decisions) == set(second.decisions)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_p_at_the_references_edges_is_never_surer_than_drifts(seed):
    generator = np.random.default_rng(seed)
    reference = Numbers.of(generator.normal(size=1000))
    current = Numbers.of(generator.normal(0.1, 1, 400), reference.edges)
    assert chance(reference, current) >= of_columns(reference, current)["ks"].p - 1e-12


def chance(reference, current):
    """The p of a column: of Kolmogorov-Smirnov's distance at the reference's edges, or of the table of categories."""
    if isinstance(reference, Categories):
        return of_columns(reference, current)["chi2/contingency"].p
    shares = [np.cumsum(side.counts) / side.finite for side in (reference, current)]
    return divergence.ks_p(float(np.abs(shares[0] - shares[1]).max()), reference.finite, current.finite)


def stream(seed):
    """A reference of three months and 12 monthly windows of ten columns: normal, skewed, counts, bounded, names, and
    five that go together."""
    generator = np.random.default_rng(seed)

    def rows(n):
        shared = generator.normal(size=n)
        columns = [shared + 0.5 * generator.normal(size=n) for _ in range(5)]
        columns += [generator.normal(size=n), generator.lognormal(size=n), generator.random(n)]
        columns += [generator.poisson(4.0, n).astype(float)]
        return columns, generator.choice(["a", "b", "c"], n, p=SHARES)

    numbers, names = rows(3 * ROWS)
    reference = [Numbers.of(values) for values in numbers]
    yield [*reference, Categories.of(names)]
    for _ in range(MONTHS):
        numbers, names = rows(ROWS)
        profiles = [Numbers.of(values, old.edges) for values, old in zip(numbers, reference, strict=True)]
        yield [*profiles, Categories.of(names)]


@pytest.mark.slow
def test_200_streams_without_drift_alarm_no_more_often_than_the_budget_allows():
    alarmed = {"bh": 0, "by": 0, "each column at 5%": 0, "by, with a least effect": 0}
    for seed in range(STREAMS):
        windows = stream(seed)
        reference = next(windows)
        for window in windows:
            ps = [chance(old, new) for old, new in zip(reference, window, strict=True)]
            alarmed["each column at 5%"] += min(ps) <= 0.05
            for method in ("bh", "by"):
                tests = [Candidate(str(place), p, 1.0) for place, p in enumerate(ps)]
                spent = decide(tests, remaining=YEAR.monthly, windows_left=1, method=method)
                alarmed[method] += bool(spent.alarms)
            effects = [of_columns(reference[int(one)], window[int(one)])["psi/credit"].value for one in spent.alarms]
            alarmed["by, with a least effect"] += any(effect >= 0.1 for effect in effects)
    allowed = STREAMS * YEAR.alarms
    assert 0 < alarmed["by"] <= alarmed["bh"] <= allowed, alarmed
    assert alarmed["by, with a least effect"] <= alarmed["by"]
    assert alarmed["each column at 5%"] > 2 * allowed  # what the budget is for


def test_weekly_windows_of_20_columns_share_the_months_budget():
    alarms, years = 0, 200
    generator = np.random.default_rng(5)
    for _ in range(years * 12):
        remaining = YEAR.monthly
        for week in range(4):
            # Ten columns with one p in common, as of one measurement in ten units, and ten on their own.
            ps = np.concatenate((np.full(10, generator.random()), generator.random(10)))
            spent = decide(
                [Candidate(str(place), p, 1.0) for place, p in enumerate(ps)],
                remaining=remaining, windows_left=4 - week, method="by",
            )  # fmt: skip
            alarms += bool(spent.alarms)
            remaining = spent.remaining
    assert 0 < alarms <= years * YEAR.alarms


def test_drift_of_one_column_in_ten_is_found_within_the_budget():
    found = 0
    for seed in range(50):
        windows = stream(seed)
        reference, window = next(windows), next(windows)
        moved = np.random.default_rng(seed).normal(0.6, 1.0, ROWS)
        window[5] = Numbers.of(moved, reference[5].edges)
        drifts = [of_columns(old, new) for old, new in zip(reference, window, strict=True)]
        tests = [
            Candidate(str(place), drift["ks" if "ks" in drift else "chi2/contingency"].p, drift["psi/credit"].value)
            for place, drift in enumerate(drifts)
        ]
        found += decide(tests, remaining=YEAR.monthly, windows_left=4).alarms == ("5",)
    assert found >= 48
