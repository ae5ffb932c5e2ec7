"""The record of an estimator: which alarms it found, which it made up, and when it loses the right to raise them."""

from audit.monitoring.domain.estimating import Bounds, Expected
from audit.monitoring.domain.hits import Record, hits

BOUNDS = Bounds(0.7, 0.9, 10)


def said(*values):
    return [Expected(value, 0.01, 0.0, 100) for value in values]


def test_hits_counts_what_lay_in_reach_and_which_alarms_agreed():
    record = hits(said(0.80, 0.65, 0.66, 0.72), [0.82, 0.66, 0.75, 0.60], BOUNDS)

    # In reach (± 0.03): the first two. Labels alarm in windows 2 and 4, estimates in 2 and 3.
    assert record == Record(4, 2, 2, 2, 1)
    assert (record.coverage, record.found, record.right) == (0.5, 0.5, 0.5)


def test_windows_without_a_label_or_an_estimate_are_left_out():
    record = hits([*said(0.8, 0.8, None), Expected(0.8, None, 0.0, 9)], [0.8, None, 0.8, 0.8], BOUNDS)

    assert record == Record(1, 1, 0, 0, 0)
    assert (record.found, record.right) == (None, None)
    assert hits([], [], BOUNDS).coverage is None


def test_an_estimator_that_finds_four_of_eleven_loses_its_right():
    assert not Record(windows=21, inside=20, realised_alarms=11, estimated_alarms=4, agreed_alarms=4).may_alarm()
    assert Record(windows=21, inside=20, realised_alarms=11, estimated_alarms=6, agreed_alarms=6).may_alarm()
    assert Record(21, 20, 11, 4, 4).may_alarm(least=0.36)


def test_an_estimator_that_cries_wolf_loses_its_right():
    assert not Record(windows=21, inside=20, realised_alarms=2, estimated_alarms=9, agreed_alarms=2).may_alarm()
    assert not Record(windows=21, inside=20, realised_alarms=0, estimated_alarms=3, agreed_alarms=0).may_alarm()


def test_without_alarms_coverage_decides_and_without_a_record_nothing_is_granted():
    assert Record(windows=6, inside=6, realised_alarms=0, estimated_alarms=0, agreed_alarms=0).may_alarm()
    assert not Record(windows=6, inside=2, realised_alarms=0, estimated_alarms=0, agreed_alarms=0).may_alarm()
    assert not Record(windows=5, inside=5, realised_alarms=1, estimated_alarms=1, agreed_alarms=1).may_alarm()
    assert not hits([], [], BOUNDS).may_alarm(windows=0)
