"""Charts of points: one quantity against another, with the line on which both are the same."""

from collections.abc import Sequence
from typing import Any

from config.ui.charts.values import COLOURS, EDGE, FOOT, HEIGHT, Figure, Point, plain, span


def scatter(points: Sequence[Point], *, x_title: str, y_title: str, prefix: str = "", number: str = ",.0f") -> Figure:
    """A point for each thing, named when pointed at; the dashed line is where ``y`` equals ``x``.

    ``prefix`` stands before figures on both axes, which have the unit in common.
    """
    x, y = [point.x for point in points], [point.y for point in points]
    across, up = span(x, from_zero=True), span(y, from_zero=True)
    low, high = min(across[0], up[0]), max(across[1], up[1])
    hover = (
        f"%{{text}}<br>{plain(x_title)} {plain(prefix)}%{{x:{number}}}"
        f"<br>{plain(y_title)} {plain(prefix)}%{{y:{number}}}<extra></extra>"
    )

    def axis(title: str, reach: tuple[float, float]) -> dict[str, Any]:
        return {
            "type": "linear",
            "range": list(reach),
            "title": {"text": plain(title)},
            "tickprefix": prefix,
            "tickformat": number,
            "hoverformat": number,
            "showgrid": True,
        }

    line = {"color": EDGE, "width": 1, "dash": "4px,3px"}
    marker = {"color": COLOURS[0], "size": 9, "symbol": "circle"}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": plain(y_title),
                "x": x,
                "y": y,
                "text": [plain(point.name) for point in points],
                "marker": marker,
                "hovertemplate": hover,
            }
        ],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 84, "r": 24, "t": 16, "b": FOOT + 24},
            "hovermode": "closest",
            "showlegend": False,
            "shapes": [
                {"type": "line", "xref": "x", "yref": "y", "x0": low, "x1": high, "y0": low, "y1": high, "line": line}
            ],
            "xaxis": axis(x_title, across),
            "yaxis": axis(y_title, up),
            "meta": {"narrow": {"margin": {"l": 64, "r": 8, "t": 16, "b": FOOT + 24}, "xaxis": {"nticks": 4}}},
        },
    }
