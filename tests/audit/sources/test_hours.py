"""Which hours a pull reads: those that are over, once more the last three, and everything of what is new."""

from datetime import UTC, datetime, timedelta

from audit.monitoring.domain.service import HOUR
from audit.sources.hours import Window, after, due

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_new_names_are_read_back_and_known_ones_three_hours() -> None:
    cursor = after(after({}, ["a"], NOON - HOUR), ["b"], NOON)
    assert due(cursor, ["a", "b", "c"], at=NOON + timedelta(minutes=6), days=2) == [
        Window(frozenset({"c"}), NOON - timedelta(days=2), NOON),
        Window(frozenset({"a"}), NOON - 4 * HOUR, NOON),
    ]


def test_hour_is_read_five_minutes_after_its_end() -> None:
    cursor = after({}, ["a"], NOON - HOUR)
    assert due(cursor, ["a"], at=NOON + timedelta(minutes=4), days=2) == []
    assert due(cursor, ["a"], at=NOON + timedelta(minutes=5), days=2) == [
        Window(frozenset({"a"}), NOON - 4 * HOUR, NOON)
    ]


def test_long_silence_reads_no_further_back_than_the_first_time() -> None:
    cursor = after({}, ["a"], NOON - timedelta(days=30))
    (window,) = due(cursor, ["a"], at=NOON + timedelta(minutes=5), days=10)
    assert window.since == NOON - timedelta(days=10)
    parts = list(window.parts())
    assert [(part.since, part.until) for part in parts] == [
        (NOON - timedelta(days=10), NOON - timedelta(days=3)), (NOON - timedelta(days=3), NOON),
    ]  # fmt: skip


def test_odd_cursor_reads_from_the_beginning() -> None:
    for odd in ({"read": 7}, {"read": {"a": "never"}}, {"read": {"a": None}}, {}):
        (window,) = due(odd, ["a"], at=NOON + timedelta(minutes=5), days=1)
        assert window.since == NOON - timedelta(days=1)
