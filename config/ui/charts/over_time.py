"""Lines and stacked bars over time: names stand at the end of lines, gaps stay gaps, ticks stand on points."""

from collections.abc import Iterable, Sequence
from typing import Any

from config.ui.charts.values import (
    COLOURS,
    EDGE,
    FOOT,
    HEIGHT,
    LABEL_GAP,
    LETTER,
    SYMBOLS,
    TOP,
    Event,
    Figure,
    Part,
    Series,
    X,
    floats,
    iso,
    known,
    plain,
    rgba,
    span,
    tick_values,
)


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


def _band(series: Series, colour: str) -> list[dict[str, Any]]:
    """The interval of a series, one area for each stretch without gaps."""
    low, high = floats(series.low), floats(series.high)
    x = [iso(value) for value in series.x]
    both = [a is not None and b is not None for a, b in zip(low, high, strict=True)]
    return [
        {
            "type": "scatter",
            "x": [*x[start:end], *x[start:end][::-1]],
            "y": [*high[start:end], *low[start:end][::-1]],
            "mode": "lines",
            "fill": "toself",
            "fillcolor": rgba(colour, 0.16),
            "line": {"width": 0, "color": colour},
            "hoverinfo": "skip",
            "showlegend": False,
            "name": plain(f"{series.name}, interval"),
        }
        for start, end in _runs(both)
    ]


def _line(series: Series, colour: str, symbol: str, y_format: str) -> dict[str, Any]:
    low, high = floats(series.low), floats(series.high)
    notes = list(series.note) or [
        f" ({format(a, y_format)} to {format(b, y_format)})" if a is not None and b is not None else ""
        for a, b in zip(low, high, strict=True)
    ]
    trace: dict[str, Any] = {
        "type": "scatter",
        "name": plain(series.name),
        "x": [iso(value) for value in series.x],
        "y": floats(series.y),
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


def _end_labels(series: Sequence[Series], reach: tuple[float, float], height: int) -> list[dict[str, Any]]:
    """Each line's name at its end, moved apart where two would touch."""
    room = height - TOP - FOOT
    scale = room / (reach[1] - reach[0])
    ends = []
    for one in series:
        points = [(x, y) for x, y in zip(one.x, floats(one.y), strict=True) if y is not None]
        if points:
            ends.append((points[-1][1], points[-1][0], one.name))
    ends.sort(key=lambda end: end[0])
    labels, below = [], -1e9
    for y, x, name in ends:
        at = (y - reach[0]) * scale
        placed = max(at, below + LABEL_GAP)
        below = placed
        labels.append(
            {
                "name": "end",
                "x": iso(x),
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
        x = iso(event.x)
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
    wide = axis | {"tickmode": "array", "tickvals": tick_values(x, 7)}
    if edge_to_edge and len(x) > 1 and axis["type"] != "category":
        wide["range"] = [x[0], x[-1]]
    return wide, {"tickvals": tick_values(x, 4)}


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
    values = [value for one in series for group in (one.y, one.low, one.high) for value in known(floats(group))]
    reach = span([*values, float(threshold)] if threshold is not None else values, from_zero=from_zero)
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
    labels += _end_labels(series, reach, height)
    right = 24 + round(max((len(one.name) for one in series), default=0) * LETTER)
    every_x = sorted({iso(value) for one in series for value in one.x})
    wide, narrow = _x_axis(every_x, edge_to_edge=True)
    return {
        "data": traces,
        "layout": {
            "height": height,
            "margin": {"l": 48, "r": right, "t": TOP, "b": FOOT},
            "shapes": shapes,
            "annotations": labels,
            "xaxis": wide,
            "yaxis": {"range": list(reach), "tickformat": y_format, "tickprefix": y_prefix, "ticksuffix": y_suffix},
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
    xs = [iso(value) for value in x]
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
                "y": floats(part.y),
                "marker": marker,
                "hovertemplate": f"{plain(y_prefix)}%{{y:{y_format}}}<extra>{plain(part.name)}</extra>",
            }
        )
    sums = [sum(known([floats(part.y)[at] for part in parts])) for at in range(len(xs))]
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
