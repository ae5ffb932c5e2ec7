"""Money is Decimal with its currency; amounts of two currencies are never added."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        """The sum.

        Raises:
            ValueError: the currencies differ.
        """
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} are not added without a rate.")
        return Money(self.amount + other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def rounded(self) -> "Money":
        """To the cent, halves to even."""
        return Money(self.amount.quantize(CENT, ROUND_HALF_EVEN), self.currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of ``amounts``, zero in ``currency`` when there are none."""
    result = Money(Decimal(0), currency)
    for amount in amounts:
        result += amount
    return result
