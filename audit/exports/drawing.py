"""Draws figures as SVG: the same drawing for page and paper, told apart by line and label before colour."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from audit.exports.report import Figure, Lanes, Line, Lines
from audit.exports.words import day, number

DASHES: Final = ("", "6 3", "2 3", "9 3 2 3")
WIDE, SHEET, NARROW = 960, 700, 340
"""On a screen, on paper, on a phone."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours, and the family of letters."""

    text: str
    quiet: str
    grid: str
    series: tuple[str, ...]
    on_bar: str
    family: str


PAGE: Final = Ink(
    "var(--ink)",
    "var(--ink-2)",
    "var(--line)",
    ("var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)"),
    "var(--paper)",
    "inherit",
)
PAPER: Final = Ink(
    "#1a1c1e", "#505459", "#dcdcd6", ("#0b5c75", "#9a6a00", "#5048a8", "#0b7d6c"), "#ffffff", "Libertinus Serif"
)


def svg(figure: Figure, ink: Ink, width: int = WIDE) -> str:
    """The drawing, ``width`` units wide. Without points or lanes it is empty, with its axes."""
    parts, height = _lines(figure, ink, width) if isinstance(figure, Lines) else _lanes(figure, ink, width)
    label = quoteattr(f"{figure.title}. {figure.sub}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label={label} font-family="{ink.family}" font-size="12">{"".join(parts)}</svg>'
    )


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values that enclose [low, high], in steps of 1, 2 or 5 times a power of ten."""
    size = max(abs(low), abs(high), 1e-9)
    # Values that hardly differ are drawn as one: a step below a millionth of them could not be written.
    rough = max(high - low, size * 1e-6) / about
    exponent = math.floor(math.log10(rough))
    step = next(10.0**exponent * factor for factor in (1, 2, 5, 10) if 10.0**exponent * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    return [round(at * step, 1 - exponent) for at in range(first, max(last, first + 1) + 1)]


def days(first: date, last: date, most: int) -> list[tuple[date, str]]:
    """The first days of months (or Mondays, within ten weeks) from ``first`` to ``last``, at most ``most``, named."""
    if (last - first).days <= 70:
        start = first + timedelta(days=-first.weekday() % 7)
        weeks = [start + timedelta(weeks=at) for at in range((last - start).days // 7 + 1)]
        return [(one, f"{one.day} {one:%b}") for one in weeks[:: -(-len(weeks) // most) or 1]]
    months = [date(first.year + at // 12, at % 12 + 1, 1) for at in range(first.month, _months(first, last) + 1)]
    step = next((size for size in (1, 2, 3, 6) if len(months) <= size * most), 0)
    if not step:
        years = [one for one in months if one.month == 1]
        return [(one, f"{one.year}") for one in years[:: -(-len(years) // most) or 1]]
    kept = months[::step]
    return [(one, f"{one:%b %Y}" if one == kept[0] or one.month <= step else f"{one:%b}") for one in kept]


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - 1


def _lines(figure: Lines, ink: Ink, width: int) -> tuple[list[str], int]:
    height, left, right, top, bottom = 240, 52, 44, 10, 28
    points = [point for line in figure.lines for point in line.points if point.value is not None]
    if not points:
        return [_text(left, 30, "No figures yet", ink.quiet)], 48
    ends = [value for point in points for value in (point.value, point.low, point.high) if value is not None]
    scale = ticks(min(ends), max(ends))
    first, last = min(point.at for point in points), max(point.at for point in points)
    across = max((last - first).days, 1)

    def x(at: date) -> float:
        return left + (at - first).days / across * (width - left - right)

    def y(value: float) -> float:
        return top + (scale[-1] - value) / (scale[-1] - scale[0]) * (height - top - bottom)

    places = max(0, -math.floor(math.log10(scale[1] - scale[0]) + 1e-9))
    parts = []
    for value in scale:
        parts.append(_rule(left, width - right, y(value), ink.grid))
        parts.append(_text(left - 6, y(value) + 4, number(value, places), ink.quiet, "end"))
    for start, word in days(first, last, 8 if width > 500 else 3):
        parts.append(_text(x(start), height - 8, word, ink.quiet, "middle"))
    labels: list[tuple[float, float, str, str]] = []
    for at, line in enumerate(figure.lines):
        colour = ink.series[at % len(ink.series)]
        for piece in _pieces(line):
            known = [point for point in piece if point.low is not None and point.high is not None]
            if len(known) > 1:
                up = [f"{x(one.at):.1f},{y(one.high):.1f}" for one in known if one.high is not None]
                down = [f"{x(one.at):.1f},{y(one.low):.1f}" for one in reversed(known) if one.low is not None]
                parts.append(f'<polygon points="{" ".join(up + down)}" fill="{colour}" fill-opacity="0.16"/>')
            parts.append(_stroke([(x(one.at), y(one.value)) for one in piece if one.value is not None], colour, at))
        newest = [point for point in line.points if point.value is not None]
        if newest and newest[-1].value is not None:
            labels.append((x(newest[-1].at), y(newest[-1].value), line.label, colour))
    parts += _labels(labels)
    return parts, height


def _pieces(line: Line) -> Iterator[list]:
    """Runs of points without an undefined one, and without a hole of more than two weeks."""
    piece: list = []
    for point in line.points:
        if piece and (point.value is None or (point.at - piece[-1].at).days > 14):
            yield piece
            piece = []
        if point.value is not None:
            piece.append(point)
    if piece:
        yield piece


def _labels(labels: Sequence[tuple[float, float, str, str]]) -> list[str]:
    """Each line's name at its end, pushed down where two would touch."""
    parts, taken = [], -math.inf
    for x, y, word, colour in sorted(labels, key=lambda one: one[1]):
        taken = max(y + 4, taken + 14)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        parts.append(_text(x + 8, taken, word, colour, weight="bold"))
    return parts


def _stroke(points: Sequence[tuple[float, float]], colour: str, at: int) -> str:
    if len(points) == 1:
        (x, y) = points[0]
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{colour}"/>'
    dash = DASHES[at % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.8" stroke-linejoin="round"{dashed}/>'


def _lanes(figure: Lanes, ink: Ink, width: int) -> tuple[list[str], int]:
    left, right, row, top = 84, 16, 30, 6
    spans = [span for lane in figure.lanes for span in lane.spans]
    height = top + row * len(figure.lanes) + 26
    if not spans:
        return [_text(left, 24, "Nothing yet", ink.quiet)], 48
    first = min(span.start for span in spans)
    across = max((figure.until - first).days, 1)

    def x(at: date) -> float:
        return left + min(max((at - first).days / across, 0.0), 1.0) * (width - left - right)

    parts = []
    for start, word in days(first, figure.until, 8 if width > 500 else 3):
        place = x(start)
        parts.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{top}" y2="{height - 22}" stroke="{ink.grid}"/>')
        parts.append(_text(place, height - 8, word, ink.quiet, "middle"))
    for at, lane in enumerate(figure.lanes):
        y = top + row * at
        parts.append(_text(0, y + 19, lane.label, ink.quiet))
        for span in lane.spans:
            west, east = x(span.start), max(x(span.end or figure.until), x(span.start) + 3)
            told = f"{span.words}, {lane.label}: from {day(span.start)}, {day(span.end) or 'still runs'}"
            parts.append(_bar(west, east, y, told, ink.series[0], lasts=span.end is None))
            if east - west > 12 * len(span.words):
                parts.append(_text(west + 7, y + 19, span.words, ink.on_bar, weight="bold"))
    return parts, height


def _bar(left: float, right: float, y: float, told: str, colour: str, *, lasts: bool) -> str:
    """A bar, with a tip where it lasts."""
    flat = right - (min(7.0, right - left) if lasts else 0.0)
    shape = f"M{left:.1f} {y + 5} H{flat:.1f} L{right:.1f} {y + 15} L{flat:.1f} {y + 25} H{left:.1f} Z"
    return f'<path d="{shape}" fill="{colour}"><title>{escape(told)}</title></path>'


def _rule(left: float, right: float, y: float, colour: str) -> str:
    return f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, words: str, colour: str, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )
