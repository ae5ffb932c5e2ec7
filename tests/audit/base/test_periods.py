"""Periods end with the data, in whole weeks, and the one before is as long."""

from datetime import UTC, date, datetime, timedelta

import pytest

from audit.base import periods
from audit.base.errors import InvalidInput

SUNDAY, MONDAY = date(2013, 7, 14), datetime(2013, 7, 15, tzinfo=UTC)


@pytest.mark.parametrize("last", [SUNDAY, MONDAY, date(2013, 7, 8)])
def test_four_weeks_end_with_the_week_of_the_last_data(last: date | datetime) -> None:
    period = periods.ending("4w", last)
    assert (period.first_day, period.last_day) == (date(2013, 6, 17), SUNDAY)
    assert period.words == "17 June to 14 July 2013"


def test_period_before_is_as_long_and_ends_where_this_one_starts() -> None:
    period = periods.ending("q", MONDAY)
    before = period.before()
    assert before.end == period.start
    assert before.end - before.start == period.end - period.start == timedelta(weeks=13)


def test_custom_dates_include_their_last_day_and_keep_their_address() -> None:
    period = periods.chosen({"from": "2013-06-01", "until": "2013-06-30"}, last=MONDAY)
    assert (period.start, period.end) == (datetime(2013, 6, 1, tzinfo=UTC), datetime(2013, 7, 1, tzinfo=UTC))
    assert period.query == "p=custom&from=2013-06-01&until=2013-06-30"


def test_unknown_name_gives_the_default() -> None:
    assert periods.chosen({"p": "decade"}, last=MONDAY, default="q").key == "q"


@pytest.mark.parametrize("query", [{"from": "June"}, {"from": "2013-07-02", "until": "2013-07-01"}])
def test_dates_that_make_no_period_are_refused_with_a_sentence(query: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        periods.chosen(query, last=MONDAY)


def test_choices_mark_the_current_period_alone() -> None:
    links = periods.choices(periods.ending("y", MONDAY))
    assert [label for _, label, current in links if current] == ["Year"]
