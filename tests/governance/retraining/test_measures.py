"""Differences are paired and judged by day: values that can be checked by hand, by a peer, or by simulation."""

import numpy as np
import pytest

from governance.retraining.measures import Answers, classification, regression


def answers(days: int, rows: int, *, shared: float, gain: float = 0.0, seed: int = 0) -> Answers:
    """A regression answered twice; ``shared`` is the spread of a day's common effect on the challenger's error."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    truth = np.zeros(days * rows)
    champion = 10 + random.normal(0, 1, truth.size)
    challenger = champion - gain + random.normal(0, shared, days)[day]
    return Answers(truth, champion, challenger, day)


def test_one_class_only_is_undecided():
    truth, scores = np.zeros(80, bool), np.linspace(0, 1, 80)
    [auc, recall, *_] = classification(Answers(truth, scores, scores, np.arange(80) // 8), threshold=0.5, seed=0)
    assert (auc["difference"], auc["low"], recall["difference"]) == (None, None, None)


def test_few_days_give_no_interval():
    [mae] = regression(answers(6, 500, shared=0.0, gain=1.0), seed=0)
    assert mae["difference"] is None and mae["champion"] - mae["candidate"] == pytest.approx(1.0)


def test_the_difference_of_means_is_what_subtraction_gives():
    [mae] = regression(answers(28, 100, shared=0.0, gain=1.5), seed=0)
    assert mae["difference"] == pytest.approx(-1.5) and mae["low"] == pytest.approx(-1.5)


def test_days_that_move_together_widen_the_interval():
    alone = regression(answers(28, 400, shared=0.01), seed=0)[0]
    together = regression(answers(28, 400, shared=1.0), seed=0)[0]
    assert (together["high"] - together["low"]) > 20 * (alone["high"] - alone["low"])


def test_without_a_difference_the_interval_holds_zero_about_as_often_as_it_says():
    held = 0
    for seed in range(200):
        [mae] = regression(answers(28, 20, shared=1.0, seed=seed), seed=seed)
        held += mae["low"] <= 0 <= mae["high"]
    assert 0.88 <= held / 200 <= 0.99


def test_recall_and_precision_are_those_of_the_counts():
    truth = np.tile([True, True, False, False], 20)
    before, after = np.tile([0.9, 0.1, 0.9, 0.1], 20), np.tile([0.9, 0.9, 0.1, 0.1], 20)
    rows = classification(Answers(truth, before, after, np.arange(80) // 8), threshold=0.5, seed=0)
    found = {row["metric"]: (row["champion"], row["candidate"]) for row in rows}
    assert found["recall"] == (0.5, 1.0) and found["precision"] == (0.5, 1.0)
