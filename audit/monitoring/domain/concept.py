"""Whether a stream of errors changed: three detectors, one value at a time, whose state goes on from day to day.

Values come in the order of time. A detector that met a change starts to learn anew (ADWIN keeps what came after it).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Final, Protocol

from audit.base.errors import InvalidInput

QUIET, WARNING, CHANGE = "quiet", "warning", "change"


@dataclass(frozen=True, slots=True)
class Sign:
    """A detector's warning or change: ``place`` counts all values seen, from 0; ``mean`` is the error's level now."""

    place: int
    sign: str
    mean: float


class Detector(Protocol):
    """What each detector does."""

    method: ClassVar[str]
    seen: int

    @property
    def mean(self) -> float | None:
        """The mean error as the detector sees it now; None before the first value and right after a change."""

    def update(self, value: float) -> str:
        """Takes the next error: quiet, warning or change."""


@dataclass(slots=True)
class Adwin:
    """ADWIN, with exponential buckets (Bifet & Gavalda 2007, SDM, p. 443: ADWIN2 and the normal bound of its 4.1).

    The window of the last values is cut wherever the means of its two parts differ by more than chance at level
    ``delta`` allows; the older part is dropped until they do not. Sees rises and falls. For values within 0 and 1;
    other errors are held against their variance only. ``buckets`` holds, for sizes 1, 2, 4, ..., the (sum, sum of
    squared deviations) of up to ``MOST`` + 1 buckets, oldest first. Every ``CLOCK`` values the window is looked at.
    """

    method: ClassVar[str] = "adwin"
    MOST: ClassVar[int] = 5
    CLOCK: ClassVar[int] = 32
    LEAST_PART: ClassVar[int] = 5
    GRACE: ClassVar[int] = 10

    delta: float = 0.002
    seen: int = 0
    width: int = 0
    total: float = 0.0
    squares: float = 0.0
    buckets: list[list[list[float]]] = field(default_factory=lambda: [[]])

    def __post_init__(self) -> None:
        if not 0 < self.delta < 1:
            raise InvalidInput("ADWIN's delta lies between 0 and 1.", where="delta")

    @property
    def mean(self) -> float | None:
        """The mean of the window; None before the first value."""
        return self.total / self.width if self.width else None

    def update(self, value: float) -> str:
        """Takes the next error: quiet or change.

        Raises:
            InvalidInput: the error is not a finite number.
        """
        value = _finite(value)
        self.seen += 1
        if self.width:
            self.squares += self.width * (value - self.total / self.width) ** 2 / (self.width + 1)
        self.width += 1
        self.total += value
        self.buckets[0].append([value, 0.0])
        self._compress()
        if self.seen % self.CLOCK or self.width <= self.GRACE:
            return QUIET
        sign = QUIET
        while self._differs():
            sign = CHANGE
            self._drop_oldest()
        return sign

    def _compress(self) -> None:
        for row, kept in enumerate(self.buckets):
            if len(kept) <= self.MOST:
                return
            if row + 1 == len(self.buckets):
                self.buckets.append([])
            (sum_a, squares_a), (sum_b, squares_b) = kept[0], kept[1]
            size = 1 << row
            apart = (sum_a - sum_b) / size
            self.buckets[row + 1].append([sum_a + sum_b, squares_a + squares_b + size * apart * apart / 2])
            del kept[:2]

    def _drop_oldest(self) -> None:
        row = len(self.buckets) - 1
        total, squares = self.buckets[row].pop(0)
        size = 1 << row
        self.width -= size
        self.total -= total
        apart = total / size - self.total / self.width
        self.squares = max(0.0, self.squares - squares - size * self.width * apart * apart / (size + self.width))
        if not self.buckets[row] and row:
            self.buckets.pop()

    def _differs(self) -> bool:
        """Whether the means of any older and newer part are further apart than chance allows."""
        if self.width <= self.GRACE:
            return False
        variance = self.squares / self.width
        doubt = math.log(2 * math.log(self.width) / self.delta)
        old, old_total = 0, 0.0
        for row in range(len(self.buckets) - 1, -1, -1):
            size = 1 << row
            for total, _ in self.buckets[row]:
                old += size
                old_total += total
                new = self.width - old
                if new < self.LEAST_PART:
                    return False
                if old < self.LEAST_PART:
                    continue
                # The peers' correction of the harmonic mean: a part as short as is allowed counts as one value.
                parts = 1 / (old - self.LEAST_PART + 1) + 1 / (new - self.LEAST_PART + 1)
                allowed = math.sqrt(2 * parts * variance * doubt) + 2 / 3 * doubt * parts
                if abs(old_total / old - (self.total - old_total) / new) > allowed:
                    return True
        return False


@dataclass(slots=True)
class PageHinkley:
    """Page-Hinkley's test for a rise of the mean (Page 1954, Biometrika 41, p. 100; with a forgetting factor).

    Sums what each value lies above the mean so far, less ``delta``, never below 0, and forgets by the factor ``alpha``;
    a sum of ``threshold`` or more after ``least`` values is a change. All are in the unit of the error.
    """

    method: ClassVar[str] = "page_hinkley"

    delta: float = 0.005
    threshold: float = 50.0
    alpha: float = 0.9999
    least: int = 30
    seen: int = 0
    n: int = 0
    average: float = 0.0
    above: float = 0.0

    def __post_init__(self) -> None:
        if not (self.threshold > 0 and self.delta >= 0 and 0 < self.alpha <= 1):
            raise InvalidInput("Page-Hinkley needs threshold > 0, delta >= 0, and alpha above 0 and up to 1.")

    @property
    def mean(self) -> float | None:
        """The mean since the last change; None before the first value."""
        return self.average if self.n else None

    def update(self, value: float) -> str:
        """Takes the next error: quiet or change.

        Raises:
            InvalidInput: the error is not a finite number.
        """
        value = _finite(value)
        self.seen += 1
        self.n += 1
        self.average += (value - self.average) / self.n
        self.above = max(0.0, self.alpha * self.above + value - self.average - self.delta)
        if self.n + 1 < self.least or self.above < self.threshold:
            return QUIET
        self.n, self.average, self.above = 0, 0.0, 0.0
        return CHANGE


@dataclass(slots=True)
class Ddm:
    """DDM, for errors of 0 and 1 (Gama, Medas, Castillo & Rodrigues 2004, SBIA, p. 286).

    With p the error rate so far and s = sqrt(p (1 - p) / n): p + s above its least value by two (three) of the s of
    that moment is a warning (a change), after ``least`` values. Sees rises only. It raises many false alarms, since it
    compares with the luckiest moment of a stream: on 2,000 values without change, about one stream in four. A moment
    without any error yet is no least: else the first error of a model that made none would be a change.
    """

    method: ClassVar[str] = "ddm"

    warning: float = 2.0
    change: float = 3.0
    least: int = 30
    seen: int = 0
    n: int = 0
    errors: int = 0
    best: list[float] | None = None

    @property
    def mean(self) -> float | None:
        """The error rate since the last change; None before the first value."""
        return self.errors / self.n if self.n else None

    def update(self, value: float) -> str:
        """Takes the next error, 0 or 1: quiet, warning or change.

        Raises:
            InvalidInput: the error is neither 0 nor 1.
        """
        if value not in {0, 1}:
            raise InvalidInput(f"DDM takes errors of 0 (right) and 1 (wrong), not {value!r}.", where="value")
        self.seen += 1
        self.n += 1
        self.errors += int(value)
        if self.n <= self.least or not self.errors:
            return QUIET
        rate = self.errors / self.n
        deviation = math.sqrt(rate * (1 - rate) / self.n)
        least = self.best
        if least is None or rate + deviation <= sum(least):
            self.best = least = [rate, deviation]
        if rate + deviation > least[0] + self.change * least[1]:
            self.n, self.errors, self.best = 0, 0, None
            return CHANGE
        return WARNING if rate + deviation > least[0] + self.warning * least[1] else QUIET


DETECTORS: Final[dict[str, type[Adwin | PageHinkley | Ddm]]] = {kind.method: kind for kind in (Adwin, PageHinkley, Ddm)}


def follow(detector: Detector, errors: Iterable[float]) -> list[Sign]:
    """Feeds the errors, in the order of time: each change, and the first of each run of warnings."""
    signs: list[Sign] = []
    before = QUIET
    for error in errors:
        level = detector.mean
        sign = detector.update(error)
        if sign == CHANGE or (sign == WARNING and before != WARNING):
            now = detector.mean
            signs.append(Sign(detector.seen - 1, sign, (level or 0.0) if now is None else now))
        before = sign
    return signs


def to_dict(detector: Adwin | PageHinkley | Ddm) -> dict[str, Any]:
    """The detector's state as JSON, so that the next day's work continues from it."""
    return {"method": detector.method, **asdict(detector)}


def from_dict(state: Mapping[str, Any]) -> Adwin | PageHinkley | Ddm:
    """The detector that ``to_dict`` gave.

    Raises:
        InvalidInput: the state is not one of a detector.
    """
    rest = deepcopy(dict(state))
    kind = DETECTORS.get(str(rest.pop("method", "")))
    if kind is None:
        raise InvalidInput(f"A detector is one of {', '.join(DETECTORS)}.", where="method")
    try:
        return kind(**rest)
    except TypeError as error:
        raise InvalidInput("The stored state of the detector has other fields than it needs.") from error


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise InvalidInput(f"An error has to be a finite number, not {value!r}.", where="value")
    return float(value)
