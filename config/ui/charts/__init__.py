"""Figures are plain dicts in Plotly's schema, drawn in the browser; the theme comes from there, so none is set here.

Each builder is pure: values in, ``{"data": [...], "layout": {...}}`` out. ``None`` is a gap, never zero. Instants are
ISO 8601 texts, dates or aware datetimes. ``layout.meta.narrow`` is merged over the layout where there is little room.
"""

from config.ui.charts.in_rows import dumbbells, intervals
from config.ui.charts.over_each_other import distributions
from config.ui.charts.over_time import lines, stacked_bars, swatches
from config.ui.charts.points import scatter
from config.ui.charts.values import (
    COLOURS,
    FOOT,
    HEIGHT,
    LABEL_GAP,
    TOP,
    Event,
    Figure,
    Interval,
    Pair,
    Part,
    Point,
    Series,
    X,
    Y,
    plain,
)

__all__ = [
    "COLOURS",
    "FOOT",
    "HEIGHT",
    "LABEL_GAP",
    "TOP",
    "Event",
    "Figure",
    "Interval",
    "Pair",
    "Part",
    "Point",
    "Series",
    "X",
    "Y",
    "distributions",
    "dumbbells",
    "intervals",
    "lines",
    "plain",
    "scatter",
    "stacked_bars",
    "swatches",
]
