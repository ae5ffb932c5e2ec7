"""Profiles of Parquet files, whatever their pieces, are those of their rows."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.monitoring import profiling
from audit.monitoring.domain.columns import KEPT, Categories, Numbers
from audit.monitoring.domain.drift import of_columns

KINDS = {"amount": "number", "whole": "number", "state": "category", "flag": "category"}


def _rows(seed, rows):
    random = np.random.default_rng(seed)
    amount = random.lognormal(size=rows)
    amount[::50] = np.nan
    state = random.choice(["CA", "NY", "TX"], rows).astype(object)
    state[::40] = None
    return {"amount": amount, "whole": random.integers(0, 9, rows), "state": state, "flag": random.random(rows) < 0.3}


def _write(path, rows, group=500):
    columns = {name: pa.array(values, from_pandas=True) for name, values in rows.items()}
    pq.write_table(pa.table(columns), path, row_group_size=group)
    return path


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(profiling, "PIECE", 1_200)


def test_reference_of_files_is_the_profile_of_their_rows(tmp_path):
    first, second = _rows(1, 3_000), _rows(2, 1_000)
    found = profiling.of_reference([_write(tmp_path / "a", first), _write(tmp_path / "b", second)], KINDS)
    amount = np.concatenate((first["amount"], second["amount"]))
    assert _without_sketch(found["amount"]) == pytest.approx(_without_sketch(Numbers.of(amount)))
    assert found["whole"].counts.sum() == 4_000
    assert found["state"] == Categories.of(np.concatenate((first["state"], second["state"])))
    flags = int(first["flag"].sum() + second["flag"].sum())
    assert found["flag"] == Categories(n=4_000, nulls=0, counts={"false": 4_000 - flags, "true": flags}, others=0)


def test_partition_in_small_pieces_is_the_profile_of_its_rows(tmp_path, small_pieces):
    reference = {"amount": Numbers.of(_rows(1, 3_000)["amount"])}
    rows = _rows(2, 5_000)
    found = profiling.of_files([_write(tmp_path / "a", rows)], KINDS, reference)
    true = Numbers.of(rows["amount"], reference["amount"].edges)
    assert found["amount"].counts.tolist() == true.counts.tolist()
    assert found["amount"].total == pytest.approx(true.total, rel=1e-12)
    assert found["whole"].edges.size == 0
    assert found["state"] == Categories.of(rows["state"])


def test_reference_in_small_pieces_counts_all_rows_at_edges_of_a_part(tmp_path, small_pieces):
    rows = _rows(3, 10_000)
    found = profiling.of_reference([_write(tmp_path / "a", rows)], KINDS)["amount"]
    finite = rows["amount"][np.isfinite(rows["amount"])]
    below = np.searchsorted(np.sort(finite), found.edges, side="right")
    assert np.cumsum(found.counts)[:-1].tolist() == below.tolist()
    same = of_columns(found, found)["psi/credit"]
    assert same.value == 0
    assert same.error < 0.05


def test_column_that_a_file_lacks_is_null(tmp_path):
    path = _write(tmp_path / "a", {"whole": np.arange(700)})
    found = profiling.of_files([path], KINDS, {})
    assert (found["amount"].n, found["amount"].nulls) == (700, 700)
    assert found["state"] == Categories(n=700, nulls=700, counts={}, others=0)


def test_no_files_are_no_rows():
    for found in (profiling.of_reference([], KINDS), profiling.of_files([], KINDS, {})):
        assert {name: column.n for name, column in found.items()} == dict.fromkeys(KINDS, 0)


def test_names_beyond_what_is_counted_are_cut_and_every_row_is_somewhere(tmp_path, monkeypatch, small_pieces):
    monkeypatch.setattr(profiling, "NAMES", 2_000)
    names = np.array([f"id{row}" for row in range(5_000)] + ["often"] * 1_000, dtype=object)
    found = profiling.of_files([_write(tmp_path / "a", {"state": names})], {"state": "category"}, {})["state"]
    assert found.n == 6_000
    assert len(found.counts) == KEPT
    assert sum(found.counts.values()) + found.others == 6_000
    assert found.counts["often"] <= 1_000 <= found.counts["often"] + found.others


def _without_sketch(profile):
    told = profile.to_dict()
    del told["sketch"], told["kind"], told["edges"], told["counts"]
    return told
