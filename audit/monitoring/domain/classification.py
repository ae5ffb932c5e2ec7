"""Areas under curves, from arrays and from counts by score, and F1: an estimate with n and a 95% interval each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from audit.monitoring.domain.estimate import Estimate, Z, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

CLIP: Final = 1e-15
"""Log loss moves probabilities this far away from 0 and 1, so that one certain mistake does not make it infinite."""


@dataclass(frozen=True, slots=True)
class Paired:
    """Two ROC AUCs on the same rows: ``difference`` is a minus b, ``p`` two-sided against no difference."""

    auc_a: float
    auc_b: float
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Outcomes of labelled predictions at a threshold."""

    tp: int
    fp: int
    fn: int
    tn: int


def f1(tp: int, fp: int, fn: int) -> Estimate:
    """F1 = 2tp / (2tp + fp + fn), n = tp + fp + fn.

    F1 is 2j / (1 + j) of the share j = tp / n, and rises with it, so the ends of Wilson's interval for j give its own.
    """
    jaccard = wilson(tp, tp + fp + fn)

    def of(j: float | None) -> float | None:
        return None if j is None else 2 * j / (1 + j)

    return Estimate(of(jaccard.value), of(jaccard.low), of(jaccard.high), jaccard.n)


def _midranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of their ranks."""
    import numpy as np

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def _components(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """The AUC and its structural components: V10 a positive, V01 a negative (Sun & Xu 2014, algorithm 2)."""
    m, n = int(positive.sum()), int((~positive).sum())
    together = _midranks(scores)
    v10 = (together[positive] - _midranks(scores[positive])) / n
    v01 = 1 - (together[~positive] - _midranks(scores[~positive])) / m
    return float(v10.mean()), v10, v01


def roc_auc(scores: ArrayLike, labels: ArrayLike) -> Estimate:
    """The area under the ROC curve with DeLong's interval, cut at 0 and 1.

    ``labels`` are 0 or 1. Variance: DeLong, DeLong & Clarke-Pearson 1988 (Biometrics 44, p. 837), by midranks as in
    Sun & Xu 2014 (IEEE Signal Processing Letters 21, p. 1389). One class only: None; one row of a class: no interval.
    """
    import numpy as np

    values, positive = np.asarray(scores, dtype=float), np.asarray(labels).astype(bool)
    m, n = int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0:
        return Estimate(None, None, None, m + n)
    auc, v10, v01 = _components(values, positive)
    if m < 2 or n < 2:
        return Estimate(auc, None, None, m + n)
    half = Z * math.sqrt(float(v10.var(ddof=1)) / m + float(v01.var(ddof=1)) / n)
    return Estimate(auc, max(0.0, auc - half), min(1.0, auc + half), m + n)


def roc_auc_of_counts(positives: ArrayLike, negatives: ArrayLike) -> Estimate:
    """As ``roc_auc``, from how many positives and negatives have each score, scores ascending."""
    import numpy as np

    up, down = np.asarray(positives, dtype=np.int64), np.asarray(negatives, dtype=np.int64)
    m, n = int(up.sum()), int(down.sum())
    if m == 0 or n == 0:
        return Estimate(None, None, None, m + n)
    v10 = (np.cumsum(down) - down / 2) / n
    v01 = (m - np.cumsum(up) + up / 2) / m
    auc = float(up @ v10) / m
    if m < 2 or n < 2:
        return Estimate(auc, None, None, m + n)
    of_positives = float(up @ (v10 - auc) ** 2) / (m - 1)
    of_negatives = float(down @ (v01 - auc) ** 2) / (n - 1)
    half = Z * math.sqrt(of_positives / m + of_negatives / n)
    return Estimate(auc, max(0.0, auc - half), min(1.0, auc + half), m + n)


def average_precision_of_counts(positives: ArrayLike, negatives: ArrayLike) -> Estimate:
    """The area under the precision-recall curve as average precision: precision at each score, weighted by the recall
    that it adds, as scikit-learn's ``average_precision_score`` defines it. Counts are by score, scores ascending.

    The interval is the logit one with n = the number of positives (Boyd, Eng & Page 2013, ECML PKDD); none
    where the area is 1. One class only: None.
    """
    import numpy as np

    up, down = np.asarray(positives, dtype=np.int64)[::-1], np.asarray(negatives, dtype=np.int64)[::-1]
    m, n = int(up.sum()), int(down.sum())
    if m == 0 or n == 0:
        return Estimate(None, None, None, m + n)
    caught, flagged = np.cumsum(up), np.cumsum(up + down)
    area = float(up @ (caught / np.maximum(flagged, 1))) / m
    if not 0 < area < 1:
        return Estimate(area, None, None, m + n)
    centre, half = math.log(area / (1 - area)), Z / math.sqrt(m * area * (1 - area))
    return Estimate(area, 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre)), m + n)


def delong_paired(
    scores_a: ArrayLike, scores_b: ArrayLike, labels: ArrayLike, clusters: ArrayLike | None = None
) -> Paired | None:
    """Compares two scores of the same rows: AUC a minus AUC b with its interval and p (DeLong 1988).

    ``clusters`` names the group of each row (its day, say); rows of one group may then depend on each other, and the
    variance is that of the groups' sums (Obuchowski 1997, Biometrics 53, p. 567). None when a class has fewer than
    two rows, or there are fewer than two groups. Where the difference has no variance, p is 1 for no difference,
    else 0.
    """
    import numpy as np

    positive = np.asarray(labels).astype(bool)
    m, n = int(positive.sum()), int((~positive).sum())
    if m < 2 or n < 2:
        return None
    auc_a, v10_a, v01_a = _components(np.asarray(scores_a, dtype=float), positive)
    auc_b, v10_b, v01_b = _components(np.asarray(scores_b, dtype=float), positive)
    difference = auc_a - auc_b
    if clusters is None:
        deviation = math.sqrt(float((v10_a - v10_b).var(ddof=1)) / m + float((v01_a - v01_b).var(ddof=1)) / n)
    else:
        names, group = np.unique(np.asarray(clusters), return_inverse=True)
        if names.size < 2:
            return None
        parts = np.bincount(group[positive], (v10_a - v10_b - difference) / m, names.size)
        parts += np.bincount(group[~positive], (v01_a - v01_b - difference) / n, names.size)
        deviation = math.sqrt(names.size / (names.size - 1) * float((parts**2).sum()))
    p = (1.0 if difference == 0 else 0.0) if deviation == 0 else math.erfc(abs(difference) / deviation / math.sqrt(2))
    return Paired(auc_a, auc_b, difference, difference - Z * deviation, difference + Z * deviation, p)
