"""Drift from profiles lies as far from drift of the raw rows as it says, and no farther."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit.monitoring.domain import columns, divergence, exact
from audit.monitoring.domain.columns import Categories, Numbers
from audit.monitoring.domain.drift import OF_CATEGORIES, OF_NUMBERS, of_columns

ROWS = 4_000


def _draw(kind, seed, rows=ROWS):
    random = np.random.default_rng(seed)
    return {
        "normal": lambda: random.normal(size=rows),
        "moved": lambda: random.normal(0.4, 1.3, rows),
        "heavy": lambda: random.lognormal(0, 1.5, rows),
        "whole": lambda: random.poisson(4, rows).astype(float),
        "many whole": lambda: random.poisson(40, rows).astype(float),
        "half zero": lambda: np.where(random.random(rows) < 0.5, 0.0, random.normal(size=rows)),
        "thousandfold": lambda: 1000 * random.normal(10, 1, rows),
        "with nulls": lambda: np.where(random.random(rows) < 0.2, math.nan, random.normal(size=rows)),
        "with infinities": lambda: np.where(random.random(rows) < 0.1, math.inf, random.normal(size=rows)),
        "constant": lambda: np.full(rows, 3.0),
        "two": lambda: random.integers(0, 2, rows).astype(float),
        "few rows": lambda: random.normal(size=7),
        "null": lambda: np.full(rows, math.nan),
        "none": lambda: np.empty(0),
    }[kind]()


KINDS = [
    "normal", "moved", "heavy", "whole", "many whole", "half zero", "thousandfold", "with nulls", "with infinities",
    "constant", "two", "few rows", "null", "none",
]  # fmt: skip


def _holds(told, true, *, left_out=()):
    for name in true:
        if name in left_out and name not in told:
            continue
        drift, raw = told[name], true[name]
        assert (drift.variant, drift.n_reference, drift.n_current) == (name, raw.n_reference, raw.n_current)
        assert (drift.value is None) == (raw.value is None), name
        if raw.value is not None:
            assert abs(drift.value - raw.value) <= drift.error + 1e-9 * max(1, raw.value), name


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(KINDS), st.sampled_from(KINDS), st.integers(0, 10**6))
@example("normal", "thousandfold", 1)
@example("whole", "normal", 2)
def test_drift_of_profiles_lies_within_its_error_of_the_raw_rows(first, second, seed):
    reference, current = _draw(first, seed), _draw(second, seed + 1)
    profile = Numbers.of(reference)
    parts = np.array_split(np.random.default_rng(seed).permutation(current), 5)
    merged = Numbers.of([], profile.edges)
    for part in parts:
        merged = merged.merged(Numbers.of(part, profile.edges))
    true = exact.numbers(reference, current)
    _holds(of_columns(profile, merged), true)
    # One profile gives what merged ones give, but for the sketch where bins are coarse, which both errors cover.
    whole = of_columns(profile, Numbers.of(current, profile.edges))
    for name, drift in of_columns(profile, merged).items():
        if drift.value is not None:
            assert abs(drift.value - whole[name].value) <= 2 * min(drift.error, whole[name].error) + 1e-9, name


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(KINDS), st.sampled_from(KINDS), st.integers(0, 10**6))
def test_drift_with_other_edges_or_none_lies_within_its_error_or_is_left_out(first, second, seed):
    reference, current = _draw(first, seed), _draw(second, seed + 1)
    true = exact.numbers(reference, current)
    free = ("psi/credit", "psi/evidently", "js/evidently")
    _holds(of_columns(Numbers.of(reference), Numbers.of(current)), true, left_out=free)
    _holds(of_columns(Numbers.of(reference), Numbers.of(current, [])), true, left_out=free)
    _holds(of_columns(Numbers.of(reference, []), Numbers.of(current, [])), true, left_out=free)


def test_drift_of_many_rows_has_a_small_stated_error():
    random = np.random.default_rng(3)
    reference, current = random.normal(size=100_000), random.normal(0.3, 1.0, 100_000)
    profile = Numbers.of(reference)
    found, true = of_columns(profile, Numbers.of(current, profile.edges)), exact.numbers(reference, current)
    assert found["psi/credit"].value == pytest.approx(true["psi/credit"].value, rel=1e-12)
    assert found["psi/credit"].error < 1e-9
    bounds = {
        "ks": 0.003,
        "wasserstein/evidently": 0.02,
        "psi/evidently": 0.05,
        "js/evidently": 0.03,
        "js/nannyml": 0.03,
    }
    for name, bound in bounds.items():
        assert found[name].error < bound, name
        # In practice rows do lie about evenly in their bins.
        assert found[name].value == pytest.approx(true[name].value, abs=bound / 20), name


def test_drift_of_few_values_has_no_error():
    reference, current = _draw("whole", 1), np.random.default_rng(2).choice(_draw("whole", 1), ROWS)
    profile = Numbers.of(reference)
    found, true = of_columns(profile, Numbers.of(current, profile.edges)), exact.numbers(reference, current)
    for name in OF_NUMBERS:
        assert found[name].value == pytest.approx(true[name].value, rel=1e-9), name
        assert found[name].error < 1e-6, name


def test_drift_without_change_is_nothing():
    for kind in ("normal", "whole", "constant", "half zero"):
        profile = Numbers.of(_draw(kind, 1))
        for name, drift in of_columns(profile, profile).items():
            assert drift.value == pytest.approx(0.0, abs=1e-7), name
            assert drift.p is None or drift.p == pytest.approx(1.0)


def test_drift_without_rows_is_unknown_and_nulls_alone_are_seen_by_psi_credit():
    profile = Numbers.of(_draw("normal", 1))
    found = of_columns(profile, Numbers.of([math.nan] * 10, profile.edges))
    assert [name for name, drift in found.items() if drift.value is not None] == ["psi/credit"]
    # Ten deciles of 10% become the floor, and the null bin, the floor before, holds all.
    by_hand = 10 * (0.1 - 0.0001) * math.log(0.1 / 0.0001) + (1 - 0.0001) * math.log(1 / 0.0001)
    assert found["psi/credit"].value == pytest.approx(by_hand, rel=1e-12)
    empty = of_columns(profile, Numbers.of([], profile.edges))
    assert list(empty) == list(OF_NUMBERS)
    assert all(drift.value is None and drift.n_current == 0 for drift in empty.values())


def test_drift_between_numbers_and_names_is_none():
    assert of_columns(Numbers.of([1.0]), Categories.of(["1"])) == {}


def test_drift_of_names_is_exact():
    found = of_columns(Categories.of(["a"] * 60 + ["b"] * 40), Categories.of(["a"] * 30 + ["b"] * 70))
    assert list(found) == list(OF_CATEGORIES)
    assert all(drift.error == 0 for drift in found.values())
    assert found["l_infinity"].value == pytest.approx(0.3)
    assert found["psi/evidently"].value == pytest.approx(-0.3 * math.log(0.3 / 0.6) + 0.3 * math.log(0.7 / 0.4))


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 12).map(str)), max_size=80),
    st.lists(st.one_of(st.none(), st.integers(4, 20).map(str)), max_size=80),
)
def test_drift_of_more_names_than_are_kept_lies_within_its_error(reference, current):
    true = exact.categories(reference, current)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(columns, "KEPT", 5)
        profiles = [
            Categories.of(rows[: len(rows) // 2]).merged(Categories.of(rows[len(rows) // 2 :]))
            for rows in (reference, current)
        ]
    _holds(of_columns(*profiles), true, left_out=("psi/credit", "psi/evidently", "chi2/contingency", "chi2/evidently"))


def test_p_of_many_rows_agrees_with_the_exact_distribution():
    from scipy.stats import kstwo

    for rows in (25_000, 200_000):
        for distance in (0.5, 0.8, 1.2, 1.7, 2.5):
            apart = distance / math.sqrt(rows)
            assert divergence.ks_p(apart, 2 * rows, 2 * rows) == pytest.approx(kstwo.sf(apart, rows), abs=2e-6)
