"""Each check of a window's data: its outcome, its figure with bound and n, and which of them are faults."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.monitoring.domain.columns import Categories, Numbers
from audit.monitoring.domain.quality import (
    CONVERSIONS,
    Finding,
    arrival,
    duplicates,
    in_range,
    nulls,
    of_column,
    parsed,
    schema,
    seen,
    unit,
    volume,
)

DUE = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


def outcomes(reference, current):
    return {finding.check: finding.outcome for finding in of_column("x", reference, current)}


def test_schema_names_missing_and_new_columns():
    gone, new = schema(["age", "fare"], ["fare", "size"])
    assert (gone.column, gone.outcome, gone.is_fault) == ("age", "broken", True)
    assert (new.column, new.outcome, new.is_fault) == ("size", "watch", False)
    [fine] = schema(["age"], ["age"])
    assert (fine.outcome, fine.sentence) == ("ok", "All 1 expected columns are there.")


def test_nulls_broken_only_where_the_whole_interval_lies_beyond():
    # The reference has 2%, so 7% are allowed. 10 of 100: 5.5% to 17.4%. 100 of 1,000: 8.3% to 12.0%.
    assert nulls("x", nulls=10, n=100, reference=0.02).outcome == "watch"
    broken = nulls("x", nulls=100, n=1000, reference=0.02)
    assert broken == Finding(
        "nulls", "x", "broken", 0.1, pytest.approx(0.07), 1000,
        "100 of 1,000 rows (10.00%) are null; 7.00% are allowed.", False,
    )  # fmt: skip
    assert nulls("x", nulls=60, n=1000, reference=0.02).outcome == "ok"


@pytest.mark.parametrize(
    ("count", "reference", "is_fault"),
    [(119, 0.02, False), (121, 0.02, True), (289, 0.11, False), (330, 0.11, True), (1000, 0.59, False)],
)
def test_nulls_are_a_fault_where_a_tenth_is_lost_and_thrice_as_many_are_null(count, reference, is_fault):
    found = nulls("x", nulls=count, n=1000, reference=reference)
    assert (found.outcome, found.is_fault) == ("broken", is_fault)


def test_nulls_of_nothing_are_unknown():
    assert nulls("x", nulls=0, n=0, reference=0.02).outcome == "unknown"
    assert nulls("x", nulls=9, n=10, reference=None).outcome == "unknown"


@pytest.mark.parametrize(
    ("finding", "outcome", "is_fault"),
    [
        (parsed("x", unparsed=0, n=1000), "ok", False),
        (parsed("x", unparsed=12, n=1000), "watch", False),
        (parsed("x", unparsed=50, n=1000), "broken", True),
        (duplicates(repeated=50, n=1000), "broken", True),
        (duplicates(repeated=1, n=1000), "ok", False),
        (seen("x", unseen=50, n=1000, names=("new",)), "broken", False),
        (in_range("x", beyond=50, n=1000, least=0, most=1), "broken", False),
        (in_range("x", beyond=0, n=0, least=0, most=1), "unknown", False),
    ],
)
def test_share_of_rows_has_its_outcome_and_says_whether_it_is_a_fault(finding, outcome, is_fault):
    assert (finding.outcome, finding.is_fault) == (outcome, is_fault)


@pytest.mark.parametrize(
    ("n", "usual", "outcome", "bound", "is_fault"),
    [
        # Mean 100, and the root of 100 is above their own deviation: 70 to 130.
        (100, [100, 101, 99, 100, 100, 100], "ok", 130.0, False),
        (69, [100, 101, 99, 100, 100, 100], "broken", 70.0, False),
        (50, [100, 101, 99, 100, 100, 100], "broken", 70.0, False),
        (49, [100, 101, 99, 100, 100, 100], "broken", 70.0, True),
        (0, [100, 101, 99, 100, 100, 100], "broken", 70.0, True),
        (131, [100, 101, 99, 100, 100, 100], "broken", 130.0, False),
        # Mean 200, deviation 100 (six values, 3 of 200 +/- 91.29): 200 - 300 is cut at 0.
        (5, [200 - 91.287, 200 + 91.287] * 3, "ok", pytest.approx(500.0, abs=0.01), False),
        (5, [100] * 5, "unknown", None, False),
    ],
)
def test_volume_is_held_against_the_same_weekday(n, usual, outcome, bound, is_fault):
    finding = volume(n, usual)
    assert (finding.outcome, finding.bound, finding.is_fault) == (outcome, bound, is_fault)


@pytest.mark.parametrize(
    ("arrived", "now", "outcome", "minutes"),
    [
        (None, DUE, "unknown", None),
        (None, DUE + timedelta(hours=1), "unknown", None),
        (None, DUE + timedelta(hours=2), "broken", 120.0),
        (DUE - timedelta(minutes=5), DUE, "ok", -5.0),
        (DUE + timedelta(minutes=60), DUE + timedelta(days=9), "ok", 60.0),
        (DUE + timedelta(minutes=90), DUE + timedelta(days=9), "broken", 90.0),
    ],
)
def test_arrival_is_held_against_the_hour_it_was_due(arrived, now, outcome, minutes):
    finding = arrival(arrived=arrived, due=DUE, now=now, grace=timedelta(hours=1))
    assert (finding.outcome, finding.value, finding.is_fault) == (outcome, minutes, outcome == "broken")


def test_arrival_of_what_is_not_due_says_until_when():
    assert arrival(arrived=None, due=DUE, now=DUE).sentence == "The data are due by 02 November 2026, 06:00 UTC."


def test_range_is_counted_exactly_from_profiles():
    reference = Numbers.of(np.arange(0.0, 1000.0))
    values = np.concatenate((np.arange(0.0, 1000.0), [-1.0] * 7, [999.5] * 5, [0.0, 999.0], [np.nan, np.inf]))
    _, found, _ = of_column("x", reference, Numbers.of(values, reference.edges))
    assert found.value == pytest.approx(12 / 1014)
    assert found.n == 1014
    assert "lie outside 0 to 999, the range of the reference" in found.sentence


@pytest.mark.parametrize("size", [30, 400, 3000])
def test_range_of_a_profile_on_its_own_edges_is_whole(size):
    values = np.random.default_rng(size).normal(size=size)
    reference = Numbers.of(values)
    assert of_column("x", reference, reference)[1].value == 0.0
    below = Numbers.of(np.concatenate((values, [values.min() - 1e-9])), reference.edges)
    assert of_column("x", reference, below)[1].value == pytest.approx(1 / (size + 1))


def test_unseen_categories_are_named():
    reference, current = Categories.of(["a"] * 50 + ["b"] * 50), Categories.of(["a"] * 50 + ["c"] * 30 + ["d"] * 20)
    _, found = of_column("x", reference, current)
    assert (found.outcome, found.value, found.is_fault) == ("broken", 0.5, False)
    assert "(c, d)" in found.sentence


def test_unseen_categories_are_unknown_where_the_reference_keeps_not_all_names():
    reference = Categories.of([f"n{place}" for place in range(1500)])
    assert outcomes(reference, Categories.of(["z"] * 100))["unseen"] == "unknown"


def test_column_of_another_type_is_a_fault():
    found = of_column("x", Numbers.of(np.arange(100.0)), Categories.of(["a"] * 100))
    assert found[-1].sentence == "x holds categories; the reference holds numbers."
    assert found[-1].is_fault
    empty = Categories.of([None] * 100)
    assert {one.check for one in of_column("x", Numbers.of(np.arange(100.0)), empty)} == {"nulls"}


def test_empty_and_all_null_columns_are_unknown_or_null_and_never_ok():
    reference = Numbers.of(np.arange(1000.0))
    empty = Numbers.of([], reference.edges)
    assert outcomes(reference, empty) == {"nulls": "unknown", "range": "unknown", "unit": "unknown"}
    assert outcomes(empty, reference) == {"nulls": "unknown", "range": "unknown", "unit": "unknown"}
    void = Numbers.of([np.nan] * 100, reference.edges)
    assert outcomes(reference, void) == {"nulls": "broken", "range": "unknown", "unit": "unknown"}


def converted(values, factor, offset=0.0, share=1.0, seed=0):
    which = np.random.default_rng(seed).random(values.size) < share
    return np.where(which, values * factor + offset, values)


@pytest.mark.parametrize(("factor", "offset", "words"), CONVERSIONS, ids=[words for *_, words in CONVERSIONS])
def test_each_change_of_unit_is_found_and_named(factor, offset, words):
    generator = np.random.default_rng(11)
    reference = Numbers.of(generator.normal(20, 8, 6000))
    current = Numbers.of(converted(generator.normal(20, 8, 3000), factor, offset), reference.edges)
    found = unit("x", reference, current)
    assert (found.outcome, found.value, found.is_fault) == ("broken", pytest.approx(factor), True)
    assert found.sentence == f"x is {words}, with its shape kept: its unit changed."


@pytest.mark.parametrize("share", [0.15, 0.4, 0.8])
def test_change_of_unit_in_part_of_the_rows_is_found(share):
    generator = np.random.default_rng(12)
    reference = Numbers.of(generator.lognormal(2, 0.6, 6000))
    current = Numbers.of(converted(generator.lognormal(2, 0.6, 3000), 1000, share=share), reference.edges)
    found = unit("x", reference, current)
    assert found.value == 1000
    assert f"in about {share:.0%}"[:9] in found.sentence


@pytest.mark.parametrize(
    "moved",
    [
        lambda values: values,
        lambda values: values + 6,
        lambda values: values * 1.3,
        lambda values: values * 1.7,  # between a mile and 1.8
        lambda values: values * 30,
        lambda values: values**2 / 20,  # the median as before, the shape not
        lambda values: np.where(values > 25, values * 10, values),  # ten times, but of the large ones only
        lambda values: np.full_like(values, 1000.0),
    ],
)
def test_what_moved_without_a_change_of_unit_is_none(moved):
    generator = np.random.default_rng(13)
    reference = Numbers.of(generator.normal(20, 6, 6000))
    current = Numbers.of(moved(generator.normal(20, 6, 3000)), reference.edges)
    assert unit("x", reference, current).outcome == "ok"


def test_few_rows_or_few_values_show_no_unit():
    generator = np.random.default_rng(14)
    reference = Numbers.of(generator.normal(20, 6, 6000))
    few = Numbers.of(generator.normal(20, 6, 99) * 1000, reference.edges)
    assert unit("x", reference, few).outcome == "unknown"
    flags = Numbers.of(generator.integers(0, 2, 5000))
    assert unit("x", flags, Numbers.of(generator.integers(0, 2, 5000) * 1000, flags.edges)).outcome == "ok"


ANYTHING = st.lists(st.floats(-1e300, 1e300) | st.sampled_from([np.nan, np.inf, -np.inf]), max_size=30)


@given(ANYTHING, ANYTHING, st.integers(1, 20))
def test_any_numbers_at_all_have_an_outcome(old, new, times):
    reference = Numbers.of(old * times)
    found = of_column("x", reference, Numbers.of(new * times, reference.edges))
    assert [finding.check for finding in found] == ["nulls", "range", "unit"]
    for finding in found:
        assert finding.outcome in {"ok", "watch", "broken", "unknown"}
        assert finding.sentence.endswith(".")
    finite = [value for value in old if np.isfinite(value)]
    inside = [value for value in new if np.isfinite(value)]
    if finite and inside:
        beyond = sum(not min(finite) <= value <= max(finite) for value in inside)
        assert found[1].value == pytest.approx(beyond / len(inside))


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_unit_of_extreme_numbers_is_judged_without_a_warning(size):
    generator = np.random.default_rng(15)
    reference = Numbers.of(generator.normal(20, 6, 2000) * size)
    current = Numbers.of(generator.normal(20, 6, 2000) * size * 1000, reference.edges)
    assert unit("x", reference, current).value == 1000


def test_range_without_edges_to_count_at_is_unknown():
    reference = Numbers.of(np.arange(100.0))
    found = of_column("x", reference, Numbers.of(np.arange(200.0), [10.0, 20.0]))[1]
    assert (found.outcome, found.value) == ("unknown", None)
    assert of_column("x", reference, Numbers.of(np.arange(50.0), [10.0, 20.0]))[1].outcome == "ok"
