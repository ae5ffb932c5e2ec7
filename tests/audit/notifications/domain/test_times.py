"""Quiet hours by the clocks on the wall, also over midnight and when clocks are changed; pauses that grow."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.notifications.domain.times import ATTEMPTS, Quiet, after_quiet, digest_days, next_try

BERLIN = "Europe/Berlin"
NIGHT = Quiet(time(22), time(7), BERLIN)


def utc(text: str) -> datetime:
    """A moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "goes"),
    [
        ("2026-01-10 20:59", "2026-01-10 20:59"),  # 21:59 there
        ("2026-01-10 21:00", "2026-01-11 06:00"),  # 22:00 there, until 07:00 of the next day
        ("2026-01-11 05:59", "2026-01-11 06:00"),  # 06:59 there: the same day
        ("2026-01-11 06:00", "2026-01-11 06:00"),
        ("2026-07-10 20:30", "2026-07-11 05:00"),  # summer: 22:30 there
    ],
)
def test_night_over_midnight_ends_in_the_morning(at: str, goes: str) -> None:
    assert after_quiet(utc(at), NIGHT) == utc(goes)


def test_hours_of_one_day_and_none() -> None:
    lunch = Quiet(time(12), time(13), BERLIN)
    assert after_quiet(utc("2026-01-10 11:15"), lunch) == utc("2026-01-10 12:00")
    assert after_quiet(utc("2026-01-10 12:00"), lunch) == utc("2026-01-10 12:00")
    assert after_quiet(utc("2026-01-10 11:15"), None) == utc("2026-01-10 11:15")
    assert after_quiet(utc("2026-01-10 11:15"), Quiet(time(12), time(12), BERLIN)) == utc("2026-01-10 11:15")


def test_night_in_which_clocks_go_forward_is_an_hour_shorter() -> None:
    # 29 March 2026: 02:00 becomes 03:00. 22:00 is 21:00 UTC, 07:00 is 05:00 UTC.
    assert after_quiet(utc("2026-03-28 21:00"), NIGHT) == utc("2026-03-29 05:00")
    # An end that the clocks leave out (02:30) is 30 minutes after the change.
    assert after_quiet(utc("2026-03-28 23:00"), Quiet(time(22), time(2, 30), BERLIN)) == utc("2026-03-29 01:30")


def test_night_in_which_clocks_go_back_is_an_hour_longer() -> None:
    # 25 October 2026: 03:00 becomes 02:00. 22:00 is 20:00 UTC, 07:00 is 06:00 UTC.
    assert after_quiet(utc("2026-10-24 20:00"), NIGHT) == utc("2026-10-25 06:00")
    # 02:30 comes at 00:30 and at 01:30 UTC: the first one ends the quiet, and the second what lies between.
    short = Quiet(time(22), time(2, 30), BERLIN)
    assert after_quiet(utc("2026-10-24 23:00"), short) == utc("2026-10-25 00:30")
    assert after_quiet(utc("2026-10-25 01:10"), short) == utc("2026-10-25 01:30")


@given(
    at=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  UTC is given
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_nothing_goes_out_earlier_nor_a_day_late_nor_in_quiet_hours(
    at: datetime, start: time, end: time, zone: str
) -> None:
    quiet = Quiet(start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0), zone)
    goes = after_quiet(at, quiet)
    assert at <= goes <= at + timedelta(hours=25)
    if goes != at:
        assert quiet.holds(at.astimezone(ZoneInfo(zone)).time())
        shown = goes.astimezone(ZoneInfo(zone))
        assert not quiet.holds(shown.time()) or shown.utcoffset() != at.astimezone(ZoneInfo(zone)).utcoffset()


def test_digest_is_once_a_day_at_its_hour_there() -> None:
    found = digest_days(utc("2026-03-27 07:00"), time(8), BERLIN)
    assert [(str(day), moment) for day, moment in found] == [
        ("2026-03-28", utc("2026-03-28 07:00")),  # 08:00 of the 27th is just now, and so too late
        ("2026-03-29", utc("2026-03-29 06:00")),  # summer time since that night
        ("2026-03-30", utc("2026-03-30 06:00")),
    ]
    assert digest_days(utc("2026-03-27 06:59"), time(8), BERLIN)[0][1] == utc("2026-03-27 07:00")


def test_pauses_double_up_to_an_hour_and_differ_by_a_fifth() -> None:
    at = utc("2026-01-10 12:00")
    seconds = [(next_try(number, at, 0.5) - at).total_seconds() for number in range(1, 12)]
    assert seconds == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    assert (next_try(1, at, 0) - at).total_seconds() == 24
    assert (next_try(1, at, 1) - at).total_seconds() == 36
    assert next_try(1, at, 0, timedelta(minutes=9)) == at + timedelta(minutes=9)
    assert sum(seconds[: ATTEMPTS - 1]) == 3810, "all tries together last about an hour"
