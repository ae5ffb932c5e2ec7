"""Outcomes of predictions of one of several classes, that merge exactly, and their metrics with intervals."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final, Self

from audit.monitoring.domain.classification import CLIP
from audit.monitoring.domain.estimate import Estimate, Z, wilson, within
from audit.monitoring.domain.scores import Scores
from audit.monitoring.domain.sums import Moments

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Cell = tuple[str, str]
AVERAGES: Final = ("macro", "weighted")
MEASURES: Final = ("precision", "recall", "f1")


def _names(values: ArrayLike) -> tuple[NDArray[np.intp], list[str]]:
    """Codes and the names that they stand for; -1 for None and NaN."""
    import numpy as np
    import pandas as pd

    codes, found = pd.factorize(np.asarray(values, dtype=object))
    return codes, [str(one) for one in found]


@dataclass(frozen=True, slots=True)
class Multiclass:
    """Labelled rows by (true class, predicted class), unlabelled rows by predicted class, and tables of scores.

    ``silent`` rows have no predicted class: they count as rows and nowhere else. ``scores`` has a one-vs-rest table
    for each class whose probability was sent; ``log_loss`` is of the rows with a probability for every such class.
    """

    cells: dict[Cell, int]
    unlabelled: dict[str, int]
    silent: int
    scores: dict[str, Scores]
    log_loss: Moments

    @classmethod
    def of(cls, predicted: ArrayLike, labels: ArrayLike, scores: Mapping[str, ArrayLike] | None = None) -> Self:
        """The outcomes of these rows: names of classes (None or NaN: none), and probabilities by class, if sent.

        Raises:
            InvalidInput: a probability is not between 0 and 1.
        """
        import numpy as np

        said, of_said = _names(predicted)
        true, of_true = _names(labels)
        cells: Counter[Cell] = Counter()
        unlabelled: Counter[str] = Counter()
        told = said >= 0
        width = max(len(of_said), 1)
        pairs, counts = np.unique((true[told] + 1) * width + said[told], return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            actual, guess = pair // width - 1, of_said[pair % width]
            if actual < 0:
                unlabelled[guess] += count
            else:
                cells[of_true[actual], guess] += count
        tables, loss = cls._scored(scores or {}, true, of_true)
        return cls(dict(cells), dict(unlabelled), int((~told).sum()), tables, loss)

    @staticmethod
    def _scored(
        scores: Mapping[str, ArrayLike], true: NDArray[np.intp], names: list[str]
    ) -> tuple[dict[str, Scores], Moments]:
        import numpy as np

        if not scores:
            return {}, Moments()
        chances = {name: np.asarray(scores[name], dtype=float) for name in sorted(scores)}
        tables, likely = {}, np.zeros(true.size)
        whole = np.ones(true.size, dtype=bool)
        for name, chance in chances.items():
            known = ~np.isnan(chance)
            code = np.array([one == name for one in names] + [False])[true]
            tables[name] = Scores.of(chance[known], np.where(true < 0, np.nan, code)[known])
            likely = np.where(code, chance, likely)
            whole &= known
        use = whole & (true >= 0)
        return tables, Moments.of(-np.log(np.clip(likely[use], CLIP, 1.0)))

    def merged(self, other: Self) -> Self:
        """The outcomes of both together."""
        scores = dict(self.scores)
        for name, table in other.scores.items():
            scores[name] = scores[name].merged(table) if name in scores else table
        return type(self)(
            dict(Counter(self.cells) + Counter(other.cells)),
            dict(Counter(self.unlabelled) + Counter(other.unlabelled)),
            self.silent + other.silent,
            scores,
            self.log_loss.merged(other.log_loss),
        )

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.labelled + sum(self.unlabelled.values()) + self.silent

    @property
    def labelled(self) -> int:
        """How many rows have a label and a predicted class."""
        return sum(self.cells.values())

    def classes(self) -> list[str]:
        """The classes that occur as a label or a prediction of a labelled row, sorted."""
        return sorted({name for cell in self.cells for name in cell})

    def metrics(self, threshold: float = 0.5) -> dict[str, Estimate]:
        """Accuracy; macro, weighted and micro precision, recall and F1; macro one-vs-rest ROC AUC; log loss.

        ``n`` is the labelled rows. Each class that occurs as a label or a prediction counts; a precision, recall or F1
        of one of them that has nothing below the line is 0, as in scikit-learn. With one label a row, the micro
        averages are all the accuracy (Takahashi et al. 2022, Applied Intelligence 52, p. 4961); accuracy has
        Wilson's interval, the averages the delta method's over the cells of the table (same paper, for F1;
        Agresti 2013, section 16.1), cut at 0 and 1. There is no threshold to use.
        """
        n = self.labelled
        accuracy = wilson(sum(count for (actual, guess), count in self.cells.items() if actual == guess), n)
        found = {"accuracy": accuracy}
        place = {name: number for number, name in enumerate(self.classes())}
        table = [(place[actual], place[guess], count / n) for (actual, guess), count in sorted(self.cells.items())]
        for measure in MEASURES:
            for average in AVERAGES:
                found[f"{average}_{measure}"] = _averaged(table, len(place), n, measure, average)
            found[f"micro_{measure}"] = accuracy
        found["macro_roc_auc"] = self.roc_auc()
        found["log_loss"] = within(self.log_loss.mean(), 0.0, math.inf)
        return found

    def by_class(self) -> dict[str, dict[str, Estimate]]:
        """Precision and recall of each class with Wilson's interval; None where there is nothing below the line."""
        true: Counter[str] = Counter()
        told: Counter[str] = Counter()
        for (actual, guess), count in self.cells.items():
            true[actual] += count
            told[guess] += count
        right = {name: self.cells.get((name, name), 0) for name in self.classes()}
        return {
            name: {"precision": wilson(found, told[name]), "recall": wilson(found, true[name])}
            for name, found in right.items()
        }

    def roc_auc(self) -> Estimate:
        """The mean of the classes' one-vs-rest ROC AUCs, over the classes with a table (scikit-learn's ``ovr``, macro).

        Its interval adds the standard errors of the classes as if they rose and fell together, which is the most that
        they can: it holds the truth at least as often as it says. None where a class has no positives or no negatives.
        """
        areas = [table.roc_auc() for table in self.scores.values()]
        n = max((one.n for one in areas), default=0)
        values = [one.value for one in areas if one.value is not None]
        if not areas or len(values) < len(areas):
            return Estimate(None, None, None, n)
        value = fmean(values)
        lows = [one.low for one in areas if one.low is not None]
        highs = [one.high for one in areas if one.high is not None]
        if len(lows) < len(areas):
            return Estimate(value, None, None, n)
        return Estimate(value, fmean(lows), fmean(highs), n)

    def doubts(self, threshold: float = 0.5) -> dict[str, float]:
        """How far the ROC AUC may lie from that of the rows, because scores are in bins; empty while exact."""
        if all(table.exact for table in self.scores.values()):
            return {}
        return {"macro_roc_auc": fmean(table.ranking_errors()[0] for table in self.scores.values())}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "kind": "multiclass",
            "cells": [[*cell, self.cells[cell]] for cell in sorted(self.cells)],
            "unlabelled": dict(sorted(self.unlabelled.items())),
            "silent": self.silent,
            "scores": {name: self.scores[name].to_dict() for name in sorted(self.scores)},
            "log_loss": self.log_loss.to_list(),
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Self:
        """What ``to_dict`` wrote.

        Raises:
            InvalidInput: a sum cannot be read.
        """
        return cls(
            {(actual, guess): count for actual, guess, count in told["cells"]},
            dict(told["unlabelled"]),
            told["silent"],
            {name: Scores.from_dict(table) for name, table in told["scores"].items()},
            Moments.from_list(told["log_loss"]),
        )


def _averaged(table: list[tuple[int, int, float]], size: int, n: int, measure: str, average: str) -> Estimate:
    """An average over ``size`` classes, with the delta method's normal interval.

    ``table`` holds the cells that are not empty: true class, predicted class, share of the ``n`` rows.
    """
    import numpy as np

    if n == 0:
        return Estimate(None, None, None, 0)
    i, j, shares = (np.array(column) for column in zip(*table, strict=True))
    hit = i == j
    true, told, right = (
        np.bincount(places, weights=weights, minlength=size)
        for places, weights in ((i, shares), (j, shares), (i[hit], shares[hit]))
    )
    # Each measure is top / below; its slope in p[i, j] has a part for the diagonal, one for row i, one for column j.
    below = {"precision": told, "recall": true, "f1": true + told}[measure]
    factor = 2 if measure == "f1" else 1
    inverse = np.divide(1.0, below, out=np.zeros(size), where=below > 0)
    each = factor * right * inverse
    weight = np.full(size, 1 / size) if average == "macro" else true
    value = float(weight @ each)
    if n < 2:
        return Estimate(value, None, None, n)
    lost = weight * each * inverse
    slope = hit * (weight * factor * inverse)[i]
    if measure in {"recall", "f1"}:
        slope = slope - lost[i]
    if measure in {"precision", "f1"}:
        slope = slope - lost[j]
    if average == "weighted":
        slope = slope + each[i]
    variance = max(0.0, float(shares @ slope**2) - float(shares @ slope) ** 2)
    half = Z * math.sqrt(variance / n)
    return within(Estimate(value, value - half, value + half, n), 0.0, 1.0)
