"""Estimated performance: against figures worked out by hand, realised ones of a simulation, and any cut of the rows."""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.monitoring.domain import estimating
from audit.monitoring.domain.calibrating import calibration_helps
from audit.monitoring.domain.estimating import METRICS, Bounds, Expected, Fitted, Table

AS_IS = Fitted(None, (0.25, 0.5, 0.75), {}, {}, 0)
"""Scores that are chances already, four cells."""


def rows(n, seed, *, distort=1.0):
    """Scores, decisions and labels; label 1 has the chance score ** distort."""
    made = np.random.default_rng(seed)
    score = made.beta(2, 3, n)
    return score, (score >= 0.5).astype(float), (made.random(n) < score**distort).astype(float)


def by_pairs(scores, chances):
    """The expected AUC from its definition: the weight of pairs that are in order, ties a half, by all such pairs."""
    won = total = 0.0
    for (a, p), (b, q) in itertools.product(zip(scores, chances, strict=True), repeat=2):
        weight = p * (1 - q)
        total += weight
        won += weight * (1.0 if a > b else 0.5 if a == b else 0.0)
    return won / total


def test_expected_counts_of_three_rows_give_the_metrics_worked_out_by_hand():
    found = estimating.estimate(AS_IS, [0.9, 0.6, 0.2], [1, 1, 0])

    # TP = 0.9 + 0.6, FP = 0.1 + 0.4, FN = 0.2, TN = 0.8
    assert {name: round(figure.value, 12) for name, figure in found.items() if name != "roc_auc"} == {
        "f1": round(1.5 / (1.5 + 0.5 * 0.7), 12),
        "precision": 0.75,
        "recall": round(1.5 / 1.7, 12),
        "specificity": round(0.8 / 1.3, 12),
        "accuracy": round(2.3 / 3, 12),
    }
    assert found["roc_auc"].value == pytest.approx(by_pairs([0.9, 0.6, 0.2], [0.9, 0.6, 0.2]), abs=1e-5)
    assert {figure.n for figure in found.values()} == {3}


@given(st.lists(st.integers(0, 10), min_size=2, max_size=12))
def test_the_expected_auc_is_the_share_of_pairs_in_order_and_ties_count_half(tenths):
    scores = [tenth / 10 for tenth in tenths]
    found = estimating.estimate(AS_IS, scores, [1] * len(scores))["roc_auc"]

    if 0 < sum(scores) < len(scores):
        # Pairs of a row with itself count a half in both; five decimals of the running sums are kept.
        assert found.value == pytest.approx(by_pairs(scores, scores), abs=2e-4)
    else:
        assert found.value is None


def test_rows_without_a_score_are_left_out_and_undecided_ones_count_for_the_auc_only():
    found = estimating.estimate(AS_IS, [0.9, math.nan, 0.2, 0.4], [1, 1, 0, math.nan])

    assert (found["roc_auc"].n, found["accuracy"].n) == (3, 2)
    assert found["accuracy"].value == pytest.approx((0.9 + 0.8) / 2)


def test_undefined_is_none_never_zero():
    nothing = estimating.estimate(AS_IS, [], [])
    all_no = estimating.estimate(AS_IS, [0.1, 0.2], [0, 0])

    assert {figure.value for figure in nothing.values()} == {None}
    assert all_no["precision"].value is None
    assert all_no["recall"].value == 0.0
    assert all_no["accuracy"].estimate().low is None


@pytest.mark.parametrize("scores", [[0.5, 1.01], [-0.2], [math.inf]])
def test_scores_that_are_no_chances_are_refused(scores):
    for ask in (estimating.estimate, estimating.table):
        with pytest.raises(ValueError, match="between 0 and 1"):
            ask(AS_IS, scores, [1] * len(scores))
    with pytest.raises(ValueError, match="between 0 and 1"):
        estimating.fit(scores, [1] * len(scores), [1] * len(scores), [0] * len(scores))


def test_a_reference_without_labels_is_refused():
    with pytest.raises(ValueError, match="no row with a score and a label"):
        estimating.fit([0.2, 0.3], [0, 0], [math.nan, math.nan], [0, 0])


def test_calibration_is_learned_wherever_scores_mislead_and_not_wherever_they_do_not():
    def helps(seed, power):
        score, _, label = rows(1_000, seed, distort=power)
        return calibration_helps(score, label)

    assert all(helps(seed, 3) for seed in range(10))
    assert not all(helps(seed, 1) for seed in range(10))
    misleading = estimating.fit(*rows(8_000, 1, distort=3), np.arange(8_000) // 1_000)
    assert misleading.calibrated([0.5])[0] == pytest.approx(0.125, abs=0.03)
    score, decided, label = rows(2_000, 2, distort=3)
    estimated, real = estimating.estimate(misleading, score, decided), estimating.realised(score, decided, label)
    for metric in METRICS:
        low, high = estimated[metric].reach()
        assert low <= real[metric] <= high, metric
        assert high - low < 0.3


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        ([1] * 40, [0.1, 0.9] * 20), ([0, 1] * 20, [0.1, 0.9] * 20), ([0, 1] * 5, [0.4, 0.3] * 5),
        ([0] * 39 + [1], [0.4, 0.3] * 20),
    ],
    ids=["one class", "told apart fully", "ten rows", "one positive"],
)  # fmt: skip
def test_calibration_is_never_learned_from_what_cannot_teach_it(labels, scores):
    assert not calibration_helps(np.array(scores, float), np.array(labels, float))


def test_bounds_are_the_mean_and_three_sd_of_the_reference_windows():
    score = np.tile([0.9, 0.9, 0.9, 0.9], 3)
    label = np.array([1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0], float)
    fitted = estimating.fit(score, np.ones(12), label, np.repeat(["w1", "w2", "w3"], 4))

    # Precision was 1, 0.75 and 0.5.
    sd = math.sqrt(2 * 0.25**2 / 3)
    assert fitted.bounds["precision"] == Bounds(pytest.approx(0.75 - 3 * sd), 1.0, 3)
    assert fitted.bounds["specificity"].low == 0.0
    assert fitted.bounds["roc_auc"] == Bounds(0.5, 0.5, 2)


def test_one_window_gives_no_bounds_and_so_no_alarm():
    fitted = estimating.fit(*rows(500, 3), np.zeros(500))

    assert fitted.bounds["accuracy"] == Bounds(None, None, 1)
    assert fitted.bounds["accuracy"].alarms(0.0) is None
    assert Bounds(0.7, 0.9, 10).alarms(None) is None
    assert [Bounds(0.7, 0.9, 10).alarms(value) for value in (0.69, 0.7, 0.9, 0.91)] == [True, False, False, True]


def test_sampling_error_is_that_of_the_metric_over_many_windows():
    fitted = estimating.fit(*rows(40_000, 4), np.arange(40_000) // 4_000)
    windows = [rows(1_000, seed) for seed in range(100, 400)]
    real = {metric: np.std([estimating.realised(*window)[metric] for window in windows]) for metric in METRICS}
    said = estimating.estimate(fitted, *windows[0][:2])

    for metric in METRICS:
        assert said[metric].sampling_error == pytest.approx(real[metric], rel=0.15), metric


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_tables_of_any_parts_in_any_order_give_what_one_table_gives(data):
    score, decided, label = rows(400, 5, distort=2)
    fitted = estimating.fit(score, decided, label, np.arange(400) // 100)
    order = np.array(data.draw(st.permutations(range(400))))
    cuts = sorted(data.draw(st.lists(st.integers(0, 400), max_size=6)))
    parts = [estimating.table(fitted, score[part], decided[part]) for part in np.split(order, cuts)]
    together = parts[0]
    for part in parts[1:]:
        together = part.merged(Table.from_dict(json.loads(json.dumps(together.to_dict()))))

    assert together.to_dict() == estimating.table(fitted, score, decided).to_dict()


@pytest.mark.parametrize("distort", [1, 3])
@pytest.mark.parametrize("digits", [1, 2, 12])
def test_a_table_gives_the_rows_figures_within_its_stated_error(distort, digits):
    fitted = estimating.fit(*rows(5_000, 6, distort=distort), np.arange(5_000) // 500)
    score, decided, _ = rows(3_000, 7, distort=distort)
    score = score.round(digits)
    exact = estimating.estimate(fitted, score, decided)
    found = estimating.estimate_table(fitted, estimating.table(fitted, score, decided))

    for metric in METRICS:
        assert found[metric].n == exact[metric].n
        assert abs(found[metric].value - exact[metric].value) <= max(found[metric].error, 1e-9), metric
        assert exact[metric].error == 0.0
    assert 0 < found["roc_auc"].error < 2e-4


def test_the_order_of_rows_changes_nothing():
    score, decided, label = rows(3_000, 8, distort=2)
    window = np.arange(3_000) // 300
    mixed = np.random.default_rng(1).permutation(3_000)
    one = estimating.fit(score, decided, label, window)
    other = estimating.fit(score[mixed], decided[mixed], label[mixed], window[mixed])

    assert other.digest() == one.digest()
    assert estimating.estimate(other, score[mixed], decided[mixed]) == {
        metric: Expected(figure.value, pytest.approx(figure.sampling_error, rel=1e-12), 0.0, figure.n)
        for metric, figure in estimating.estimate(one, score, decided).items()
    }


def test_what_was_learned_is_read_back_from_json_without_loss():
    for distort in (1, 3):
        fitted = estimating.fit(*rows(3_000, 9, distort=distort), np.arange(3_000) // 300)
        again = Fitted.from_dict(json.loads(json.dumps(fitted.to_dict())))

        assert again == fitted
        assert again.digest() == fitted.digest()
    with pytest.raises(ValueError, match="of the variant other"):
        Fitted.from_dict(fitted.to_dict() | {"variant": "other"})


def test_tables_of_different_references_do_not_mix():
    one, other = (estimating.fit(*rows(1_000, seed, distort=3), np.arange(1_000) // 100) for seed in (10, 11))
    mine, theirs = estimating.table(one, [0.5], [1]), estimating.table(other, [0.5], [1])

    with pytest.raises(ValueError, match="different references"):
        mine.merged(theirs)
    with pytest.raises(ValueError, match="another reference"):
        estimating.estimate_table(one, theirs)


def test_on_real_data_the_alarms_are_those_that_nannyml_raised(shared_data):
    from audit.monitoring.domain.hits import hits

    folder = shared_data / "predictions"
    columns = ["predicted_probability", "prediction", "employed"]
    reference = pd.read_parquet(folder / "employment_MA_reference.pq")[columns].to_numpy(float).T
    current = pd.read_parquet(folder / "employment_MA_analysis.pq").merge(
        pd.read_parquet(folder / "employment_MA_analysis_target.pq"), on="id"
    )
    fitted = estimating.fit(*reference, np.arange(reference.shape[1]) // 10_000)
    chunks = [current[columns][start : start + 10_000].to_numpy(float).T for start in range(0, len(current), 10_000)]
    estimated = [estimating.estimate(fitted, *chunk[:2]) for chunk in chunks]
    real = [estimating.realised(*chunk) for chunk in chunks]
    records = {
        metric: hits([one[metric] for one in estimated], [one[metric] for one in real], fitted.bounds[metric])
        for metric in ("roc_auc", "f1", "accuracy")
    }

    assert {metric: (found.estimated_alarms, found.realised_alarms) for metric, found in records.items()} == {
        "roc_auc": (2, 3),
        "f1": (4, 11),
        "accuracy": (2, 7),
    }
    assert [found.may_alarm() for found in records.values()] == [False, False, False]
    apart = [abs(one["roc_auc"].value - other["roc_auc"]) for one, other in zip(estimated, real, strict=True)]
    assert (round(float(np.mean(apart)), 4), round(max(apart), 4)) == (0.0030, 0.0122)
