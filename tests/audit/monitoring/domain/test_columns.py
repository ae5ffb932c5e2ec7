"""Profiles of columns: what is counted, what merges, and what a client may send."""

import json
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from audit.base.errors import InvalidInput
from audit.monitoring.domain import columns
from audit.monitoring.domain.columns import KEPT, RANK_ERROR, Categories, Numbers, column_from_dict
from audit.monitoring.domain.edges import CELLS, EDGES, edges_of

RANDOM = np.random.default_rng(5)
FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)
ANY = st.one_of(FINITE, st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0]))


def _told(profile):
    return json.loads(json.dumps(profile.to_dict()))


def test_numbers_are_counted_by_kind_and_infinity_is_in_no_sum():
    found = Numbers.of([1.0, 2.0, 3.0, math.nan, math.inf, -math.inf], edges=[1.5, 3.0])
    assert (found.n, found.nulls, found.infinite, found.finite) == (6, 1, 2, 3)
    assert (found.total, found.squares, found.cubes, found.least, found.most) == (6.0, 2.0, 0.0, 1.0, 3.0)
    assert found.counts.tolist() == [1, 2, 0]
    assert found.mean == 2.0
    assert found.deviation == pytest.approx(math.sqrt(2 / 3), rel=1e-15)


@pytest.mark.parametrize("values", [[], [math.nan, math.nan], [math.inf]])
def test_numbers_without_a_finite_row_have_unknown_mean_least_and_quantile(values):
    found = Numbers.of(values)
    assert (found.mean, found.deviation, found.least, found.most) == (None, None, None, None)
    assert found.quantiles([0.5]) == [None]
    assert found.edges.size == 0
    assert found.merged(Numbers.of([4.0], edges=[1.0])).edges.tolist() == [1.0]


def test_numbers_too_large_to_add_have_no_mean_and_are_plain_json():
    found = Numbers.of([1e308, 1e308, 1e308])
    assert found.mean is None
    assert found.deviation is None
    assert _told(found)["total"] is None
    assert Numbers.from_dict(_told(found)).total == math.inf


def test_edges_of_few_values_count_each_value_by_itself():
    found = Numbers.of([3.0, 1.0, 3.0, 7.0])
    assert found.edges.tolist() == [np.nextafter(v, -np.inf) if before else v for v in (1, 3, 7) for before in (1, 0)]
    assert found.counts.tolist() == [0, 1, 0, 2, 0, 1, 0]


def test_edges_of_many_values_have_the_deciles_each_counted_by_itself():
    values = RANDOM.permutation(100_000).astype(float)
    found = Numbers.of(values)
    assert found.edges.size <= EDGES
    for decile in range(10_000, 100_000, 10_000):
        at = np.searchsorted(found.edges, decile - 1)
        assert found.edges[at] == decile - 1
        assert found.counts[at] == 1
        assert found.counts[: at + 1].sum() == decile


def test_edges_of_a_value_that_fills_much_count_it_by_itself():
    values = np.concatenate((np.zeros(5_000), RANDOM.normal(size=5_000)))
    found = Numbers.of(values)
    assert found.counts[np.searchsorted(found.edges, 0.0)] == 5_000


@pytest.mark.parametrize("kind", ["normal", "heavy", "grouped", "far apart"])
def test_edges_of_many_rows_are_values_at_each_five_hundredth_of_their_sorted_order(kind):
    rows = CELLS + 30_001
    values = {
        "normal": RANDOM.normal(size=rows),
        "heavy": RANDOM.lognormal(0, 3, rows),
        "grouped": RANDOM.integers(0, 900, rows).astype(float),
        "far apart": np.where(RANDOM.random(rows) < 0.5, 1e308, -1e308) * RANDOM.random(rows),
    }[kind]
    places = [max(0, math.ceil(rank * rows / 500) - 1) for rank in range(501)]
    assert set(np.sort(values)[places]) <= set(edges_of(values))


@pytest.mark.parametrize("scale", [1.0, 1.01, -3.0, 1e3])
@pytest.mark.parametrize("kind", ["normal", "heavy", "whole", "half zero", "far"])
def test_counting_by_cells_is_counting_by_search(kind, scale):
    rows = CELLS + 20_000
    values = {
        "normal": RANDOM.normal(size=rows),
        "heavy": RANDOM.lognormal(0, 3, rows),
        "whole": RANDOM.poisson(30, rows).astype(float),
        "half zero": np.where(RANDOM.random(rows) < 0.5, 0.0, RANDOM.normal(size=rows)),
        "far": RANDOM.normal(1e12, 1, rows),
    }[kind]
    edges = edges_of(values[:5_000])
    values = values * scale
    values[:5] = [1e308, -1e308, 0.0, 5e-324, -0.0]
    found = Numbers.of(values, edges)
    assert found.counts.tolist() == np.bincount(np.searchsorted(edges, values), minlength=edges.size + 1).tolist()


@given(arrays.arrays(np.float64, st.integers(0, 60), elements=ANY), st.data())
def test_numbers_merged_in_any_cut_and_order_are_those_of_all_rows(values, data):
    edges = np.unique(data.draw(st.lists(FINITE, max_size=8)))
    whole = Numbers.of(values, edges)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=4)))
    parts = data.draw(st.permutations(np.split(data.draw(st.permutations(values)) if len(values) else values, cuts)))
    merged = Numbers.of([], edges)
    for part in parts:
        merged = merged.merged(Numbers.of(part, edges))
    assert (merged.n, merged.nulls, merged.infinite) == (whole.n, whole.nulls, whole.infinite)
    assert (merged.least, merged.most) == (whole.least, whole.most)
    assert merged.counts.tolist() == whole.counts.tolist()
    size = max(abs(whole.least or 0), abs(whole.most or 0), 1) * len(values)
    assert merged.total == pytest.approx(whole.total, abs=1e-12 * size)
    assert merged.squares == pytest.approx(whole.squares, abs=1e-12 * size**2)
    assert merged.cubes == pytest.approx(whole.cubes, abs=1e-12 * size**3)


def test_numbers_with_other_edges_merge_to_the_edges_of_both():
    one, other = Numbers.of([1.0, 2.0, 3.0], edges=[1.5, 2.5]), Numbers.of([2.0, 4.0], edges=[2.5, 3.5])
    assert one.merged(other).edges.tolist() == [2.5]
    assert one.merged(other).counts.tolist() == [3, 2]


def test_quantiles_of_many_merged_parts_lie_within_the_stated_rank():
    values = RANDOM.lognormal(size=240_000)
    merged = Numbers.of([], edges=[])
    for part in np.split(values, 24):
        merged = merged.merged(Numbers.of(part, edges=[]))
    asked = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    ranks = np.searchsorted(np.sort(values), merged.quantiles(asked), side="right") / values.size
    # 1.33% holds in 99 of 100 draws; twice that in all but one of many millions.
    assert np.abs(ranks - asked).max() < 2 * RANK_ERROR


def test_profiles_are_the_same_after_json():
    for profile in (Numbers.of(RANDOM.normal(size=2_000)), Numbers.of([]), Categories.of(["a", None, "b", "a"])):
        assert column_from_dict(_told(profile)).to_dict() == profile.to_dict()


def test_examples_of_the_documentation_are_what_it_says_they_are():
    text = (Path(__file__).resolve().parents[4] / "docs" / "profiles.md").read_text()
    numbers, names = (
        column_from_dict(json.loads(block)) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    )
    made = Numbers.of([1.0, 2.0, 3.0, math.nan, math.inf, -math.inf], edges=[1.5, 3.0])
    assert numbers.to_dict() == made.to_dict()
    assert names == Categories.of(["CA", None, "NY", "CA"])


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"kind": "column"}, "kind"),
        ({"n": -1}, "n"),
        ({"n": True}, "n"),
        ({"n": 10**30}, "n"),
        ({"total": 10**400}, "total"),
        ({"nulls": 9}, "nulls"),
        ({"edges": [2.0, 1.0]}, "edges"),
        ({"edges": "1"}, "edges"),
        ({"edges": [1.0, math.nan]}, "edges"),
        ({"counts": [1, 1, 2]}, "counts"),
        ({"counts": [1, 2]}, "counts"),
        ({"counts": [1, -1, 3]}, "counts"),
        ({"least": 1.5}, "counts"),
        ({"most": 2.0}, "counts"),
        ({"least": None}, "least"),
        ({"least": 9.0}, "least"),
        ({"total": math.inf}, "total"),
        ({"squares": -1.0}, "squares"),
        ({"sketch": "AAAA"}, "sketch"),
        ({"sketch": "not base64"}, "sketch"),
        ({"sketch": None}, "sketch"),
        ({"sketch": Numbers.of([1.0]).to_dict()["sketch"]}, "sketch"),
    ],
)
def test_numbers_that_do_not_add_up_are_refused_by_their_member(change, where):
    told = _told(Numbers.of([1.0, 2.0, 3.0], edges=[1.0, 2.0]))
    assert Numbers.from_dict(told).n == 3
    with pytest.raises(InvalidInput) as refused:
        column_from_dict(told | change)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"n": 5}, "counts"),
        ({"counts": {"a": -1}}, "counts"),
        ({"counts": None}, "counts"),
        ({"counts": {str(name): 0 for name in range(KEPT + 1)}}, "counts"),
        ({"others": 0.5}, "others"),
    ],
)
def test_categories_that_do_not_add_up_are_refused_by_their_member(change, where):
    told = _told(Categories.of(["a", "b", None]))
    with pytest.raises(InvalidInput) as refused:
        column_from_dict(told | change)
    assert refused.value.where == where


def test_categories_keep_the_most_frequent_and_count_the_rest():
    values = [f"c{name:05d}" for name in range(20_000)] + ["c00007"] * 3 + [None]
    found = Categories.of(values)
    assert (found.n, found.nulls, found.named, len(found.counts)) == (20_004, 1, 20_003, KEPT)
    assert found.counts["c00007"] == 4
    assert found.others == 20_000 - KEPT
    assert Categories.of([None, math.nan]) == Categories(n=2, nulls=2, counts={}, others=0)
    assert Categories.of(["one"] * 3).counts == {"one": 3}


@given(st.lists(st.one_of(st.none(), st.integers(0, 30).map(str)), max_size=120), st.data())
def test_categories_merged_in_any_cut_and_order_are_within_their_stated_error(values, data):
    with pytest.MonkeyPatch.context() as small:
        small.setattr(columns, "KEPT", 5)
        rows = data.draw(st.permutations(values))
        cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4))), len(rows)]
        merged = Categories.of([])
        for start, end in pairwise(cuts):
            merged = merged.merged(Categories.of(rows[start:end]))
    true = {name: values.count(name) for name in set(values) - {None}}
    assert (merged.n, merged.nulls) == (len(values), values.count(None))
    assert sum(merged.counts.values()) + merged.others == merged.named
    assert len(merged.counts) <= 5
    for name, count in true.items():
        assert merged.counts.get(name, 0) <= count <= merged.counts.get(name, 0) + merged.others
    if len(true) <= 5:
        assert merged.counts == true
