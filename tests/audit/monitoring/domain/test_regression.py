"""Outcomes of estimates give what arrays and scikit-learn give, and merge exactly."""

# mypy: disable-error-code="operator,union-attr,arg-type"
# An estimate may be None; a test that meets one fails at that line.

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.regression import QUANTILES, Regression
from tests.audit.monitoring.domain.by_rows import regression

NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)
ROWS = st.lists(st.tuples(NUMBERS | st.just(math.inf), NUMBERS | st.just(math.nan)), max_size=30)


def _of(rows):
    return Regression.of([row[0] for row in rows], [row[1] for row in rows])


@settings(deadline=None)
@given(ROWS, st.integers(0, 30), st.integers(0, 30), st.randoms(use_true_random=False))
def test_merging_in_any_order_and_cut_gives_the_same_outcomes(rows, one, two, random):
    whole, (first, second) = _of(rows), sorted((one, two))
    shuffled = random.sample(rows, len(rows))
    a, b, c = _of(shuffled[:first]), _of(shuffled[first:second]), _of(shuffled[second:])
    assert a.merged(b).merged(c).to_dict() == c.merged(b.merged(a)).to_dict() == whole.to_dict()
    assert Regression.from_dict(json.loads(json.dumps(whole.to_dict()))).to_dict() == whole.to_dict()
    assert c.merged(a).merged(b).metrics() == whole.metrics()


def test_metrics_agree_with_the_arrays_and_scikit_learn():
    generator = np.random.default_rng(6)
    truth = generator.gamma(2, 10, 3_000)
    told = truth + generator.normal(1, 6, 3_000)
    found = Regression.of(told, truth).metrics()
    for name, expected in regression(errors=told - truth).items():
        for part in ("value", "low", "high"):
            assert getattr(found[name], part) == pytest.approx(getattr(expected, part), rel=1e-12)
    assert found["r2"].value == pytest.approx(peer.r2_score(truth, told), abs=1e-13)
    for name, share in QUANTILES.items():
        expected = np.quantile(told - truth, float(share), method="inverted_cdf")
        assert found[name].value == expected
        assert found[name].low < expected < found[name].high
    assert Regression.of(told, truth).doubts() == {}


def test_r2_interval_is_the_delta_method_of_the_rows():
    generator = np.random.default_rng(8)
    truth = generator.normal(50, 4, 400)
    told = truth + generator.normal(0, 2, 400)
    found = Regression.of(told, truth).metrics()["r2"]
    squares = (truth - truth.mean()) ** 2
    pull = ((told - truth) ** 2 - (1 - found.value) * squares) / squares.mean()
    assert found.high - found.value == pytest.approx(1.959963984540054 * pull.std() / 20, rel=1e-9)


def test_quantiles_of_many_errors_lie_within_their_doubt():
    generator = np.random.default_rng(9)
    errors = generator.normal(0, 3, 20_000)
    outcomes = Regression.of(errors, np.zeros(20_000))
    found, doubts = outcomes.metrics(), outcomes.doubts()
    for name, share in QUANTILES.items():
        expected = np.quantile(errors, float(share), method="inverted_cdf")
        assert 0 < abs(found[name].value - expected) <= doubts[name]


def test_rows_that_cannot_be_used_are_counted():
    found = Regression.of([1.0, math.nan, math.inf, 2.0, 1e80, 3.0], [1.0, 1.0, 2.0, math.nan, 5.0, math.inf])
    assert (found.rows, found.labelled, found.beyond, found.used) == (6, 5, 4, 1)
    assert found.metrics()["mae"] == Estimate(0.0, None, None, 1)


def test_no_rows_one_row_and_a_constant_truth_are_undefined():
    assert set(Regression.of([], []).metrics().values()) == {Estimate(None, None, None, 0)}
    one = Regression.of([3.0], [1.0]).metrics()
    assert (one["mae"], one["rmse"], one["bias"]) == (Estimate(2.0, None, None, 1),) * 3
    assert one["r2"] == Estimate(None, None, None, 1)
    for truth in ([5.0, 5.0], [0.0, 5e-324]):
        assert Regression.of([1.0, 2.0], truth).metrics()["r2"] == Estimate(None, None, None, 2)


def test_a_truth_far_from_zero_has_its_r2_and_no_interval():
    truth = 1e9 + np.arange(10.0)
    found = Regression.of(truth + 1, truth).metrics()["r2"]
    assert found == Estimate(pytest.approx(1 - 1 / 8.25, abs=1e-14), None, None, 10)
