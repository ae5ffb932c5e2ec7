"""A figure shows its values where they belong, is well-formed, and looks the same each time."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.exports.drawing import NARROW, PAGE, PAPER, WIDE, days, svg, ticks
from audit.exports.report import Lane, Line, Point, Span
from tests.audit.exports.support import LANES, LINES

SVG = "{http://www.w3.org/2000/svg}"


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_ticks_enclose_the_values_in_equal_round_steps(low, span):
    found = ticks(low, low + span)
    steps = [after - before for before, after in itertools.pairwise(found)]
    assert found[0] - steps[0] / 1000 <= low and low + span <= found[-1] + steps[0] / 1000
    assert 2 <= len(found) <= 8
    assert max(steps) - min(steps) <= max(steps) / 1000


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 9000), st.integers(2, 10))
def test_days_lie_in_the_range_and_are_few(first, length, most):
    last = first + timedelta(days=length)
    found = days(first, last, most)
    assert all(first <= one <= last for one, _ in found)
    assert len(found) <= most + 1
    assert len({one for one, _ in found}) == len(found)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("ink", [PAGE, PAPER], ids=["page", "paper"])
@pytest.mark.parametrize("figure", [LINES, LANES], ids=["lines", "lanes"])
def test_drawing_is_well_formed_and_inside_its_frame(figure, ink, width):
    text = svg(figure, ink, width)
    root = ElementTree.fromstring(text)
    assert root.get("aria-label", "").startswith(figure.title)
    height = float(root.get("height", "0"))
    for one in root.iter(f"{SVG}text"):
        assert -1 <= float(one.get("x", "0")) <= width and 0 <= float(one.get("y", "0")) <= height
    assert svg(figure, ink, width) == text


def test_higher_value_stands_higher_and_a_gap_is_not_bridged():
    weeks = [date(2013, 3, 4) + timedelta(weeks=at) for at in range(6)]
    values = [0.6, 0.8, None, 0.7, 0.7, 0.7]
    line = Line("v1", tuple(Point(at, value) for at, value in zip(weeks, values, strict=True)))
    root = ElementTree.fromstring(svg(replace(LINES, lines=(line,)), PAPER))
    paths = [one.get("d", "") for one in root.iter(f"{SVG}path")]
    assert len(paths) == 2
    (_, low), (_, high) = (map(float, place.split()) for place in paths[0][1:].split(" L"))
    assert high < low


def test_lines_are_told_apart_without_colour():
    dashes = [one.get("stroke-dasharray") for one in ElementTree.fromstring(svg(LINES, PAPER)).iter(f"{SVG}path")]
    assert dashes == [None]  # v2 has one point, which is a dot
    words = [one.text for one in ElementTree.fromstring(svg(LINES, PAPER)).iter(f"{SVG}text")]
    assert {"v1", "v2"} <= set(words)


def test_names_are_escaped():
    lanes = replace(LANES, title='<"&>', lanes=(Lane("<b>", (Span(date(2013, 3, 4), None, "<i>"),)),))
    root = ElementTree.fromstring(svg(lanes, PAPER))
    assert "<b>" in [one.text for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("figure", [replace(LINES, lines=()), replace(LANES, lanes=())], ids=["lines", "lanes"])
def test_nothing_to_draw_is_said(figure):
    assert "yet" in "".join(ElementTree.fromstring(svg(figure, PAPER)).itertext())
