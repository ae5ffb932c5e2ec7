"""Whether a window's data are sound: each check has an outcome, a figure with its bound and n, and one sentence.

A share is broken only where its whole 95% interval lies beyond the bound, and watched where the figure alone does: a
few rows never make a fault. A *fault* says that the data are wrong, and not that the world changed; values beyond the
reference's range, unseen categories, new columns and more rows than usual may be either, and are no faults by
themselves.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from audit.monitoring.domain.columns import RANK_ERROR, Categories, Column, Numbers
from audit.monitoring.domain.estimate import wilson
from audit.monitoring.domain.thresholds import BROKEN, LEAST_WINDOWS, OK, UNKNOWN, WATCH, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCHEMA, TYPE, NULLS, RANGE, UNSEEN = "schema", "type", "nulls", "range", "unseen"
DUPLICATES, VOLUME, ARRIVAL, UNIT = "duplicates", "volume", "arrival", "unit"
REFUSED = "refused"

NULLS_ALLOWED: Final = 0.05
"""Nulls may be this much more than in the reference, as a share of all rows."""
NULLS_LOST: Final = 0.1
NULLS_TIMES: Final = 3
"""A fault has lost so large a share of the rows, and has so many times the reference's share of nulls: seasons move
shares of nulls too, and where many rows are null, null is an answer (no gust, no claim)."""
ROWS_LOST: Final = 0.5
"""A day is a fault that has lost so large a share of its usual rows: holidays have fewer, too."""
UNPARSED_ALLOWED: Final = 0.01
BEYOND_ALLOWED: Final = 0.01
UNSEEN_ALLOWED: Final = 0.01
DUPLICATES_ALLOWED: Final = 0.01
DEVIATIONS: Final = 3.0
"""How many standard deviations the rows of a day may lie from those of the same weekday."""

_POUND, _INCH, _MILE, _FOOT = 0.45359237, 2.54, 1.609344, 0.3048
CONVERSIONS: Final[tuple[tuple[float, float, str], ...]] = (
    *((10.0**power, 0.0, f"{10**power:,} times as large") for power in range(1, 7)),
    *((10.0**-power, 0.0, f"{10**power:,} times as small") for power in range(1, 7)),
    (60.0, 0.0, "60 times as large, as minutes are in seconds"),
    (1 / 60.0, 0.0, "60 times as small, as seconds are in minutes"),
    (3600.0, 0.0, "3,600 times as large, as hours are in seconds"),
    (1 / 3600.0, 0.0, "3,600 times as small, as seconds are in hours"),
    (_INCH, 0.0, "2.54 times as large, as inches are in centimetres"),
    (1 / _INCH, 0.0, "2.54 times as small, as centimetres are in inches"),
    (_MILE, 0.0, "1.609 times as large, as miles are in kilometres"),
    (1 / _MILE, 0.0, "1.609 times as small, as kilometres are in miles"),
    (_POUND, 0.0, "0.4536 times as large, as pounds are in kilograms"),
    (1 / _POUND, 0.0, "2.205 times as large, as kilograms are in pounds"),
    (_FOOT, 0.0, "0.3048 times as large, as feet are in metres"),
    (1 / _FOOT, 0.0, "3.281 times as large, as metres are in feet"),
    (1.8, 0.0, "1.8 times as large, as steps of Celsius are in Fahrenheit"),
    (1 / 1.8, 0.0, "1.8 times as small, as steps of Fahrenheit are in Celsius"),
    (1.8, 32.0, "as degrees Celsius are in Fahrenheit"),
    (1 / 1.8, -32.0 / 1.8, "as degrees Fahrenheit are in Celsius"),
    (1.0, 273.15, "273.15 higher, as degrees Celsius are in kelvin"),
    (1.0, -273.15, "273.15 lower, as kelvin are in degrees Celsius"),
)
"""Factor, offset and words of each change of unit that is looked for."""
SCALE_ERROR: Final = 0.015
"""How far the scale that is seen may lie from a conversion's factor, as a share of it, beside chance."""
MOST_SCALE_ERROR: Final = 0.05
"""And with chance: a mile (1.609) and 1.8 stay apart."""
LEAST_ROWS: Final = 100
"""Fewer finite rows, on either side, show no unit."""
_GRID: Final = tuple(place / 200 for place in range(1, 200))


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a window; ``column`` is empty where it is of the window as a whole.

    ``outcome``: ok, watch, broken or unknown. ``value`` and ``bound`` are in the check's own unit (a share of rows,
    rows, minutes, columns, or the factor of a unit).
    """

    check: str
    column: str
    outcome: str
    value: float | None
    bound: float | None
    n: int
    sentence: str
    is_fault: bool = False


def schema(expected: Collection[str], found: Collection[str]) -> list[Finding]:
    """One finding a missing column (a fault) and a new one (watched); one that is ok when neither is there."""
    missing, new = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    n = len(found)
    if not missing and not new:
        return [Finding(SCHEMA, "", OK, 0.0, 0.0, n, f"All {len(expected)} expected columns are there.")]
    gone = [Finding(SCHEMA, one, BROKEN, 1.0, 0.0, n, f"The column {one} is missing.", True) for one in missing]
    return gone + [Finding(SCHEMA, one, WATCH, 1.0, 0.0, n, f"The column {one} is new.") for one in new]


def parsed(column: str, *, unparsed: int, n: int, allowed: float = UNPARSED_ALLOWED) -> Finding:
    """The share of values that are not of the column's type."""
    return _share(TYPE, column, unparsed, n, allowed, "are not of the column's type", fault=True)


def nulls(column: str, *, nulls: int, n: int, reference: float | None, allowed: float = NULLS_ALLOWED) -> Finding:
    """The share of nulls against the ``reference``'s share plus what is ``allowed``; a fault where many are lost."""
    if reference is None:
        return Finding(NULLS, column, UNKNOWN, None, None, n, "Not judged: the reference has no rows.")
    lost = nulls >= n * max(reference + NULLS_LOST, reference * NULLS_TIMES)
    return _share(NULLS, column, nulls, n, reference + allowed, "are null", fault=lost)


def in_range(
    column: str, *, beyond: int, n: int, least: float, most: float, allowed: float = BEYOND_ALLOWED
) -> Finding:
    """The share of values outside the reference's ``least`` and ``most``."""
    said = f"lie outside {plain(least)} to {plain(most)}, the range of the reference"
    return _share(RANGE, column, beyond, n, allowed, said)


def seen(column: str, *, unseen: int, n: int, names: Sequence[str] = (), allowed: float = UNSEEN_ALLOWED) -> Finding:
    """The share of rows whose category the reference does not have; ``names`` are the most frequent of these."""
    such = f" ({', '.join(names)})" if names else ""
    return _share(UNSEEN, column, unseen, n, allowed, f"have a category that the reference has not{such}")


def duplicates(*, repeated: int, n: int, allowed: float = DUPLICATES_ALLOWED) -> Finding:
    """The share of rows whose prediction id came before."""
    return _share(DUPLICATES, "", repeated, n, allowed, "repeat a prediction id", fault=True)


def volume(n: int, usual: Sequence[int], *, deviations: float = DEVIATIONS) -> Finding:
    """A window's rows against ``usual``, those of earlier windows on the same weekday.

    Bounds are their mean +/- ``deviations`` standard deviations, which are taken as the root of the mean (Poisson) at
    least. With less than ``ROWS_LOST`` of the mean it is a fault. Fewer than six earlier windows: unknown.
    """
    if len(usual) < LEAST_WINDOWS:
        said = f"Not judged: {len(usual)} earlier windows of this weekday are known, and {LEAST_WINDOWS} are needed."
        return Finding(VOLUME, "", UNKNOWN, float(n), None, n, said)
    mean = statistics.fmean(usual)
    half = deviations * max(statistics.stdev(usual), math.sqrt(mean))
    low, high = max(0.0, mean - half), mean + half
    bound = low if n < low else high
    said = f"{n:,} rows came; {low:,.0f} to {high:,.0f} are usual on this weekday."
    outcome = OK if low <= n <= high else BROKEN
    return Finding(VOLUME, "", outcome, float(n), bound, n, said, n < min(low, ROWS_LOST * mean))


def arrival(*, arrived: datetime | None, due: datetime, now: datetime, grace: timedelta = timedelta()) -> Finding:
    """Whether the data came by ``due`` plus ``grace``. The figure is minutes after ``due``; times are aware."""
    bound = grace / timedelta(minutes=1)
    n = 0 if arrived is None else 1
    if arrived is None and now <= due + grace:
        said = f"The data are due by {due + grace:%d %B %Y, %H:%M %Z}."
        return Finding(ARRIVAL, "", UNKNOWN, None, bound, n, said)
    late = ((now if arrived is None else arrived) - due) / timedelta(minutes=1)
    if late <= bound:
        return Finding(ARRIVAL, "", OK, late, bound, n, "The data came on time.")
    said = "The data have not come" if arrived is None else "The data came late"
    sentence = f"{said}: {late:,.0f} minutes after they were due, and {bound:,.0f} are allowed."
    return Finding(ARRIVAL, "", BROKEN, late, bound, n, sentence, True)


def refused(filename: str, *, why: str, mended: bool) -> Finding:
    """A file that could not be imported; a fault until a file of its kind was imported after it (``mended``)."""
    since = "A file that came later was imported" if mended else "No file was imported since"
    sentence = f"The file {filename} was refused, and nothing of it was imported: {why} {since}."
    return Finding(REFUSED, "", WATCH if mended else BROKEN, 1.0, 0.0, 1, sentence, not mended)


def of_column(column: str, reference: Column, current: Column) -> list[Finding]:
    """Type, nulls, range or unseen categories, and unit of a column, from its profiles."""
    missing = nulls(column, nulls=current.nulls, n=current.n, reference=_null_share(reference))
    if isinstance(reference, Numbers) and isinstance(current, Numbers):
        return [missing, _range_of(column, reference, current), unit(column, reference, current)]
    if isinstance(reference, Categories) and isinstance(current, Categories):
        new = {name: count for name, count in current.counts.items() if name not in reference.counts}
        if reference.others:
            # A name that is not listed may be among the reference's others: nobody can tell.
            said = "Not judged: the reference has more categories than are kept by name."
            return [missing, Finding(UNSEEN, column, UNKNOWN, None, UNSEEN_ALLOWED, current.named, said)]
        return [missing, seen(column, unseen=sum(new.values()), n=current.named, names=tuple(new)[:3])]
    if current.n == current.nulls or reference.n == reference.nulls:
        return [missing]
    words = ("numbers", "categories") if isinstance(reference, Numbers) else ("categories", "numbers")
    said = f"{column} holds {words[1]}; the reference holds {words[0]}."
    return [missing, Finding(TYPE, column, BROKEN, 1.0, UNPARSED_ALLOWED, current.n, said, True)]


def unit(column: str, reference: Numbers, current: Numbers) -> Finding:
    """Whether the values are the reference's in another unit: one of ``CONVERSIONS`` with the shape kept.

    The shape is kept where the distance of the distributions (Kolmogorov-Smirnov's D), after the conversion, is no more
    than chance (95%) and the sketches' errors allow, and a third of that before. The scale that is seen, by least
    squares over quantiles, has to lie within ``SCALE_ERROR`` and 2.5 standard errors of the factor. Where a factor is
    10 or more (or 1/10 or less), it may also be in part of the rows, which is said where the share is less than all by
    more than that chance. A column of fewer than five different quantiles shows no unit.
    """
    import numpy as np

    n = min(reference.finite, current.finite)
    if n < LEAST_ROWS:
        said = f"Not judged: {n:,} finite rows, and {LEAST_ROWS} are needed on either side."
        return Finding(UNIT, column, UNKNOWN, None, None, n, said)
    old = np.array(reference.quantiles(_GRID), dtype=float)
    new = np.array(current.quantiles(_GRID), dtype=float)
    same = Finding(UNIT, column, OK, 1.0, 1.0, current.finite, f"{column} is in the reference's unit.")
    moved = float(np.abs(_shares(old, old) - _shares(new, old)).max())
    chance = 1.358 * math.sqrt(1 / reference.finite + 1 / current.finite) + 2 * RANK_ERROR + 1 / len(_GRID)
    if np.unique(old).size < 5 or moved < 2 * chance:
        return same
    fits = []
    with np.errstate(all="ignore"):  # what overflows fits nothing
        noise = float(old.std() / np.sqrt(np.mean(old**2))) * math.sqrt(1 / reference.finite + 1 / current.finite)
        tolerance = min(MOST_SCALE_ERROR, SCALE_ERROR + 2.5 * noise)
        for factor, offset, words in CONVERSIONS:
            share, apart = _fit(old, new, factor, offset, tolerance)
            if apart <= min(chance, moved / 3):
                fits.append((apart, factor, share, words))
    if not fits:
        return same
    _, factor, share, words = min(fits)
    rows = "" if share > 1 - chance else f" in about {share:.0%} of the rows"
    said = f"{column} is {words}{rows}, with its shape kept: its unit changed."
    return Finding(UNIT, column, BROKEN, factor, 1.0, current.finite, said, True)


def _fit(
    old: NDArray[np.float64], new: NDArray[np.float64], factor: float, offset: float, tolerance: float
) -> tuple[float, float]:
    """The share of rows that are converted, and how far the distributions then lie apart; infinite if no conversion."""
    import numpy as np

    if 0.1 < factor < 10:
        shifted = new - offset
        scale = float(np.dot(shifted, old) / np.dot(old, old))
        if not abs(scale / factor - 1) <= tolerance:
            return 0.0, math.inf
        return 1.0, float(np.abs(_shares(old, old) - _shares(new, factor * old + offset)).max())
    points = np.union1d(old, factor * old + offset)
    before, after, now = _shares(old, points), _shares(old, (points - offset) / factor), _shares(new, points)
    change = after - before
    share = float(np.clip((now - before) @ change / (change @ change), 0.0, 1.0))
    return share, float(np.abs(now - before - share * change).max())


def _shares(quantiles: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of rows up to each point, from equally spaced quantiles."""
    import numpy as np

    slack = 1e-9 * np.abs(points)
    return np.searchsorted(quantiles, points + slack, side="right") / quantiles.size


def _range_of(column: str, reference: Numbers, current: Numbers) -> Finding:
    if reference.least is None or reference.most is None:
        return Finding(
            RANGE, column, UNKNOWN, None, BEYOND_ALLOWED, current.n, "Not judged: the reference has no range."
        )
    below, above = current.edges < reference.least, current.edges >= reference.most
    beyond = 0
    if current.least is not None and current.least < reference.least:
        if not below.any():
            return _without_edges(column, current)
        beyond += int(current.counts[: int(below.sum())].sum())
    if current.most is not None and current.most > reference.most:
        if not above.any():
            return _without_edges(column, current)
        # Counts are up to an edge itself: the reference's most closes its place, and what comes after lies beyond.
        beyond += int(current.counts[int(above.argmax()) + 1 :].sum())
    return in_range(column, beyond=beyond, n=current.finite, least=reference.least, most=reference.most)


def _without_edges(column: str, current: Numbers) -> Finding:
    said = "Not judged: values lie outside the reference's range, and the profile has no edge there to count them."
    return Finding(RANGE, column, UNKNOWN, None, BEYOND_ALLOWED, current.n, said)


def _null_share(reference: Column) -> float | None:
    return reference.nulls / reference.n if reference.n else None


def _share(check: str, column: str, count: int, n: int, bound: float, said: str, *, fault: bool = False) -> Finding:
    found = wilson(count, n)
    if found.value is None or found.low is None:
        return Finding(check, column, UNKNOWN, None, bound, 0, "Not judged: there are no rows.")
    outcome = BROKEN if found.low > bound else WATCH if found.value > bound else OK
    sentence = f"{count:,} of {n:,} rows ({found.value:.2%}) {said}; {bound:.2%} are allowed."
    return Finding(check, column, outcome, found.value, bound, n, sentence, fault and outcome == BROKEN)
