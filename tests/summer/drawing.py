"""The figure as a file: drawn by Plotly in Chromium, its ink following the reader's light or dark page."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import unquote

from config.ui import charts
from config.ui.finders import SCRIPT, plotly_folder
from tests.support.browser import chromium_path

WIDTH: Final = 860
HEIGHT: Final = 360
INK: Final = "rgb(80, 84, 89)"
FAINT: Final = "rgba(128,128,128,0.35)"
STYLE: Final = "<style>svg{color:#3f4347}@media(prefers-color-scheme:dark){svg{color:#d4d6d9}}</style>"
TITLE: Final = "Accuracy by week of 2013: estimated before labels (dashed), and by labels"


def figure(found: dict[str, Any]) -> dict[str, Any]:
    """Both lines with their intervals, and the bound by labels."""
    weeks = found["weeks"]
    x = [one["week"] for one in weeks]

    def of(name: str) -> list[float | None]:
        return [one[name] for one in weeks]

    drawn = charts.lines(
        [
            charts.Series("estimated", x, of("value"), of("low"), of("high"), colour=1, dashed=True),
            charts.Series("by labels", x, of("realised"), of("realised_low"), of("realised_high")),
        ],
        threshold=found["fit"]["bounds"][0],
        threshold_label="Bound by labels",
        events=[charts.Event(one["week"], "S") for one in weeks if one["sign"]],
        height=HEIGHT,
    )
    layout = drawn["layout"]
    layout |= {
        "width": WIDTH, "font": {"family": "sans-serif", "size": 13, "color": INK}, "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
    }  # fmt: skip
    layout["xaxis"] |= {"tickformat": "%-d %b", "showgrid": False, "linecolor": FAINT}
    layout["yaxis"] |= {"gridcolor": FAINT, "zeroline": False}
    for shape in layout["shapes"]:
        shape.setdefault("line", {"width": 1, "dash": "dot"})["color"] = INK
    return drawn


def svg(found: dict[str, Any]) -> str:
    """The figure as SVG.

    Raises:
        RuntimeError: there is no Chromium here.
    """
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if path is None:
        raise RuntimeError("Chromium was not found; install it with: sudo apt-get install chromium (or set CHROMIUM)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        page.set_content("<div id='f'></div>")
        page.add_script_tag(path=str(plotly_folder() / SCRIPT))
        told = page.evaluate(
            "async (told) => { const f = JSON.parse(told); await Plotly.newPlot('f', f.data, f.layout, "
            "{staticPlot: true}); return Plotly.toImage('f', {format: 'svg', width: f.layout.width, "
            "height: f.layout.height}); }",
            json.dumps(figure(found)),
        )
        browser.close()
    return _readable(str(told))


def _readable(told: str) -> str:
    drawn = unquote(told.split(",", 1)[1]).replace(INK, "currentColor")
    found = re.search(r'id="defs-(\w+)"', drawn)
    if found:  # Plotly names parts anew each time; the same figure is to be the same file.
        drawn = drawn.replace(found[1], "summer")
    at = drawn.index(">") + 1
    return f'{drawn[: at - 1]} role="img" aria-label="{TITLE}">{STYLE}{drawn[at:]}\n'
