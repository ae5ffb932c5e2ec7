"""Chains in which one run names a version of the data and another only the dataset."""

import pytest

from audit.lineage import selectors, services
from audit.lineage.domain.reading import read
from audit.lineage.walking import paths
from tests.audit.lineage.test_selectors import names, node, said, send
from tests.support.cast import SYSTEM, Cast


def down(name: str, depth: int = 20) -> dict[str, int]:
    return names(selectors.downstream(viewer=SYSTEM, start=node(name), depth=depth))


def up(name: str, depth: int = 20) -> set[str]:
    return {one for one in names(selectors.upstream(viewer=SYSTEM, start=node(name), depth=depth)) if "job" not in one}


def run(name: str) -> str:
    return f"{name}-run"


def event(name: str, reads: list[str], writes: list[str], day: int) -> dict[str, object]:
    return said(f"{name}-job", reads, writes, day=day, run=run(name))


def test_version_that_nobody_wrote_by_name_came_from_who_wrote_its_dataset(cast: Cast) -> None:
    send(cast, event("load", ["source"], ["raw"], 1), event("use", ["raw@1"], ["made"], 2))
    assert up("made") == {"made", "use-run", "raw@1", "raw", "load-run", "source"}
    assert down("source") == {"source": 0, "load-run": 1, "raw": 2, "raw@1": 3, "use-run": 4, "made": 5}


def test_writer_that_started_after_the_version_was_spoken_of_did_not_make_it(cast: Cast) -> None:
    send(
        cast,
        event("first", ["a"], ["raw"], 1),
        event("use", ["raw@1"], ["made"], 2),
        event("later", ["b"], ["raw"], 3),
    )
    assert up("made") == {"made", "use-run", "raw@1", "raw", "first-run", "a"}
    assert "made" in down("a")
    assert down("b") == {"b": 0, "later-run": 1, "raw": 2}


def test_version_that_was_written_by_name_came_from_that_run_alone(cast: Cast) -> None:
    send(
        cast,
        event("whole", ["a"], ["raw"], 1),
        event("named", ["b"], ["raw@1"], 2),
        event("use", ["raw@1"], ["made"], 3),
    )
    assert up("made") == {"made", "use-run", "raw@1", "named-run", "b"}
    assert "made" not in down("a")
    assert "made" in down("b")


def test_reader_that_names_no_version_may_have_read_any(cast: Cast) -> None:
    send(
        cast,
        event("one", ["a"], ["raw@1"], 1),
        event("two", ["b"], ["raw@2"], 2),
        event("use", ["raw"], ["made"], 3),
    )
    assert {"a", "b"} <= up("made")
    assert "made" in down("raw@1")
    assert "raw@2" not in down("raw@1")


def test_what_was_made_from_a_dataset_is_what_was_made_from_all_its_versions(cast: Cast) -> None:
    send(cast, event("load", [], ["raw@1"], 1), event("use", ["raw@1"], ["made"], 2))
    assert down("raw") == {"raw": 0, "raw@1": 1, "use-run": 2, "made": 3}


def test_dataset_beside_the_way_is_followed_when_a_run_read_it_as_a_whole(cast: Cast) -> None:
    """``raw`` lies between a version and its writer, and another run on the way read it without a version."""
    send(
        cast,
        event("load", ["source"], ["raw"], 1),
        event("other", ["elsewhere"], ["raw@9"], 2),
        event("whole", ["raw"], ["middle"], 3),
        event("use", ["raw@1", "middle"], ["made"], 4),
    )
    found = selectors.upstream(viewer=SYSTEM, start=node("made"), depth=20)
    assert {"raw", "raw@9", "other-run", "elsewhere", "load-run", "source"} <= set(names(found))


def test_depth_counts_the_dataset_between(cast: Cast) -> None:
    send(cast, event("load", ["source"], ["raw"], 1), event("use", ["raw@1"], ["made"], 2))
    assert down("source", depth=2) == {"source": 0, "load-run": 1, "raw": 2}
    assert down("source", depth=3)["raw@1"] == 3


@pytest.mark.parametrize(
    ("start", "way"),
    [
        ("source", ["source", "load-run", "raw", "raw@1", "use-run", "made"]),
        ("raw", ["raw", "raw@1", "use-run", "made"]),
    ],
)
def test_way_goes_through_the_dataset(cast: Cast, start: str, way: list[str]) -> None:
    send(cast, event("load", ["source"], ["raw"], 1), event("use", ["raw@1"], ["made"], 2))
    reach = selectors.downstream(viewer=SYSTEM, start=node(start), depth=20)
    found = paths(viewer=SYSTEM, reach=reach, ends=[node("made").pk])
    assert found == {node("made").pk: [node(name).pk for name in way]}


def test_other_teams_writers_are_no_reason_to_leave_out_ones_own(cast: Cast) -> None:
    send(cast, event("load", ["source"], ["raw"], 1), event("use", ["raw@1"], ["made"], 2))
    theirs = [read(event("theirs", ["secret"], ["raw@1"], 1))]
    services.receive(actor=SYSTEM, team=cast.other_team, events=theirs)
    viewer = cast.actor("owner")
    assert "source" in names(selectors.upstream(viewer=viewer, start=node("made"), depth=20))
    everything = names(selectors.upstream(viewer=SYSTEM, start=node("made"), depth=20))
    assert "secret" in everything
    assert "source" not in everything
