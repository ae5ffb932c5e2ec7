"""Drift of raw rows, by hand and by the libraries that define it; tests/parity holds it to the peers themselves."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from audit.monitoring.domain import exact

RANDOM = np.random.default_rng(7)


def _values(found):
    return {name: drift.value for name, drift in found.items()}


def test_psi_credit_by_hand():
    reference = np.arange(1.0, 101.0)
    # Deciles 10, 20, ... 90. 50 rows up to 10, 40 above 90, and 10 nulls.
    current = np.concatenate((np.full(50, 10.0), np.full(40, 1e9), np.full(10, math.nan)))
    floor = 0.0001
    terms = [(0.1, 0.5), (0.1, 0.4), (floor, 0.1)] + [(0.1, floor)] * 8
    by_hand = sum((p - q) * math.log(p / q) for p, q in terms)
    assert exact.numbers(reference, current)["psi/credit"].value == pytest.approx(by_hand, rel=1e-12)


def test_psi_credit_counts_infinity_as_no_number_and_an_equal_decile_once():
    found = exact.numbers([1.0] * 8 + [2.0, 3.0], [1.0] * 8 + [2.0, math.inf])["psi/credit"]
    # Bins: up to 1, up to 2, above, none.
    by_hand = 2 * (0.1 - 0.0001) * math.log(0.1 / 0.0001)
    assert found.value == pytest.approx(by_hand, rel=1e-12)
    assert (found.n_reference, found.n_current) == (10, 10)


def test_psi_credit_of_names_by_hand():
    found = exact.categories(["a"] * 5 + ["b"] * 5, ["a"] * 5 + ["c"] * 2 + ["d"] * 2 + [None])["psi/credit"]
    floor = 0.0001
    terms = [(0.5, floor), (floor, 0.4), (floor, 0.1)]
    assert found.value == pytest.approx(sum((p - q) * math.log(p / q) for p, q in terms), rel=1e-12)


def test_psi_evidently_of_numbers_is_by_sturges_over_both():
    reference, current = RANDOM.normal(size=3_000), RANDOM.normal(0.2, 1.1, 2_000)
    edges = np.histogram_bin_edges(np.concatenate((reference, current)), bins="sturges")
    p, q = np.histogram(reference, edges)[0] / 3_000, np.histogram(current, edges)[0] / 2_000
    for shares in (p, q):
        least = shares[shares > 0].min()
        shares[shares == 0] = least / 1e6 if least <= 0.0001 else 0.0001
    assert exact.numbers(reference, current)["psi/evidently"].value == pytest.approx(
        float(((p - q) * np.log(p / q)).sum()), rel=1e-12
    )


def test_psi_evidently_takes_up_to_twenty_values_for_names():
    reference, current = np.arange(20.0), np.append(np.arange(19.0), 0.5)
    by_hand = 2 * (0.05 - 0.0001) * math.log(0.05 / 0.0001)
    assert exact.numbers(reference, current)["psi/evidently"].value == pytest.approx(by_hand, rel=1e-12)
    by_bins = exact.numbers(np.arange(21.0), np.arange(21.0) + 0.5)["psi/evidently"].value
    assert by_bins < by_hand


def test_psi_evidently_zero_is_a_millionth_of_a_rare_share():
    # The rarest share of the reference is 0.00005, so its zero becomes 0.00005 / 10^6.
    reference, current = ["a"] * 19_999 + ["b"], ["a"] * 50 + ["b"] * 25 + ["c"] * 25
    terms = [(0.99995, 0.5), (0.00005, 0.25), (0.00005 / 1e6, 0.25)]
    by_hand = sum((p - q) * math.log(p / q) for p, q in terms)
    assert exact.categories(reference, current)["psi/evidently"].value == pytest.approx(by_hand, rel=1e-12)


def test_js_is_that_of_scipy_in_the_bins_of_each_library():
    reference, current = RANDOM.gamma(2, size=4_000), RANDOM.gamma(2.2, size=2_500)
    found = _values(exact.numbers(reference, current))
    edges = np.histogram_bin_edges(np.concatenate((reference, current)), bins="sturges")
    ours, theirs = np.histogram(reference, edges)[0], np.histogram(current, edges)[0]
    assert found["js/evidently"] == pytest.approx(jensenshannon(ours, theirs), rel=1e-12)
    edges = np.histogram_bin_edges(reference, bins="doane")
    q = np.histogram(current, edges)[0]
    theirs = np.append(q, current.size - q.sum())
    ours = np.append(np.histogram(reference, edges)[0], 0)
    assert found["js/nannyml"] == pytest.approx(jensenshannon(ours, theirs, base=2), rel=1e-12)


def test_js_of_rows_apart_is_the_largest_there_is():
    found = _values(exact.numbers([1.0] * 3, [2.0] * 3))
    assert found["js/evidently"] == pytest.approx(math.sqrt(math.log(2)), rel=1e-12)
    assert found["js/nannyml"] == pytest.approx(1.0, rel=1e-12)


@settings(deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=50), st.lists(st.integers(-20, 20), min_size=1, max_size=50))
def test_ks_and_wasserstein_are_those_of_scipy(reference, current):
    found = exact.numbers([one / 4 for one in reference], [one / 4 for one in current])
    peer = stats.ks_2samp([one / 4 for one in reference], [one / 4 for one in current])
    assert found["ks"].value == pytest.approx(peer.statistic, abs=1e-12)
    assert found["ks"].p == pytest.approx(peer.pvalue, abs=1e-12)
    distance = stats.wasserstein_distance([one / 4 for one in reference], [one / 4 for one in current])
    assert found["wasserstein"].value == pytest.approx(distance, abs=1e-12)
    scale = max(float(np.std([one / 4 for one in reference])), 0.001)
    assert found["wasserstein/evidently"].value == pytest.approx(distance / scale, rel=1e-9, abs=1e-9)


def test_ks_p_of_many_rows_is_that_of_scipy():
    reference, current = RANDOM.normal(size=12_000), RANDOM.normal(0.02, 1, 9_000)
    found, peer = exact.numbers(reference, current)["ks"], stats.ks_2samp(reference, current)
    assert found.value == pytest.approx(peer.statistic, abs=1e-12)
    assert found.p == pytest.approx(peer.pvalue, rel=1e-9)


def test_chi2_is_that_of_scipy():
    reference, current = RANDOM.integers(0, 6, 900).astype(str), RANDOM.integers(0, 6, 400).astype(str)
    counts = [np.array([(rows == str(name)).sum() for name in range(6)]) for rows in (reference, current)]
    found = exact.categories(reference, current)
    table = stats.chi2_contingency(counts)
    assert found["chi2/contingency"].value == pytest.approx(table.statistic, rel=1e-12)
    assert found["chi2/contingency"].p == pytest.approx(table.pvalue, rel=1e-12)
    one = stats.chisquare(counts[1], counts[0] * (400 / 900))
    assert found["chi2/evidently"].value == pytest.approx(one.statistic, rel=1e-12)
    assert found["chi2/evidently"].p == pytest.approx(one.pvalue, rel=1e-12)


def test_chi2_of_a_new_name_is_certain_and_of_one_name_nothing():
    new = exact.categories(["a"] * 50, ["a"] * 49 + ["b"])["chi2/evidently"]
    assert (new.value, new.p) == (None, 0.0)
    same = exact.categories(["a"] * 50, ["a"] * 9)
    assert (same["chi2/evidently"].value, same["chi2/evidently"].p) == (0.0, 1.0)
    assert (same["chi2/contingency"].value, same["chi2/contingency"].p) == (0.0, 1.0)


def test_l_infinity_is_the_largest_gap_of_a_share():
    found = exact.categories(["a"] * 6 + ["b"] * 4, ["a"] * 3 + ["b"] * 4 + ["c"] * 3 + [None] * 5)["l_infinity"]
    assert found.value == pytest.approx(0.3)
    assert (found.n_reference, found.n_current) == (10, 10)


@pytest.mark.parametrize(("reference", "current"), [([], []), ([math.nan], [1.0]), ([1.0], [math.inf])])
def test_drift_without_finite_rows_is_unknown(reference, current):
    found = _values(exact.numbers(reference, current))
    assert {name for name, value in found.items() if value is not None} <= {"psi/credit"}
    assert set(_values(exact.categories([], [])).values()) == {None}
