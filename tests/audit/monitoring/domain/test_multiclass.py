"""Metrics of several classes agree with scikit-learn, and merge exactly."""

# mypy: disable-error-code="operator,union-attr,arg-type"
# An estimate may be None; a test that meets one fails at that line.

import json

import numpy as np
import pytest
from sklearn import metrics as peer

from audit.monitoring.domain.estimate import Estimate, wilson
from audit.monitoring.domain.multiclass import Multiclass

CLASSES = ("bus", "car", "train")


def _drawn(rows=600, seed=2):
    generator = np.random.default_rng(seed)
    truth = generator.choice(CLASSES, rows, p=(0.6, 0.3, 0.1))
    chances = generator.dirichlet((1, 1, 1), rows) + 0.4 * (truth[:, None] == CLASSES)
    chances /= chances.sum(axis=1, keepdims=True)
    said = np.asarray(CLASSES)[chances.argmax(axis=1)]
    return truth.astype(object), said.astype(object), {name: chances[:, place] for place, name in enumerate(CLASSES)}


def test_metrics_agree_with_scikit_learn():
    truth, said, chances = _drawn()
    found = Multiclass.of(said, truth, chances).metrics()
    table = np.stack(list(chances.values()), axis=1)
    expected = {
        "accuracy": peer.accuracy_score(truth, said),
        "macro_roc_auc": peer.roc_auc_score(truth, table, multi_class="ovr", average="macro"),
        "log_loss": peer.log_loss(truth, table, labels=CLASSES),
    }
    for average in ("macro", "micro", "weighted"):
        expected[f"{average}_precision"] = peer.precision_score(truth, said, average=average)
        expected[f"{average}_recall"] = peer.recall_score(truth, said, average=average)
        expected[f"{average}_f1"] = peer.f1_score(truth, said, average=average)
    assert {name: one.value for name, one in found.items()} == pytest.approx(expected, abs=1e-12)
    for one in found.values():
        assert one.n == 600
        assert one.low < one.value < one.high


def test_a_class_that_is_never_predicted_or_never_true_counts_as_in_scikit_learn():
    truth, said = ["a", "a", "b", "b"], ["a", "a", "a", "c"]
    outcomes = Multiclass.of(said, truth)
    found = outcomes.metrics()
    for average in ("macro", "weighted"):
        for measure, of in (
            ("precision", peer.precision_score), ("recall", peer.recall_score), ("f1", peer.f1_score),
        ):  # fmt: skip
            expected = of(truth, said, average=average, zero_division=0)
            assert found[f"{average}_{measure}"].value == pytest.approx(expected)
    assert outcomes.by_class()["b"] == {"precision": Estimate(None, None, None, 0), "recall": wilson(0, 2)}


@pytest.mark.parametrize("measure", ["precision", "recall", "f1"])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_interval_has_the_variance_of_the_slopes(measure, average):
    """The delta method with slopes taken by differences of scikit-learn's own figure over weighted cells."""
    counts = np.array([[50, 7, 3], [10, 30, 2], [1, 4, 13]])
    truth, said = (np.repeat([cell[place] for cell in np.ndindex(3, 3)], counts.ravel()) for place in (0, 1))
    cells = np.array(list(np.ndindex(3, 3)))
    of = {"precision": peer.precision_score, "recall": peer.recall_score, "f1": peer.f1_score}[measure]
    shares, step = counts.ravel() / counts.sum(), 1e-6

    def figure(weights):
        return of(cells[:, 0], cells[:, 1], average=average, sample_weight=weights)

    slopes = np.array([(figure(shares + step * one) - figure(shares - step * one)) / (2 * step) for one in np.eye(9)])
    variance = (shares @ slopes**2 - (shares @ slopes) ** 2) / counts.sum()
    found = Multiclass.of(said.astype(str), truth.astype(str)).metrics()[f"{average}_{measure}"]
    assert found.high - found.value == pytest.approx(1.959963984540054 * np.sqrt(variance), rel=1e-5)


def test_merging_in_any_order_and_cut_gives_the_same_outcomes():
    truth, said, chances = _drawn(90)
    truth[::7], said[::11] = None, None
    whole = Multiclass.of(said, truth, chances).to_dict()
    cuts = [slice(0, 20), slice(20, 21), slice(21, 90)]
    parts = [Multiclass.of(said[one], truth[one], {k: v[one] for k, v in chances.items()}) for one in cuts]
    assert parts[2].merged(parts[0]).merged(parts[1]).to_dict() == whole
    assert parts[0].merged(parts[1].merged(parts[2])).to_dict() == whole
    assert Multiclass.from_dict(json.loads(json.dumps(whole))).to_dict() == whole


def test_rows_add_up():
    found = Multiclass.of(["a", "b", None, "b", "a"], ["a", None, "a", "a", "a"])
    assert (found.rows, found.labelled, found.silent, found.unlabelled) == (5, 3, 1, {"b": 1})
    assert found.cells == {("a", "a"): 2, ("a", "b"): 1}
    assert found.metrics()["accuracy"] == wilson(2, 3)


def test_a_row_without_every_probability_has_no_log_loss():
    found = Multiclass.of(["a", "a"], ["a", "b"], {"a": [0.5, 0.5], "b": [0.5, np.nan]})
    assert found.metrics()["log_loss"] == Estimate(pytest.approx(np.log(2)), None, None, 1)


def test_twenty_thousand_classes_are_measured():
    names = np.arange(20_000).astype(str)
    found = Multiclass.of(np.where(np.arange(20_000) % 2, names, "0"), names).metrics()
    assert found["accuracy"].value == 10_001 / 20_000
    # Each odd class is found whole, "0" in one of the 10,000 rows that were called so.
    assert found["macro_precision"].value == pytest.approx((10_000 + 1 / 10_000) / 20_000)


def test_no_rows_and_no_scores_are_undefined():
    found = Multiclass.of([], []).metrics()
    assert set(found.values()) == {Estimate(None, None, None, 0)}
    one_class = Multiclass.of(["a", "a"], ["a", "a"], {"a": [0.5, 0.9], "b": [0.5, 0.1]}).metrics()
    assert one_class["macro_roc_auc"].value is None
