"""Parts say states in words, keep the query string in links, and escape what people wrote."""

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from config.ui import svg
from config.ui.sample import SampleJob
from config.ui.templatetags import ui


def render(text, path="/", **context):
    request = RequestFactory().get(path)
    return Template("{% load ui %}" + text).render(Context({"request": request, **context})).strip()


def test_tag_state_is_shape_and_word_and_the_word_is_escaped():
    assert render('{% tag "ok" "Healthy" %}') == '<span class="tag ok">Healthy</span>'
    assert "&lt;b&gt;" in ui.tag("bad", "<b>")
    with pytest.raises(ValueError, match="not a state"):
        ui.tag("green", "Healthy")


def test_action_with_a_reason_is_disabled_and_described_by_it():
    html = render('{% action "Approve" why="You trained it." style="primary" %}')
    assert 'aria-disabled="true"' in html
    described = html.split('aria-describedby="')[1].split('"')[0]
    assert f'<p class="why" id="{described}">You trained it.</p>' in html
    assert 'type="submit"' in render('{% action "Approve" %}')


def test_query_keeps_the_view_and_starts_paging_again():
    html = render('{% query state="met" %}', "/?team=a&page=3&format=csv&sort=-cost")
    assert html == "?team=a&amp;sort=-cost&amp;state=met"
    assert render("{% query team=None %}", "/?team=a") == "?"


def test_choices_mark_the_one_that_is_current():
    html = render('{% choices "p" options "4w" "Period" %}', "/?by=stage", options=[("4w", "4 weeks"), ("1y", "Year")])
    assert '<a href="?by=stage&amp;p=4w" aria-current="true">4 weeks</a>' in html
    assert '<a href="?by=stage&amp;p=1y">Year</a>' in html


def test_known_unknown_is_a_tag_and_zero_is_zero():
    assert render("{{ value|known }}", value=None) == '<span class="tag unknown">Unknown</span>'
    assert render("{{ value|known }}", value=0) == "0"
    assert render("{{ value|money }}", value=None) == '<span class="none">unknown</span>'


def test_diff_shows_before_and_after_escaped():
    html = ui.diff({"vote": ["stale", "<i>"], "digest": [None, "9f3c"]})
    assert html.count("<del>") == 1
    assert html.count("<ins>") == 2
    assert "&lt;i&gt;" in html


def test_diff_shows_nested_values_as_they_are_sealed():
    assert "policy: {&quot;quorum&quot;: 2, &quot;name&quot;: &quot;Zwei für alles&quot;}" in ui.diff(
        {"policy": [None, {"quorum": 2, "name": "Zwei für alles"}]}
    )


def test_sparkline_with_a_gap_is_two_strokes_and_without_figures_says_so():
    line = svg.sparkline([1, 2, None, 3, 4], label="Recall", limit=2.5)
    path = line.split('<path d="')[1].split('"')[0]
    assert path.count("M") == 2
    assert 'class="limit"' in line
    assert "no figures yet" in svg.sparkline([None, None], label="Recall")


def test_sparkline_lowest_and_highest_touch_the_edges():
    path = svg.sparkline([0, 10], label="x").split('<path d="')[1].split('"')[0]
    assert path == "M2,21 83,3"


def test_meter_is_cut_at_its_end_and_hatched_to_the_possible():
    drawn = svg.meter(2, 7, possible=3.5, target=3, label="2 confirmed", width=220)
    assert 'width="62.9" height="8" fill="var(--c1)"' in drawn
    assert 'x="63.4" y="3.5" width="46.1"' in drawn
    assert 'class="target" x="94.3"' in drawn
    assert 'width="120" height="8" fill="var(--c1)"' in svg.meter(9, 7, label="over")


class Form(forms.Form):
    limit = forms.IntegerField(min_value=1, help_text="In dollars", label="Limit")
    note = forms.CharField(required=False)


def test_field_with_error_is_wired_to_hint_and_error():
    form = Form({"limit": "0"})
    html = render("{% error_summary form %}{% field form.limit %}{% field form.note %}", form=form)
    assert 'aria-describedby="id_limit-hint id_limit-error"' in html
    assert 'aria-invalid="true"' in html
    assert '<a href="#id_limit">' in html
    assert 'id="id_limit-error"' in html
    assert "optional" in html.split("Note")[1]


def test_field_without_error_has_no_error_parts():
    html = render("{% error_summary form %}{% field form.limit %}", form=Form())
    assert "error" not in html


def test_chart_without_figure_says_why():
    html = render('{% chart None "Title" "c" empty="No week is labelled." %}')
    assert "No week is labelled." in html
    assert "data-figure" not in html


def test_chart_data_cannot_close_its_script():
    html = render('{% chart figure "T" "c" table=table %}', figure={"data": ["</script>"]}, table=(("a",), [(None,)]))
    assert '</script>"' not in html
    assert "unknown" in html


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_page_needs_no_request_and_no_database(name):
    assert "Go to the overview" in render_to_string(name)


def test_forbidden_page_shows_the_sentence():
    assert "Ask Maria &amp; Ines." in render_to_string("403.html", {"exception": "Ask Maria & Ines."})


def test_job_open_is_polled_and_ended_is_not():
    running = render('{% job job poll="/j/1/" %}', job=SampleJob("running", "Import", 5, 10))
    assert 'data-poll hx-get="/j/1/"' in running
    assert '<progress value="5" max="10"' in running
    ended = render('{% job job poll="/j/1/" %}', job=SampleJob("failed", "Import", error="Row 17"))
    assert "data-poll" not in ended
    assert 'data-ended="Import: failed."' in ended


def test_strip_draws_spans_where_they_lie_and_the_shortest_is_seen():
    html = svg.strip([(0, 0.5, "whole"), (0.5, 0.5001, "hole")], label="Read for half", width=100)
    assert '<rect x="0" y="3" width="50" height="8" fill="var(--c1)"/>' in html
    assert '<rect x="50" y="3" width="1" height="8" fill="url(#hb)"/>' in html
    assert 'aria-label="Read for half"' in html
