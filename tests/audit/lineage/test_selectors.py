"""What was made from what: depth by depth, of the viewer's teams, as it was on a day and as we knew on a day."""

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.lineage import selectors, services
from audit.lineage.domain.reading import read
from audit.lineage.models import Node
from audit.lineage.walking import Reach
from tests.support.cast import SYSTEM, Cast


def said(job: str, reads: list[str], writes: list[str], *, day: int, run: str = "", **facets: Any) -> dict[str, Any]:
    def dataset(text: str) -> dict[str, Any]:
        name, _, version = text.partition("@")
        return {
            "namespace": "lake",
            "name": name,
            **({"facets": {"version": {"datasetVersion": version}}} if version else {}),
        }

    return {
        "eventType": "COMPLETE",
        "eventTime": f"2026-03-{day:02}T10:00:00Z",
        "producer": "https://example.org",
        "schemaURL": "https://example.org",
        "run": {"runId": run or f"{job}-{day}"},
        "job": {"namespace": "airflow", "name": job, "facets": facets},
        "inputs": [dataset(name) for name in reads],
        "outputs": [dataset(name) for name in writes],
    }


def send(cast: Cast, *events: dict[str, Any]) -> None:
    services.receive(actor=SYSTEM, team=cast.team, events=[read(event) for event in events])


def names(reach: Reach) -> dict[str, int]:
    rows = dict(Node.objects.filter(pk__in=reach.depths).values_list("pk", "name"))
    return {rows[pk]: depth for pk, depth in reach.depths.items()}


def node(name: str) -> Node:
    return Node.objects.get(name=name)


@pytest.fixture
def chain(cast: Cast) -> Actor:
    """flights -> clean -> train -> report, on two days; the second report was made from another run."""
    send(
        cast,
        said("clean", ["flights"], ["features"], day=3),
        said("train", ["features"], ["model"], day=4, sourceCodeLocation={"url": "https://git", "version": "abc"}),
        said("report", ["model"], ["page"], day=5),
        said("clean", ["weather"], ["sky"], day=6),
    )
    return cast.actor("owner")


def test_downstream_follows_runs_and_not_other_runs_of_the_same_job(chain: Actor) -> None:
    assert names(selectors.downstream(viewer=chain, start=node("flights"), depth=20)) == {
        "flights": 0, "clean-3": 1, "features": 2, "train-4": 3, "model": 4, "report-5": 5, "page": 6,
    }  # fmt: skip


def test_upstream_names_data_job_and_commit_within_the_depth(chain: Actor) -> None:
    assert names(selectors.upstream(viewer=chain, start=node("model"), depth=2)) == {
        "model": 0, "train-4": 1, "features": 2, "train": 2, "abc": 2,
    }  # fmt: skip


def test_as_it_was_on_a_day_leaves_out_what_happened_later(chain: Actor) -> None:
    found = selectors.downstream(viewer=chain, start=node("flights"), depth=20, at=datetime(2026, 3, 4, 12, tzinfo=UTC))
    assert set(names(found)) == {"flights", "clean-3", "features", "train-4", "model"}


def test_as_we_knew_on_a_day_stays_when_late_events_come_and_as_it_was_does_not(cast: Cast, chain: Actor) -> None:
    before, day = clock.now(), datetime(2026, 3, 4, tzinfo=UTC)

    def asked(**when: datetime) -> set[str]:
        return set(names(selectors.downstream(viewer=chain, start=node("flights"), depth=20, **when)))

    known, was = asked(known=before), asked(at=day)
    send(cast, said("late", ["features"], ["surprise"], day=3))
    assert asked(known=before) == known
    assert asked(at=day) == was | {"late-3", "surprise"}
    assert "surprise" in asked(known=clock.now())


def test_version_that_a_run_names_is_followed_and_no_other(cast: Cast) -> None:
    send(
        cast,
        said("load", [], ["raw@1"], day=1),
        said("load", [], ["raw@2"], day=2),
        said("use", ["raw@1"], ["made"], day=3),
    )
    viewer = cast.actor("owner")
    assert names(selectors.upstream(viewer=viewer, start=node("made"), depth=9)) == {
        "made": 0, "use-3": 1, "raw@1": 2, "use": 2, "load-1": 3, "load": 4,
    }  # fmt: skip
    assert "made" not in names(selectors.downstream(viewer=viewer, start=node("raw@2"), depth=9))


def test_circle_ends(cast: Cast) -> None:
    send(cast, said("there", ["a"], ["b"], day=1), said("back", ["b"], ["a"], day=2))
    assert names(selectors.downstream(viewer=cast.actor("owner"), start=node("a"), depth=900)) == {
        "a": 0, "there-1": 1, "b": 2, "back-2": 3,
    }  # fmt: skip


def test_other_teams_see_nothing_of_it_and_edges_of_theirs_stay_theirs(cast: Cast, chain: Actor) -> None:
    outsider = cast.actor("outsider")
    with pytest.raises(NotFound):
        selectors.node(viewer=outsider, node_id=node("flights").pk)
    theirs = [read(said("cook", ["page"], ["menu"], day=7))]
    services.receive(actor=SYSTEM, team=cast.other_team, events=theirs)
    assert names(selectors.downstream(viewer=outsider, start=node("page"), depth=9)) == {
        "page": 0, "cook-7": 1, "menu": 2,
    }  # fmt: skip
    assert "menu" not in names(selectors.downstream(viewer=chain, start=node("flights"), depth=20))
    assert "menu" in names(selectors.downstream(viewer=SYSTEM, start=node("flights"), depth=20))


def test_search_finds_by_words_of_name_and_namespace(chain: Actor) -> None:
    assert [row.name for row in selectors.search(viewer=chain, words="LAKE feat")] == ["features"]
    assert [row.name for row in selectors.search(viewer=chain, words="train", kind="job")] == ["train"]


def test_column_is_followed_to_columns(cast: Cast) -> None:
    event = said("clean", ["flights"], ["features"], day=3)
    event["outputs"][0]["facets"] = {
        "columnLineage": {
            "fields": {"delay": {"inputFields": [{"namespace": "lake", "name": "flights", "field": "arr"}]}}
        }
    }
    send(cast, event)
    found = selectors.downstream(viewer=cast.actor("owner"), start=node("flights#arr"), depth=3)
    assert names(found) == {"flights#arr": 0, "features#delay": 1}
