"""Predictions joined with their labels, in a form that merges: any window's metrics follow from its days' outcomes.

Merging is associative and commutative to the last bit: the same rows, cut and ordered in any way, give the same
outcomes, hence the same ``to_dict``. Arrays are one-dimensional and equally long; NaN and None are "none".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.monitoring.domain.classification import Confusion, f1
from audit.monitoring.domain.estimate import Estimate, wilson
from audit.monitoring.domain.multiclass import Multiclass
from audit.monitoring.domain.regression import Regression
from audit.monitoring.domain.scores import BINS, LIMIT, Scores

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

FORMAT: Final = 1
VALUES: Final = 50
"""So many values of a segment column are told apart."""
SEGMENT_LIMIT: Final = 1_000
SEGMENT_BINS: Final = 1_000
"""Tables of scores in segments are coarser than the whole's, since there are many of them."""
SENT: Final = ("tp", "fp", "fn", "tn", "flagged", "passed")


@dataclass(frozen=True, slots=True)
class Binary:
    """Outcomes of predictions of yes or no.

    ``scores`` holds the rows with a score, which the threshold of the day decides. ``sent`` counts the rows that came
    with a decided class alone: tp, fp, fn, tn, and without label those flagged or passed. ``silent`` rows have
    neither: they count as rows and nowhere else.
    """

    scores: Scores
    sent: dict[str, int]
    silent: int

    @classmethod
    def of(
        cls, scores: ArrayLike, predicted: ArrayLike, labels: ArrayLike, *, limit: int = LIMIT, bins: int = BINS
    ) -> Self:
        """The outcomes of these rows: scores in [0, 1], the decided class (1 is yes), labels (1 is yes).

        Raises:
            InvalidInput: a score is outside [0, 1].
        """
        import numpy as np

        chance, said, truth = (np.asarray(column, dtype=float) for column in (scores, predicted, labels))
        scored = ~np.isnan(chance)
        alone = ~scored & ~np.isnan(said)
        yes, known, true = said == 1, ~np.isnan(truth), truth == 1
        counted = (
            yes & known & true, yes & known & ~true, ~yes & known & true, ~yes & known & ~true,
            yes & ~known, ~yes & ~known,
        )  # fmt: skip
        return cls(
            Scores.of(chance[scored], truth[scored], limit=limit, bins=bins),
            {name: int((alone & those).sum()) for name, those in zip(SENT, counted, strict=True)},
            int((~scored & ~alone).sum()),
        )

    def merged(self, other: Self) -> Self:
        """The outcomes of both together."""
        sent = {name: self.sent[name] + other.sent[name] for name in SENT}
        return type(self)(self.scores.merged(other.scores), sent, self.silent + other.silent)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.scores.rows + sum(self.sent.values()) + self.silent

    @property
    def labelled(self) -> int:
        """How many rows have a label, and a score or a class."""
        return self.scores.labelled + sum(self.sent[name] for name in ("tp", "fp", "fn", "tn"))

    def _decided(self, confusion: Confusion, flagged: int) -> dict[str, Estimate]:
        """The metrics of decisions, with the rows that were sent decided added to what the threshold decided."""
        tp, fp = confusion.tp + self.sent["tp"], confusion.fp + self.sent["fp"]
        fn, tn = confusion.fn + self.sent["fn"], confusion.tn + self.sent["tn"]
        flagged += self.sent["tp"] + self.sent["fp"] + self.sent["flagged"]
        return {
            "accuracy": wilson(tp + tn, tp + fp + fn + tn),
            "precision": wilson(tp, tp + fp),
            "recall": wilson(tp, tp + fn),
            "specificity": wilson(tn, tn + fp),
            "f1": f1(tp, fp, fn),
            "positive_rate": wilson(flagged, self.rows - self.silent),
            "base_rate": wilson(tp + fn, tp + fp + fn + tn),
        }

    def confusion(self, threshold: float = 0.5) -> Confusion:
        """Outcomes of the labelled rows: scores from ``threshold`` on are flagged, a sent class stands as sent."""
        found, _ = self.scores.confusion(threshold)
        return Confusion(*(getattr(found, name) + self.sent[name] for name in ("tp", "fp", "fn", "tn")))

    def flagged(self, threshold: float = 0.5) -> int:
        """How many rows are flagged, labelled or not."""
        return self.scores.confusion(threshold)[1] + sum(self.sent[name] for name in ("tp", "fp", "flagged"))

    def metrics(self, threshold: float = 0.5) -> dict[str, Estimate]:
        """Each metric; those of decisions at ``threshold``, which may be another than when the rows came.

        Intervals: Wilson's for shares, DeLong's for ROC AUC, Boyd's logit for PR AUC, normal for Brier and log loss,
        none for the calibration error (its docstring says why).
        """
        decided = self._decided(*self.scores.confusion(threshold))
        return (
            {"roc_auc": self.scores.roc_auc(), "pr_auc": self.scores.pr_auc()}
            | {name: decided[name] for name in ("accuracy", "precision", "recall", "specificity", "f1")}
            | {
                "brier": self.scores.brier(),
                "log_loss": self.scores.log_loss(),
                "calibration_error": self.scores.calibration_error(),
                "positive_rate": decided["positive_rate"],
                "base_rate": decided["base_rate"],
            }
        )

    def doubts(self, threshold: float = 0.5) -> dict[str, float]:
        """How far each metric may lie from that of the rows, because scores are in bins; empty while exact.

        Metrics that are not named are exact: Brier, log loss and calibration error always, decisions wherever the
        threshold is an edge of a bin.
        """
        if self.scores.exact:
            return {}
        found = self._decided(*self.scores.confusion(threshold))
        ends = [self._decided(*corner) for corner in self.scores.corners(threshold)]
        area, precision = self.scores.ranking_errors()
        told = {"roc_auc": area, "pr_auc": precision}
        for name, one in found.items():
            others = [end[name].value for end in ends]
            far = [abs(value - one.value) for value in others if value is not None and one.value is not None]
            told[name] = max(far, default=0.0)
        return {name: error for name, error in told.items() if error > 0}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"kind": "binary", "scores": self.scores.to_dict(), "sent": self.sent, "silent": self.silent}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Self:
        """What ``to_dict`` wrote.

        Raises:
            InvalidInput: a sum cannot be read.
        """
        return cls(Scores.from_dict(told["scores"]), {name: told["sent"][name] for name in SENT}, told["silent"])


Part = Binary | Regression | Multiclass
KINDS: Final[dict[str, type[Part]]] = {"binary": Binary, "regression": Regression, "multiclass": Multiclass}


def _joined(one: Part, two: Part) -> Part:
    if isinstance(one, Binary) and isinstance(two, Binary):
        return one.merged(two)
    if isinstance(one, Regression) and isinstance(two, Regression):
        return one.merged(two)
    if isinstance(one, Multiclass) and isinstance(two, Multiclass):
        return one.merged(two)
    raise InvalidInput("These outcomes are of different kinds of model.", mend="Merge those of one version.")


@dataclass(frozen=True, slots=True)
class Segment:
    """Outcomes by the value of a column; "" stands for rows without one, ``others`` for the values not told apart."""

    values: dict[str, Part]
    others: Part | None = None

    def merged(self, other: Segment) -> Segment:
        """Both together. Of more than ``VALUES`` values the first by name stay, in whatever order parts are merged."""
        values, rest = dict(self.values), self.others
        for name, part in other.values.items():
            values[name] = _joined(values[name], part) if name in values else part
        if other.others is not None:
            rest = other.others if rest is None else _joined(rest, other.others)
        return Segment(values, rest)._cut()

    def _cut(self) -> Segment:
        kept, rest = {}, self.others
        for number, name in enumerate(sorted(self.values)):
            part = self.values[name]
            if number < VALUES:
                kept[name] = part
            else:
                rest = part if rest is None else _joined(rest, part)
        return Segment(kept, rest)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes of all rows, and of the rows of each value of each segment column."""

    whole: Part
    segments: dict[str, Segment] = field(default_factory=dict)

    def merged(self, other: Outcomes) -> Outcomes:
        """The outcomes of both together; a segment column that only one of them has stays as it is.

        Raises:
            InvalidInput: they are of different kinds of model.
        """
        segments = dict(self.segments)
        for column, segment in other.segments.items():
            segments[column] = segments[column].merged(segment) if column in segments else segment
        return Outcomes(_joined(self.whole, other.whole), segments)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; equal outcomes give equal dictionaries."""
        return {
            "format": FORMAT,
            "whole": self.whole.to_dict(),
            "segments": {
                column: {
                    "values": {name: segment.values[name].to_dict() for name in sorted(segment.values)},
                    "others": segment.others.to_dict() if segment.others is not None else None,
                }
                for column, segment in sorted(self.segments.items())
            },
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Outcomes:
        """What ``to_dict`` wrote.

        Raises:
            InvalidInput: it is of a format or kind that is not known here, or a sum cannot be read.
        """
        if told.get("format") != FORMAT:
            raise InvalidInput(
                "These outcomes are in an unknown format.", where="format", mend=f"Send format {FORMAT}."
            )

        def part(one: dict[str, Any]) -> Part:
            if one.get("kind") not in KINDS:
                raise InvalidInput("This kind of outcomes is unknown.", where="kind", mend=f"Send {', '.join(KINDS)}.")
            return KINDS[one["kind"]].from_dict(one)

        return cls(
            part(told["whole"]),
            {
                column: Segment(
                    {name: part(one) for name, one in segment["values"].items()},
                    part(segment["others"]) if segment["others"] is not None else None,
                )
                for column, segment in told["segments"].items()
            },
        )


def metrics(outcomes: Outcomes, *, threshold: float = 0.5) -> dict[str, Estimate]:
    """Each metric of all rows. ``threshold`` decides scores of yes or no; other kinds have none."""
    return outcomes.whole.metrics(threshold)


def doubts(outcomes: Outcomes, *, threshold: float = 0.5) -> dict[str, float]:
    """How far metrics may lie from what the raw rows give, by name; a metric that is not named is exact."""
    return outcomes.whole.doubts(threshold)


def segment_metrics(outcomes: Outcomes, column: str, *, threshold: float = 0.5) -> dict[str, dict[str, Estimate]]:
    """Each metric by value of a segment column, without the others."""
    return {name: part.metrics(threshold) for name, part in outcomes.segments[column].values.items()}


def binary(
    *,
    scores: ArrayLike,
    predicted: ArrayLike,
    labels: ArrayLike,
    segments: Mapping[str, ArrayLike] | None = None,
    known: Mapping[str, Sequence[str]] | None = None,
) -> Outcomes:
    """Outcomes of predictions of yes or no; see ``Binary.of`` for the arrays, ``_by_value`` for segments.

    Raises:
        InvalidInput: a score is outside [0, 1].
    """
    import numpy as np

    columns = [np.asarray(one, dtype=float) for one in (scores, predicted, labels)]

    def of(rows: NDArray[np.intp]) -> Part:
        return Binary.of(*(one[rows] for one in columns), limit=SEGMENT_LIMIT, bins=SEGMENT_BINS)

    return Outcomes(Binary.of(*columns), _by_value(segments or {}, known or {}, of))


def regression(
    *,
    predicted: ArrayLike,
    labels: ArrayLike,
    segments: Mapping[str, ArrayLike] | None = None,
    known: Mapping[str, Sequence[str]] | None = None,
) -> Outcomes:
    """Outcomes of estimates of a number; see ``Regression.of`` for the arrays, ``_by_value`` for segments."""
    import numpy as np

    told, truth = np.asarray(predicted, dtype=float), np.asarray(labels, dtype=float)

    def of(rows: NDArray[np.intp]) -> Part:
        return Regression.of(told[rows], truth[rows])

    return Outcomes(Regression.of(told, truth), _by_value(segments or {}, known or {}, of))


def multiclass(
    *,
    predicted: ArrayLike,
    labels: ArrayLike,
    scores: Mapping[str, ArrayLike] | None = None,
    segments: Mapping[str, ArrayLike] | None = None,
    known: Mapping[str, Sequence[str]] | None = None,
) -> Outcomes:
    """Outcomes of predictions of one of several classes; see ``Multiclass.of``. Segments keep no tables of scores.

    Raises:
        InvalidInput: a probability is not between 0 and 1.
    """
    import numpy as np

    told, truth = np.asarray(predicted, dtype=object), np.asarray(labels, dtype=object)

    def of(rows: NDArray[np.intp]) -> Part:
        return Multiclass.of(told[rows], truth[rows])

    return Outcomes(Multiclass.of(told, truth, scores), _by_value(segments or {}, known or {}, of))


def _by_value(
    segments: Mapping[str, ArrayLike], known: Mapping[str, Sequence[str]], of: Callable[[NDArray[np.intp]], Part]
) -> dict[str, Segment]:
    """Outcomes by value of each column. At most ``VALUES`` values of a column are told apart: those that ``known``
    names for it (the most frequent of the reference, say), else the first by name; the rest goes to the others."""
    import numpy as np
    import pandas as pd

    found = {}
    for column, values in segments.items():
        codes, names = pd.factorize(np.asarray(values, dtype=object))
        rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes + 1, minlength=len(names) + 1)))
        by_name: dict[str, list[NDArray[np.intp]]] = {}
        for name, those in zip(["", *map(str, names)], rows, strict=False):
            if those.size:
                by_name.setdefault(name, []).append(those)
        chosen = set(known.get(column, by_name))
        kept = sorted(chosen & set(by_name))[:VALUES]
        rest = [those for name, parts in by_name.items() if name not in kept for those in parts]
        found[column] = Segment(
            {name: of(np.sort(np.concatenate(by_name[name]))) for name in kept},
            of(np.sort(np.concatenate(rest))) if rest else None,
        )
    return found
