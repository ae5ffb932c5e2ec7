"""Scores of a class with what came true, as a table that merges: exact, or in bins whose error is told."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.monitoring.domain.classification import (
    CLIP,
    Confusion,
    average_precision_of_counts,
    roc_auc_of_counts,
)
from audit.monitoring.domain.estimate import Estimate, within
from audit.monitoring.domain.sums import Moments, Sum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

LIMIT: Final = 20_000
"""So many distinct scores are kept exactly."""
BINS: Final = 4_000
"""Beyond that, bins [k/4000, (k+1)/4000), and 1 alone: every threshold of up to three decimals is an edge, as are the
edges of the calibration error, so that both stay exact."""
TENTHS: Final = 10
POSITIVE, NEGATIVE, UNLABELLED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Losses:
    """Sums over the labelled rows that bins would blur: squared error, negative log likelihood, scores by tenth."""

    brier: Moments
    log_loss: Moments
    tenths: tuple[Sum, ...]

    def merged(self, other: Losses) -> Losses:
        """Those of both together."""
        tenths = tuple(one + two for one, two in zip(self.tenths, other.tenths, strict=True))
        return Losses(self.brier.merged(other.brier), self.log_loss.merged(other.log_loss), tenths)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A table of scores in [0, 1].

    ``at`` holds the distinct scores, or the lower edges of the bins that are not empty, ascending; ``counts`` their
    positives, negatives and unlabelled rows (3 x len(at)). ``losses`` is None while the table is exact. Merging is
    associative and commutative to the last bit: what is folded depends on the scores alone, and sums are exact.
    """

    limit: int
    bins: int
    at: NDArray[np.float64]
    counts: NDArray[np.int64]
    losses: Losses | None = None

    @classmethod
    def of(cls, scores: ArrayLike, labels: ArrayLike, *, limit: int = LIMIT, bins: int = BINS) -> Scores:
        """The table of these rows; a label is 1 (positive), another number (negative) or NaN (not yet known).

        ``bins`` is a multiple of 10. At most ``limit`` distinct scores stay exact.

        Raises:
            InvalidInput: a score is NaN or outside [0, 1].
        """
        import numpy as np

        values, truth = np.asarray(scores, dtype=float) + 0.0, np.asarray(labels, dtype=float)
        if not bool(((values >= 0) & (values <= 1)).all()):
            raise InvalidInput("A score is not between 0 and 1.", where="score", mend="Send probabilities.")
        kind = np.where(np.isnan(truth), UNLABELLED, np.where(truth == 1, POSITIVE, NEGATIVE))
        at, place = np.unique(values, return_inverse=True)
        counts = np.bincount(kind * at.size + place, minlength=3 * at.size).reshape(3, at.size).astype(np.int64)
        return cls(limit, bins, at, counts)._within_limit()

    def merged(self, other: Scores) -> Scores:
        """The table of both together.

        Raises:
            InvalidInput: the tables are folded in different ways.
        """
        import numpy as np

        if (self.limit, self.bins) != (other.limit, other.bins):
            raise InvalidInput("These tables of scores have different bins.", mend="Make both again from their rows.")
        if (self.losses is None) != (other.losses is None):
            return self._folded().merged(other._folded())
        losses = self.losses.merged(other.losses) if self.losses and other.losses else None
        counts = np.concatenate((self.counts, other.counts), axis=1)
        at, sums = self._summed(np.concatenate((self.at, other.at)), counts)
        return Scores(self.limit, self.bins, at, sums, losses)._within_limit()

    @staticmethod
    def _summed(places: ArrayLike, counts: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Distinct places, and the sums of the counts at each."""
        import numpy as np

        at, place = np.unique(np.asarray(places, dtype=float), return_inverse=True)
        sums = np.zeros((3, at.size), dtype=np.int64)
        for kind, column in enumerate(np.asarray(counts, dtype=np.int64)):
            np.add.at(sums[kind], place, column)
        return at, sums

    def _within_limit(self) -> Scores:
        return self._folded() if self.losses is None and self.at.size > self.limit else self

    def _folded(self) -> Scores:
        import numpy as np

        if self.losses is not None:
            return self
        edges = np.arange(self.bins + 1) / self.bins
        at, counts = self._summed(edges[np.searchsorted(edges, self.at, side="right") - 1], self.counts)
        return Scores(self.limit, self.bins, at, counts, Losses(self._brier(), self._log_loss(), self._tenths()))

    def _tenth(self) -> NDArray[np.intp]:
        """The calibration bin of each place: [0, 0.1), ..., [0.9, 1]."""
        import numpy as np

        return np.searchsorted(np.arange(1, TENTHS) / TENTHS, self.at, side="right")

    def _brier(self) -> Moments:
        import numpy as np

        if self.losses is not None:
            return self.losses.brier
        squares = np.concatenate(((1 - self.at) ** 2, self.at**2))
        return Moments.of(squares, self.counts[:UNLABELLED].ravel())

    def _log_loss(self) -> Moments:
        import numpy as np

        if self.losses is not None:
            return self.losses.log_loss
        chance = np.clip(self.at, CLIP, 1 - CLIP)
        return Moments.of(np.concatenate((-np.log(chance), -np.log1p(-chance))), self.counts[:UNLABELLED].ravel())

    def _tenths(self) -> tuple[Sum, ...]:
        """The sum of the labelled rows' scores in each calibration bin."""
        if self.losses is not None:
            return self.losses.tenths
        tenth, counts = self._tenth(), self.counts[:UNLABELLED].sum(axis=0)
        return tuple(Sum.of(self.at[tenth == one], counts[tenth == one]) for one in range(TENTHS))

    @property
    def exact(self) -> bool:
        """Whether each distinct score is kept, so that every figure is that of the rows."""
        return self.losses is None

    @property
    def rows(self) -> int:
        """How many rows there are, labelled or not."""
        return int(self.counts.sum())

    @property
    def labelled(self) -> int:
        """How many rows have a label."""
        return int(self.counts[:UNLABELLED].sum())

    def confusion(self, threshold: float) -> tuple[Confusion, int]:
        """Outcomes of the labelled rows when scores from ``threshold`` on are flagged, and all rows that are.

        A bin with the threshold inside it counts as below (``unsure`` counts its rows).
        """
        flagged = self.at >= threshold
        tp, fp, later = (int(column[flagged].sum()) for column in self.counts)
        positives, negatives = (int(column.sum()) for column in self.counts[:UNLABELLED])
        return Confusion(tp=tp, fp=fp, fn=positives - tp, tn=negatives - fp), tp + fp + later

    def unsure(self, threshold: float) -> tuple[int, int, int]:
        """Positives, negatives and unlabelled rows in the bin that the threshold cuts; none while exact."""
        import numpy as np

        edges = np.arange(self.bins + 1) / self.bins
        if self.exact or not 0 < threshold < 1 or bool((edges == threshold).any()):
            return 0, 0, 0
        cut = self.at == edges[np.searchsorted(edges, threshold, side="right") - 1]
        positive, negative, unlabelled = (int(column[cut].sum()) for column in self.counts)
        return positive, negative, unlabelled

    def roc_auc(self) -> Estimate:
        """The area under the ROC curve with DeLong's interval; see ``classification.roc_auc``."""
        return roc_auc_of_counts(self.counts[POSITIVE], self.counts[NEGATIVE])

    def pr_auc(self) -> Estimate:
        """Average precision with its logit interval; see ``classification.average_precision_of_counts``."""
        return average_precision_of_counts(self.counts[POSITIVE], self.counts[NEGATIVE])

    def brier(self) -> Estimate:
        """The mean squared distance of score and truth (Brier 1950), with a normal interval cut at 0 and 1."""
        return within(self._brier().mean(), 0.0, 1.0)

    def log_loss(self) -> Estimate:
        """The mean negative log likelihood in nats, scores kept ``CLIP`` away from 0 and 1; normal interval."""
        return within(self._log_loss().mean(), 0.0, math.inf)

    def calibration_error(self) -> Estimate:
        """Expected calibration error over ten bins of equal width, [0, 0.1) to [0.9, 1] (Naeini et al. 2015, AAAI).

        There is no interval: chance alone makes the error positive, so a bootstrap repeats that bias instead of
        bounding it, and misses 0 for a model that is right (Kumar, Liang & Ma 2019, NeurIPS).
        """
        if self.labelled == 0:
            return Estimate(None, None, None, 0)
        tenth, positive = self._tenth(), self.counts[POSITIVE]
        apart = (abs(said.fraction - int(positive[tenth == one].sum())) for one, said in enumerate(self._tenths()))
        return Estimate(float(sum(apart) / self.labelled), None, None, self.labelled)

    def ranking_errors(self) -> tuple[float, float]:
        """How far ROC AUC and PR AUC may lie from those of the rows, because a bin's rows count as ties."""
        import numpy as np

        positive, negative = self.counts[POSITIVE], self.counts[NEGATIVE]
        if self.exact or not positive.any() or not negative.any():
            return 0.0, 0.0
        nothing = np.zeros_like(positive)
        area, precision = (
            [
                of(np.stack(up, axis=1).ravel(), np.stack(down, axis=1).ravel()).value or 0.0
                for up, down in (((nothing, positive), (negative, nothing)), ((positive, nothing), (nothing, negative)))
            ]
            for of in (roc_auc_of_counts, average_precision_of_counts)
        )
        auc, average = self.roc_auc().value or 0.0, self.pr_auc().value or 0.0
        return max(abs(end - auc) for end in area), max(abs(end - average) for end in precision)

    def corners(self, threshold: float) -> list[tuple[Confusion, int]]:
        """Each way in which the rows that the threshold may cut could fall: all of a kind above, or all below."""
        found, flagged = self.confusion(threshold)
        ends = []
        for more in itertools.product(*((0, count) for count in self.unsure(threshold))):
            p, n, _ = more
            moved = Confusion(tp=found.tp + p, fp=found.fp + n, fn=found.fn - p, tn=found.tn - n)
            ends.append((moved, flagged + sum(more)))
        return ends

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: distinct scores (``scores``) or numbers of bins (``places``), and what is counted at each."""
        told: dict[str, Any] = {"limit": self.limit, "bins": self.bins}
        if self.losses is None:
            told["scores"] = self.at.tolist()
        else:
            told["places"] = [round(edge * self.bins) for edge in self.at.tolist()]
            told["brier"] = self.losses.brier.to_list()
            told["log_loss"] = self.losses.log_loss.to_list()
            told["tenths"] = [one.to_text() for one in self.losses.tenths]
        names = ("positive", "negative", "unlabelled")
        return told | dict(zip(names, self.counts.tolist(), strict=True))

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Scores:
        """What ``to_dict`` wrote.

        Raises:
            InvalidInput: a sum cannot be read.
        """
        import numpy as np

        limit, bins, losses = told["limit"], told["bins"], None
        if "places" in told:
            tenths = tuple(Sum.from_text(one) for one in told["tenths"])
            losses = Losses(Moments.from_list(told["brier"]), Moments.from_list(told["log_loss"]), tenths)
            at = np.asarray(told["places"], dtype=float) / bins
        else:
            at = np.asarray(told["scores"], dtype=float)
        counts = np.asarray([told["positive"], told["negative"], told["unlabelled"]], dtype=np.int64)
        return cls(limit, bins, at, counts, losses)
