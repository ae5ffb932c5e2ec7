"""When a figure is out of bounds: a bound is data, a window's verdict has a sentence, and unknown is never ok."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.monitoring.domain.estimate import Estimate

FIXED, DIFFERENCE, RATIO, LEARNED = "fixed", "difference", "ratio", "learned"
KINDS: Final = (FIXED, DIFFERENCE, RATIO, LEARNED)
ABOVE, BELOW = "above", "below"
OK, WATCH, BROKEN, UNKNOWN = "ok", "watch", "broken", "unknown"
LEAST_WINDOWS: Final = 6
"""A learned bound is unknown from fewer reference windows: a deviation from five figures or fewer is mostly chance."""


def plain(value: float) -> str:
    """Four significant digits, as in 0.6412 or 1,280."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure has to keep to; it is broken strictly beyond the limit, on the side of ``direction``.

    ``value`` is, by ``kind``: the limit itself (fixed); what is allowed beyond the reference, in the figure's unit
    (difference); the factor on the reference (ratio; 1.1 or 0.9, for a reference above 0); the number of standard
    deviations from the mean of the reference windows (learned). ``windows``: so many broken in a row raise an alarm,
    and so many ok in a row end it.
    """

    kind: str
    direction: str
    value: float
    windows: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise _wrong("kind", f"A bound is one of {', '.join(KINDS)}, not {self.kind!r}.")
        if self.direction not in {ABOVE, BELOW}:
            raise _wrong("direction", f"A bound is broken above or below, not {self.direction!r}.")
        if not math.isfinite(self.value):
            raise _wrong("value", "A bound needs a finite number.")
        if self.kind in {DIFFERENCE, LEARNED} and self.value < 0:
            raise _wrong("value", "What is allowed beside the reference cannot be negative.")
        if self.kind == RATIO and self.value <= 0:
            raise _wrong("value", "A ratio to the reference has to be above 0.")
        if self.windows < 1:
            raise _wrong("windows", "At least one window has to be broken.")

    def to_dict(self) -> dict[str, Any]:
        """The bound as JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stated: Mapping[str, Any]) -> Bound:
        """The bound that ``to_dict`` gave.

        Raises:
            InvalidInput: something is missing or is not a bound; ``where`` names the field.
        """
        try:
            value, windows = float(stated["value"]), int(stated.get("windows", 1))
            return cls(str(stated["kind"]), str(stated["direction"]), value, windows)
        except KeyError as missing:
            raise _wrong(str(missing.args[0]), "A bound needs this field.") from missing
        except (TypeError, ValueError) as error:
            raise _wrong("value", "A bound's value and windows are numbers.") from error

    def words(self, say: Callable[[float], str] = plain) -> str:
        """As in "below 0.64, 3 windows in a row"; ``say`` writes a value of the figure."""
        of = {
            FIXED: f"{self.direction} {say(self.value)}",
            DIFFERENCE: f"{self.direction} the reference by more than {say(self.value)}",
            RATIO: f"{self.direction} {plain(self.value)} times the reference",
            LEARNED: f"more than {plain(self.value)} standard deviations {self.direction} the mean of the reference "
            "windows",
        }[self.kind]
        return of if self.windows == 1 else f"{of}, {self.windows} windows in a row"


@dataclass(frozen=True, slots=True)
class Limit:
    """Where the bound lies for one window, in the figure's unit; None with the reason when that is not known."""

    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One window against its bound. ``state``: ok, watch (right side, interval reaches over), broken, unknown."""

    state: str
    value: float | None
    limit: float | None
    n: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an alarm stands after the last window, and the place of the window that raised it (0 is the first)."""

    alarm: bool
    since: int | None


def limit_of(bound: Bound, *, reference: float | None = None, history: Sequence[float | None] = ()) -> Limit:
    """Where ``bound`` lies, given the reference's figure or the figures of the reference windows (None: undefined)."""
    side = 1.0 if bound.direction == ABOVE else -1.0
    if bound.kind == FIXED:
        return Limit(bound.value, "")
    if bound.kind == LEARNED:
        known = [value for value in history if value is not None and math.isfinite(value)]
        if len(known) < LEAST_WINDOWS:
            return Limit(None, f"{len(known)} reference windows are known, and {LEAST_WINDOWS} are needed")
        return Limit(statistics.fmean(known) + side * bound.value * statistics.stdev(known), "")
    if reference is None or not math.isfinite(reference):
        return Limit(None, "the reference has no such figure")
    if bound.kind == DIFFERENCE:
        return Limit(reference + side * bound.value, "")
    if reference <= 0:
        return Limit(None, "a ratio needs a reference above 0")
    return Limit(reference * bound.value, "")


def judge(
    bound: Bound,
    current: Estimate,
    *,
    reference: float | None = None,
    history: Sequence[float | None] = (),
    least_n: int = 1,
    say: Callable[[float], str] = plain,
) -> Verdict:
    """The verdict on one window; a window of fewer than ``least_n`` rows, or without a figure, is unknown."""
    limit = limit_of(bound, reference=reference, history=history)
    value = current.value
    if value is None or not math.isfinite(value):
        return Verdict(UNKNOWN, None, limit.value, current.n, "Not judged: the window has no such figure.")
    if current.n < least_n:
        said = f"Not judged: {current.n:,} rows, and {least_n:,} are needed."
        return Verdict(UNKNOWN, value, limit.value, current.n, said)
    if limit.value is None:
        return Verdict(UNKNOWN, value, None, current.n, f"Not judged: {limit.reason}.")
    side = bound.direction
    beyond = _beyond(bound, value, limit.value)
    far = current.high if side == ABOVE else current.low
    reaches = far is not None and _beyond(bound, far, limit.value)
    why = "" if bound.kind == FIXED else f" (bound: {bound.words(say)})"
    if beyond:
        state, said = BROKEN, f"{say(value)} lies {side} {say(limit.value)}{why}."
    elif reaches:
        state = WATCH
        said = f"{say(value)} keeps the bound of {say(limit.value)}, but its interval reaches {say(far or 0.0)}{why}."
    else:
        state, said = OK, f"{say(value)} keeps the bound: not {side} {say(limit.value)}{why}."
    return Verdict(state, value, limit.value, current.n, said)


def standing(states: Sequence[str], windows: int) -> Standing:
    """Whether an alarm stands after windows with these states, oldest first.

    ``windows`` broken in a row raise it, and as many ok in a row end it. A watched window ends either row. An unknown
    window neither counts nor ends a row: what is not known is no sign of health.
    """
    since: int | None = None
    broken = fine = 0
    for place, state in enumerate(states):
        if state == UNKNOWN:
            continue
        broken = broken + 1 if state == BROKEN else 0
        fine = fine + 1 if state == OK else 0
        if since is None and broken >= windows:
            since = place
        elif since is not None and fine >= windows:
            since = None
    return Standing(since is not None, since)


def _beyond(bound: Bound, value: float, limit: float) -> bool:
    return value > limit if bound.direction == ABOVE else value < limit


def _wrong(where: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, where=where, mend="")
