"""What charts are made from: values with names, the palette, and how axes are cut. ``None`` is a gap, never zero."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

COLOURS = ("#157999", "#ba8b1e", "#6259b5", "#03a58f", "#905550", "#4c91fa", "#746716", "#70a059")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "triangle-down", "pentagon", "star")
EDGE = "#7f8387"
HEIGHT = 300
TOP, FOOT = 34, 36
LETTER = 6.6  # mean width of a letter at 12 px
LABEL_GAP = 15

Figure = dict[str, Any]
X = str | int | float | date | datetime
Y = float | None


@dataclass(frozen=True, slots=True)
class Series:
    """A line. ``low`` and ``high`` are the ends of its interval; ``dashed`` marks an estimate."""

    name: str
    x: Sequence[X]
    y: Sequence[Y]
    low: Sequence[Y] = ()
    high: Sequence[Y] = ()
    colour: int = 0
    dashed: bool = False
    note: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A dotted upright line with a letter; what happened stands in the key beside the chart."""

    x: X
    letter: str


@dataclass(frozen=True, slots=True)
class Part:
    """One layer of a stack; a ``residue`` is hatched, because it is not tied to anything yet."""

    name: str
    y: Sequence[Y]
    colour: int = 0
    residue: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval, on a line of its own."""

    name: str
    value: Y
    low: Y
    high: Y


@dataclass(frozen=True, slots=True)
class Point:
    """A thing with two quantities."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The same measure twice, before and after."""

    name: str
    before: Y
    after: Y


def plain(text: object) -> str:
    """Text that Plotly shows as it is: it reads some HTML."""
    return html.escape(str(text), quote=False)


def iso(value: X) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def floats(values: Iterable[Any]) -> list[float | None]:
    return [None if value is None else float(value) for value in values]


def known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def span(values: Sequence[float], *, from_zero: bool) -> tuple[float, float]:
    """The range of the axis, with some air; a single value gets air as well."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (low if from_zero and low == 0 else low - air), high + air


def tick_values(x: Sequence[Any], most: int) -> list[Any]:
    """At most ``most`` of the points, evenly, the last one among them."""
    step = max(-(-len(x) // most), 1)
    return list(x[::-1][::step])[::-1]


def rgba(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"
