"""What a column of rows looked like, small and mergeable: a window is the merge of its partitions' profiles.

Counts, sums, least and most are exact. Sums and deviations of a merge depend on its order by rounding alone (a relative
1e-12). Quantiles come from a KLL sketch (Karnin, Lang & Liberty 2016, FOCS, p. 71) and lie within ``RANK_ERROR`` of the
asked rank in 99 of 100 cases. numpy and datasketches are imported inside the functions.
"""

from __future__ import annotations

import base64
import binascii
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

from audit.base.errors import InvalidInput
from audit.monitoring.domain.edges import EDGES, counts_at, edges_of, or_infinite, sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

K: Final = 200
"""The size of the sketch: about 5 kB a column, whatever the rows."""
RANK_ERROR: Final = 0.0133
"""How far the rank of a quantile may lie from what was asked, as a share of the finite rows (k = 200, 99%)."""
KEPT: Final = 1000
"""How many categories are counted by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column of numbers.

    ``n`` rows in all, of which ``nulls`` have no number (NaN) and ``infinite`` are infinite; all else is of the finite
    rows. ``total`` is their sum, ``squares`` and ``cubes`` are the sums of their squared and cubed distances from their
    mean (infinite where too large for a double), ``least`` and ``most`` are None without any. ``counts`` has one place
    more than ``edges`` (ascending): place i counts the rows above edge i-1 and up to edge i itself. ``sketch`` is a KLL
    sketch of doubles (k = 200) as Apache DataSketches serialises it.
    """

    n: int
    nulls: int
    infinite: int
    total: float
    squares: float
    cubes: float
    least: float | None
    most: float | None
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    sketch: bytes

    @classmethod
    def of(cls, values: ArrayLike, edges: ArrayLike | None = None) -> Self:
        """The profile of ``values``, NaN for null, in any order.

        ``edges`` are ascending, without equal ones: those of the reference that windows are compared with. None: the
        values are a reference, and ``edges_of`` chooses them.
        """
        import numpy as np
        from datasketches import kll_doubles_sketch

        rows = np.asarray(values, dtype=np.float64).ravel()
        there = np.isfinite(rows)
        finite = rows if there.all() else rows[there]
        cuts = edges_of(finite) if edges is None else np.asarray(edges, dtype=np.float64)
        sketch = kll_doubles_sketch(K)
        if finite.size:
            # The sketch takes no array that is only to be read, as Arrow's are.
            sketch.update(finite if finite.flags.writeable else finite.copy())
        total, squares, cubes = sums(finite)
        nulls = int(np.isnan(rows).sum())
        return cls(
            n=int(rows.size),
            nulls=nulls,
            infinite=int(rows.size) - nulls - int(finite.size),
            total=total,
            squares=squares,
            cubes=cubes,
            least=float(finite.min()) if finite.size else None,
            most=float(finite.max()) if finite.size else None,
            edges=cuts,
            counts=counts_at(finite, cuts),
            sketch=sketch.serialize(),
        )

    @property
    def finite(self) -> int:
        """How many rows have a finite number."""
        return self.n - self.nulls - self.infinite

    @property
    def mean(self) -> float | None:
        """The mean of the finite rows; None without any, or where their sum is too large for a double."""
        return self.total / self.finite if self.finite and math.isfinite(self.total) else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the finite rows (divided by n); None without any, or where it is too large."""
        return math.sqrt(self.squares / self.finite) if self.finite and math.isfinite(self.squares) else None

    def quantiles(self, ranks: Sequence[float]) -> list[float | None]:
        """The value at each of ``ranks`` (0 to 1) by the sketch; None without finite rows."""
        from datasketches import kll_doubles_sketch

        if not self.finite:
            return [None for _ in ranks]
        return list(kll_doubles_sketch.deserialize(self.sketch).get_quantiles(list(ranks), True))

    def merged(self, other: Numbers) -> Numbers:
        """Both profiles' rows in one. Where their edges differ, those that both have are left."""
        import numpy as np
        from datasketches import kll_doubles_sketch

        edges = self.edges
        if not self.finite:
            edges = other.edges
        elif other.finite and not np.array_equal(edges, other.edges):
            edges = np.intersect1d(edges, other.edges)
        sketch = kll_doubles_sketch.deserialize(self.sketch)
        sketch.merge(kll_doubles_sketch.deserialize(other.sketch))
        squares, cubes = _moments(self, other)
        return Numbers(
            n=self.n + other.n,
            nulls=self.nulls + other.nulls,
            infinite=self.infinite + other.infinite,
            total=or_infinite(self.total + other.total),
            squares=squares,
            cubes=cubes,
            least=min((one for one in (self.least, other.least) if one is not None), default=None),
            most=max((one for one in (self.most, other.most) if one is not None), default=None),
            edges=edges,
            counts=self.cut(edges) + other.cut(edges),
            sketch=sketch.serialize(),
        )

    def cut(self, edges: NDArray[np.float64]) -> NDArray[np.int64]:
        """The counts at fewer edges, each one of this profile's."""
        import numpy as np

        if edges is self.edges:
            return self.counts
        if not self.finite:
            return np.zeros(len(edges) + 1, dtype=np.int64)
        below = np.concatenate(([0], np.cumsum(self.counts)))
        kept = np.searchsorted(self.edges, edges, side="left") + 1
        return np.diff(below[kept], prepend=0, append=below[-1]).astype(np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, as docs/profiles.md describes it."""
        return {
            "kind": "numbers",
            "n": self.n,
            "nulls": self.nulls,
            "infinite": self.infinite,
            "total": self.total if math.isfinite(self.total) else None,
            "squares": self.squares if math.isfinite(self.squares) else None,
            "cubes": self.cubes if math.isfinite(self.cubes) else None,
            "least": self.least,
            "most": self.most,
            "edges": self.edges.tolist(),
            "counts": self.counts.tolist(),
            "sketch": base64.b64encode(self.sketch).decode(),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """The profile that ``to_dict`` told, or a client.

        Raises:
            InvalidInput: it is not one, or its parts do not agree with each other; ``where`` names the member.
        """
        import numpy as np

        n, nulls, infinite = (_whole(told, name) for name in ("n", "nulls", "infinite"))
        edges, counts = _finite_list(told, "edges"), told.get("counts")
        _require(nulls + infinite <= n, "nulls", "More rows are null or infinite than there are rows.")
        _require(len(edges) <= EDGES, "edges", f"At most {EDGES:,} edges.")
        _require(all(a < b for a, b in pairwise(edges)), "edges", "Edges ascend, without equals.")
        _require(isinstance(counts, list) and len(counts) == len(edges) + 1, "counts", "One count more than edges.")
        assert isinstance(counts, list)
        _require(all(_is_whole(one) for one in counts), "counts", "Counts are whole numbers, 0 or more.")
        finite = n - nulls - infinite
        _require(
            sum(counts) == finite, "counts", f"The counts add up to {sum(counts):,}, the finite rows to {finite:,}."
        )
        least, most = (_number(told, name) if finite else None for name in ("least", "most"))
        _require(least is None or most is None or least <= most, "least", "The least lies above the most.")
        _require(finite == 0 or (least is not None and most is not None), "least", "The least or the most is missing.")
        reached, agrees = 0, True
        for edge, count in zip(edges, counts, strict=False):
            reached += count
            agrees &= not reached if least is None or edge < least else most is None or edge < most or reached == finite
        _require(agrees, "counts", "Rows are counted below the least or above the most.")
        total, squares, cubes = (_number(told, name) for name in ("total", "squares", "cubes"))
        _require(squares is None or squares >= 0, "squares", "A sum of squares is not negative.")
        return cls(
            n=n,
            nulls=nulls,
            infinite=infinite,
            total=math.inf if total is None else total,
            squares=math.inf if squares is None else squares,
            cubes=math.inf if cubes is None else cubes,
            least=least,
            most=most,
            edges=np.array(edges, dtype=np.float64),
            counts=np.array(counts, dtype=np.int64),
            sketch=_sketch(told, finite),
        )


@dataclass(frozen=True, slots=True)
class Categories:
    """A column of names: ``n`` rows in all, ``nulls`` without a name; ``counts`` of the ``KEPT`` most frequent.

    Where there were more names, the rows of the rest are in ``others``: each name's true count lies between its count
    (0 for a name that is not listed) and that plus ``others``, in whatever order profiles were merged. Without others
    all is exact.
    """

    n: int
    nulls: int
    counts: dict[str, int]
    others: int

    @classmethod
    def of(cls, values: ArrayLike) -> Self:
        """The profile of ``values``: text, or what str() makes of them; None (and NaN) is null."""
        import numpy as np

        rows = np.asarray(values, dtype=object).ravel().tolist()
        found: Counter[str] = Counter()
        # Equal values of different types (1, True, 1.0) are different names: counted by type first.
        for (_, value), count in Counter((type(value), value) for value in rows if not _is_null(value)).items():
            found[str(value)] += count
        return cls.counted(found, nulls=len(rows) - found.total())

    @classmethod
    def counted(cls, counts: Mapping[str, int], *, nulls: int, others: int = 0) -> Self:
        """The profile of rows that were counted by name already."""
        n = sum(counts.values()) + nulls + others
        ranked = sorted(((name, count) for name, count in counts.items() if count), key=lambda one: (-one[1], one[0]))
        rest = sum(count for _, count in ranked[KEPT:])
        return cls(n=n, nulls=nulls, counts=dict(ranked[:KEPT]), others=others + rest)

    @property
    def named(self) -> int:
        """How many rows have a name."""
        return self.n - self.nulls

    def merged(self, other: Categories) -> Categories:
        """Both profiles' rows in one."""
        return Categories.counted(
            Counter(self.counts) + Counter(other.counts),
            nulls=self.nulls + other.nulls,
            others=self.others + other.others,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, as docs/profiles.md describes it."""
        return {"kind": "categories", "n": self.n, "nulls": self.nulls, "counts": self.counts, "others": self.others}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """The profile that ``to_dict`` told, or a client.

        Raises:
            InvalidInput: it is not one, or its parts do not agree with each other; ``where`` names the member.
        """
        n, nulls, others = (_whole(told, name) for name in ("n", "nulls", "others"))
        counts = told.get("counts")
        _require(isinstance(counts, dict), "counts", "Counts by name are missing.")
        assert isinstance(counts, dict)
        _require(len(counts) <= KEPT, "counts", f"At most {KEPT:,} names; the rows of the rest belong in others.")
        _require(all(_is_whole(one) for one in counts.values()), "counts", "Counts are whole numbers, 0 or more.")
        summed = sum(counts.values()) + nulls + others
        _require(summed == n, "counts", f"Counts, nulls and others add up to {summed:,}, the rows to {n:,}.")
        return cls.counted({str(name): count for name, count in counts.items()}, nulls=nulls, others=others)


Column = Numbers | Categories


def column_from_dict(told: Mapping[str, Any]) -> Column:
    """The profile of either kind.

    Raises:
        InvalidInput: it is neither, or its parts do not agree with each other; ``where`` names the member.
    """
    kinds: dict[Any, type[Numbers] | type[Categories]] = {"numbers": Numbers, "categories": Categories}
    kind = kinds.get(told.get("kind"))
    if kind is None:
        raise InvalidInput("A column's kind is numbers or categories.", where="kind")
    return kind.from_dict(told)


def _moments(one: Numbers, other: Numbers) -> tuple[float, float]:
    """The squares and cubes of both together (Pébay 2008, Sandia report SAND2008-6212, eq. 1.3 and 1.4)."""
    if not (one.finite and other.finite):
        return one.squares + other.squares, one.cubes + other.cubes
    a, b = one.finite, other.finite
    share, apart = b / (a + b), other.total / b - one.total / a
    try:
        squares = one.squares + other.squares + apart**2 * a * share
        cubes = one.cubes + other.cubes + apart**3 * a * share * (1 - 2 * share)
        cubes += 3 * apart * ((1 - share) * other.squares - share * one.squares)
    except OverflowError:
        squares = cubes = math.inf
    return or_infinite(squares), or_infinite(cubes)


def _is_null(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN and NaT alone differ from themselves


def _is_whole(value: object) -> bool:
    """Whether it is a whole number, 0 or more, that a double holds exactly."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _require(holds: bool, where: str, sentence: str) -> None:
    if not holds:
        raise InvalidInput(sentence, where=where)


def _whole(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    _require(_is_whole(value), name, "A whole number, 0 or more, is missing.")
    assert isinstance(value, int)
    return value


def _number(told: Mapping[str, Any], name: str) -> float | None:
    value = told.get(name)
    _require(value is None or _is_finite(value), name, "A finite number or null.")
    return None if value is None else float(value)


def _finite_list(told: Mapping[str, Any], name: str) -> list[float]:
    values = told.get(name)
    good = isinstance(values, list) and all(_is_finite(one) for one in values)
    _require(good, name, "A list of finite numbers is missing.")
    assert isinstance(values, list)
    return [float(one) for one in values]


def _sketch(told: Mapping[str, Any], finite: int) -> bytes:
    from datasketches import kll_doubles_sketch

    try:
        sketch = base64.b64decode(told.get("sketch", ""), validate=True)
        held = kll_doubles_sketch.deserialize(sketch)
    except (TypeError, ValueError, RuntimeError, IndexError, binascii.Error) as error:
        raise InvalidInput(
            "A KLL sketch of doubles, base64 of its serialised form, is missing.", where="sketch"
        ) from error
    _require(held.n == finite, "sketch", f"The sketch holds {held.n:,} rows, the column {finite:,} finite ones.")
    _require(held.k >= K, "sketch", f"The sketch's k is {held.k}; {K} or more keeps the stated error.")
    return sketch
