"""Each metric agrees with a peer's library or a value worked out by hand; undefined is None."""

# mypy: disable-error-code="arg-type,call-arg,comparison-overlap,operator,union-attr"
# An estimate may be None; a test that meets one fails at that line.

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from audit.catalogue.words import LABELS
from audit.monitoring.domain.classification import delong_paired, roc_auc
from audit.monitoring.domain.estimate import Estimate, Z, paired_bootstrap_mean, wilson
from audit.monitoring.domain.meaning import EXPLAINED, HIGHER_IS_BETTER, METRICS
from audit.monitoring.domain.outcomes import Binary
from audit.monitoring.domain.regression import Regression
from audit.monitoring.domain.scores import Scores

SCORES = [0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.6, 0.4]
TRUTH = [0, 0, 1, 1, 0, 0, 1, 1]


def test_roc_auc_of_tied_scores_is_scikit_learns():
    found = roc_auc(SCORES, TRUTH)
    assert found.value == pytest.approx(peer.roc_auc_score(TRUTH, SCORES), abs=1e-15)
    assert found.n == 8


def test_roc_auc_interval_follows_delong_by_hand():
    # Positives 2, 3 and negatives 1, 2.5: V10 = (0.5, 1), V01 = (1, 0.5), so each variance is 0.125, halved and added.
    found = roc_auc([2, 3, 1, 2.5], [1, 1, 0, 0])
    half = 1.959963984540054 * math.sqrt(0.125 / 2 + 0.125 / 2)
    assert found == Estimate(0.75, pytest.approx(0.75 - half), 1.0, 4)


def test_roc_auc_components_are_the_definition():
    generator = np.random.default_rng(3)
    scores, labels = generator.integers(0, 20, 300) / 20, generator.random(300) < 0.3
    positives, negatives = scores[labels], scores[~labels]
    kernel = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    variance = kernel.mean(1).var(ddof=1) / len(positives) + kernel.mean(0).var(ddof=1) / len(negatives)
    found = roc_auc(scores, labels)
    assert found.value == pytest.approx(kernel.mean())
    assert found.high - found.value == pytest.approx(Z * math.sqrt(variance))


def test_roc_auc_of_one_class_or_no_rows_is_undefined():
    assert roc_auc([0.1, 0.2], [1, 1]) == Estimate(None, None, None, 2)
    assert roc_auc([], []) == Estimate(None, None, None, 0)
    assert roc_auc([0.2, 0.1, 0.3], [1, 0, 0]) == Estimate(0.5, None, None, 3)


def test_delong_interval_covers_the_truth_about_nineteen_times_in_twenty():
    generator, hits = np.random.default_rng(7), 0
    truth = 0.5 * math.erfc(-1 / 2)  # normal scores one deviation apart: Phi(1 / sqrt 2)
    for _ in range(300):
        labels = np.repeat([1, 0], [80, 120])
        found = roc_auc(generator.normal(labels, 1.0), labels)
        hits += found.low <= truth <= found.high
    assert 0.92 <= hits / 300 <= 0.98


def test_delong_paired_of_the_same_scores_finds_no_difference():
    found = delong_paired(SCORES, SCORES, TRUTH)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_delong_paired_variance_is_the_definition():
    generator = np.random.default_rng(11)
    labels = generator.random(200) < 0.4
    a, b = generator.normal(labels, 1.0), generator.normal(labels * 0.5, 1.0)

    def kernel(scores):
        return (scores[labels][:, None] > scores[~labels]) * 1.0

    apart = kernel(a) - kernel(b)
    variance = apart.mean(1).var(ddof=1) / labels.sum() + apart.mean(0).var(ddof=1) / (~labels).sum()
    found = delong_paired(a, b, labels)
    assert found.difference == pytest.approx(apart.mean())
    assert found.high - found.difference == pytest.approx(Z * math.sqrt(variance))
    assert found.p == pytest.approx(math.erfc(abs(apart.mean()) / math.sqrt(2 * variance)))
    assert delong_paired([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [1, 0, 0]) is None


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, p. 857, table I: method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes, n, low, high):
    found = wilson(successes, n)
    assert (found.value, found.n) == (successes / n, n)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_wilson_of_no_rows_is_undefined():
    assert wilson(0, 0) == Estimate(None, None, None, 0)


def test_classification_agrees_with_scikit_learn():
    flagged = [score >= 0.4 for score in SCORES]
    found = Binary.of(SCORES, [math.nan] * 8, TRUTH).metrics(0.4)
    assert tuple(found) == METRICS["classification"]
    expected = {
        "roc_auc": peer.roc_auc_score(TRUTH, SCORES),
        "accuracy": peer.accuracy_score(TRUTH, flagged),
        "precision": peer.precision_score(TRUTH, flagged),
        "recall": peer.recall_score(TRUTH, flagged),
        "specificity": peer.recall_score(TRUTH, flagged, pos_label=0),
        "f1": peer.f1_score(TRUTH, flagged),
        "brier": peer.brier_score_loss(TRUTH, SCORES),
        "log_loss": peer.log_loss(TRUTH, SCORES),
        "positive_rate": 5 / 8,
        "base_rate": sum(TRUTH) / 8,
        "pr_auc": peer.average_precision_score(TRUTH, SCORES),
        "calibration_error": 2.15 / 8,  # by tenths: 0.1 + 0.2 + 0.65 + 0.2 + 0.4 + 0.6
    }
    assert {name: one.value for name, one in found.items()} == pytest.approx(expected)
    for name in set(found) - {"calibration_error"}:
        assert found[name].low <= found[name].value <= found[name].high


def test_log_loss_of_a_certain_mistake_is_finite():
    assert Scores.of([1.0], [0]).log_loss().value == pytest.approx(-math.log(1e-15), rel=1e-3)


def test_regression_agrees_with_scikit_learn_and_hand():
    truth, estimates = [3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]
    found = Regression.of(estimates, truth).metrics()
    assert found["mae"].value == pytest.approx(peer.mean_absolute_error(truth, estimates))
    assert found["rmse"].value == pytest.approx(peer.root_mean_squared_error(truth, estimates))
    assert found["bias"].value == 0.25
    half = 1.959963984540054 * math.sqrt(np.var([0.5, 0.5, 0, 1], ddof=1) / 4)
    assert (found["mae"].low, found["mae"].high, found["mae"].n) == (
        pytest.approx(0.5 - half),
        pytest.approx(0.5 + half),
        4,
    )


def test_regression_without_rows_is_undefined():
    assert set(Regression.of([], []).metrics().values()) == {Estimate(None, None, None, 0)}


def test_bootstrap_of_the_mean_repeats_with_its_seed_and_holds_the_mean():
    differences = np.random.default_rng(5).normal(0.3, 1, 200)
    first, second = (paired_bootstrap_mean(differences, seed=1) for _ in range(2))
    assert first == second
    assert first.low < differences.mean() < first.high
    assert first.high - first.low == pytest.approx(2 * 1.96 * differences.std() / math.sqrt(200), rel=0.1)


def test_every_metric_has_its_words():
    for names in METRICS.values():
        assert set(names) <= set(LABELS) & set(EXPLAINED) & set(HIGHER_IS_BETTER)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=40), st.randoms())
def test_metrics_do_not_depend_on_the_order_of_rows(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)

    def auc(of):
        return roc_auc([score / 6 for score, _ in of], [label for _, label in of])

    first, second = auc(rows), auc(mixed)
    assert (first.value is None) == (second.value is None)
    if first.value is not None:
        assert first.value == pytest.approx(second.value, abs=1e-12)


def test_delong_paired_by_single_rows_is_close_to_plain_delong():
    random = np.random.default_rng(0)
    labels = random.random(2000) < 0.3
    one, two = random.random(2000) + labels * 0.5, random.random(2000) + labels * 0.6
    plain, grouped = delong_paired(one, two, labels), delong_paired(one, two, labels, np.arange(2000))
    assert plain is not None and grouped is not None
    assert grouped.difference == plain.difference
    assert grouped.high - grouped.low == pytest.approx(plain.high - plain.low, rel=0.01)


def test_delong_paired_by_doubled_rows_gives_the_interval_of_the_rows_counted_once():
    random = np.random.default_rng(1)
    labels = random.random(600) < 0.4
    one, two = random.random(600) + labels * 0.5, random.random(600) + labels * 0.3
    once = delong_paired(one, two, labels, np.arange(600))
    twice = delong_paired(*(np.repeat(values, 2) for values in (one, two, labels)), np.repeat(np.arange(600), 2))
    assert once is not None and twice is not None
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))
