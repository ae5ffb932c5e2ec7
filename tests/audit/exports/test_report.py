"""Tables are rectangular, and a report for machines holds what the report for people holds."""

import json

import pytest

from audit.exports.report import UNKNOWN, known, plain, table
from tests.audit.exports.support import report


def test_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="T: a row of 1 cells under 2 headings"):
        table("T", ["A", "B"], [["a", "b"], ["a"]])


def test_more_rows_than_people_read_are_cut_and_counted():
    made = table("T", ["A"], [[f"{at}"] for at in range(1200)], note="All are in the bill of materials.")
    assert (len(made.rows), made.rows[-1]) == (500, ("499",))
    assert made.note == "The first 500 of 1,200 rows. All are in the bill of materials."
    assert table("T", ["A"], [["a"]] * 500).note == ""


def test_unknown_is_a_mark_and_never_empty():
    assert known("") is known(None) is UNKNOWN
    assert known("0") == "0"


def test_plain_report_is_json_with_all_parts():
    told = json.loads(json.dumps(plain(report())))
    assert told["as_of"] == "2013-07-08T09:00:00.250000+00:00"
    assert [one["key"] for one in told["sections"]] == ["one", "two"]
    assert told["sections"][0]["tables"][0]["rows"][0][0] == {"state": "ok", "word": "word ok"}
    assert told["sections"][0]["figures"][0]["lines"][0]["points"][0]["at"] == "2013-03-04"
