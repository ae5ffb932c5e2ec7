"""Where numbers lie, as a table that merges: every distinct value, or bins of a stated width relative to the value.

The bins are those of an HDR histogram (Tene 2012, hdrhistogram.org): each power of two in 128 equal parts, so that a
value is known to within 1/256 of itself. Unlike a sketch that flips coins when it merges, the same rows give the same
table in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.monitoring.domain.estimate import Estimate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

LIMIT: Final = 5_000
"""So many distinct values are kept exactly."""
PARTS: Final = 128
ERROR: Final = 1 / (2 * PARTS)
"""How far a value from a bin may lie from the true one, relative to the true one."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Finite numbers: ``at`` ascending, the distinct values while ``exact``, else the middles of bins; ``counts``."""

    limit: int
    exact: bool
    at: NDArray[np.float64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, values: ArrayLike, *, limit: int = LIMIT) -> Spread:
        """The table of these finite values."""
        import numpy as np

        rows = np.asarray(values, dtype=float) + 0.0
        return cls._summed(limit, True, rows, np.ones(rows.size, dtype=np.int64))

    @classmethod
    def _summed(cls, limit: int, exact: bool, values: NDArray[np.float64], counts: NDArray[np.int64]) -> Spread:
        import numpy as np

        at, place = np.unique(values, return_inverse=True)
        sums = np.zeros(at.size, dtype=np.int64)
        np.add.at(sums, place, counts)
        found = cls(limit, exact, at, sums)
        return found._folded() if exact and at.size > limit else found

    def _folded(self) -> Spread:
        import numpy as np

        if not self.exact:
            return self
        mantissas, exponents = np.frexp(self.at)
        part = np.floor(np.abs(mantissas) * (2 * PARTS)) + 0.5
        middle = np.where(self.at == 0, 0.0, np.sign(self.at) * np.ldexp(part / (2 * PARTS), exponents))
        return self._summed(self.limit, False, middle, self.counts)

    def merged(self, other: Spread) -> Spread:
        """The table of both together.

        Raises:
            InvalidInput: the tables are folded in different ways.
        """
        import numpy as np

        if self.limit != other.limit:
            raise InvalidInput(
                "These tables keep different numbers of values.", mend="Make both again from their rows."
            )
        if self.exact != other.exact:
            return self._folded().merged(other._folded())
        values, counts = np.concatenate((self.at, other.at)), np.concatenate((self.counts, other.counts))
        return self._summed(self.limit, self.exact, values, counts)

    @property
    def error(self) -> float:
        """How far a quantile may lie from that of the rows, relative to it: 0 while exact, else 1/256."""
        return 0.0 if self.exact else ERROR

    def quantile(self, share: Fraction) -> Estimate:
        """The least value with at least ``share`` of the rows at or below it (Hyndman & Fan 1996, definition 1).

        The interval runs between two rows whose ranks a binomial gives, whatever the distribution (Conover 1999,
        section 3.2); None where there are too few rows for it.
        """
        import numpy as np
        from scipy.stats import binom

        upto = np.cumsum(self.counts)
        n = int(upto[-1]) if upto.size else 0
        if n == 0:
            return Estimate(None, None, None, 0)

        def at(rank: int) -> float:
            return float(self.at[np.searchsorted(upto, rank)])

        value = at(max(1, -(-share.numerator * n // share.denominator)))
        low, high = int(binom.ppf(0.025, n, float(share))), int(binom.ppf(0.975, n, float(share))) + 1
        if low < 1 or high > n:
            return Estimate(value, None, None, n)
        return Estimate(value, at(low), at(high), n)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "limit": self.limit, "exact": self.exact, "values": self.at.tolist(), "counts": self.counts.tolist(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Spread:
        """What ``to_dict`` wrote."""
        import numpy as np

        values, counts = np.asarray(told["values"], dtype=float), np.asarray(told["counts"], dtype=np.int64)
        return cls(told["limit"], told["exact"], values, counts)
