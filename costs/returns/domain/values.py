"""What outcomes return. Unknown stays unknown: without a stated value or without labels there is no figure, not zero.

Value is the sum over outcomes of count times stated value (Elkan, "The foundations of cost-sensitive learning", IJCAI
2001, section 1: the expected benefit of a prediction, summed), minus the same sum for what the process without the
model would have given. Only labelled predictions have an outcome, so only they count; nothing is scaled up. Net value
is value minus cost; return on investment is (value - cost) / cost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from costs.returns.domain.baseline import BASELINE, Baseline

CLASSES: Final[Mapping[str, str]] = {
    "tp": "True positive",
    "fp": "False positive",
    "fn": "False negative",
    "tn": "True negative",
}
PREDICTION, UNIT_OF_ERROR = "prediction", "unit_of_error"
OUTCOMES: Final[Mapping[str, str]] = {
    **CLASSES,
    PREDICTION: "Prediction whose outcome is known",
    UNIT_OF_ERROR: "Unit of absolute error",
}
ZERO: Final = Decimal(0)
STEP: Final = Decimal("0.000001")
"""Sums of errors are binary fractions; six decimals of them are meant."""
LARGEST: Final = Decimal(10) ** 15
FINEST: Final = 12


@dataclass(frozen=True, slots=True)
class Counts:
    """What a version did in a week: predictions, those with a known outcome, and what the outcomes were.

    ``tp`` to ``tn`` are None for a regression; ``absolute_error`` (a sum, in the model's unit) and ``squared_error`` (a
    sum, in its square) for a classification.
    """

    predictions: int
    labelled: int
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None
    absolute_error: float | None = None
    squared_error: float | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """What an outcome is worth, as far as it is known: from ``low`` to ``high``, most likely ``likely`` where said.

    One number is a range without width.
    """

    low: Decimal
    high: Decimal
    likely: Decimal | None = None

    @classmethod
    def certain(cls, amount: Decimal) -> "Range":
        """The range of one number."""
        return cls(amount, amount, amount)

    @property
    def is_certain(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    @property
    def point(self) -> Decimal:
        """The one number that stands for it: the likely one, and without it the middle."""
        return (self.low + self.high) / 2 if self.likely is None else self.likely

    def stored(self) -> str | dict[str, str]:
        """As a statement keeps it: one text, or a text by name."""
        if self.is_certain:
            return format(self.low, "f")
        kept = {"low": format(self.low, "f"), "high": format(self.high, "f")}
        return kept if self.likely is None else kept | {"likely": format(self.likely, "f")}


@dataclass(frozen=True, slots=True)
class Part:
    """One term of a value: so many of an outcome, each worth so much."""

    outcome: str
    count: Decimal
    each: Decimal

    @property
    def amount(self) -> Decimal:
        """Their product."""
        return self.count * self.each


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement of values: valid from a day until a day (both belong to it; None: for good), in one currency."""

    id: UUID
    currency: str
    ranges: Mapping[str, Range]
    valid_from: date
    valid_until: date | None
    recorded_at: datetime
    baseline: Baseline = field(default_factory=Baseline)

    @property
    def values(self) -> dict[str, Decimal]:
        """The one number that stands for each range."""
        return {outcome: found.point for outcome, found in self.ranges.items()}


def parse_values(values: Mapping[str, object]) -> dict[str, Range]:
    """The values as exact ranges by outcome, in the order of OUTCOMES, which no database keeps.

    Each is one number, or ``low``, ``high`` and perhaps ``likely``.

    Raises:
        ValueError: there are none, an outcome is unknown, or a value is not a finite number or range; the text is a
            sentence.
    """
    found: dict[str, Range] = {}
    for outcome, value in values.items():
        if outcome not in OUTCOMES:
            raise ValueError(f"{outcome} is no outcome; the outcomes are {', '.join(OUTCOMES)}.")
        found[outcome] = _range(outcome, value) if isinstance(value, Mapping) else Range.certain(_exact(outcome, value))
    if not found:
        raise ValueError("State the value of at least one outcome.")
    return {outcome: found[outcome] for outcome in OUTCOMES if outcome in found}


def _range(outcome: str, said: Mapping[str, Any]) -> Range:
    named = {name: value for name, value in said.items() if value is not None and value != ""}
    if not {"low", "high"} <= set(named) <= {"low", "likely", "high"}:
        raise ValueError(f"The range of {outcome} needs low and high, and may have likely.")
    low, high = _exact(outcome, named["low"]), _exact(outcome, named["high"])
    likely = _exact(outcome, named["likely"]) if "likely" in named else None
    if low > high or (likely is not None and not low <= likely <= high):
        raise ValueError(f"The range of {outcome} does not go from low over likely to high.")
    return Range.certain(low) if low == high else Range(low, high, likely)


def _exact(outcome: str, value: object) -> Decimal:
    if isinstance(value, float):
        raise ValueError(f"The value of {outcome} is a float; write it as text, so that it is exact.")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"“{value}” is not a number; write it like -1.10.") from None
    if not number.is_finite():
        raise ValueError(f"“{value}” is not a finite number.")
    if not is_amount(number):
        raise ValueError(f"“{value}” is too large or too fine; use less than 15 digits before and 12 after the point.")
    return number


def is_amount(number: Decimal) -> bool:
    """Whether it is finite, has at most 12 decimals, and is smaller than a thousand million millions."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -FINEST and abs(number) < LARGEST


def texts(ranges: Mapping[str, Range]) -> dict[str, Any]:
    """The ranges as a statement keeps them."""
    return {outcome: found.stored() for outcome, found in ranges.items()}


def in_force(statements: Iterable[Stated], on: date) -> Stated | None:
    """The statement that holds on ``on``: of those valid then, the one recorded last."""
    valid = [one for one in statements if one.valid_from <= on and (one.valid_until is None or on <= one.valid_until)]
    return max(valid, key=lambda one: (one.recorded_at, one.id), default=None)


def expired_before(statements: Iterable[Stated], on: date) -> date | None:
    """The last day for which a value was stated, where none holds on ``on`` because all that did have run out."""
    known = list(statements)
    if in_force(known, on) is not None:
        return None
    return max((one.valid_until for one in known if one.valid_until and one.valid_until < on), default=None)


def parts(counts: Counts, values: Mapping[str, Decimal], baseline: Baseline | None = None) -> list[Part] | None:
    """The terms of the value; None when nothing is labelled, or no stated outcome was measured for this model.

    A use case may hold a classification and a regression: each takes the values of its own outcomes. Terms of the
    baseline are what the process without the model would have given, with the opposite sign.
    """
    if counts.labelled <= 0:
        return None
    found = []
    for outcome, each in values.items():
        count = _count(counts, outcome)
        if count is not None:
            found.append(Part(outcome, count, each))
    return (found + _without(counts, values, baseline) if baseline else found) if found else None


def _count(counts: Counts, outcome: str) -> Decimal | None:
    if outcome == PREDICTION:
        return Decimal(counts.labelled)
    if outcome == UNIT_OF_ERROR:
        error = counts.absolute_error
        return None if error is None else Decimal(repr(float(error))).quantize(STEP)
    number = getattr(counts, outcome)
    return None if number is None else Decimal(number)


def _without(counts: Counts, values: Mapping[str, Decimal], baseline: Baseline) -> list[Part]:
    if baseline.kind == "per_prediction":
        return [Part(f"{BASELINE}{PREDICTION}", Decimal(counts.labelled), -baseline.amount)]
    shares = baseline.shares
    if shares is None or counts.tp is None or counts.fp is None or counts.fn is None or counts.tn is None:
        return []
    positives, negatives = counts.tp + counts.fn, counts.fp + counts.tn
    caught, flagged = shares
    without = {
        "tp": positives * caught,
        "fp": negatives * flagged,
        "fn": positives * (1 - caught),
        "tn": negatives * (1 - flagged),
    }
    return [
        Part(f"{BASELINE}{name}", count, -values[name]) for name, count in without.items() if name in values and count
    ]


def value_of(found: Iterable[Part] | None) -> Decimal | None:
    """The sum of the terms; None of None."""
    return None if found is None else sum((part.amount for part in found), ZERO)


def net(value: Decimal | None, cost: Decimal) -> Decimal | None:
    """Value minus cost; None when the value is unknown."""
    return None if value is None else value - cost


def roi(value: Decimal | None, cost: Decimal) -> Decimal | None:
    """(value - cost) / cost; None when the value is unknown or nothing was spent."""
    return None if value is None or cost <= 0 else (value - cost) / cost
