"""A collector that stands still leaves a hole, with the reason; what was read is told once an hour."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.base import clock
from audit.jobs import services as jobs
from audit.jobs.models import State
from audit.ledger import sealing
from audit.ledger.selectors import Told
from audit.reconciliation import services as reconciliation
from audit.sources import coverage, services, shown
from audit.sources.domain import coverage as domain
from audit.sources.domain.coverage import COMPLETE, FAILED, PARTIAL, Hole, Open, Span, Stretch
from audit.sources.models import Source
from tests.support import told
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker

START = datetime(2026, 7, 8, 10, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PATIENCE = timedelta(minutes=3)


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """Its time."""
        return self.at

    def go_on(self, by: timedelta) -> None:
        """Later."""
        self.at += by


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of this test."""
    found = Clock()
    monkeypatch.setattr(clock, "now", found.now)
    return found


@pytest.fixture
def source(cast: Cast, hands: Clock, inbox: Path) -> Source:
    """A folder that should be read every minute, from 10:00 on."""
    return services.add_source(actor=SYSTEM, kind="folder", name="Arrivals", team=cast.team, settings={"path": ""})


@pytest.fixture
def reading(worker: Worker, source: Source, hands: Clock) -> Callable[[int], None]:
    """Lets beat and worker run for so many minutes; at the end of each minute the source is pulled."""

    def run(minutes: int) -> None:
        for _ in range(minutes):
            hands.go_on(MINUTE)
            services.start_due()
            for job in worker.run_all():
                assert job.state in {State.SUCCEEDED, State.FAILED}

    return run


def covered() -> list[Told]:
    """The entries that tell of coverage."""
    return told.entries(action="sources.covered")


def seen(source: Source, hands: Clock, *, size: int | None = None) -> coverage.Coverage:
    """What a page shows of the source now."""
    (found,) = coverage.coverage(viewer=SYSTEM, team=source.team_id, since=START - HOUR, until=hands.at, size=size)
    return found


def test_hours_of_reading_are_one_entry_each(source: Source, hands: Clock, reading: Callable[[int], None]) -> None:
    reading(150)
    assert [entry.changes["until"][1] for entry in covered()] == [
        "2026-07-08T10:59:00+00:00", "2026-07-08T11:59:00+00:00",
    ]  # fmt: skip
    first, second = covered()
    assert (first.changes["from"], first.changes["state"]) == ([None, START.isoformat()], [None, "complete"])
    assert second.changes["from"] == first.changes["until"]
    found = seen(source, hands)
    assert (found.since, found.holes, found.share) == (START, [], 1.0)
    assert [(one.since, one.until, one.state) for one in found.periods] == [(START, hands.at, COMPLETE)]


def test_collector_that_stops_for_ten_minutes_leaves_a_hole(
    source: Source, hands: Clock, reading: Callable[[int], None]
) -> None:
    reading(5)
    hands.go_on(timedelta(minutes=10))
    reading(5)
    found = seen(source, hands)
    assert found.holes == [Hole(START + 5 * MINUTE, START + 16 * MINUTE, domain.STOPPED)]
    assert shown.sentence(found.holes[0]) == (
        "No data was collected from 8 July, 10:05 to 8 July, 10:16: nothing read it."
    )
    hands.go_on(HOUR)
    reading(1)
    sealing.seal()
    entry = covered()[0]
    assert entry.changes["parts"][1] == [
        ["2026-07-08T10:00:00+00:00", "2026-07-08T10:05:00+00:00", "complete", 0],
        ["2026-07-08T10:16:00+00:00", "2026-07-08T10:20:00+00:00", "complete", 0],
    ]
    assert found.holes[0] in seen(source, hands, size=sealing.seal().size).holes


def test_hole_is_there_while_nothing_runs(source: Source, hands: Clock, reading: Callable[[int], None]) -> None:
    reading(5)
    hands.go_on(timedelta(minutes=2))
    assert seen(source, hands).holes == []
    hands.go_on(timedelta(minutes=8))
    assert seen(source, hands).holes == [Hole(START + 5 * MINUTE, hands.at, domain.STOPPED)]


def test_source_that_is_switched_off_says_so(
    cast: Cast, source: Source, hands: Clock, reading: Callable[[int], None]
) -> None:
    reading(5)
    hands.go_on(timedelta(seconds=20))
    services.switch_source(actor=SYSTEM, source=source, enabled=False, reason="moving")
    assert len(covered()) == 1
    hands.go_on(3 * HOUR)
    assert seen(source, hands).holes == [Hole(START + 5 * MINUTE, hands.at, domain.OFF)]
    source = services.switch_source(actor=SYSTEM, source=source, enabled=True, reason="moved")
    on = hands.at
    reading(5)
    assert seen(source, hands).holes == [Hole(START + 5 * MINUTE, on, domain.OFF)]
    page = cast.client("owner").get(f"/sources/{source.pk}/?days=1").content.decode()
    assert "No data was collected from 8 July, 10:05 to 8 July, 13:05: the source was switched off." in page
    rows = cast.client("owner").get(f"/sources/{source.pk}/?days=1&format=csv").getvalue().decode().splitlines()
    assert rows[2] == "2026-07-08T10:05:00+00:00,2026-07-08T13:05:20+00:00,Hole,the source was switched off,"


def test_source_that_never_reported_is_a_hole(source: Source, hands: Clock) -> None:
    hands.go_on(timedelta(minutes=2))
    assert seen(source, hands).holes == []
    hands.go_on(timedelta(minutes=20))
    assert seen(source, hands).holes == [Hole(START, hands.at, domain.NEVER)]
    (late,) = coverage.coverage(viewer=SYSTEM, team=None, since=START + 5 * MINUTE, until=hands.at)
    assert late.holes == [Hole(START + 5 * MINUTE, hands.at, domain.NEVER)]


def test_failing_source_says_what_failed(
    source: Source, hands: Clock, reading: Callable[[int], None], inbox: Path
) -> None:
    reading(5)
    services.change_source(actor=SYSTEM, source=source, name="Arrivals", settings={"path": "nightly"}, every_seconds=60)
    reading(10)
    (hole,) = seen(source, hands).holes
    assert (hole.since, hole.until) == (START + 5 * MINUTE, hands.at)
    assert hole.why.startswith(f"it could not be read: path: There is no folder {inbox / 'nightly'}")
    (inbox / "nightly").mkdir()
    reading(50)
    entry = covered()[0]
    assert entry.changes["state"] == [None, "failed"]
    assert "There is no folder" in entry.reason
    assert [(one.since, one.until) for one in seen(source, hands).holes] == [(hole.since, hole.until)]


def test_file_that_cannot_be_used_makes_the_reading_partial(
    source: Source, hands: Clock, reading: Callable[[int], None], inbox: Path
) -> None:
    reading(2)
    (inbox / "notes.txt").write_text("?")
    reading(2)
    found = seen(source, hands)
    assert [one.state for one in found.periods] == [COMPLETE, PARTIAL]
    assert found.holes == []


def test_hour_is_told_although_pulls_have_stopped(source: Source, hands: Clock, reading: Callable[[int], None]) -> None:
    """Beat goes on; the pulls are stuck behind another job."""
    reading(5)
    jobs.start("sources.pull", actor=SYSTEM, trigger="person", args={"source": str(source.pk)}, subject=source)
    hands.go_on(54 * MINUTE)
    services.start_due()
    assert covered() == []
    hands.go_on(MINUTE)
    services.start_due()
    (entry,) = covered()
    assert (entry.changes["until"][1], entry.actor_name) == ("2026-07-08T10:05:00+00:00", "schedule")


def test_coverage_of_another_team_is_not_there(cast: Cast, source: Source, hands: Clock) -> None:
    hands.go_on(HOUR)

    def of(name: str) -> list[coverage.Coverage]:
        return coverage.coverage(viewer=cast.actor(name), team=None, since=START, until=hands.at)

    assert [found.name for found in of("owner")] == ["Arrivals"]
    assert of("outsider") == []


def test_told_coverage_is_no_change_of_the_source(source: Source, reading: Callable[[int], None]) -> None:
    reading(70)
    assert reconciliation.compare(actor=SYSTEM).found == 0


def test_export_does_not_call_the_open_hour_a_hole(
    source: Source, hands: Clock, reading: Callable[[int], None]
) -> None:
    reading(100)
    size = sealing.seal().size
    found = seen(source, hands, size=size)
    assert found.holes == []
    assert found.periods[-1].until == datetime(2026, 7, 8, 10, 59, tzinfo=UTC)
    assert found.numbers == [entry.number for entry in covered()]


def test_pieces_of_a_gap_have_each_their_reason() -> None:
    def at(minutes: int) -> datetime:
        return START + minutes * MINUTE

    read = [Stretch(at(0), at(10), COMPLETE), Stretch(at(20), at(30), FAILED), Stretch(at(60), at(70), COMPLETE)]
    found = domain.holes(
        read,
        since=at(0),
        until=at(70),
        off=[Span(at(40), at(60))],
        failures={at(20): "no such folder"},
        patience=PATIENCE,
        waits=PATIENCE,
    )
    assert found == [
        Hole(at(10), at(20), domain.STOPPED),
        Hole(at(20), at(30), "it could not be read: no such folder"),
        Hole(at(30), at(40), domain.STOPPED),
        Hole(at(40), at(60), domain.OFF),
    ]


@given(st.lists(st.tuples(st.integers(0, 600), st.sampled_from([COMPLETE, PARTIAL, FAILED])), max_size=40))
def test_holes_and_periods_make_up_the_whole_time(pulls: list[tuple[int, str]]) -> None:
    """Whatever the pulls: what is read and what is a hole do not overlap, and leave nothing out."""
    kept, at = Open(reach=START), START
    for gap, state in pulls:
        begun = at + timedelta(seconds=gap)
        at = begun + timedelta(seconds=1)
        kept = kept.grown(Stretch(begun, at, state, 1), patience=PATIENCE)
    assert domain.opened(kept.plain()) == kept
    end = at + HOUR
    missing = domain.holes(
        kept.stretches, since=START, until=end, off=(), failures={}, patience=PATIENCE, waits=PATIENCE
    )
    read = domain.merged(one for one in kept.stretches if one.state != FAILED)
    every: list[Hole | Stretch] = [*missing, *read]
    whole = sum(((one.until - one.since) for one in every), timedelta())
    overlap = sum(
        (
            max(min(one.until, two.until) - max(one.since, two.since), timedelta())
            for n, one in enumerate(read)
            for two in read[n + 1 :]
        ),
        timedelta(),
    )
    assert whole - overlap == end - START
    assert sum(one.items for one in kept.stretches) == len(pulls)
