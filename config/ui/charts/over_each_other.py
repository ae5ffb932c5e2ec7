"""Two distributions in the same places, one drawn over the other."""

from collections.abc import Sequence

from config.ui.charts.values import COLOURS, EDGE, FOOT, HEIGHT, Figure, Y, floats, plain, rgba


def distributions(
    names: Sequence[str],
    before: Sequence[Y],
    after: Sequence[Y],
    *,
    words: tuple[str, str] = ("Before", "After"),
    y_format: str = ".0%",
    height: int = HEIGHT,
) -> Figure:
    """Bars are ``after``; the outline over them is ``before``. Both have a value for each of ``names``, in order."""
    labels = [plain(name) for name in names]
    return {
        "data": [
            {
                "type": "bar",
                "name": plain(words[1]),
                "x": labels,
                "y": floats(after),
                "marker": {"color": rgba(COLOURS[0], 0.55), "line": {"color": COLOURS[0], "width": 1}},
                "hovertemplate": f"%{{x}}: %{{y:{y_format}}}<extra>{plain(words[1])}</extra>",
            },
            {
                "type": "scatter",
                "name": plain(words[0]),
                "x": labels,
                "y": floats(before),
                "mode": "lines",
                "line": {"color": EDGE, "width": 2, "shape": "hvh"},
                "hovertemplate": f"%{{x}}: %{{y:{y_format}}}<extra>{plain(words[0])}</extra>",
            },
        ],
        "layout": {
            "height": height,
            "bargap": 0.05,
            "margin": {"l": 56, "r": 24, "t": 24, "b": FOOT + 24},
            "xaxis": {"type": "category", "tickmode": "auto", "nticks": 8, "tickformat": "", "hoverformat": ""},
            "yaxis": {"tickformat": y_format, "rangemode": "tozero"},
            "meta": {"narrow": {"margin": {"l": 44, "r": 16, "t": 24, "b": FOOT + 24}, "xaxis": {"nticks": 4}}},
        },
    }
