"""A CSV opens in a spreadsheet without running anything, and holds all rows of the view."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import RequestFactory

from config.ui import sample, tables


def read(response):
    body = b"".join(response.streaming_content).decode()
    return list(csv.reader(io.StringIO(body)))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_safe_cell_text_like_a_formula_gets_an_apostrophe(text):
    assert tables.safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("-6.50"), Decimal("-6.50")),
        (-3, -3),
        (None, ""),
        (float("nan"), ""),
        (True, "yes"),
        ("late-arrival", "late-arrival"),
        (datetime(2013, 7, 15, 13, 40, tzinfo=UTC), "2013-07-15T13:40:00+00:00"),
    ],
)
def test_safe_cell_other_values_stay_what_they_are(value, expected):
    assert tables.safe_cell(value) == expected


def test_csv_response_quotes_and_names_the_file():
    response = tables.csv_response([["a,b", 'say "x"'], ["=1", None]], ["first", "=second"], "spend/2013 July")
    assert response["Content-Disposition"] == 'attachment; filename="spend-2013-July.csv"'
    assert read(response) == [["first", "'=second"], ["a,b", 'say "x"'], ["'=1", ""]]


def test_table_csv_holds_all_rows_in_the_order_asked_for():
    request = RequestFactory().get("/", {"sort": "-cost", "format": "csv"})
    table = tables.prepare(sample.SampleTable(sample.ROWS), request, per_page=1)
    rows = read(tables.table_csv(table, "models"))
    assert rows[0][:2] == ["Model", "State"]
    assert [row[0] for row in rows[1:]] == ["late-arrival", "late-arrival-night", "arrival-delay-quantile"]
    assert rows[3][2] == ""
    assert rows[3][4] == "-6.5"


def test_table_page_beyond_the_end_is_the_last():
    table = tables.prepare(sample.SampleTable(sample.ROWS), RequestFactory().get("/", {"page": "99"}), per_page=2)
    assert table.page.number == 2


def test_table_html_names_the_sorted_column_and_says_unknown():
    request = RequestFactory().get("/", {"sort": "-recall", "team": "x"})
    table = tables.prepare(sample.SampleTable(sample.ROWS), request)
    page = table.as_html(request)
    assert 'aria-sort="descending"' in page
    assert 'href="?sort=recall&amp;team=x"' in page
    assert '<span class="none">unknown</span>' in page
    assert '<th scope="row"' in page


def test_table_without_rows_says_whether_filters_are_the_reason():
    filtered = RequestFactory().get("/models/", {"team": "x"})
    assert "Clear filters" in tables.prepare(sample.SampleTable([]), filtered).as_html(filtered)
    bare = RequestFactory().get("/models/")
    assert "Nothing here yet" in tables.prepare(sample.SampleTable([]), bare).as_html(bare)
