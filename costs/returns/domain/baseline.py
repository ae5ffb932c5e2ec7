"""What the process without the model would give on the same cases: a model earns only what is beyond that.

The baseline decides the cases that the model decided, whose truth is known: its outcomes follow from the number of
actual positives (tp + fn) and negatives (fp + tn), and are worth what the same statement says of outcomes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

KINDS: Final[Mapping[str, str]] = {
    "none": "Nothing: all of the outcomes' value is the model's",
    "negative": "Everything is decided negative",
    "positive": "Everything is decided positive",
    "rates": "It catches a share of the positives, and flags a share of the negatives",
    "per_prediction": "It is worth an amount for each prediction",
}
BASELINE: Final = "baseline_"
BASELINE_WORDS: Final[Mapping[str, str]] = {
    "baseline_tp": "Without the model: true positive",
    "baseline_fp": "Without the model: false positive",
    "baseline_fn": "Without the model: false negative",
    "baseline_tn": "Without the model: true negative",
    "baseline_prediction": "Without the model: each prediction",
}
SHARES: Final = ("caught", "flagged")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A kind of KINDS.

    ``caught`` (the share of positives it finds) and ``flagged`` (the share of negatives that it takes for positive),
    0 to 1, belong to "rates"; ``amount`` (money for each prediction with a known outcome) to "per_prediction".
    """

    kind: str = "none"
    caught: Decimal = Decimal(0)
    flagged: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)

    @property
    def shares(self) -> tuple[Decimal, Decimal] | None:
        """The shares of positives caught and of negatives flagged; None where the kind has none."""
        one, zero = Decimal(1), Decimal(0)
        kinds = {"negative": (zero, zero), "positive": (one, one), "rates": (self.caught, self.flagged)}
        return kinds.get(self.kind)

    @property
    def words(self) -> str:
        """The baseline as a sentence without its end."""
        if self.kind == "rates":
            return f"It catches {self.caught:%} of the positives and flags {self.flagged:%} of the negatives"
        if self.kind == "per_prediction":
            return f"It is worth {self.amount:f} for each prediction"
        return KINDS[self.kind]

    def stored(self) -> dict[str, str]:
        """As a statement keeps it: text by name, so that decimals stay exact."""
        kept = {"kind": self.kind}
        if self.kind == "rates":
            kept |= {name: format(getattr(self, name), "f") for name in SHARES}
        if self.kind == "per_prediction":
            kept["amount"] = format(self.amount, "f")
        return kept


def parse_baseline(said: Mapping[str, Any] | None) -> Baseline:
    """A baseline of what someone wrote; nothing is the kind "none".

    Raises:
        ValueError: the kind is unknown, a share is missing or not from 0 to 1, or the amount is no finite number; the
            text is a sentence.
    """
    said = said or {}
    kind = str(said.get("kind") or "none")
    if kind not in KINDS:
        raise ValueError(f"{kind} is no baseline; the baselines are {', '.join(KINDS)}.")
    if kind == "rates":
        caught, flagged = (_number(said, name) for name in SHARES)
        if not (0 <= caught <= 1 and 0 <= flagged <= 1):
            raise ValueError("The shares of a baseline are from 0 to 1.")
        return Baseline(kind, caught=caught, flagged=flagged)
    if kind == "per_prediction":
        return Baseline(kind, amount=_number(said, "amount"))
    return Baseline(kind)


def _number(said: Mapping[str, Any], name: str) -> Decimal:
    value = said.get(name)
    if value is None or value == "":
        raise ValueError(f"The baseline lacks its {name}.")
    if isinstance(value, float):
        raise ValueError(f"The {name} of the baseline is a float; write it as text, so that it is exact.")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"“{value}” is not a number; write it like 0.35.") from None
    if not number.is_finite():
        raise ValueError(f"“{value}” is not a finite number.")
    if number.adjusted() > 14 or -int(number.as_tuple().exponent) > 12:
        raise ValueError(f"“{value}” is too large or too fine.")
    return number
