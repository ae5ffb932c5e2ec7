"""A table of scores gives what the rows give, exactly or within the error that it tells, in any order of merging."""

# mypy: disable-error-code="operator,union-attr,arg-type"
# An estimate may be None; a test that meets one fails at that line.

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from audit.base.errors import InvalidInput
from audit.monitoring.domain.classification import Confusion, average_precision_of_counts, roc_auc, roc_auc_of_counts
from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.scores import Scores

ROWS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0, math.nan])), max_size=40)


def _drawn(rows, seed=4, digits=2):
    generator = np.random.default_rng(seed)
    scores = generator.beta(2, 3, rows).round(digits)
    return scores, (generator.random(rows) < scores**1.3).astype(float)


def _table(rows, **size):
    return Scores.of([row[0] for row in rows], [row[1] for row in rows], **size)


@settings(deadline=None)
@given(ROWS, st.integers(0, 40), st.integers(0, 40), st.randoms(use_true_random=False))
def test_merging_in_any_order_and_cut_gives_the_same_table(rows, one, two, random):
    whole = _table(rows, limit=8, bins=20).to_dict()
    first, second = sorted((one, two))
    shuffled = random.sample(rows, len(rows))
    a, b, c = (_table(part, limit=8, bins=20) for part in (shuffled[:first], shuffled[first:second], shuffled[second:]))
    assert a.merged(b).merged(c).to_dict() == c.merged(b.merged(a)).to_dict() == whole
    assert Scores.from_dict(json.loads(json.dumps(whole))).to_dict() == whole


def test_days_that_are_exact_alone_fold_together_into_what_all_rows_give():
    scores, labels = _drawn(27_000, digits=12)
    days = [Scores.of(scores[place::3], labels[place::3]) for place in range(3)]
    assert [day.exact for day in days] == [True, True, True]
    assert days[0].merged(days[1]).exact  # 18,000 distinct scores
    whole = Scores.of(scores, labels)
    assert not whole.exact
    assert days[0].merged(days[1]).merged(days[2]).to_dict() == whole.to_dict()
    assert days[2].merged(days[0]).merged(days[1]).to_dict() == whole.to_dict()


def test_delong_from_counts_is_that_of_the_rows():
    scores, labels = _drawn(2_000)
    found, expected = Scores.of(scores, labels).roc_auc(), roc_auc(scores, labels)
    for name in ("value", "low", "high"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12)
    assert found.n == 2_000


def test_average_precision_is_scikit_learns_and_its_interval_boyds():
    scores, labels = _drawn(500)
    found = Scores.of(scores, labels).pr_auc()
    assert found.value == pytest.approx(peer.average_precision_score(labels, scores), abs=1e-12)
    eta = math.log(found.value / (1 - found.value))
    tau = 1 / math.sqrt(labels.sum() * found.value * (1 - found.value))
    low, high = (1 / (1 + math.exp(-eta - sign * 1.959963984540054 * tau)) for sign in (-1, 1))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_average_precision_by_hand():
    # Down the scores: a positive (precision 1, recall 1/2), a negative, a positive (precision 2/3, recall 1).
    assert average_precision_of_counts([1, 0, 1], [0, 1, 0]).value == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision_of_counts([0, 1], [1, 0]) == Estimate(1.0, None, None, 2)


def test_brier_and_log_loss_are_scikit_learns():
    scores, labels = _drawn(800, digits=4)
    table = Scores.of(scores, labels)
    assert table.brier().value == pytest.approx(peer.brier_score_loss(labels, scores), abs=1e-14)
    assert table.log_loss().value == pytest.approx(peer.log_loss(labels, scores), abs=1e-13)
    assert table.brier().low < table.brier().value < table.brier().high


def test_calibration_error_by_hand():
    # [0.2, 0.3): said 0.25 twice, true half the time; [0.9, 1]: said 0.9 and 1.0, true both times.
    found = Scores.of([0.25, 0.25, 0.9, 1.0], [0, 1, 1, 1]).calibration_error()
    assert found == Estimate(pytest.approx(2 / 4 * 0.25 + 2 / 4 * 0.05), None, None, 4)


def test_a_score_on_an_edge_belongs_to_the_bin_above_it():
    assert Scores.of([0.3], [1]).calibration_error().value == pytest.approx(0.7)
    apart = Scores.of([0.3, 0.29, 0.35], [1, 0, 0]).calibration_error()
    assert apart.value == pytest.approx((abs(0.65 - 1) + 0.29) / 3)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.617, 1.0])
def test_folded_tables_decide_exactly_at_thresholds_of_three_decimals(threshold):
    scores, labels = _drawn(3_000, digits=6)
    scores[:3] = 0.3, np.nextafter(0.3, 0), 1.0
    labels[5:400] = np.nan
    folded = Scores.of(scores, labels, limit=100)
    assert not folded.exact
    assert folded.confusion(threshold) == Scores.of(scores, labels).confusion(threshold)
    known, flagged = ~np.isnan(labels), scores >= threshold
    tn, fp, fn, tp = peer.confusion_matrix(labels[known], flagged[known], labels=[0, 1]).ravel()
    assert folded.confusion(threshold) == (Confusion(int(tp), int(fp), int(fn), int(tn)), int(flagged.sum()))
    assert folded.unsure(threshold) == (0, 0, 0)


def test_folded_tables_keep_losses_and_calibration_exactly():
    scores, labels = _drawn(3_000, digits=6)
    folded, exact = Scores.of(scores, labels, limit=100, bins=200), Scores.of(scores, labels)
    assert folded.brier() == exact.brier()
    assert folded.log_loss() == exact.log_loss()
    assert folded.calibration_error() == exact.calibration_error()


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_folded_tables_lie_within_the_error_that_they_tell(seed, threshold):
    scores, labels = _drawn(300, seed, digits=6)
    folded, exact = Scores.of(scores, labels, limit=10, bins=50), Scores.of(scores, labels)
    area, precision = folded.ranking_errors()
    assert abs(folded.roc_auc().value - exact.roc_auc().value) <= area + 1e-12
    assert abs(folded.pr_auc().value - exact.pr_auc().value) <= precision + 1e-12
    assert exact.ranking_errors() == (0, 0)
    (told, flagged), (true, truly) = folded.confusion(threshold), exact.confusion(threshold)
    positives, negatives, unlabelled = folded.unsure(threshold)
    assert 0 <= true.tp - told.tp <= positives
    assert 0 <= true.fp - told.fp <= negatives
    assert 0 <= truly - flagged <= positives + negatives + unlabelled


def test_ranking_errors_by_hand():
    # One bin [0.5, 0.55) with a positive and a negative: AUC 1/2 as a tie, 0 or 1 as rows; AP 1/2, or 1/2 and 1.
    folded = Scores.of([0.51, 0.52], [0, 1], limit=1, bins=20)
    assert (folded.roc_auc().value, folded.pr_auc().value) == (0.5, 0.5)
    assert folded.ranking_errors() == (0.5, 0.5)


def test_one_class_or_no_rows_is_undefined():
    for labels in ([1.0, 1.0], [0.0, 0.0]):
        table = Scores.of([0.2, 0.7], labels)
        assert table.roc_auc() == table.pr_auc() == Estimate(None, None, None, 2)
        assert table.brier().value is not None
    nothing = Scores.of([], [])
    for found in (
        nothing.roc_auc(),
        nothing.pr_auc(),
        nothing.brier(),
        nothing.log_loss(),
        nothing.calibration_error(),
    ):
        assert found == Estimate(None, None, None, 0)
    unlabelled = Scores.of([0.2, 0.7], [math.nan, math.nan])
    assert (unlabelled.rows, unlabelled.labelled, unlabelled.calibration_error().value) == (2, 0, None)
    assert Scores.of([0.5], [1]).brier() == Estimate(0.25, None, None, 1)
    assert roc_auc_of_counts([1, 0], [0, 2]) == Estimate(0.0, None, None, 3)


@pytest.mark.parametrize("score", [-0.1, 1.1, math.inf, math.nan])
def test_scores_that_are_no_probabilities_are_refused(score):
    with pytest.raises(InvalidInput, match="not between 0 and 1"):
        Scores.of([0.5, score], [1, 0])


def test_tables_with_other_bins_are_refused():
    with pytest.raises(InvalidInput, match="different bins"):
        Scores.of([0.5], [1]).merged(Scores.of([0.5], [1], bins=10))
