"""Values are said as a person would check them by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from config.ui import format as say

AT = datetime(2013, 7, 15, 13, 40, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        (Decimal("1234.5"), "USD", "$1,234.50"),
        (Decimal(-386), "USD", "−$386.00"),
        (Decimal(12), "EUR", "EUR 12.00"),
        (Decimal("-0.005"), "EUR", "EUR 0.00"),
        (Decimal("0.015"), "USD", "$0.02"),
        (Decimal("0.025"), "USD", "$0.02"),
        (0, "USD", "$0.00"),
        (None, "USD", "unknown"),
    ],
)
def test_money_amount_is_written_with_currency_and_real_minus(value, currency, expected):
    assert say.money(value, currency) == expected


def test_number_unknown_values_are_a_word_and_zero_is_a_number():
    assert [say.number(value, 1) for value in (None, float("nan"), Decimal("NaN"), float("inf"), 0)] == [
        "unknown", "unknown", "unknown", "unknown", "0.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0641, "+0.064"), (-0.0258, "−0.026"), (0.0001, "0.000"), (None, "unknown")]
)
def test_signed_difference_carries_its_sign_unless_it_rounds_to_zero(value, expected):
    assert say.signed(value, 3) == expected


def test_percent_and_interval_follow_their_places():
    assert say.percent(0.964) == "96%"
    assert say.percent(Decimal("0.9645"), 1) == "96.4%"
    assert say.interval(0.61, 0.72) == "0.61 to 0.72"
    assert say.interval(-0.007, 0.01, 3, with_sign=True) == "−0.007 to +0.010"
    assert say.interval(None, 0.72) == "unknown"


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (105, 100, "5% more than before"),
        (95, 100, "5% less than before"),
        (100.2, 100, "The same as before"),
        (5, 0, "Nothing before"),
        (None, 3, "Change unknown"),
        (-50, -100, "50% more than before"),
    ],
)
def test_change_is_said_in_words(now, before, expected):
    assert say.change(now, before) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (40, "40 seconds"), (7500, "2 hours 5 minutes"), (86_400 * 4, "4 days"), (86_400 + 30, "1 day"),
        (0.3, "0.3 seconds"),
        (0, "0 seconds"), (59.6, "1 minute"), (None, "unknown"),
    ],
)  # fmt: skip
def test_duration_names_the_largest_units(seconds, expected):
    assert say.duration(seconds) == expected
    if seconds is not None:
        assert say.duration(timedelta(seconds=seconds)) == expected


def test_moment_is_shown_in_the_active_zone_with_its_name():
    with timezone.override(ZoneInfo("America/New_York")):
        assert say.moment(AT) == "Mon 15 July 2013, 09:40 EDT"
        assert say.moment(AT, "short") == "15 July 2013, 09:40"
        now = timezone.localtime()
        assert say.moment(now, "short") == f"{now.day} {now:%B}, {now:%H:%M}"
        assert say.moment(AT, "seconds") == "15 July 2013, 09:40:12 EDT"
    assert say.moment(None) == "unknown"


def test_day_of_an_instant_is_the_day_in_the_active_zone():
    late = datetime(2013, 7, 16, 2, 0, tzinfo=UTC)
    with timezone.override(ZoneInfo("America/New_York")):
        assert say.day(late) == "15 July 2013"
    assert say.day(date(2013, 7, 16), weekday=True) == "Tue 16 July 2013"


@pytest.mark.parametrize(
    ("before", "expected"),
    [(2, "just now"), (100, "1 minute ago"), (86_400 * 4 + 5, "4 days ago"), (-7200, "in 2 hours")],
)
def test_ago_counts_whole_units(before, expected):
    assert say.ago(AT - timedelta(seconds=before), AT) == expected


def test_short_hash_keeps_both_ends():
    assert say.short_hash("sha256:9f3c41d8" + "0" * 52 + "a27e") == "sha256 9f3c 41d8 … a27e"
    assert say.short_hash("abc") == "abc"
    assert say.short_hash(None) == "unknown"
