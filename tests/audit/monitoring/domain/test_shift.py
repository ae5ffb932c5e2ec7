"""Drift of rows as a whole: nothing where there is nothing, and what no single column shows."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from audit.monitoring.domain import shift
from audit.monitoring.domain.shift import domain_classifier


def plain(n, seed):
    made = np.random.default_rng(seed)
    return {"a": made.normal(size=n), "b": made.normal(size=n), "c": made.choice(["x", "y", None], n)}


def together(n, seed, correlation):
    made = np.random.default_rng(seed)
    a = made.normal(size=n)
    return {"a": a, "b": correlation * a + np.sqrt(1 - correlation**2) * made.normal(size=n)}


def test_two_columns_that_stop_going_together_are_found_though_each_stays_as_it_was():
    reference, current = together(3_000, 1, 0.9), together(3_000, 2, -0.9)

    found = domain_classifier(reference, current, seed=1)

    assert all(ks_2samp(reference[name], current[name]).pvalue > 0.05 for name in "ab")
    assert found.auc.value > 0.9
    assert found.p < 1e-12
    assert found.auc.low > 0.5


def test_sets_that_nothing_sets_apart_give_half_and_a_full_separation_gives_one():
    same = domain_classifier(plain(2_000, 3), plain(2_000, 4), seed=1)
    apart = domain_classifier({"a": np.zeros(200)}, {"a": np.ones(200)}, seed=1)

    assert same.auc.low < 0.5 < same.auc.high
    assert same.p > 0.05
    assert (apart.auc.value, apart.auc.low, apart.auc.high, apart.p) == (1.0, 1.0, 1.0, 0.0)


@pytest.mark.slow
def test_without_drift_the_interval_holds_one_half_and_p_alarms_at_most_as_often_as_it_says(monkeypatch):
    monkeypatch.setattr(shift, "_ITERATIONS", 10)
    found = [domain_classifier(plain(200, seed), plain(200, seed + 10_000), seed=seed) for seed in range(100)]

    inside = np.mean([one.auc.low <= 0.5 <= one.auc.high for one in found])
    assert 0.93 <= inside <= 1.0
    # Five alarms are due at most; ten are within three standard deviations of that.
    assert np.mean([one.p < 0.05 for one in found]) <= 0.1
    assert np.mean([one.auc.value for one in found]) == pytest.approx(0.5, abs=0.01)


def test_a_name_that_is_new_a_null_that_spreads_and_infinite_values_are_seen():
    made = np.random.default_rng(5)
    names = np.array(["x", "y"], dtype=object)[made.integers(0, 2, 1_000)]
    numbers, others = made.normal(size=1_000), made.normal(size=1_000)
    spoiled = np.where(made.random(1_000) < 0.3, np.nan, others)
    endless = np.where(made.random(1_000) < 0.3, np.inf, others)

    def seen(before, after):
        return domain_classifier({"a": before}, {"a": after}, seed=1).p < 0.001

    assert seen(names, np.where(made.random(1_000) < 0.3, "z", names).astype(object))
    assert seen(names, np.where(made.random(1_000) < 0.3, None, names))
    assert seen(numbers, spoiled)
    assert seen(numbers, endless)
    assert not seen(numbers, others)


def test_many_names_nulls_only_and_one_value_are_no_obstacle():
    made = np.random.default_rng(6)
    names = made.integers(0, 20_000, 1_000).astype(str).astype(object)
    others = made.integers(0, 20_000, 1_000).astype(str).astype(object)

    for one, two in (
        (names, others),
        (np.full(1_000, None), np.full(1_000, None)),
        (np.full(1_000, np.nan), np.full(1_000, np.nan)),
        (np.ones(1_000), np.ones(1_000)),
    ):
        assert domain_classifier({"a": one}, {"a": two}, seed=1).auc.value == pytest.approx(0.5, abs=0.06)


def test_at_most_the_cap_is_used_and_told():
    found = domain_classifier(plain(900, 7), plain(400, 8), seed=1, cap=300)

    assert (found.n_reference, found.n_current, found.used_reference, found.used_current) == (900, 400, 300, 300)
    assert found.auc.n == 600


def test_the_same_seed_gives_the_same_figure_and_only_common_columns_count():
    reference, current = plain(800, 9), plain(800, 10)

    once = domain_classifier(reference, current | {"new": np.arange(800.0)}, seed=3, cap=500)

    assert once == domain_classifier(reference | {"old": np.arange(800.0)}, current, seed=3, cap=500)


def test_too_few_rows_are_unknown_and_no_common_column_is_refused():
    found = domain_classifier(plain(9, 11), plain(500, 12), seed=1)

    assert (found.auc.value, found.p, found.n_reference) == (None, None, 9)
    with pytest.raises(ValueError, match="no column in common"):
        domain_classifier({"a": [1.0]}, {"b": [1.0]}, seed=1)
