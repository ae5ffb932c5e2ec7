"""Metrics straight from arrays of rows, by their definitions: what the merged ones are held against."""

import math

import numpy as np
from numpy.typing import ArrayLike

from audit.monitoring.domain.classification import CLIP, Confusion, f1, roc_auc
from audit.monitoring.domain.estimate import Estimate, Z, wilson, within


def mean(values: ArrayLike) -> Estimate:
    """The mean with its normal interval; none below two rows."""
    rows = np.asarray(values, dtype=float)
    if rows.size == 0:
        return Estimate(None, None, None, 0)
    centre = math.fsum(rows) / rows.size
    if rows.size < 2:
        return Estimate(centre, None, None, 1)
    half = Z * math.sqrt(math.fsum((rows - centre) ** 2) / (rows.size - 1) / rows.size)
    return Estimate(centre, centre - half, centre + half, int(rows.size))


def brier(scores: ArrayLike, labels: ArrayLike) -> Estimate:
    """The mean squared distance of probability and truth."""
    return within(mean((np.asarray(scores, dtype=float) - np.asarray(labels, dtype=float)) ** 2), 0.0, 1.0)


def log_loss(scores: ArrayLike, labels: ArrayLike) -> Estimate:
    """The mean negative log likelihood in nats, probabilities kept ``CLIP`` away from 0 and 1."""
    chance, truth = np.clip(np.asarray(scores, dtype=float), CLIP, 1 - CLIP), np.asarray(labels, dtype=float)
    return within(mean(-(truth * np.log(chance) + (1 - truth) * np.log1p(-chance))), 0.0, math.inf)


def classification(
    *, confusion: Confusion, scores: ArrayLike, labels: ArrayLike, flagged: int, predictions: int
) -> dict[str, Estimate]:
    """Metrics of a model that answers yes or no.

    ``scores`` and ``labels`` are of the labelled rows with a score; ``flagged`` of ``predictions`` in all were flagged.
    """
    tp, fp, fn, tn = confusion.tp, confusion.fp, confusion.fn, confusion.tn
    return {
        "roc_auc": roc_auc(scores, labels),
        "accuracy": wilson(tp + tn, tp + fp + fn + tn),
        "precision": wilson(tp, tp + fp),
        "recall": wilson(tp, tp + fn),
        "specificity": wilson(tn, tn + fp),
        "f1": f1(tp, fp, fn),
        "brier": brier(scores, labels),
        "log_loss": log_loss(scores, labels),
        "positive_rate": wilson(flagged, predictions),
        "base_rate": wilson(tp + fn, tp + fp + fn + tn),
    }


def regression(*, errors: ArrayLike) -> dict[str, Estimate]:
    """Metrics of estimates; ``errors`` are prediction minus truth."""
    rows = np.asarray(errors, dtype=float)
    squared = within(mean(rows**2), 0.0, math.inf)
    value, low, high = (None if one is None else math.sqrt(one) for one in (squared.value, squared.low, squared.high))
    return {
        "mae": within(mean(np.abs(rows)), 0.0, math.inf),
        "rmse": Estimate(value, low, high, squared.n),
        "bias": mean(rows),
    }


def newcombe(first: tuple[int, int], second: tuple[int, int], z: float) -> tuple[float, float]:
    """The interval of the difference of two shares, first minus second, each (successes, n > 0)."""
    one, two = wilson(*first, z), wilson(*second, z)
    assert one.value is not None and one.low is not None and one.high is not None
    assert two.value is not None and two.low is not None and two.high is not None
    apart = one.value - two.value
    below = math.hypot(one.value - one.low, two.high - two.value)
    return apart - below, apart + math.hypot(one.high - one.value, two.value - two.low)
