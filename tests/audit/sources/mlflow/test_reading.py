"""A pull goes on where it was interrupted, asks little when nothing is new, and says what a server did wrong."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from audit.base.errors import InvalidInput
from audit.sources.contract import Unavailable
from audit.sources.domain.told import Kind, Told
from audit.sources.mlflow import mapping
from audit.sources.mlflow.client import Mlflow, quoted
from audit.sources.mlflow.connector import MlflowConnector
from audit.sources.mlflow.reading import PIECE, Reading, parents_first, pieces
from tests.audit.sources.mlflow.fake import Fake, a_registry, serving
from tests.audit.sources.support import Recorded


@pytest.fixture
def fake() -> Iterator[Fake]:
    """A server of 450 models with one version each: three pieces."""
    with serving(Fake(answers=a_registry(450))) as found:
        yield found


def pull(fake: Fake, context: Recorded, cursor: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """One pull, without waiting; returns its cursor."""
    given = {"url": fake.url, "production_aliases": "champion", **settings}
    with Mlflow(given, pause=lambda seconds: None) as server:
        return Reading(context, given, server).pull(cursor or {}).cursor


def test_whole_pull_hands_in_pieces_and_the_next_asks_twice(fake: Fake) -> None:
    context = Recorded()
    cursor = pull(fake, context)
    assert [len(piece.versions) for piece in context.pieces] == [100, 100, 100, 100, 50]
    assert (len(context.all("models")), len(context.all("runs")), len(context.all("endpoints"))) == (450, 450, 450)
    assert {run.pipeline for run in context.all("runs")} == {"nightly"}
    assert len(context.present[Kind.VERSION, ""]) == len(context.present[Kind.MODEL, ""]) == 450
    fake.asked.clear()
    again = Recorded()
    assert pull(fake, again, cursor) == cursor
    assert (again.pieces, again.present) == ([], {})
    assert [path.rpartition("mlflow/")[2] for path, _ in fake.asked] == [
        "registered-models/search",
        "model-versions/search",
    ]


def test_interrupted_pull_goes_on_where_it_was(fake: Fake) -> None:
    class Failing(Recorded):
        def take(self, told: Told, **more: Any) -> None:
            if len(self.pieces) == 2:
                raise Unavailable("the database is gone")
            super().take(told, **more)

    first = Failing()
    with pytest.raises(Unavailable):
        pull(fake, first)
    assert (len(first.all("versions")), first.present) == (200, {})
    second = Recorded()
    pull(fake, second, first.cursor)
    told = [one.id for one in (*first.all("versions"), *second.all("versions"))]
    assert len(told) == len(set(told)) == 450
    assert len(second.present[Kind.VERSION, ""]) == 450


def test_moved_name_and_deleted_model_are_seen_by_the_next_pull(fake: Fake) -> None:
    cursor = pull(fake, Recorded())
    before = fake.answers["registered-models/search"]({})[1]["registered_models"]
    moved = {**before[7], "aliases": []}
    rows = [row for row in before if row["name"] not in {"m0007", "m0009"}] + [moved]

    def search(asked: dict[str, Any]) -> tuple[int, Any]:
        named = "m0009" in asked.get("filter", "")
        return 200, {"registered_models": [] if named else rows}

    fake.answers["registered-models/search"] = search
    context = Recorded()
    after = pull(fake, context, cursor)
    assert [(one.id, one.aliases) for one in context.all("models")] == [("m0007", {})]
    assert context.present[Kind.ENDPOINT, "alias:m0007:"] == []
    assert "m0009" not in context.present[Kind.MODEL, ""]
    assert context.present[Kind.VERSION, "m0009/"] == []
    assert len(context.present[Kind.MODEL, ""]) == 449
    assert "m0009" not in after["marks"]


def test_nothing_is_gone_when_the_registry_changes_while_it_is_read(fake: Fake) -> None:
    rows = fake.answers["registered-models/search"]({})[1]["registered_models"]
    times = iter((rows, rows[1:]))
    fake.answers["registered-models/search"] = lambda asked: (200, {"registered_models": next(times)})
    context = Recorded()
    pull(fake, context)
    assert context.present == {}


def test_run_that_is_not_finished_is_asked_for_again(fake: Fake) -> None:
    answers = a_registry(1)
    runs = answers["runs/search"]({"filter": "'r0'"})[1]["runs"]
    runs[0]["info"] |= {"status": "RUNNING", "start_time": 4_102_444_800_000}
    fake.answers = {**answers, "runs/search": lambda asked: (200, {"runs": runs})}
    first = Recorded()
    cursor = pull(fake, first)
    assert ([one.state for one in first.all("runs")], cursor["open"]) == (["running"], ["r0"])
    runs[0]["info"]["status"] = "FINISHED"
    second = Recorded()
    cursor = pull(fake, second, cursor)
    assert ([one.state for one in second.all("runs")], cursor["open"]) == (["succeeded"], [])


def test_runs_that_cannot_be_read_are_said_and_the_version_stays(fake: Fake) -> None:
    fake.answers["runs/search"] = lambda asked: (200, {})
    context = Recorded()
    pull(fake, context)
    assert {one.run for one in context.all("versions")} == {""}
    (problem,) = context.problems
    assert problem.startswith("450 runs of versions cannot be read (r0, r1, r10): they are deleted for good, or")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, {"registered_models": {}}), "no list of registered models"),
        ((200, {"registered_models": ["x"]}), "no list of registered models"),
        ((200, []), "no object"),
        ((200, b'{"registered_models": [{"na'), "not JSON, or with half of it"),
        ((200, {"registered_models": [], "next_page_token": "same"}), "the same token twice"),
        ((503, {"message": "busy"}), "busy"),
    ],
)
def test_wrong_answers_are_said(fake: Fake, answer: tuple[int, Any], sentence: str) -> None:
    fake.answers["registered-models/search"] = lambda asked: answer
    with pytest.raises(Unavailable, match=sentence):
        pull(fake, Recorded())


def test_token_or_user_and_password_are_sent(fake: Fake) -> None:
    pull(fake, Recorded(), token="t-1", username="u", password="p")
    pull(fake, Recorded(), username="u", password="p")
    basic = "Basic " + base64.b64encode(b"u:p").decode()
    assert {one["authorization"] for one in fake.headers} == {"Bearer t-1", basic}


def test_settings_are_tested_with_the_missing_right_named(fake: Fake) -> None:
    settings = {"url": fake.url, "webhook_secret": "s"}
    checks = MlflowConnector().test(settings)
    assert [check.ok for check in checks] == [True] * 5
    assert checks[3].sentence == (
        "The server is older than MLflow 3: it has no logged models, and sends nothing by itself."
    )
    fake.answers["runs/search"] = lambda asked: (403, {"message": "Permission denied"})
    refused = [check.sentence for check in MlflowConnector().test(settings) if not check.ok]
    assert len(refused) == 1
    assert "needs READ on experiments" in refused[0]
    assert "Permission denied" in refused[0]
    fake.answers = {}
    assert "Is this the address" in MlflowConnector().test(settings)[0].sentence
    (check,) = MlflowConnector().test({"url": fake.url, "ca_file": "/nowhere.pem"})
    assert "/nowhere.pem is no file of certificates" in check.sentence


def test_only_models_called_so_are_asked_for(fake: Fake) -> None:
    pull(fake, Recorded(), names="credit-%")
    filters = {asked.get("filter") for path, asked in fake.asked if path.endswith(("models/search", "versions/search"))}
    assert filters == {"name LIKE 'credit-%'"}
    assert quoted("O'Neil") == '"O\'Neil"'
    with pytest.raises(InvalidInput):
        quoted("a'b\"c")


def test_models_come_after_those_that_they_are_derived_from() -> None:
    parents = {"a/1": "c/1", "c/1": "d/2", "d/2": "elsewhere/1", "x/1": "y/1", "y/1": "x/1"}
    order = parents_first(["a", "b", "c", "d", "x", "y"], parents)
    assert sorted(order) == ["a", "b", "c", "d", "x", "y"]
    assert order.index("d") < order.index("c") < order.index("a")


def test_model_with_many_versions_comes_in_pieces_and_answers_with_the_last() -> None:
    models = {"big": {"name": "big"}}
    versions = [{"name": "big", "version": str(number)} for number in range(1, 2 * PIECE + 2)]
    found = list(pieces(models, versions, {}))
    assert [(len(one.models), len(one.versions), len(one.complete)) for one in found] == [
        (1, PIECE, 0),
        (0, PIECE, 0),
        (0, 1, 1),
    ]
    assert mapping.text(found[0].versions[0]["version"]) == "1"
