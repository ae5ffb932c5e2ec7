"""Hours of an endpoint and what they amount to: by hand, and against numpy over single requests."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.monitoring.domain.service import HOUR, Histogram, Hour, covered, day_of, plausible

START = datetime(2026, 11, 20, tzinfo=UTC)
BOUNDS = (0.1, 0.5, 1.0)


def hour(at: int, **said: object) -> Hour:
    """The hour that begins so many hours into the day."""
    return Hour(start=START + at * HOUR, **said)  # type: ignore[arg-type]


def test_quantile_lies_linearly_in_its_bucket() -> None:
    found = Histogram(BOUNDS, (60, 30, 8, 2))
    assert found.quantile(0.5) == pytest.approx(0.1 * 50 / 60)
    assert found.quantile(0.9) == pytest.approx(0.5)
    assert found.quantile(0.95) == pytest.approx(0.5 + 0.5 * 5 / 8)
    assert (found.quantile(0.99), found.beyond(0.99), found.beyond(0.98)) == (1.0, True, False)
    assert Histogram(BOUNDS, (0, 0, 0, 0)).quantile(0.5) is None


def test_cumulative_buckets_need_a_whole_and_never_fall() -> None:
    rows = [(math.inf, 10.0), (0.1, 6.0), (0.5, 5.0), (1.0, 9.0), (math.nan, 3.0)]
    assert Histogram.of_cumulative(rows) == Histogram(BOUNDS, (6, 0, 3, 1))
    assert Histogram.of_cumulative([(0.1, 6.0)]) is None
    assert Histogram.of_cumulative([(math.inf, 6.0)]) is None
    assert Histogram.from_dict(Histogram(BOUNDS, (6, 0, 3, 1)).to_dict()) == Histogram(BOUNDS, (6, 0, 3, 1))
    assert Histogram(BOUNDS, (1, 1, 1, 1)).merged(Histogram((0.1,), (1, 1))) is None


@given(st.lists(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=40), min_size=1, max_size=24), st.randoms())
def test_day_of_histograms_is_that_of_all_requests_within_a_bucket(times: list[list[float]], random: object) -> None:
    bounds = tuple(step / 20 for step in range(1, 21))
    hours = []
    for at, own in enumerate(times):
        counts, _ = np.histogram(own, bins=[0.0, *bounds])
        histogram = Histogram(bounds, (*map(float, counts), 0.0))
        hours.append(hour(at, requests=len(own), n=len(own), p99=histogram.quantile(0.99), histogram=histogram))
    random.shuffle(hours)  # type: ignore[attr-defined]
    day = day_of(hours)
    every = sorted(value for own in times for value in own)
    assert (day.requests, day.n, day.hours) == (len(every), len(every), len(times))
    assert day.p99 is not None and day.worst_p99 is not None
    assert abs(day.p99 - every[math.ceil(0.99 * len(every)) - 1]) <= 0.05 + 1e-9
    assert day.p99 <= day.worst_p99 + 1e-9
    assert day == day_of(hours[::-1])


def test_day_adds_what_is_known_and_leaves_the_rest_unknown() -> None:
    day = day_of([
        hour(0, requests=100, errors=5, client_errors=3, server_errors=2, n=100, mean=0.2, p99=0.9, cpu=40, seen=1.0),
        hour(1, requests=300, n=300, mean=0.1, p99=0.4, cpu=70, seen=0.5, partial=True),
        hour(2, cpu=10, seen=1.0),
    ])  # fmt: skip
    assert (day.hours, day.counted, day.partial, day.seen) == (3, 2, 1, 2.5)
    assert (day.requests, day.judged, day.errors, day.client_errors, day.server_errors) == (400, 100, 5, 3, 2)
    assert day.error_share == 0.05
    assert [day.mean, day.worst_p99, day.cpu] == pytest.approx([0.125, 0.9, 70])
    assert (day.p50, day.p99, day.gpu, day.memory, day.histogram) == (None,) * 5


def test_hour_without_traffic_is_zero_only_where_somebody_says_so() -> None:
    assert day_of([hour(0, cpu=3.0)]).requests is None
    told = day_of([hour(0, requests=0.0, errors=0.0)])
    assert (told.requests, told.errors, told.error_share) == (0, 0, None)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, -1.0])
def test_numbers_that_cannot_be_are_unknown(odd: float) -> None:
    found = plausible(hour(0, requests=odd, p99=odd, cpu=odd, mean=0.1, seen=1.4))
    assert (found.requests, found.p99, found.cpu, found.mean, found.seen) == (None, None, None, 0.1, 1.0)
    assert not plausible(hour(0, requests=odd, seen=1.0)).known


def test_hours_online_are_whole_ones_counted_once() -> None:
    half = timedelta(minutes=30)
    spans = [(START + half, START + 3 * HOUR), (START + 2 * HOUR, START + 4 * HOUR + half)]
    assert covered(spans) == {START + at * HOUR for at in (1, 2, 3)}
    assert covered([(START, START + half)]) == set()
