"""Quantiles are rows, or within 1/256 of one; the same rows in any order give the same table."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.base.errors import InvalidInput
from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.spread import ERROR, Spread

VALUES = st.lists(st.floats(-1e70, 1e70, allow_nan=False), max_size=40)


@settings(deadline=None)
@given(VALUES, st.integers(0, 40), st.randoms(use_true_random=False))
def test_merging_in_any_order_and_cut_gives_the_same_table(values, cut, random):
    whole = Spread.of(values, limit=8).to_dict()
    shuffled = random.sample(values, len(values))
    a, b = Spread.of(shuffled[:cut], limit=8), Spread.of(shuffled[cut:], limit=8)
    assert a.merged(b).to_dict() == b.merged(a).to_dict() == whole
    assert Spread.from_dict(whole).to_dict() == whole


@settings(deadline=None)
@given(st.lists(st.floats(-1e70, 1e70, allow_nan=False), min_size=1, max_size=60), st.integers(1, 19))
def test_quantiles_are_numpys_exactly_or_within_the_error(values, twentieths):
    share = Fraction(twentieths, 20)
    # A rank of exactly share * n, which a rounded share may miss.
    expected = sorted(values)[math.ceil(share * len(values)) - 1]
    assert Spread.of(values).quantile(share).value == expected
    folded = Spread.of(values, limit=0)
    assert abs(folded.quantile(share).value - expected) <= ERROR * abs(expected) + 5e-324  # the least double


def test_quantiles_are_numpys_inverted_distribution():
    values = np.random.default_rng(2).normal(size=999)
    for share in (Fraction(1, 20), Fraction(1, 2), Fraction(19, 20)):
        expected = np.quantile(values, float(share), method="inverted_cdf")
        assert Spread.of(values).quantile(share).value == expected


def test_median_interval_is_the_table_of_conover():
    # n = 20: ranks 6 and 15 hold the median with 95.86 % (Conover 1999, table A3: P(B <= 5) = 0.0207).
    found = Spread.of(np.arange(1.0, 21.0)).quantile(Fraction(1, 2))
    assert found == Estimate(10.0, 6.0, 15.0, 20)


def test_few_rows_have_no_interval_and_none_no_value():
    assert Spread.of([4.0]).quantile(Fraction(1, 2)) == Estimate(4.0, None, None, 1)
    assert Spread.of([]).quantile(Fraction(1, 2)) == Estimate(None, None, None, 0)


def test_tables_with_other_limits_are_refused():
    with pytest.raises(InvalidInput, match="different numbers"):
        Spread.of([1.0]).merged(Spread.of([1.0], limit=3))
