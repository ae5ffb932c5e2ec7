"""Two versions are compared by what both say; a link to their code leads to a host that is known, or nowhere."""

import csv
from typing import Any

import pytest

from audit.catalogue import comparing
from audit.catalogue import services as catalogue
from audit.catalogue.domain.comparison import Outcome, changes_of, compare, summary
from audit.catalogue.domain.repository import compare_url
from audit.catalogue.models import Model, ModelVersion
from tests.support.cast import SYSTEM, Cast

OLD, NEW = "1111111", "2222222222222222222222222222222222222222"


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("https://github.com/airline/delays", f"https://github.com/airline/delays/compare/{OLD}...{NEW}"),
        ("https://github.com/airline/delays.git", f"https://github.com/airline/delays/compare/{OLD}...{NEW}"),
        ("git@github.com:airline/delays.git", f"https://github.com/airline/delays/compare/{OLD}...{NEW}"),
        ("ssh://git@github.com/airline/delays", f"https://github.com/airline/delays/compare/{OLD}...{NEW}"),
        ("https://me@github.com/airline/delays", f"https://github.com/airline/delays/compare/{OLD}...{NEW}"),
        ("https://gitlab.com/a/b/delays", f"https://gitlab.com/a/b/delays/-/compare/{OLD}...{NEW}"),
        (
            "git@gitlab.example.org:a/delays.git",
            f"https://gitlab.example.org/a/delays/-/compare/{OLD}...{NEW}",
        ),
        (
            "https://gitlab.example.org:8443/a/delays",
            f"https://gitlab.example.org:8443/a/delays/-/compare/{OLD}...{NEW}",
        ),
        (
            "https://airline@dev.azure.com/airline/ML%20Ops/_git/delays",
            (
                f"https://dev.azure.com/airline/ML%20Ops/_git/delays/branchCompare"
                f"?baseVersion=GC{OLD}&targetVersion=GC{NEW}"
            ),
        ),
        (
            "git@ssh.dev.azure.com:v3/airline/ml/delays",
            f"https://dev.azure.com/airline/ml/_git/delays/branchCompare?baseVersion=GC{OLD}&targetVersion=GC{NEW}",
        ),
        (
            "https://airline.visualstudio.com/ml/_git/delays",
            f"https://airline.visualstudio.com/ml/_git/delays/branchCompare?baseVersion=GC{OLD}&targetVersion=GC{NEW}",
        ),
        ("https://git.example.org/airline/delays", ""),
        ("https://github.com", ""),
        ("javascript:alert(1)//github.com/a/b", ""),
        ("http://[broken", ""),
        ("https://github.com:notaport/a/b", ""),
        ("", ""),
    ],
)
def test_compare_link_of_a_repository(repository: str, url: str) -> None:
    assert compare_url(repository, OLD, NEW) == url


@pytest.mark.parametrize("commit", ["", "main", "pipelines.py sha256:12", "111111", "1111111?x=1", "11111111\n"])
def test_compare_link_needs_two_commits(commit: str) -> None:
    assert compare_url("https://github.com/airline/delays", commit, NEW) == ""
    assert compare_url("https://github.com/airline/delays", NEW, commit) == ""


def test_changes_are_added_removed_and_changed_with_differences_of_numbers() -> None:
    found = changes_of(
        {"trees": 3, "loss": "log", "seed": 1, "shuffle": 1}, {"trees": 5, "depth": 2, "seed": 1, "shuffle": True}
    )
    assert [(one.name, one.kind, one.difference) for one in found] == [
        ("depth", "added", None),
        ("loss", "removed", None),
        ("shuffle", "changed", None),
        ("trees", "changed", 2.0),
    ]


@pytest.mark.parametrize(("before", "after"), [(1, 10**400), (-1.7e308, 1.7e308)])
def test_difference_that_is_no_finite_number_is_unknown(before: float, after: float) -> None:
    assert changes_of({"x": before}, {"x": after})[0].difference is None


def test_part_of_which_one_side_is_silent_is_unknown() -> None:
    part = compare("parameters", "the parameters", {}, {"trees": 3}, (1, 2))
    assert (part.outcome, part.changes, part.why) == (Outcome.UNKNOWN, (), "v1 says nothing of the parameters.")
    both = compare("parameters", "the parameters", {}, {}, (1, 2))
    assert both.why == "v1 and v2 say nothing of the parameters."


def test_summary_names_what_changed_what_is_the_same_and_what_nobody_knows() -> None:
    parts = [
        compare("parameters", "the parameters", {"a": 1}, {"a": 2}, (1, 2)),
        compare("author", "the author", {"a": 1}, {"a": 1}, (1, 2)),
        compare("code", "the code", {}, {"a": 1}, (1, 2)),
    ]
    assert summary(parts, (1, 2)) == (
        "v2 differs from v1 in the parameters. The same in both: the author. "
        "Nobody can say about the code: the records of at least one of them are silent."
    )
    assert summary(parts, (2, 2)) == "Both are v2, so nothing differs."


def _trained(cast: Cast, model: Model, mark: str, **values: Any) -> ModelVersion:
    """A version with all of its origin; ``mark`` is a digit that tells it from others."""
    dataset = model.use_case.team.datasets.filter(slug="flights").first() or catalogue.register_dataset(
        actor=SYSTEM, team=cast.team, slug="flights", name="Flights"
    )
    data = catalogue.register_dataset_version(
        actor=SYSTEM, dataset=dataset, digest=mark * 64, location="l", rows=1000 * int(mark), columns=values["columns"]
    )
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key=mark, trigger="test")
    run = catalogue.finish_run(
        actor=SYSTEM,
        run=run,
        state="succeeded",
        code_version=mark * 7,
        repository="https://github.com/airline/delays",
        environment={"python": "3.11", "sklearn": f"1.{mark}"},
    )
    return catalogue.register_version(
        actor=SYSTEM,
        model=model,
        artefact=mark,
        artefact_digest=mark * 64,
        author=cast.owner,
        run=run,
        training_data=[data],
        parameters=values["parameters"],
        metrics=values["metrics"],
    )


@pytest.fixture
def pair(cast: Cast, model: Model) -> Model:
    """A model with two versions that say all of their origin, and a third that says nothing."""
    _trained(
        cast,
        model,
        "1",
        columns={"hour": "int", "carrier": "str"},
        parameters={"trees": 100},
        metrics={"roc_auc": 0.7, "gone": 1.0},
    )
    _trained(
        cast,
        model,
        "2",
        columns={"hour": "float", "carrier": "str", "wind": "float"},
        parameters={"trees": 200},
        metrics={"roc_auc": 0.725},
    )
    catalogue.register_version(actor=SYSTEM, model=model, artefact="3", artefact_digest="3" * 64, author=cast.validator)
    return model


def test_comparison_of_two_versions_names_each_difference(cast: Cast, pair: Model) -> None:
    found = comparing.compared(viewer=cast.actor("owner"), model=pair, a=1, b=2)
    parts = {part.key: part for part in found.parts}
    assert {key: part.outcome.value for key, part in parts.items()} == {
        "parameters": "changed",
        "data": "changed",
        "schema": "changed",
        "environment": "changed",
        "metrics": "changed",
        "code": "changed",
        "artefact": "changed",
        "author": "same",
    }
    assert [(one.name, one.kind) for one in parts["schema"].changes] == [
        ("flights.hour", "changed"),
        ("flights.wind", "added"),
    ]
    (data,) = parts["data"].changes
    assert data.before == [{"version": 1, "rows": 1000, "digest": "1" * 64}]
    assert [(one.name, one.kind) for one in parts["metrics"].changes] == [("gone", "removed"), ("roc_auc", "changed")]
    assert parts["metrics"].changes[1].difference == pytest.approx(0.025)
    assert [one.name for one in parts["environment"].changes] == ["sklearn"]
    assert found.url == "https://github.com/airline/delays/compare/1111111...2222222"


def test_comparison_with_a_version_that_says_nothing_is_unknown(cast: Cast, pair: Model) -> None:
    found = comparing.compared(viewer=cast.actor("owner"), model=pair, a=2, b=3)
    unknown = [part.key for part in found.parts if part.outcome is Outcome.UNKNOWN]
    assert unknown == ["parameters", "data", "schema", "environment", "metrics", "code"]
    assert found.url == ""


def test_compare_page_shows_words_differences_and_the_link(cast: Cast, pair: Model) -> None:
    page = cast.client("manager").get("/models/late-arrival/compare/?a=1&b=2").content.decode()
    assert "What changed from version 1 to version 2 of late-arrival?" in page
    assert "v2 differs from v1 in the parameters, the training data" in page
    assert "+0.025" in page
    assert "v1, 1,000 rows, SHA-256 " + "1" * 64 in page
    assert 'href="https://github.com/airline/delays/compare/1111111...2222222"' in page
    assert "Author: the same in both." in page


def test_compare_page_begins_with_production_and_the_newest_other(cast: Cast, pair: Model) -> None:
    first = pair.versions.get(number=1)
    client = cast.client("owner")
    assert "from version 2 to version 3" in client.get("/models/late-arrival/compare/").content.decode()
    catalogue.move_alias(actor=SYSTEM, version=first, alias="production")
    assert "from version 1 to version 3" in client.get("/models/late-arrival/compare/").content.decode()


def test_compare_page_of_a_single_version_says_that_two_are_needed(cast: Cast, version: ModelVersion) -> None:
    page = cast.client("owner").get("/models/late-arrival/compare/")
    assert "a comparison needs two versions" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "status"),
    [("a=1&b=9", 404), ("a=x&b=1", 422), ("a=0&b=1", 422), ("a=" + "9" * 40 + "&b=1", 422), ("a=3&b=3", 200)],
)
def test_compare_page_with_numbers_that_cannot_be(cast: Cast, pair: Model, query: str, status: int) -> None:
    assert cast.client("owner").get(f"/models/late-arrival/compare/?{query}").status_code == status


def test_comparison_as_csv_has_a_row_for_each_change(cast: Cast, pair: Model) -> None:
    answer = cast.client("owner").get("/models/late-arrival/compare/?a=1&b=2&format=csv")
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert ("parameters", "changed", "trees", "100", "200", "100.0") in [tuple(row.values()) for row in rows]
    assert [row["outcome"] for row in rows if row["part"] == "author"] == ["same"]


def test_api_compares_two_versions(program: Any, pair: Model) -> None:
    answer = program("owner").get("/models/late-arrival/compare?a=1&b=2").json()
    assert answer["compare_url"] == "https://github.com/airline/delays/compare/1111111...2222222"
    trees = next(part for part in answer["parts"] if part["part"] == "parameters")["changes"]
    assert trees == [{"name": "trees", "before": 100, "after": 200, "difference": 100.0}]
    assert program("owner").get("/models/late-arrival/compare").json()["b"] == 3
    assert program("owner").get("/models/late-arrival/compare?a=1&b=7").status_code == 404
    assert program("outsider").get("/models/late-arrival/compare?a=1&b=2").status_code == 404
