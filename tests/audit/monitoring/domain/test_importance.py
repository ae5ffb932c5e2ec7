"""Permutation importance finds what a model rests on; drift is weighed by it."""

import numpy as np
import pytest
from sklearn import metrics as peer

from audit.monitoring.domain.importance import Importance, permutation, weighted, weights


def _mean_squared(truth, told):
    return float(((truth - told) ** 2).mean())


def _table(rows=20_000):
    generator = np.random.default_rng(1)
    return {name: generator.normal(size=rows) for name in ("main", "minor", "idle")}


def _predict(table):
    return 3 * table["main"] + table["minor"]


def test_a_linear_models_importance_is_twice_the_squared_slope():
    # Shuffling makes the error b(x - x'), whose mean square is 2 b^2 var(x).
    table = _table()
    found = permutation(_predict, table, _predict(table), _mean_squared, seed=4, higher_is_better=False)
    assert found["main"].mean == pytest.approx(18, rel=0.05)
    assert found["minor"].mean == pytest.approx(2, rel=0.05)
    assert found["idle"] == Importance(0.0, 0.0, 5)
    assert 0 < found["main"].sd < 1


def test_importance_repeats_with_its_seed_and_does_not_depend_on_other_columns():
    table = _table(200)
    truth = (_predict(table) > 0).astype(int)
    whole = permutation(_predict, table, truth, peer.roc_auc_score, seed=4)
    assert permutation(_predict, table, truth, peer.roc_auc_score, seed=4) == whole
    assert permutation(_predict, table, truth, peer.roc_auc_score, seed=5) != whole
    fewer = {name: table[name] for name in ("minor", "main")}
    assert permutation(_predict, fewer, truth, peer.roc_auc_score, seed=4)["main"] == whole["main"]
    assert whole["main"].mean > whole["minor"].mean > 0


def test_one_shuffle_has_no_deviation():
    table = _table(50)
    found = permutation(_predict, table, _predict(table), _mean_squared, seed=4, repeats=1)
    assert found["main"].sd is None


def test_weights_add_to_one_and_leave_out_what_harms():
    assert weights({"a": 3.0, "b": 1.0, "c": -2.0}) == {"a": 0.75, "b": 0.25, "c": 0.0}
    assert weights({"a": 0.0, "b": -1.0}) == weights({}) == {}


def test_drift_is_ordered_by_what_moves_and_matters():
    drift = {"idle": 0.9, "minor": 0.4, "main": 0.2, "unknown": 0.8}
    found = weighted(drift, {"main": 3.0, "minor": 1.0, "idle": 0.0, "gone": 0.0})
    assert list(found) == ["main", "minor", "idle"]
    assert found == {"main": pytest.approx(0.15), "minor": pytest.approx(0.1), "idle": 0.0}
    assert weighted(drift, {"main": 0.0}) == {}
