"""Sums are those of the numbers themselves: no order, no cut and no cancelling changes a bit of them."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.base.errors import InvalidInput
from audit.monitoring.domain.sums import Moments, Sum
from tests.audit.monitoring.domain.by_rows import mean

DOUBLES = st.floats(min_value=-1e150, max_value=1e150, allow_nan=False)


@given(st.lists(DOUBLES, max_size=30))
def test_sum_is_that_of_fractions(values):
    found = Sum.of(values)
    assert found.fraction == sum(map(Fraction, values))
    assert float(found) == math.fsum(values)


@given(st.lists(st.tuples(DOUBLES, DOUBLES, st.integers(0, 9)), max_size=20))
def test_products_and_counts_are_those_of_fractions(rows):
    first, second, counts = ([row[place] for row in rows] for place in range(3))
    assert Sum.of_products(first, second, counts).fraction == sum(Fraction(a) * Fraction(b) * n for a, b, n in rows)
    assert Sum.of(first, counts).fraction == sum(Fraction(a) * n for a, _, n in rows)


@given(st.lists(DOUBLES, max_size=20), st.integers(0, 20))
def test_sums_merge_and_are_read_back_as_the_same(values, cut):
    whole = Sum.of(values)
    assert Sum.of(values[cut:]) + Sum.of(values[:cut]) == whole
    assert Sum.from_text(whole.to_text()) == whole


def test_sum_of_many_rows_of_one_size_does_not_overflow():
    assert Sum.of(np.full(3_000_000, 1 - 2**-53)).fraction == 3_000_000 * Fraction(2**53 - 1, 2**53)
    assert Sum.of_products(np.full(300_000, 0.1), np.full(300_000, 0.1)).fraction == 300_000 * Fraction(0.1) ** 2


def test_sum_as_text_is_hexadecimal():
    assert Sum.of([1.5]).to_text() == "0x3p-1"
    assert Sum.of([]).to_text() == "0x0p0"
    assert float(Sum.from_text("-0x3p-1")) == -1.5


@pytest.mark.parametrize("text", ["", "1.5", "0x3", "0x3p99999", "zp1", None])
def test_text_that_is_no_sum_is_refused(text):
    with pytest.raises(InvalidInput):
        Sum.from_text(text)


def test_mean_from_moments_is_the_mean_of_the_values():
    values = np.random.default_rng(1).normal(3, 2, 501)
    found, expected = Moments.of(values).mean(), mean(values)
    assert (found.value, found.n) == (expected.value, 501)
    assert (found.low, found.high) == (pytest.approx(expected.low, rel=1e-14), pytest.approx(expected.high, rel=1e-14))
    assert Moments.of([]).mean().value is None
    assert (Moments.of([2.0]).mean().value, Moments.of([2.0]).mean().low) == (2, None)


def test_spread_of_moments_far_from_zero_does_not_cancel():
    far = 1e9 + np.array([0.0, 1.0, 2.0, 3.0])
    found = Moments.of(far).mean()
    assert found.high - found.value == pytest.approx(1.959963984540054 * math.sqrt(5 / 3 / 4))
