"""The demo's rows are the package's flights: all, each once, at the right moment, with their truth apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow.compute as pc
import pytest

from governance.demo import flights

TRUTH = {"arr_delay", "late", "arrived_at"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("flights")


@pytest.fixture(scope="module")
def table(folder):
    return flights.load(folder)


def one(table, prediction_id: str) -> dict:
    (row,) = table.filter(pc.field("prediction_id") == prediction_id).to_pylist()
    return row


def test_load_whole_year_has_each_flight_once(table):
    assert table.num_rows == flights.ROWS == 336_776
    assert pc.count_distinct(table["prediction_id"]).as_py() == 336_776


def test_load_columns_are_id_time_features_and_truth(table):
    assert table.column_names == ["prediction_id", "at", *flights.FEATURES, "arr_delay", "late", "arrived_at"]
    assert not TRUTH & set(flights.FEATURES)


def test_load_cancelled_and_diverted_flights_have_no_truth(table):
    # 8,255 never left; 1,175 left and have no arrival delay because they were diverted.
    assert {table[name].null_count for name in TRUTH} == {8_255 + 1_175}


def test_load_late_is_more_than_fifteen_minutes(table):
    delays, late = table["arr_delay"], table["late"]
    assert pc.min(delays.filter(late)).as_py() == 16
    assert pc.max(delays.filter(pc.invert(late))).as_py() == 15


def test_load_first_flight_of_the_year_matches_the_published_row(table):
    # UA 1545 EWR-IAH, 1 January: scheduled 5:15 New York, arrived 8:30 Houston (UTC-6), eleven minutes late.
    row = one(table, "2013-01-01-UA-1545-EWR-0515")
    assert row["at"] == datetime(2013, 1, 1, 10, 15, tzinfo=UTC)
    assert row["arrived_at"] == datetime(2013, 1, 1, 14, 30, tzinfo=UTC)
    assert (row["arr_delay"], row["late"], row["distance"], row["dest"]) == (11, False, 1400, "IAH")
    assert row["sched_minutes"] == 4 * 60 + 4  # 5:15 in New York to 8:19 in Houston
    assert (row["sched_hour"], row["sched_minute_of_day"], row["weekday"]) == (5, 315, "Tue")


def test_load_flight_after_clocks_went_forward_is_one_hour_earlier_in_utc(table):
    # 10 March 2013, 5:00 in New York is summer time already; US 1113 landed in Charlotte at 6:28, same zone.
    row = one(table, "2013-03-10-US-1113-EWR-0500")
    assert row["at"] == datetime(2013, 3, 10, 9, 0, tzinfo=UTC)
    assert row["arrived_at"] == datetime(2013, 3, 10, 10, 28, tzinfo=UTC)


def test_load_flight_through_the_night_of_the_clock_change_lands_at_the_right_moment(table):
    # B6 727, 9 March 23:59 winter time, landed in Puerto Rico (UTC-4 all year) at 5:04.
    row = one(table, "2013-03-09-B6-727-JFK-2359")
    assert row["at"] == datetime(2013, 3, 10, 4, 59, tzinfo=UTC)
    assert row["arrived_at"] == datetime(2013, 3, 10, 9, 4, tzinfo=UTC)


def test_load_flight_after_clocks_went_back_is_one_hour_later_in_utc(table):
    assert one(table, "2013-11-03-UA-322-EWR-0520")["at"] == datetime(2013, 11, 3, 10, 20, tzinfo=UTC)


def test_load_scheduled_duration_is_plausible_for_its_distance(table):
    # From 20 minutes for a hop to 9:00 in New York until 15:40 in Honolulu, winter: a wrong day would give 23 hours.
    assert pc.min(table["sched_minutes"]).as_py() >= 20
    assert pc.max(table["sched_minutes"]).as_py() == 11 * 60 + 40


def test_load_weather_belongs_to_the_chosen_hour(folder, table):
    # The package's weather of EWR on 1 January: 39.92 degrees at 4 o'clock, 39.02 at 5.
    assert one(table, "2013-01-01-UA-1545-EWR-0515")["temp"] == 39.92
    start = datetime(2013, 1, 1, tzinfo=UTC)
    same = flights.load(folder, since=start, until=start + timedelta(days=1), weather_lag_hours=0)
    assert one(same, "2013-01-01-UA-1545-EWR-0515")["temp"] == 39.02


def test_load_week_holds_only_that_week_in_order(folder):
    since = datetime(2013, 7, 8, tzinfo=UTC)
    week = flights.load(folder, since=since, until=since + timedelta(days=7), columns=["prediction_id", "at"])
    moments = week["at"].to_pylist()
    assert week.num_rows == 6_760
    assert moments == sorted(moments)
    assert since <= moments[0] <= moments[-1] < since + timedelta(days=7)


def test_load_bound_without_zone_is_refused(folder):
    with pytest.raises(ValueError, match="need a time zone"):
        flights.load(folder, since=datetime(2013, 7, 8))  # noqa: DTZ001 - the missing zone is the point


def test_cached_second_call_reads_the_same_file(folder, table):
    path = flights.cached(folder)
    written = path.stat().st_mtime_ns
    assert flights.cached(folder) == path
    assert path.stat().st_mtime_ns == written
    assert not list(folder.glob("*.tmp"))
