"""Figures are plain dicts in Plotly's schema, drawn in the browser; the theme comes from there, so none is set here.

Each builder is pure: values in, ``{"data": [...], "layout": {...}}`` out. ``None`` is a gap, never zero. Instants are
ISO 8601 texts, dates or aware datetimes. ``layout.meta.narrow`` is merged over the layout where there is little room.
"""

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
class Pair:
    """The same measure twice, before and after."""

    name: str
    before: Y
    after: Y


def plain(text: object) -> str:
    """Text that Plotly shows as it is: it reads some HTML."""
    return html.escape(str(text), quote=False)


def _iso(value: X) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _floats(values: Iterable[Any]) -> list[float | None]:
    return [None if value is None else float(value) for value in values]


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _span(values: Sequence[float], *, from_zero: bool) -> tuple[float, float]:
    """The range of the axis, with some air; a single value gets air as well."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (low if from_zero and low == 0 else low - air), high + air


def _tick_values(x: Sequence[Any], most: int) -> list[Any]:
    """At most ``most`` of the points, evenly, the last one among them."""
    step = max(-(-len(x) // most), 1)
    return list(x[::-1][::step])[::-1]


def _runs(present: Sequence[bool]) -> list[tuple[int, int]]:
    """Stretches of True as (start, end beyond)."""
    runs, start = [], None
    for at, here in enumerate([*present, False]):
        if here and start is None:
            start = at
        if not here and start is not None:
            runs.append((start, at))
            start = None
    return runs


def _rgba(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def _band(series: Series, colour: str) -> list[dict[str, Any]]:
    """The interval of a series, one area for each stretch without gaps."""
    low, high = _floats(series.low), _floats(series.high)
    x = [_iso(value) for value in series.x]
    both = [a is not None and b is not None for a, b in zip(low, high, strict=True)]
    return [
        {
            "type": "scatter",
            "x": [*x[start:end], *x[start:end][::-1]],
            "y": [*high[start:end], *low[start:end][::-1]],
            "mode": "lines",
            "fill": "toself",
            "fillcolor": _rgba(colour, 0.16),
            "line": {"width": 0, "color": colour},
            "hoverinfo": "skip",
            "showlegend": False,
            "name": plain(f"{series.name}, interval"),
        }
        for start, end in _runs(both)
    ]


def _line(series: Series, colour: str, symbol: str, y_format: str) -> dict[str, Any]:
    low, high = _floats(series.low), _floats(series.high)
    notes = list(series.note) or [
        f" ({format(a, y_format)} to {format(b, y_format)})" if a is not None and b is not None else ""
        for a, b in zip(low, high, strict=True)
    ]
    trace: dict[str, Any] = {
        "type": "scatter",
        "name": plain(series.name),
        "x": [_iso(value) for value in series.x],
        "y": _floats(series.y),
        "mode": "lines" if series.dashed else "lines+markers",
        "line": {
            "color": colour,
            "width": 1.5 if series.dashed else 2.25,
            "dash": "4px,3px" if series.dashed else "solid",
        },
        "marker": {"color": colour, "size": 6, "symbol": symbol},
        "connectgaps": False,
        "hovertemplate": f"%{{y:{y_format}}}%{{customdata}}<extra>{plain(series.name)}</extra>",
        "customdata": [plain(note) for note in notes] if notes else ["" for _ in series.x],
    }
    return trace


def _end_labels(series: Sequence[Series], span: tuple[float, float], height: int) -> list[dict[str, Any]]:
    """Each line's name at its end, moved apart where two would touch."""
    room = height - TOP - FOOT
    scale = room / (span[1] - span[0])
    ends = []
    for one in series:
        points = [(x, y) for x, y in zip(one.x, _floats(one.y), strict=True) if y is not None]
        if points:
            ends.append((points[-1][1], points[-1][0], one.name))
    ends.sort(key=lambda end: end[0])
    labels, below = [], -1e9
    for y, x, name in ends:
        at = (y - span[0]) * scale
        placed = max(at, below + LABEL_GAP)
        below = placed
        labels.append(
            {
                "name": "end",
                "x": _iso(x),
                "y": y,
                "text": plain(name),
                "xanchor": "left",
                "yanchor": "middle",
                "xshift": 8,
                "yshift": round(placed - at, 1),
                "showarrow": False,
            }
        )
    return labels


def _events(events: Iterable[Event]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shapes, labels = [], []
    for event in events:
        x = _iso(event.x)
        line = {"color": EDGE, "width": 1, "dash": "1px,3px"}
        shapes.append({"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line})
        labels.append(
            {
                "name": "event",
                "x": x,
                "y": 1,
                "xref": "x",
                "yref": "paper",
                "yanchor": "bottom",
                "yshift": 4,
                "text": plain(event.letter),
                "font": {"weight": 650},
                "bordercolor": EDGE,
                "borderwidth": 1,
                "borderpad": 3,
                "showarrow": False,
            }
        )
    return shapes, labels


def _x_axis(x: Sequence[Any], *, edge_to_edge: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The axis with little text, and with less: ticks stand on points."""
    times = bool(x) and isinstance(x[0], str) and x[0][:4].isdigit() and "-" in x[0]
    axis: dict[str, Any] = {"type": "date" if times else "linear" if x and not isinstance(x[0], str) else "category"}
    if not times:
        axis |= {"tickformat": "", "hoverformat": ""}
    wide = axis | {"tickmode": "array", "tickvals": _tick_values(x, 7)}
    if edge_to_edge and len(x) > 1 and axis["type"] != "category":
        wide["range"] = [x[0], x[-1]]
    return wide, {"tickvals": _tick_values(x, 4)}


def lines(
    series: Sequence[Series],
    *,
    threshold: float | None = None,
    threshold_label: str = "Threshold",
    events: Sequence[Event] = (),
    y_format: str = ".2f",
    y_prefix: str = "",
    y_suffix: str = "",
    from_zero: bool = False,
    height: int = HEIGHT,
) -> Figure:
    """Lines over time with their intervals, a threshold, lettered events, and each line's name at its end.

    ``y_format`` is a format of d3 that Python shares (".2f", ",.0f"). Colours are numbers into ``COLOURS``.
    """
    traces: list[dict[str, Any]] = []
    for one in series:
        if one.low:
            traces += _band(one, COLOURS[one.colour % len(COLOURS)])
    solid = 0
    for one in series:
        traces.append(_line(one, COLOURS[one.colour % len(COLOURS)], SYMBOLS[solid % len(SYMBOLS)], y_format))
        solid += not one.dashed
    values = [value for one in series for group in (one.y, one.low, one.high) for value in _known(_floats(group))]
    span = _span([*values, float(threshold)] if threshold is not None else values, from_zero=from_zero)
    shapes, labels = _events(events)
    if threshold is not None:
        shapes.append(
            {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": threshold, "y1": threshold}
        )
        text = f"{plain(threshold_label)} {plain(y_prefix)}{format(threshold, y_format)}{plain(y_suffix)}"
        labels.append(
            {
                "name": "threshold",
                "x": 0,
                "y": threshold,
                "xref": "paper",
                "xanchor": "left",
                "yanchor": "top",
                "xshift": 4,
                "text": text,
                "showarrow": False,
            }
        )
    labels += _end_labels(series, span, height)
    right = 24 + round(max((len(one.name) for one in series), default=0) * LETTER)
    every_x = sorted({_iso(value) for one in series for value in one.x})
    wide, narrow = _x_axis(every_x, edge_to_edge=True)
    return {
        "data": traces,
        "layout": {
            "height": height,
            "margin": {"l": 48, "r": right, "t": TOP, "b": FOOT},
            "shapes": shapes,
            "annotations": labels,
            "xaxis": wide,
            "yaxis": {"range": list(span), "tickformat": y_format, "tickprefix": y_prefix, "ticksuffix": y_suffix},
            "meta": {"narrow": {"margin": {"l": 40, "r": 16, "t": TOP, "b": FOOT}, "xaxis": narrow}},
        },
    }


def stacked_bars(
    x: Sequence[X],
    parts: Sequence[Part],
    *,
    y_format: str = ",.0f",
    y_prefix: str = "",
    totals: bool = True,
    height: int = HEIGHT,
) -> Figure:
    """Bars in layers, the first part lowest; the first, the highest and the last bar carry their total.

    Names are not on the chart: list them beside it in the order of the stack with ``swatches``.
    """
    xs = [_iso(value) for value in x]
    traces = []
    for part in parts:
        colour = EDGE if part.residue else COLOURS[part.colour % len(COLOURS)]
        marker: dict[str, Any] = {"color": colour}
        if part.residue:
            marker = {
                "color": "rgba(0,0,0,0)",
                "line": {"color": colour, "width": 1},
                "pattern": {"shape": "/", "fgcolor": colour, "bgcolor": "rgba(0,0,0,0)", "size": 5, "solidity": 0.4},
            }
        traces.append(
            {
                "type": "bar",
                "name": plain(part.name),
                "x": xs,
                "y": _floats(part.y),
                "marker": marker,
                "hovertemplate": f"{plain(y_prefix)}%{{y:{y_format}}}<extra>{plain(part.name)}</extra>",
            }
        )
    sums = [sum(_known([_floats(part.y)[at] for part in parts])) for at in range(len(xs))]
    labels = []
    if totals and sums:
        highest = sums.index(max(sums))
        for at in sorted({0, len(sums) - 1, highest}):
            text = f"{plain(y_prefix)}{format(sums[at], y_format)}"
            labels.append(
                {
                    # Next to the highest there is no room for a second total on a phone.
                    "name": "total-wide" if 0 < abs(at - highest) < 3 else "total",
                    "font": {"weight": 650},
                    "x": xs[at],
                    "y": sums[at],
                    "yanchor": "bottom",
                    "yshift": 2,
                    "text": text,
                    "showarrow": False,
                }
            )
    wide, narrow = _x_axis(xs, edge_to_edge=False)
    return {
        "data": traces,
        "layout": {
            "height": height,
            "barmode": "stack",
            "margin": {"l": 56, "r": 24, "t": 24, "b": FOOT},
            "annotations": labels,
            "xaxis": wide,
            "yaxis": {"tickformat": y_format, "tickprefix": y_prefix},
            "meta": {"narrow": {"margin": {"l": 44, "r": 16, "t": 24, "b": FOOT}, "xaxis": narrow}},
        },
    }


def swatches(parts: Sequence[Part], amounts: Sequence[str]) -> list[tuple[str, str, str]]:
    """The key of a stack, top layer first, for the tag ``chart``: (class of the colour, name, amount)."""
    rows = [
        ("residue" if part.residue else f"c{part.colour % len(COLOURS) + 1}", part.name, amount)
        for part, amount in zip(parts, amounts, strict=True)
    ]
    return rows[::-1]


def _rows_layout(
    names: Sequence[str], span: tuple[float, float], x_format: str, shapes: list[dict[str, Any]]
) -> dict[str, Any]:
    """A layout with one line for each name, the first on top."""
    left = 24 + round(max((len(name) for name in names), default=0) * LETTER)
    axis = {"type": "linear", "range": list(span), "tickformat": x_format, "hoverformat": x_format, "showgrid": True}
    categories = {"type": "category", "categoryorder": "array", "categoryarray": [plain(n) for n in names[::-1]]}
    return {
        "height": 64 + 32 * max(len(names), 1),
        "margin": {"l": left, "r": 24, "t": 16, "b": FOOT},
        "hovermode": "closest",
        "shapes": shapes,
        "xaxis": axis,
        "yaxis": {**categories, "tickformat": "", "showgrid": False, "range": [-0.6, len(names) - 0.4]},
        "meta": {"narrow": {"margin": {"l": min(left, 140), "r": 16, "t": 16, "b": FOOT}, "xaxis": {"nticks": 4}}},
    }


def _upright(x: float, dash: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": EDGE, "width": 1, "dash": dash},
        "layer": "above",
    }


def intervals(
    rows: Sequence[Interval], *, zero: float = 0.0, margin: float | None = None, x_format: str = "+.3f", colour: int = 0
) -> Figure:
    """A point and its interval for each row, around the line of no difference.

    ``margin`` is the allowed loss, drawn dashed.
    """
    known = [row for row in rows if row.value is not None]
    values = [value for row in rows for value in _known(_floats((row.value, row.low, row.high)))]
    shapes = [_upright(zero, "solid")]
    if margin is not None:
        shapes.append(_upright(margin, "2px,2px"))
        values.append(float(margin))
    shade = COLOURS[colour % len(COLOURS)]
    above = [
        float(row.high) - float(row.value) if row.high is not None and row.value is not None else 0.0 for row in known
    ]
    below = [
        float(row.value) - float(row.low) if row.low is not None and row.value is not None else 0.0 for row in known
    ]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "",
        "x": _floats(row.value for row in known),
        "y": [plain(row.name) for row in known],
        "marker": {"color": shade, "size": 9},
        "error_x": {"type": "data", "array": above, "arrayminus": below, "color": shade, "thickness": 2, "width": 0},
        "customdata": [
            f"{format(row.low, x_format)} to {format(row.high, x_format)}"
            if row.low is not None and row.high is not None
            else ""
            for row in known
        ],
        "hovertemplate": f"%{{y}}: %{{x:{x_format}}}, %{{customdata}}<extra></extra>",
    }
    span = _span([*values, zero], from_zero=False)
    return {"data": [trace], "layout": _rows_layout([row.name for row in rows], span, x_format, shapes)}


def dumbbells(
    rows: Sequence[Pair],
    *,
    before: str = "Before",
    after: str = "After",
    x_format: str = ".2f",
    colours: tuple[int, int] = (1, 0),
) -> Figure:
    """Two points for each row and the way between them; an open square is before, a filled circle is after."""
    names = [plain(row.name) for row in rows]
    ways: dict[str, list[Any]] = {"x": [], "y": []}
    for row, name in zip(rows, names, strict=True):
        if row.before is not None and row.after is not None:
            ways["x"] += [float(row.before), float(row.after), None]
            ways["y"] += [name, name, None]
    first, second = (COLOURS[colour % len(COLOURS)] for colour in colours)

    def points(label: str, values: list[float | None], colour: str, symbol: str) -> dict[str, Any]:
        hover = f"%{{y}}, {plain(label)}: %{{x:{x_format}}}<extra></extra>"
        marker = {"color": colour, "size": 9, "symbol": symbol, "line": {"width": 2, "color": colour}}
        return {
            "type": "scatter",
            "mode": "markers",
            "name": plain(label),
            "x": values,
            "y": names,
            "marker": marker,
            "hovertemplate": hover,
        }

    old, new = _floats(row.before for row in rows), _floats(row.after for row in rows)
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "line": {"color": EDGE, "width": 2},
            "hoverinfo": "skip",
            "showlegend": False,
            **ways,
        },
        points(before, old, first, "square-open"),
        points(after, new, second, "circle"),
    ]
    layout = _rows_layout([row.name for row in rows], _span(_known([*old, *new]), from_zero=False), x_format, [])
    layout["margin"]["t"] = 40
    layout["meta"]["narrow"]["margin"]["t"] = 40
    layout["height"] += 24
    return {"data": data, "layout": layout | {"showlegend": True, "legend": {"traceorder": "normal"}}}
