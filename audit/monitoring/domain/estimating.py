"""How well a classifier with two classes is likely doing before its labels come: confidence-based estimation (CBPE).

The score of a row, calibrated on a reference, is the chance that its label is 1. The sums of these chances are the
expected confusion counts of any window. Follows nannyml 0.13.1 (`nannyml.CBPE`; its documentation, "Confidence-based
Performance Estimation"), variant name "cbpe/nannyml". It cannot see concept drift: it believes that a score still means
what it meant in the reference. Therefore it keeps a record (`hits`), and an estimator that misses loses its say.

Scores are chances in [0, 1] of label 1, NaN where none was sent. ``decided`` and ``labels`` are 0 or 1, NaN where
unknown. All arrays are one-dimensional and equally long; the order of rows never matters.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from audit.monitoring.domain.calibrating import calibration_helps, isotonic
from audit.monitoring.domain.classification import f1, roc_auc
from audit.monitoring.domain.estimate import Estimate, Z

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

METRICS: Final = ("roc_auc", "f1", "precision", "recall", "specificity", "accuracy")
VARIANT: Final = "cbpe/nannyml"

WINDOWS: Final = 6
"""Below this many reference windows the bounds are a guess (nannyml warns below it too)."""

SIGMAS: Final = 3.0
"""Bounds lie this many standard deviations from the mean, and a sampling interval this many sampling errors wide."""

_CELLS: Final = 1024
_UNIT: Final = 2**32
"""Chances in a table are whole numbers of 1 / 2^32, so that sums are exact and merge in any order. A cell can hold two
thousand million rows."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a metric lay in the reference's windows; ends are None below two windows."""

    low: float | None
    high: float | None
    windows: int

    def alarms(self, value: float | None) -> bool | None:
        """Whether the value lies outside; None where either is unknown."""
        if value is None or self.low is None or self.high is None:
            return None
        return value < self.low or value > self.high


@dataclass(frozen=True, slots=True)
class Expected:
    """An estimated metric of ``n`` rows.

    ``sampling_error`` is one standard error of the realised metric around it, for so many rows; how well calibration
    was learned is not in it. ``error`` is how far the value may lie from what the raw rows give: 0 unless from a table.
    """

    value: float | None
    sampling_error: float | None
    error: float
    n: int

    def reach(self, sigmas: float = SIGMAS) -> tuple[float, float] | None:
        """The value ± that many sampling errors, cut at 0 and 1 (nannyml's confidence boundary has 3)."""
        if self.value is None or self.sampling_error is None:
            return None
        half = sigmas * self.sampling_error + self.error
        return max(0.0, self.value - half), min(1.0, self.value + half)

    def estimate(self) -> Estimate:
        """With its 95% interval: sampling only; what concept drift does to it is not in it."""
        low, high = self.reach(Z) or (None, None)
        return Estimate(self.value, low, high, self.n)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was learned from the reference, once.

    ``knots``: scores and their chances, straight lines between, flat outside; None where calibration does not help.
    ``edges``: scores that cut tables into cells. ``spreads``: metric -> (sd of a row's share, share of rows that
    count), from which sampling error is sd / sqrt(share * rows). ``n``: labelled reference rows.
    """

    knots: tuple[tuple[float, ...], tuple[float, ...]] | None
    edges: tuple[float, ...]
    spreads: Mapping[str, tuple[float, float]]
    bounds: Mapping[str, Bounds]
    n: int

    def calibrated(self, scores: ArrayLike) -> NDArray[np.float64]:
        """The chance that the label is 1, for each score."""
        import numpy as np

        values = np.asarray(scores, dtype=float)
        return values if self.knots is None else np.interp(values, *self.knots)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; `from_dict` reads it back without loss."""
        return {
            "variant": VARIANT,
            "knots": self.knots and [list(part) for part in self.knots],
            "edges": list(self.edges),
            "spreads": {name: list(spread) for name, spread in self.spreads.items()},
            "bounds": {name: [found.low, found.high, found.windows] for name, found in self.bounds.items()},
            "n": self.n,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Fitted:
        """What `to_dict` gave. Raises ValueError for another variant."""
        if kept["variant"] != VARIANT:
            raise ValueError(f"This estimator is of the variant {kept['variant']}, not {VARIANT}.")
        scores, chances = kept["knots"] or ((), ())
        return cls(
            knots=(tuple(scores), tuple(chances)) if scores else None,
            edges=tuple(kept["edges"]),
            spreads={name: (sd, share) for name, (sd, share) in kept["spreads"].items()},
            bounds={name: Bounds(*found) for name, found in kept["bounds"].items()},
            n=kept["n"],
        )

    def digest(self) -> str:
        """Names this calibration and these cells: tables of one digest can be merged."""
        return hashlib.sha256(json.dumps([self.knots, self.edges]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The calibrated scores of some rows, small and mergeable: any window is a merge of its days.

    ``counts`` and ``chances`` are int64 of shape (3, cells): rows decided 0, decided 1 and undecided, and the sums of
    their chances in units of 1 / 2^32. ``dropped`` rows had no score.
    """

    fitted: str
    counts: NDArray[np.int64]
    chances: NDArray[np.int64]
    dropped: int

    def merged(self, other: Table) -> Table:
        """Both together, in any order. Raises ValueError where they are from different fits."""
        if self.fitted != other.fitted:
            raise ValueError("These tables were calibrated on different references and cannot be merged.")
        return Table(
            self.fitted, self.counts + other.counts, self.chances + other.chances, self.dropped + other.dropped
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; only cells that hold rows."""
        import numpy as np

        held = np.flatnonzero(self.counts.sum(axis=0))
        return {
            "fitted": self.fitted,
            "size": int(self.counts.shape[1]),
            "cells": held.tolist(),
            "counts": self.counts[:, held].tolist(),
            "chances": self.chances[:, held].tolist(),
            "dropped": self.dropped,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Table:
        """What `to_dict` gave."""
        import numpy as np

        counts, chances = np.zeros((3, kept["size"]), np.int64), np.zeros((3, kept["size"]), np.int64)
        cells = np.asarray(kept["cells"], dtype=np.int64)
        counts[:, cells], chances[:, cells] = kept["counts"], kept["chances"]
        return cls(kept["fitted"], counts, chances, kept["dropped"])


def fit(scores: ArrayLike, decided: ArrayLike, labels: ArrayLike, windows: ArrayLike) -> Fitted:
    """Learns calibration, sampling errors and bounds from labelled reference rows.

    ``windows`` names the window of each row (its day or week, as the windows to be judged). Rows without score or
    label are left out. Raises ValueError for scores outside [0, 1] or when no row is left.
    """
    import numpy as np

    values, sent, truth = (_chances(scores), *_floats(decided, labels))
    kept = ~np.isnan(values) & ~np.isnan(truth)
    if not kept.any():
        raise ValueError("The reference has no row with a score and a label, so nothing can be estimated from it.")
    values, sent, truth, named = values[kept], sent[kept], truth[kept], np.asarray(windows)[kept]
    _, window = np.unique(named, return_inverse=True)
    parts = [realised(values[rows], sent[rows], truth[rows]) for rows in _rows_of(window)]
    # Sorted rows, so that the order they came in cannot change what the splits below are.
    order = np.lexsort((truth, values))
    return Fitted(
        knots=isotonic(values[order], truth[order]) if calibration_helps(values[order], truth[order]) else None,
        edges=tuple(np.unique(np.quantile(values, np.linspace(0, 1, _CELLS), method="inverted_cdf")).tolist()),
        spreads=_spreads(values, sent, truth),
        bounds={metric: bounds_of([part[metric] for part in parts], SIGMAS) for metric in METRICS},
        n=int(values.size),
    )


def bounds_of(values: Sequence[float | None], sigmas: float) -> Bounds:
    """The mean of the windows' values ± so many population standard deviations, cut at 0 and 1."""
    import numpy as np

    known = np.asarray([value for value in values if value is not None])
    if known.size < 2:
        return Bounds(None, None, int(known.size))
    centre, half = float(known.mean()), sigmas * float(known.std())
    return Bounds(max(0.0, centre - half), min(1.0, centre + half), int(known.size))


def estimate(fitted: Fitted, scores: ArrayLike, decided: ArrayLike) -> dict[str, Expected]:
    """Each of `METRICS` for these rows, as nannyml gives it; None where it is undefined.

    Rows without score are left out; undecided ones count for the AUC only. Raises ValueError for scores outside [0, 1].
    """
    import numpy as np

    values, sent = _chances(scores), _floats(decided)[0]
    kept = ~np.isnan(values)
    found, place = np.unique(values[kept], return_inverse=True)
    counts = _counted(place, _kinds(sent[kept]), found.size)
    return _metrics(fitted, counts, counts * fitted.calibrated(found), auc_error=None)


def table(fitted: Fitted, scores: ArrayLike, decided: ArrayLike) -> Table:
    """The mergeable form of these rows. Raises ValueError for scores outside [0, 1]."""
    import numpy as np

    values, sent = _chances(scores), _floats(decided)[0]
    kept = ~np.isnan(values)
    values, kinds, cells = values[kept], _kinds(sent[kept]), len(fitted.edges) + 1
    place = np.searchsorted(np.asarray(fitted.edges), values, side="right")
    chances = np.zeros(3 * cells, np.int64)
    np.add.at(chances, kinds * cells + place, np.rint(fitted.calibrated(values) * _UNIT).astype(np.int64))
    return Table(fitted.digest(), _counted(place, kinds, cells), chances.reshape(3, cells), int((~kept).sum()))


def estimate_table(fitted: Fitted, kept: Table) -> dict[str, Expected]:
    """Each of `METRICS` from a table. Confusion metrics equal those of the rows to 1e-9; the AUC lies within ``error``.

    Inside a cell the order of rows is unknown. With n rows there whose chances span d (they rise with the score), the
    AUC is too low by at most n²d / 8 pairs. Raises ValueError where the table is of another fit.
    """
    import numpy as np

    if kept.fitted != fitted.digest():
        raise ValueError("This table was calibrated on another reference: make it again from its rows.")
    ends = fitted.calibrated(np.r_[0.0, fitted.edges, 1.0])
    rows = kept.counts.sum(axis=0).astype(float)
    return _metrics(fitted, kept.counts, kept.chances / _UNIT, auc_error=float((rows**2 * np.diff(ends)).sum() / 8))


def realised(scores: ArrayLike, decided: ArrayLike, labels: ArrayLike) -> dict[str, float | None]:
    """Each of `METRICS` from labels, by the same definitions; None where undefined. Rows without label are left out."""
    import numpy as np

    values, sent, truth = _floats(scores, decided, labels)
    ranked, judged = ~np.isnan(values) & ~np.isnan(truth), ~np.isnan(sent) & ~np.isnan(truth)
    yes, true = sent[judged] == 1, truth[judged] == 1
    tp, fp, fn = int((yes & true).sum()), int((yes & ~true).sum()), int((~yes & true).sum())
    tn = int(yes.size) - tp - fp - fn
    return {
        "roc_auc": roc_auc(values[ranked], truth[ranked] == 1).value,
        "f1": f1(tp, fp, fn).value,
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "accuracy": _ratio(tp + tn, tp + fp + fn + tn),
    }


def _spreads(
    scores: NDArray[np.float64], decided: NDArray[np.float64], labels: NDArray[np.float64]
) -> dict[str, tuple[float, float]]:
    """Sampling error components of shares (as in nannyml), of F1 by the delta method, of the AUC by DeLong 1988.

    nannyml takes F1 for a mean, which makes it too wide by 1 + tp / (tp + fp + fn), and leaves the larger class out of
    the AUC's, which makes it too narrow.
    """
    import numpy as np

    judged = ~np.isnan(decided)
    yes, true = decided[judged] == 1, labels[judged] == 1
    n, tp, fp, fn = yes.size, int((yes & true).sum()), int((yes & ~true).sum()), int((~yes & true).sum())
    tn = n - tp - fp - fn
    found = {}
    for metric, hit, of in (
        ("f1", tp, tp + fp + fn),
        ("precision", tp, tp + fp),
        ("recall", tp, tp + fn),
        ("specificity", tn, tn + fp),
        ("accuracy", tp + tn, n),
    ):
        if of:
            share = hit / of
            slope = 2 / (1 + share) ** 2 if metric == "f1" else 1.0
            found[metric] = (slope * math.sqrt(share * (1 - share)), of / n)
    ones, zeros = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    if ones.size and zeros.size:
        variance = float(_beaten(ones, zeros).var() / ones.size + _beaten(zeros, ones).var() / zeros.size)
        found["roc_auc"] = (math.sqrt(variance * scores.size), 1.0)
    return found


def _beaten(scores: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the others, in rising order, that each score is above; equal ones count a half."""
    import numpy as np

    return (np.searchsorted(others, scores) + np.searchsorted(others, scores, side="right")) / 2 / others.size


def _metrics(
    fitted: Fitted, counts: NDArray[np.int64], chances: NDArray[np.float64], *, auc_error: float | None
) -> dict[str, Expected]:
    """From rows and summed chances of shape (3, cells), cells in rising order of score."""
    rows, (no, yes) = int(counts.sum()), (int(counts[0].sum()), int(counts[1].sum()))
    fn, tp = math.fsum(chances[0]), math.fsum(chances[1])
    fp, tn = yes - tp, no - fn
    auc, positives, negatives = _auc(counts.sum(axis=0), chances.sum(axis=0))
    values: dict[str, float | None] = {
        "roc_auc": auc,
        "f1": _ratio(tp, tp + 0.5 * (fp + fn)),
        "precision": _ratio(tp, yes),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "accuracy": _ratio(tp + tn, yes + no),
    }
    found = {}
    for metric, value in values.items():
        n = rows if metric == "roc_auc" else yes + no
        error = 0.0
        if metric == "roc_auc" and auc_error is not None and positives and negatives:
            # The peer rounds both running sums to five decimals, which is 1e-5 of a row.
            error = auc_error / positives / negatives + 1e-5 / positives + 1e-5 / negatives
        sd, share = fitted.spreads.get(metric, (None, 0.0))
        spread = None if sd is None or value is None else sd / math.sqrt(share * n)
        found[metric] = Expected(value, spread, error, n)
    return found


def _auc(counts: NDArray[np.int64], chances: NDArray[np.float64]) -> tuple[float | None, float, float]:
    """The expected ROC AUC, and the expected rows of each class; sums rounded to five decimals as nannyml does."""
    import numpy as np

    tps = np.concatenate(([0.0], np.cumsum(chances[::-1]))).round(5)
    fps = np.concatenate(([0.0], np.cumsum((counts - chances)[::-1]))).round(5)
    positives, negatives = float(tps[-1]), float(fps[-1])
    if positives <= 0 or negatives <= 0:
        return None, positives, negatives
    return float(np.trapezoid(tps / positives, fps / negatives)), positives, negatives


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _floats(*arrays: ArrayLike) -> list[NDArray[np.float64]]:
    import numpy as np

    return [np.asarray(values, dtype=float) for values in arrays]


def _chances(scores: ArrayLike) -> NDArray[np.float64]:
    import numpy as np

    values = np.asarray(scores, dtype=float)
    known = values[~np.isnan(values)]
    if known.size and (known.min() < 0 or known.max() > 1):
        raise ValueError("Estimates need scores that are chances between 0 and 1.")
    return values


def _kinds(decided: NDArray[np.float64]) -> NDArray[np.int64]:
    import numpy as np

    return np.where(np.isnan(decided), 2, decided == 1).astype(np.int64)


def _counted(place: NDArray[np.int64], kinds: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    import numpy as np

    return np.bincount(kinds * cells + place, minlength=3 * cells).reshape(3, cells)


def _rows_of(window: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    import numpy as np

    order = np.argsort(window, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(window[order])) + 1)
