"""Sums of money say what they leave out: an unknown value makes a sum a part, and is never counted as zero."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sums:
    """Money of one currency over some weeks. ``value`` is None when no week's value is known.

    ``weeks`` with predictions, of which ``valued`` have a known value; of ``predictions``, ``labelled`` have outcomes.
    """

    value: Decimal | None = None
    cost: Decimal = ZERO
    predictions: int = 0
    labelled: int = 0
    weeks: int = 0
    valued: int = 0

    @property
    def net(self) -> Decimal | None:
        """Value minus cost; None when the value is unknown."""
        return None if self.value is None else self.value - self.cost

    @property
    def labelled_share(self) -> float | None:
        """The share of predictions whose outcome is known; None without predictions."""
        return self.labelled / self.predictions if self.predictions else None

    def __add__(self, other: "Sums") -> "Sums":
        known = [value for value in (self.value, other.value) if value is not None]
        return Sums(
            sum(known, ZERO) if known else None,
            self.cost + other.cost,
            self.predictions + other.predictions,
            self.labelled + other.labelled,
            self.weeks + other.weeks,
            self.valued + other.valued,
        )


def total(parts: Iterable[Sums]) -> Sums:
    """All parts together."""
    result = Sums()
    for part in parts:
        result += part
    return result
