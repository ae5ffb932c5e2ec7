"""Intervals and pairs, one row each: the eye compares along one scale."""

from collections.abc import Sequence
from typing import Any

from config.ui.charts.values import COLOURS, EDGE, FOOT, LETTER, Figure, Interval, Pair, floats, known, plain, span


def _rows_layout(
    names: Sequence[str], reach: tuple[float, float], x_format: str, shapes: list[dict[str, Any]]
) -> dict[str, Any]:
    """A layout with one line for each name, the first on top."""
    left = 24 + round(max((len(name) for name in names), default=0) * LETTER)
    axis = {"type": "linear", "range": list(reach), "tickformat": x_format, "hoverformat": x_format, "showgrid": True}
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
    drawn = [row for row in rows if row.value is not None]
    values = [value for row in rows for value in known(floats((row.value, row.low, row.high)))]
    shapes = [_upright(zero, "solid")]
    if margin is not None:
        shapes.append(_upright(margin, "2px,2px"))
        values.append(float(margin))
    shade = COLOURS[colour % len(COLOURS)]
    above = [
        float(row.high) - float(row.value) if row.high is not None and row.value is not None else 0.0 for row in drawn
    ]
    below = [
        float(row.value) - float(row.low) if row.low is not None and row.value is not None else 0.0 for row in drawn
    ]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "",
        "x": floats(row.value for row in drawn),
        "y": [plain(row.name) for row in drawn],
        "marker": {"color": shade, "size": 9},
        "error_x": {"type": "data", "array": above, "arrayminus": below, "color": shade, "thickness": 2, "width": 0},
        "customdata": [
            f"{format(row.low, x_format)} to {format(row.high, x_format)}"
            if row.low is not None and row.high is not None
            else ""
            for row in drawn
        ],
        "hovertemplate": f"%{{y}}: %{{x:{x_format}}}, %{{customdata}}<extra></extra>",
    }
    reach = span([*values, zero], from_zero=False)
    return {"data": [trace], "layout": _rows_layout([row.name for row in rows], reach, x_format, shapes)}


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

    old, new = floats(row.before for row in rows), floats(row.after for row in rows)
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
    layout = _rows_layout([row.name for row in rows], span(known([*old, *new]), from_zero=False), x_format, [])
    layout["margin"]["t"] = 40
    layout["meta"]["narrow"]["margin"]["t"] = 40
    layout["height"] += 24
    return {"data": data, "layout": layout | {"showlegend": True, "legend": {"traceorder": "normal"}}}
