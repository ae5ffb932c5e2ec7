"""A bound is data; each window's verdict follows from the bound, the figure and its interval, and unknown is not ok."""

import pytest

from audit.base.errors import InvalidInput
from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.thresholds import Bound, Limit, Standing, judge, limit_of, standing


def test_bound_round_trips_through_plain_data():
    bound = Bound("learned", "below", 3.0, windows=2)
    assert bound.to_dict() == {"kind": "learned", "direction": "below", "value": 3.0, "windows": 2}
    assert Bound.from_dict(bound.to_dict()) == bound


@pytest.mark.parametrize(
    ("stated", "where"),
    [
        ({"kind": "odd", "direction": "below", "value": 1}, "kind"),
        ({"kind": "fixed", "direction": "sideways", "value": 1}, "direction"),
        ({"kind": "fixed", "direction": "below"}, "value"),
        ({"kind": "fixed", "direction": "below", "value": "much"}, "value"),
        ({"kind": "fixed", "direction": "below", "value": "nan"}, "value"),
        ({"kind": "difference", "direction": "below", "value": -0.1}, "value"),
        ({"kind": "ratio", "direction": "above", "value": 0}, "value"),
        ({"kind": "fixed", "direction": "below", "value": 1, "windows": 0}, "windows"),
        ({"kind": "fixed", "direction": "below", "value": 1, "windows": None}, "value"),
    ],
)
def test_bound_that_is_none_is_refused_by_field(stated, where):
    with pytest.raises(InvalidInput) as refused:
        Bound.from_dict(stated)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("bound", "reference", "history", "limit"),
    [
        (Bound("fixed", "below", 0.64), None, (), 0.64),
        (Bound("difference", "below", 0.05), 0.7, (), pytest.approx(0.65)),
        (Bound("difference", "above", 0.05), 0.7, (), pytest.approx(0.75)),
        (Bound("ratio", "above", 1.2), 10.0, (), pytest.approx(12.0)),
        # Mean 3, standard deviation of 1, 2, 3, 4, 5, 3 is the root of 10 / 5.
        (Bound("learned", "above", 2.0), None, (1, 2, None, 3, 4, 5, 3), pytest.approx(3 + 2 * 2**0.5)),
        (Bound("learned", "below", 2.0), None, (1, 2, 3, 4, 5, 3), pytest.approx(3 - 2 * 2**0.5)),
    ],
)
def test_limit_follows_from_the_kind(bound, reference, history, limit):
    assert limit_of(bound, reference=reference, history=history).value == limit


@pytest.mark.parametrize(
    ("bound", "reference", "history", "reason"),
    [
        (Bound("difference", "below", 0.05), None, (), "the reference has no such figure"),
        (Bound("ratio", "below", 0.9), -1.0, (), "a ratio needs a reference above 0"),
        (
            Bound("learned", "below", 3.0), None, (1.0, 2.0, 3.0, 4.0, 5.0, None, float("nan")),
            "5 reference windows are known, and 6 are needed",
        ),
    ],
)  # fmt: skip
def test_limit_that_cannot_be_known_says_why(bound, reference, history, reason):
    assert limit_of(bound, reference=reference, history=history) == Limit(None, reason)
    verdict = judge(bound, Estimate(0.5, 0.4, 0.6, 100), reference=reference, history=history)
    assert (verdict.state, verdict.sentence) == ("unknown", f"Not judged: {reason}.")


@pytest.mark.parametrize(
    ("current", "direction", "state"),
    [
        (Estimate(0.70, 0.68, 0.72, 900), "below", "ok"),
        (Estimate(0.65, 0.63, 0.67, 900), "below", "watch"),
        (Estimate(0.64, 0.64, 0.66, 900), "below", "ok"),
        (Estimate(0.63, 0.60, 0.66, 900), "below", "broken"),
        (Estimate(0.63, None, None, 900), "below", "broken"),
        (Estimate(0.63, 0.60, 0.66, 900), "above", "watch"),
        (Estimate(0.65, 0.60, 0.66, 900), "above", "broken"),
        (Estimate(None, None, None, 0), "below", "unknown"),
        (Estimate(float("nan"), None, None, 9), "below", "unknown"),
        (Estimate(0.10, 0.0, 0.2, 99), "below", "unknown"),
    ],
)
def test_verdict_is_of_the_figure_and_its_interval(current, direction, state):
    assert judge(Bound("fixed", direction, 0.64), current, least_n=100).state == state


def test_verdict_says_in_words_what_is_broken():
    bound = Bound("difference", "below", 0.05, windows=3)
    verdict = judge(bound, Estimate(0.601, 0.59, 0.61, 5000), reference=0.7, say=lambda value: f"{value:.3f}")
    assert verdict.sentence == (
        "0.601 lies below 0.650 (bound: below the reference by more than 0.050, 3 windows in a row)."
    )
    assert Bound("ratio", "above", 1.1).words() == "above 1.1 times the reference"
    assert (
        Bound("learned", "above", 3).words()
        == "more than 3 standard deviations above the mean of the reference windows"
    )
    watched = judge(Bound("fixed", "above", 1200), Estimate(1100.0, 900.0, 1300.0, 9))
    assert watched.sentence == "1,100 keeps the bound of 1,200, but its interval reaches 1,300."


@pytest.mark.parametrize(
    ("states", "windows", "expected"),
    [
        ("", 1, Standing(False, None)),
        ("b", 1, Standing(True, 0)),
        ("bb", 3, Standing(False, None)),
        ("obbb", 3, Standing(True, 3)),
        ("bubub", 3, Standing(True, 4)),  # unknown neither counts nor ends the row
        ("bbwb", 3, Standing(False, None)),  # a watched window ends it
        ("bbboo", 3, Standing(True, 2)),  # one or two good windows do not close it
        ("bbbowo", 3, Standing(True, 2)),
        ("bbbouoo", 3, Standing(False, None)),
        ("bbooobb", 2, Standing(True, 6)),
        ("bbuuuu", 2, Standing(True, 1)),  # silence closes nothing
    ],
)
def test_alarm_stands_and_ends_after_windows_in_a_row(states, windows, expected):
    named = {"o": "ok", "w": "watch", "b": "broken", "u": "unknown"}
    assert standing([named[state] for state in states], windows) == expected
