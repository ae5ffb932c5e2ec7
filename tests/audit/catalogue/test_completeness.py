"""A version says what it lacks, and never counts what is empty as known."""

import csv
from dataclasses import replace
from typing import Any

import pytest

from audit.base.errors import InvalidInput
from audit.catalogue import services as catalogue
from audit.catalogue.domain.completeness import PARTS, Origin, completeness
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.provenance import completeness_of
from tests.support.cast import SYSTEM, Cast

FULL = Origin(
    run=True,
    commit="9f3c41d8",
    repository="https://github.com/airline/delays",
    data=("a" * 64,),
    parameters={"trees": 3},
    environment={"python": "3.11"},
    artefact_digest="b" * 64,
    author="Owner",
    metrics={"roc_auc": 0.7},
)


def test_full_origin_lacks_nothing() -> None:
    found = completeness(FULL)
    assert (found.missing, found.share, found.words) == ((), 1.0, "all 9")


@pytest.mark.parametrize(
    ("empty", "missing"),
    [
        ({"run": False}, "run"),
        ({"commit": ""}, "commit"),
        ({"repository": ""}, "repository"),
        ({"data": ()}, "data"),
        ({"data": ("a" * 64, "")}, "data"),
        ({"parameters": {}}, "parameters"),
        ({"environment": {}}, "environment"),
        ({"artefact_digest": ""}, "artefact"),
        ({"author": ""}, "author"),
        ({"metrics": {}}, "metrics"),
    ],
)
def test_empty_part_is_missing_and_the_others_are_not(empty: dict[str, Any], missing: str) -> None:
    found = completeness(replace(FULL, **empty))
    assert [part.key for part in found.missing] == [missing]
    assert (found.share, found.words) == (8 / 9, "8 of 9")


def _full(cast: Cast, model: Model) -> ModelVersion:
    dataset = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="flights", name="Flights")
    data = catalogue.register_dataset_version(actor=SYSTEM, dataset=dataset, digest="a" * 64, location="l", rows=3)
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key="k", trigger="test", parameters={"trees": 3})
    run = catalogue.finish_run(
        actor=SYSTEM,
        run=run,
        state="succeeded",
        code_version="9f3c41d8",
        repository="https://github.com/airline/delays",
        environment={"python": "3.11"},
    )
    return catalogue.register_version(
        actor=SYSTEM,
        model=model,
        artefact="a",
        artefact_digest="3" * 64,
        author=cast.owner,
        run=run,
        training_data=[data],
        metrics={"roc_auc": 0.7},
    )


def test_version_takes_parameters_code_and_libraries_from_its_run(cast: Cast, model: Model) -> None:
    assert completeness_of(_full(cast, model)).missing == ()


def test_version_page_says_what_nobody_can_say(cast: Cast, model: Model, version: ModelVersion) -> None:
    _full(cast, model)
    client = cast.client("owner")
    bare = client.get("/models/late-arrival/versions/1/").content.decode()
    assert "2 of 9 parts of its origin are on record" in bare
    assert "Nobody can say from which code it was built." in bare
    full = client.get("/models/late-arrival/versions/2/").content.decode()
    assert "All 9 parts of its origin are on record" in full
    assert "https://github.com/airline/delays" in full
    assert "Nobody can say" not in full


def _csv(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))


def test_origin_and_versions_as_csv_name_what_is_missing(cast: Cast, model: Model, version: ModelVersion) -> None:
    _full(cast, model)
    client = cast.client("owner")
    origin = _csv(client.get("/models/late-arrival/versions/1/?format=csv"))
    assert len(origin) == len(PARTS)
    assert [row["part"] for row in origin if row["on_record"] == "yes"] == [
        "the digest of its artefact",
        "its author",
    ]
    rows = _csv(client.get("/models/late-arrival/?format=csv&of=versions"))
    assert [(row["version"], row["origin_on_record"], row["origin_missing"]) for row in rows] == [
        ("2", "1.0", "none"),
        ("1", "0.2222", "run, commit, repository, data, parameters, environment, metrics"),
    ]


def test_api_says_what_a_version_lacks(program: Any, cast: Cast, model: Model, version: ModelVersion) -> None:
    answer = program("owner").get("/models/late-arrival/versions/1").json()
    assert answer["complete"] == {
        "share": 2 / 9,
        "missing": ["run", "commit", "repository", "data", "parameters", "environment", "metrics"],
    }


def test_repository_with_a_password_is_refused_and_not_kept(cast: Cast, model: Model) -> None:
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key="k", trigger="test")
    with pytest.raises(InvalidInput, match="A password stands in the address"):
        catalogue.finish_run(
            actor=SYSTEM, run=run, state="succeeded", repository="https://me:secret@github.com/airline/delays"
        )
    run.refresh_from_db()
    assert (run.state, run.repository) == ("running", "")
