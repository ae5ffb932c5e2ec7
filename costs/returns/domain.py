"""What outcomes return. Unknown stays unknown: without a stated value or without labels there is no figure, not zero.

Value is the sum over outcomes of count times stated value (Elkan, "The foundations of cost-sensitive learning", IJCAI
2001, section 1: the expected benefit of a prediction, summed). Only labelled predictions have an outcome, so only they
count; nothing is scaled up. Net value is value minus cost; return on investment is (value - cost) / cost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

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


@dataclass(frozen=True, slots=True)
class Counts:
    """What a version did in a week: predictions, those with a known outcome, and what the outcomes were.

    ``tp`` to ``tn`` are None for a regression, ``absolute_error`` (a sum, in the model's unit) for a classification.
    """

    predictions: int
    labelled: int
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None
    absolute_error: float | None = None


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
    values: Mapping[str, Decimal]
    valid_from: date
    valid_until: date | None
    recorded_at: datetime


def parse_values(values: Mapping[str, object]) -> dict[str, Decimal]:
    """The values as exact decimals by outcome.

    Raises:
        ValueError: there are none, an outcome is unknown, or a value is not a finite number; the text is a sentence.
    """
    found: dict[str, Decimal] = {}
    for outcome, value in values.items():
        if outcome not in OUTCOMES:
            raise ValueError(f"{outcome} is no outcome; the outcomes are {', '.join(OUTCOMES)}.")
        if isinstance(value, float):
            raise ValueError(f"The value of {outcome} is a float; write it as text, so that it is exact.")
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            raise ValueError(f"“{value}” is not a number; write it like -1.10.") from None
        if not number.is_finite():
            raise ValueError(f"“{value}” is not a finite number.")
        found[outcome] = number
    if not found:
        raise ValueError("State the value of at least one outcome.")
    return found


def in_force(statements: Iterable[Stated], on: date) -> Stated | None:
    """The statement that holds on ``on``: of those valid then, the one recorded last."""
    valid = [one for one in statements if one.valid_from <= on and (one.valid_until is None or on <= one.valid_until)]
    return max(valid, key=lambda one: (one.recorded_at, one.id), default=None)


def parts(counts: Counts, values: Mapping[str, Decimal]) -> list[Part] | None:
    """The terms of the value; None when nothing is labelled, or no stated outcome was measured for this model.

    A use case may hold a classification and a regression: each takes the values of its own outcomes.
    """
    if counts.labelled <= 0:
        return None
    found = []
    for outcome, each in values.items():
        if outcome == PREDICTION:
            count: Decimal | None = Decimal(counts.labelled)
        elif outcome == UNIT_OF_ERROR:
            error = counts.absolute_error
            count = None if error is None else Decimal(repr(float(error))).quantize(STEP)
        else:
            number = getattr(counts, outcome)
            count = None if number is None else Decimal(number)
        if count is not None:
            found.append(Part(outcome, count, each))
    return found or None


def value_of(found: Iterable[Part] | None) -> Decimal | None:
    """The sum of the terms; None of None."""
    return None if found is None else sum((part.amount for part in found), ZERO)


def net(value: Decimal | None, cost: Decimal) -> Decimal | None:
    """Value minus cost; None when the value is unknown."""
    return None if value is None else value - cost


def roi(value: Decimal | None, cost: Decimal) -> Decimal | None:
    """(value - cost) / cost; None when the value is unknown or nothing was spent."""
    return None if value is None or cost <= 0 else (value - cost) / cost
