"""Why a window looks other than its reference: one cause, with its evidence in words.

What tells causes apart is which part of the joint distribution of inputs x and labels y stayed (Moreno-Torres et al.
2012, Pattern Recognition 45, p. 521): under covariate shift P(y|x), under prior shift P(x|y), under concept shift P(x)
or neither. The model's score stands for x, since a model keeps of x what it knows of y. A fault of the data comes
first: data that are wrong say nothing about the world.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audit.base.errors import InvalidInput
from audit.monitoring.domain.budget import ALARM, UNTESTED, Spent
from audit.monitoring.domain.drift import Drift
from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.quality import Finding

DATA_FAULT, COVARIATE, PRIOR, CONCEPT, UNKNOWN = (
    "data_fault",
    "covariate_shift",
    "prior_shift",
    "concept_shift",
    "unknown",
)
CAUSES: Final = {
    DATA_FAULT: "The data are at fault",
    COVARIATE: "The inputs changed, and what they mean did not",
    PRIOR: "Some outcomes became more frequent, and each looks as before",
    CONCEPT: "The same inputs now have other outcomes",
    UNKNOWN: "The cause is unknown",
}
LEAST_AUC: Final = 0.55
"""A domain classifier tells windows apart where the low end of its AUC lies above this."""
LEAST_BAND: Final = 20
"""Bands with fewer labelled rows on either side are left out."""
LEVEL: Final = 0.01
"""The level of the tests of labels, errors and scores: they raise no alarm, they only tell causes apart."""
LEAST_EFFECT: Final = 0.02
"""And the least effect, as a share of rows."""
FURTHER: Final = 0.05
"""Inputs that moved further than the labels by this share of the rows are not explained by the labels."""
SHARES: Final = "difference of shares"


@dataclass(frozen=True, slots=True)
class Movement:
    """Whether something moved against its reference: None where that is not known.

    ``effect`` and ``p`` are those of ``variant``; ``importance`` is the column's share of the model's (0 to 1);
    ``distance`` is the share of rows that moved at least: Kolmogorov-Smirnov's D, or L-infinity of categories.
    """

    name: str
    moved: bool | None
    effect: float | None = None
    p: float | None = None
    variant: str = ""
    importance: float | None = None
    distance: float | None = None

    def words(self) -> str:
        """As in "age (psi/credit 0.31, importance 0.40)"."""
        parts = [] if self.effect is None else [f"{self.variant} {self.effect:.3g}".strip()]
        if self.importance is not None:
            parts.append(f"importance {self.importance:.2f}")
        return f"{self.name} ({', '.join(parts)})" if parts else self.name


@dataclass(frozen=True, slots=True)
class Band:
    """The labelled rows of one band of the score, or of the estimate: ``n``, and the sum and the sum of squares of
    what was missed: label (0 or 1) minus score for classes, truth minus prediction for a regression. (The score is
    taken off, so that scores that move inside a band are not mistaken for other outcomes.)"""

    n: int
    total: float
    squares: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a window. None, or a movement whose ``moved`` is None: not known.

    ``labels``: the outcomes themselves. ``errors``: how often, or how much, the model errs. ``within_labels``: the
    score among rows of the same label. ``given_scores``: what was missed among rows of the same score, which the
    function of that name makes. ``classifier``: the AUC with which a classifier tells the window's inputs from the
    reference's.
    """

    quality: Sequence[Finding] = ()
    columns: Sequence[Movement] = ()
    prediction: Movement | None = None
    labels: Movement | None = None
    errors: Movement | None = None
    within_labels: Movement | None = None
    given_scores: Movement | None = None
    classifier: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause, in words (``sentence``), and each piece of its evidence as a sentence, the weightiest first."""

    cause: str
    sentence: str
    evidence: tuple[str, ...]

    @property
    def starts_retraining(self) -> bool:
        """Whether a rule may start a retraining on it: never on data that are at fault."""
        return self.cause != DATA_FAULT


def cause_of(facts: Facts) -> Cause:
    """The one cause that the facts speak for; a data fault wins over whatever else is seen."""
    faults = [finding for finding in facts.quality if finding.is_fault]
    if faults:
        others = tuple(finding.sentence for finding in facts.quality if not finding.is_fault and _noted(finding))
        return _said(DATA_FAULT, "no retraining starts until they are mended.", _sentences(faults) + others)
    inputs = inputs_moved(facts)
    cause, why = _shifted(facts) if inputs else _same_inputs(facts, inputs)
    return _said(cause, why, evidence(facts))


def inputs_moved(facts: Facts) -> bool | None:
    """Whether the inputs moved: a column, or what a domain classifier sees.

    Predictions follow from inputs: where they moved the inputs did, unless a classifier finds these unchanged.
    """
    told = [column.moved for column in facts.columns if column.moved is not None]
    apart = _apart(facts.classifier)
    if apart is not None:
        told.append(apart)
    elif _moved(facts.prediction) is not None:
        told.append(bool(_moved(facts.prediction)))
    return any(told) if told else None


def _same_inputs(facts: Facts, inputs: bool | None) -> tuple[str, str]:
    labels, within, errors = _moved(facts.labels), _moved(facts.within_labels), _moved(facts.errors)
    if inputs is None:
        return UNKNOWN, "whether the inputs moved is not known."
    if labels and within is False:
        return PRIOR, "the labels moved, and the score among rows of the same label did not."
    if _moved(facts.given_scores) or errors or labels:
        return CONCEPT, "the inputs did not move, and their outcomes did."
    if _moved(facts.prediction):
        return UNKNOWN, "the same inputs get other predictions: look at the model that serves."
    if labels is None and errors is None and _moved(facts.given_scores) is None:
        return UNKNOWN, "the inputs did not move, and the labels are not known yet."
    return UNKNOWN, "neither inputs nor outcomes moved."


def _shifted(facts: Facts) -> tuple[str, str]:
    labels, within, given = _moved(facts.labels), _moved(facts.within_labels), _moved(facts.given_scores)
    errors = _moved(facts.errors)
    by_labels = within is False and labels and not _further_than_labels(facts)
    if by_labels and given is not False:
        return PRIOR, "the labels moved, and the score among rows of the same label did not."
    if given is False:
        if by_labels:
            return UNKNOWN, "changed inputs and changed frequencies of outcomes explain it equally well."
        return COVARIATE, "the inputs moved, and rows of the same score have the outcomes that they had."
    if given:
        if within is None and labels is not False:
            return UNKNOWN, "rows of the same score have other outcomes, by concept or prior shift."
        return CONCEPT, "rows of the same score have other outcomes than they had."
    if errors:
        return UNKNOWN, "inputs and errors moved, and whether the first explain the second is not known."
    if errors is False:
        return COVARIATE, "the inputs moved, and the model errs as it did."
    return COVARIATE, "the inputs moved; whether they mean the same is not known before labels come."


def of_columns(
    spent: Spent, *, variant: str, importance: Mapping[str, float], distances: Mapping[str, float | None]
) -> list[Movement]:
    """The columns as the budget judged them: moved where they raise an alarm, not known where they were not tested.

    ``variant`` is that of the effects; ``importance`` and ``distances`` are by column, where they are known.
    """
    return [
        Movement(
            name=decision.column,
            moved=None if decision.outcome == UNTESTED else decision.outcome == ALARM,
            effect=decision.effect,
            p=decision.p,
            variant=variant,
            importance=importance.get(decision.column),
            distance=distances.get(decision.column),
        )
        for decision in spent.decisions
    ]


def of_parts(
    name: str, drifts: Sequence[Drift], *, level: float = LEVEL, least_effect: float = LEAST_EFFECT
) -> Movement:
    """One movement from drifts with p of parts of the rows, such as the score's within each label.

    The part that is surest decides, at ``level`` shared equally by all parts (Bonferroni). No p: not known.
    """
    known = [
        (drift.p, -drift.value, drift.variant) for drift in drifts if drift.p is not None and drift.value is not None
    ]
    if not known:
        return Movement(name, None)
    moved = [part for part in known if part[0] <= level / len(known) and -part[1] >= least_effect]
    p, effect, variant = min(moved or known)
    return Movement(name, bool(moved), -effect, min(1.0, p * len(known)), variant)


def rates(
    name: str,
    reference: tuple[int, int],
    current: tuple[int, int],
    *,
    level: float = LEVEL,
    least_effect: float = LEAST_EFFECT,
) -> Movement:
    """Whether a share moved; each side is (rows that have it, rows). The effect is the difference, without its sign.

    The test is the pooled one of two proportions, two-sided. No rows on a side: not known.
    """
    (old, n_old), (new, n_new) = reference, current
    if not n_old or not n_new:
        return Movement(name, None)
    pooled = (old + new) / (n_old + n_new)
    apart = abs(new / n_new - old / n_old)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / n_old + 1 / n_new))
    p = math.erfc(apart / deviation / math.sqrt(2)) if deviation else 1.0
    return Movement(name, p <= level and apart >= least_effect, apart, p, SHARES)


def given_scores(
    reference: Sequence[Band], current: Sequence[Band], *, level: float = LEVEL, least_effect: float = LEAST_EFFECT
) -> Movement:
    """Whether rows of the same score have other outcomes: bands of the reference and the window, pair by pair.

    Each band gives z of the difference of its means, with the variance of both together; the sum of z squared is held
    against chi squared with as many degrees as bands (as Hosmer & Lemeshow 1980 do for one sample, Communications in
    Statistics A9, p. 1043). The effect is the mean absolute difference, weighted by the window's rows, in the outcome's
    unit. Bands of fewer than ``LEAST_BAND`` rows on a side are left out; none left: not known.

    Raises:
        InvalidInput: both do not have the same bands.
    """
    from scipy.stats import chi2

    if len(reference) != len(current):
        raise InvalidInput("The window and the reference need the same bands.", where="bands")
    pairs = [pair for pair in zip(reference, current, strict=True) if min(pair[0].n, pair[1].n) >= LEAST_BAND]
    name, variant = "outcomes at the same score", "chi2/bands"
    if not pairs:
        return Movement(name, None, variant=variant)
    total = gap = 0.0
    for old, new in pairs:
        both = old.n + new.n
        mean = (old.total + new.total) / both
        variance = max(0.0, (old.squares + new.squares) / both - mean * mean)
        apart = new.total / new.n - old.total / old.n
        gap += new.n * abs(apart)
        total += apart * apart / (variance * (1 / old.n + 1 / new.n)) if variance > 0 else 0.0
    p, effect = float(chi2.sf(total, len(pairs))), gap / sum(new.n for _, new in pairs)
    return Movement(name, p <= level and effect >= least_effect, effect, p, variant)


def evidence(facts: Facts) -> tuple[str, ...]:
    """A sentence each: moved columns by effect times importance, what else moved, what did not, and noted findings."""
    moved = sorted((one for one in facts.columns if one.moved), key=lambda one: (-_weight(one), one.name))
    said = [f"{one.words()} moved." for one in moved]
    known = sum(one.moved is not None for one in facts.columns)
    if known and not moved:
        said.append(f"None of {known} columns moved.")
    if facts.classifier is not None and facts.classifier.value is not None:
        can = "tells" if _apart(facts.classifier) else "does not tell"
        said.append(f"A classifier {can} the window's inputs from the reference's (AUC {facts.classifier.value:.2f}).")
    for one in (facts.prediction, facts.labels, facts.errors, facts.within_labels, facts.given_scores):
        if one is not None and one.moved is not None:
            said.append(f"{one.words()} {'moved' if one.moved else 'did not move'}.")
    return tuple(said) + _sentences([finding for finding in facts.quality if _noted(finding)])


def _further_than_labels(facts: Facts) -> bool:
    """Whether a column moved further than labels can carry it.

    With P(x|y) as it was and two labels, F_now(x) - F_then(x) = (share_now - share_then) (F(x|1) - F(x|0)), which is no
    larger than the difference of the labels' shares.
    """
    if facts.labels is None or facts.labels.variant != SHARES or facts.labels.effect is None:
        return False
    most = facts.labels.effect + FURTHER
    return any(column.moved and column.distance is not None and column.distance > most for column in facts.columns)


def _weight(column: Movement) -> float:
    return (column.effect or 0.0) * (1.0 if column.importance is None else column.importance)


def _moved(one: Movement | None) -> bool | None:
    return None if one is None else one.moved


def _apart(classifier: Estimate | None) -> bool | None:
    return None if classifier is None or classifier.low is None else classifier.low > LEAST_AUC


def _noted(finding: Finding) -> bool:
    return finding.outcome in {"broken", "watch"}


def _sentences(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.sentence for finding in findings)


def _said(cause: str, why: str, grounds: tuple[str, ...]) -> Cause:
    return Cause(cause, f"{CAUSES[cause]}: {why}", grounds)
