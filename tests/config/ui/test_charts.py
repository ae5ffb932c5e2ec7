"""Each figure is valid in Plotly's own schema, and keeps gaps as gaps."""

import hashlib
import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.ui import charts, finders, sample

WEEKS = [date(2013, 4, 1) + timedelta(weeks=number) for number in range(5)]
GALLERY = sample.Gallery()


@pytest.fixture(scope="module")
def figure_class():
    return pytest.importorskip("plotly.graph_objects").Figure


@pytest.mark.parametrize("name", ["line", "bars", "intervals", "dumbbells"])
def test_figure_of_the_gallery_is_valid_and_plain_json(figure_class, name):
    figure = getattr(GALLERY, name)
    figure_class(figure)
    assert json.loads(json.dumps(figure)) == figure


def test_figures_without_any_values_are_valid(figure_class):
    for figure in (
        charts.lines([charts.Series("v1", WEEKS, [None] * 5)]),
        charts.lines([]),
        charts.stacked_bars([], []),
        charts.intervals([]),
        charts.dumbbells([]),
        charts.scatter([], x_title="Cost", y_title="Value"),
    ):
        figure_class(figure)


def test_template_is_valid_in_light_and_dark(figure_class):
    path = Path(sample.__file__).parent / "static/ui/plotly_template.json"
    templates = json.loads(path.read_text(encoding="utf-8"))
    assert set(templates) == {"light", "dark"}
    for template in templates.values():
        figure_class(layout={"template": template})


def test_lines_with_a_gap_keep_it_and_split_the_band():
    y = [0.7, 0.7, None, 0.6, 0.6]
    low = [0.6, 0.6, None, 0.5, 0.5]
    high = [0.8, 0.8, None, 0.7, 0.7]
    data = charts.lines([charts.Series("v1", WEEKS, y, low, high)])["data"]
    bands = [trace for trace in data if trace.get("fill") == "toself"]
    assert [band["y"] for band in bands] == [[0.8, 0.8, 0.6, 0.6], [0.7, 0.7, 0.5, 0.5]]
    assert data[-1]["y"] == y
    assert data[-1]["connectgaps"] is False


def test_end_labels_of_lines_that_meet_stand_apart():
    figure = charts.lines([charts.Series("a", WEEKS, [1, 1, 1, 1, 2]), charts.Series("b", WEEKS, [1, 1, 1, 1, 2.0])])
    low, high = figure["layout"]["yaxis"]["range"]
    scale = (charts.HEIGHT - charts.TOP - charts.FOOT) / (high - low)
    heights = sorted(
        label["y"] * scale + label["yshift"] for label in figure["layout"]["annotations"] if label["name"] == "end"
    )
    assert heights[1] - heights[0] >= charts.LABEL_GAP - 0.2


def test_range_of_the_axis_includes_the_threshold():
    figure = charts.lines([charts.Series("v1", WEEKS, [0.8] * 5)], threshold=0.5)
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < 0.5
    assert high > 0.8


def test_stacked_bars_mark_the_first_the_highest_and_the_last_total():
    parts = [charts.Part("a", [1, 5, 2]), charts.Part("rest", [1, 1, 1], residue=True)]
    labels = charts.stacked_bars(WEEKS[:3], parts, y_prefix="$")["layout"]["annotations"]
    assert [label["text"] for label in labels] == ["$2", "$6", "$3"]
    assert charts.swatches(parts, ["$8", "$3"]) == [("residue", "rest", "$3"), ("c1", "a", "$8")]


def test_names_with_markup_are_shown_as_text():
    figure = charts.lines([charts.Series("<b>v1</b>", WEEKS, [1.0] * 5)])
    assert figure["data"][0]["name"] == "&lt;b&gt;v1&lt;/b&gt;"
    assert "<b>" not in json.dumps(figure)


def test_plotly_script_still_reads_what_the_content_policy_needs():
    """The page hands Plotly a style sheet and a mark; a new bundle that ignores them would draw broken charts."""
    script = (finders.plotly_folder() / finders.SCRIPT).read_text(encoding="utf-8")
    static = Path(sample.__file__).parent / "static/ui"
    mark = re.search(r'MAP_STYLE = "(\w+)"', (static / "charts.js").read_text(encoding="utf-8"))
    assert mark is not None
    assert mark[1] in script
    assert 'matches(".no-inline-styles")' in script
    assert '"plotly.js-style-"' in script
    rules = script[script.index('{"X,X div":') : script.index("/Y/g")]
    # The rules of this bundle, from which plotly.css was made; when they change, make it again.
    assert hashlib.sha256(rules.split("};for(")[0].encode()).hexdigest()[:16] == "4a1ab55a206a125d"


def test_scatter_has_a_named_point_for_each_thing_and_the_line_of_the_same(figure_class):
    points = [charts.Point("a <b>", 10.0, -4.0), charts.Point("c", 20.0, 50.0)]
    figure = charts.scatter(points, x_title="Cost", y_title="Value", prefix="$")
    figure_class(figure)
    (trace,) = figure["data"]
    assert (trace["x"], trace["y"], trace["text"]) == ([10.0, 20.0], [-4.0, 50.0], ["a &lt;b&gt;", "c"])
    (line,) = figure["layout"]["shapes"]
    assert (line["x0"], line["x1"]) == (line["y0"], line["y1"])
    assert line["x1"] >= 50
