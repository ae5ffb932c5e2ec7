"""Sums that no order of adding changes: each double counts as the whole number that it is, so that merges are exact."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.monitoring.domain.estimate import Estimate, Z

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BITS: Final = 53
HALF: Final = 26
BELOW: Final = (1 << HALF) - 1
FARTHEST: Final = 2200
"""Products of two doubles lie within 2 to this power, and above 2 to minus it."""


def _taken_apart(values: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Whole numbers of at most 53 bits and exponents of 2 that give exactly the values."""
    import numpy as np

    mantissas, exponents = np.frexp(np.asarray(values, dtype=float))
    return (mantissas * 2.0**BITS).astype(np.int64), exponents.astype(np.int64) - BITS


def _grouped(wholes: NDArray[Any], exponents: NDArray[Any], counts: NDArray[Any]) -> tuple[int, int]:
    """The sum of ``counts * wholes * 2**exponents`` as a numerator and an exponent of 2; up to 2**34 rows."""
    import numpy as np

    least = int(exponents.min())
    size = int(exponents.max()) - least + 1
    high, low = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    np.add.at(high, exponents - least, (wholes >> HALF) * counts)
    np.add.at(low, exponents - least, (wholes & BELOW) * counts)
    total = 0
    for place in np.flatnonzero((high != 0) | (low != 0)).tolist():
        total += ((int(high[place]) << HALF) + int(low[place])) << place
    return total, least


@dataclass(frozen=True, slots=True)
class Sum:
    """An exact sum of doubles: ``numerator * 2**exponent``, the numerator odd, or both 0."""

    numerator: int = 0
    exponent: int = 0

    @classmethod
    def _shortest(cls, numerator: int, exponent: int) -> Sum:
        if numerator == 0:
            return cls()
        zeros = (numerator & -numerator).bit_length() - 1
        return cls(numerator >> zeros, exponent + zeros)

    @classmethod
    def of(cls, values: ArrayLike, counts: ArrayLike | None = None) -> Sum:
        """The sum of finite values, each taken ``counts`` times (once)."""
        import numpy as np

        wholes, exponents = _taken_apart(values)
        if wholes.size == 0:
            return cls()
        times = np.ones(wholes.size, dtype=np.int64) if counts is None else np.asarray(counts, dtype=np.int64)
        return cls._shortest(*_grouped(wholes, exponents, times))

    @classmethod
    def of_products(cls, first: ArrayLike, second: ArrayLike, counts: ArrayLike | None = None) -> Sum:
        """The sum of the products of finite values, none of them rounded, each taken ``counts`` times (once)."""
        import numpy as np

        a, of_a = _taken_apart(first)
        b, of_b = _taken_apart(second)
        if a.size == 0:
            return cls()
        times = np.ones(a.size, dtype=np.int64) if counts is None else np.asarray(counts, dtype=np.int64)
        high_a, low_a, high_b, low_b = a >> HALF, a & BELOW, b >> HALF, b & BELOW
        parts = (high_a * high_b, 2 * HALF), (high_a * low_b + low_a * high_b, HALF), (low_a * low_b, 0)
        found = cls()
        for part, shift in parts:
            found += cls._shortest(*_grouped(part, of_a + of_b + shift, times))
        return found

    def __add__(self, other: Sum) -> Sum:
        least = min(self.exponent, other.exponent)
        return self._shortest(
            (self.numerator << (self.exponent - least)) + (other.numerator << (other.exponent - least)), least
        )

    @property
    def fraction(self) -> Fraction:
        """The sum itself."""
        if self.exponent >= 0:
            return Fraction(self.numerator << self.exponent)
        return Fraction(self.numerator, 1 << -self.exponent)

    def __float__(self) -> float:
        return float(self.fraction)

    def to_text(self) -> str:
        """As C writes hexadecimal floats, in whole numbers: "0x3p-1" is 1.5."""
        return f"{self.numerator:#x}p{self.exponent}"

    @classmethod
    def from_text(cls, text: str) -> Sum:
        """The sum that ``to_text`` wrote.

        Raises:
            InvalidInput: it is no such text, or farther out than products of doubles can be.
        """
        try:
            numerator, exponent = text.split("p")
            whole, place = int(numerator, 16), int(exponent)
        except (AttributeError, ValueError):
            raise InvalidInput("This is not a sum.", where=str(text)[:40], mend="Write 1.5 as 0x3p-1.") from None
        if abs(place) > FARTHEST or abs(whole).bit_length() > 2 * FARTHEST:
            raise InvalidInput("This sum is larger than any number here.", mend="Write 1.5 as 0x3p-1.")
        return cls._shortest(whole, place)


@dataclass(frozen=True, slots=True)
class Moments:
    """How many values, their sum and the sum of their squares, exactly."""

    n: int = 0
    total: Sum = field(default=Sum())
    squares: Sum = field(default=Sum())

    @classmethod
    def of(cls, values: ArrayLike, counts: ArrayLike | None = None) -> Moments:
        """Of finite values, each taken ``counts`` times (once)."""
        import numpy as np

        rows = np.asarray(values, dtype=float)
        if counts is None:
            return cls(rows.size, Sum.of(rows), Sum.of_products(rows, rows))
        times = np.asarray(counts, dtype=np.int64)
        rows, times = rows[times > 0], times[times > 0]
        return cls(int(times.sum()), Sum.of(rows, times), Sum.of_products(rows, rows, times))

    def merged(self, other: Moments) -> Moments:
        """Those of both together."""
        return Moments(self.n + other.n, self.total + other.total, self.squares + other.squares)

    def mean(self) -> Estimate:
        """The mean with its normal interval, as ``estimate.mean`` gives it from the values; none below two."""
        return normal(self.n, self.total.fraction, self.squares.fraction)

    def to_list(self) -> list[Any]:
        """Number, sum, sum of squares, for JSON."""
        return [self.n, self.total.to_text(), self.squares.to_text()]

    @classmethod
    def from_list(cls, told: list[Any]) -> Moments:
        """What ``to_list`` wrote.

        Raises:
            InvalidInput: a sum cannot be read.
        """
        n, total, squares = told
        return cls(int(n), Sum.from_text(total), Sum.from_text(squares))


def normal(n: int, total: Fraction, squares: Fraction) -> Estimate:
    """The mean of n values from their sum and sum of squares, with its normal interval; none below two.

    Squares of values that were rounded may fall short of what the sum asks: the variance is then 0.
    """
    if n == 0:
        return Estimate(None, None, None, 0)
    centre = float(total / n)
    if n < 2:
        return Estimate(centre, None, None, n)
    half = Z * math.sqrt(max(Fraction(0), squares - total * total / n) / (n - 1) / n)
    return Estimate(centre, centre - half, centre + half, n)
