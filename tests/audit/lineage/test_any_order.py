"""Whatever the order of events, and however often each comes: one graph, and each event once."""

import random

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from audit.ledger.models import Entry
from audit.lineage import selectors, services
from audit.lineage.domain.reading import Reading, parse, read
from audit.lineage.models import Edge, Event, Facet, Node, Sighting
from tests.support.cast import SYSTEM, Cast

SHUFFLES = 50


def _empty() -> None:
    for model in (Facet, Edge, Sighting, Node, Event):
        model.objects.all().delete()


def _in_parts(events: list[Reading], sizes: list[int]) -> list[list[Reading]]:
    parts: list[list[Reading]] = []
    start = 0
    while start < len(events):
        size = sizes[len(parts) % len(sizes)]
        parts.append(events[start : start + size])
        start += size
    return parts


def test_events_shuffled_and_doubled_give_one_graph(cast: Cast, lines: list[bytes]) -> None:
    events, hashes, tried = [read(parse(line)) for line in lines], set(), []
    assert len(events) == 59

    @seed(1)
    @settings(
        max_examples=SHUFFLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(
        order=st.integers(0, 2**64),
        twice=st.integers(0, 2**59 - 1),
        sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    )
    def sent(order: int, twice: int, sizes: list[int]) -> None:
        _empty()
        doubled = [*events, *(one for at, one in enumerate(events) if twice >> at & 1)]
        random.Random(order).shuffle(doubled)
        kept = sum(services.receive(actor=SYSTEM, team=cast.team, events=part) for part in _in_parts(doubled, sizes))
        assert kept == Event.objects.count() == len({one.digest for one in events})
        tried.append(order)
        hashes.add(selectors.hash_of(team=cast.team))

    sent()
    assert len(hashes) == 1
    assert len(tried) >= SHUFFLES


def test_graph_of_fewer_events_has_another_hash(cast: Cast, lines: list[bytes]) -> None:
    events = [read(parse(line)) for line in lines]
    services.receive(actor=SYSTEM, team=cast.team, events=events[:-1])
    before = selectors.hash_of(team=cast.team)
    services.receive(actor=SYSTEM, team=cast.team, events=events)
    assert selectors.hash_of(team=cast.team) != before


def test_delivery_is_one_entry_and_a_known_one_is_none(cast: Cast, lines: list[bytes]) -> None:
    events = [read(parse(line)) for line in lines]
    assert services.receive(actor=SYSTEM, team=cast.team, events=events) == len({one.digest for one in events})
    assert services.receive(actor=SYSTEM, team=cast.team, events=events) == 0
    entry = Entry.objects.get(action="lineage.received")
    assert entry.changes["events"] == [0, len({one.digest for one in events})]


def test_graph_of_one_team_is_not_the_others(cast: Cast, lines: list[bytes]) -> None:
    services.receive(actor=SYSTEM, team=cast.team, events=[read(parse(lines[0]))])
    assert selectors.nodes(viewer=cast.actor("owner")).exists()
    assert not selectors.nodes(viewer=cast.actor("outsider")).exists()
