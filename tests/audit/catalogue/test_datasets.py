"""The pages of data say who learned from what and what changed, show unknown as unknown, and stay in one's teams."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.base.actors import Role
from audit.base.errors import InvalidInput, NotPermitted
from audit.catalogue import data_listing, data_page, describing
from audit.catalogue import services as catalogue
from audit.catalogue.ledger_actions import DATASET_DESCRIBED
from audit.catalogue.models import Dataset, DatasetVersion, Model, ModelVersion
from audit.ledger.models import Entry
from audit.people import services as people
from audit.people.selectors import actor_of
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast

JANUARY, MARCH = datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 3, 1, tzinfo=UTC)
FIRST = {"hour": "int64", "carrier": "string", "tail": "string"}
SECOND = {"hour": "double", "carrier": "string", "wind": "double"}


@pytest.fixture
def dataset(cast: Cast) -> Dataset:
    """Flights, with nobody who answers for them and an unknown sensitivity."""
    return catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="flights", name="Flights")


@pytest.fixture
def data(dataset: Dataset) -> list[DatasetVersion]:
    """Two versions: the second has a column less, one more, and one of another type."""
    said: list[dict[str, Any]] = [
        {"digest": "a" * 64, "rows": 1200, "columns": FIRST, "data_from": JANUARY, "data_until": MARCH},
        {"digest": "b" * 64, "rows": 3400, "columns": SECOND},
    ]
    return [
        catalogue.register_dataset_version(actor=SYSTEM, dataset=dataset, location="lake/flights", **one)
        for one in said
    ]


@pytest.fixture
def trained(cast: Cast, model: Model, data: list[DatasetVersion]) -> list[ModelVersion]:
    """v1 names the first data and is in production; v2 has a run that read the second."""
    first = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="a", artefact_digest="1" * 64, author=cast.owner, training_data=[data[0]]
    )
    catalogue.deploy(actor=SYSTEM, version=first, environment="production", mode="batch", since=MARCH)
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key="k", trigger="schedule")
    catalogue.finish_run(actor=SYSTEM, run=run, state="succeeded", inputs=[data[1]])
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="b", artefact_digest="2" * 64, author=cast.owner, run=run
    )
    return [first, second]


def _text(cast: Cast, address: str, name: str = "owner") -> str:
    answer = cast.client(name).get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def _csv(cast: Cast, address: str) -> list[dict[str, str]]:
    answer = cast.client("owner").get(address)
    return list(csv.DictReader(b"".join(answer).decode().splitlines()))


def test_list_counts_versions_and_models_and_leaves_unknown_empty(
    cast: Cast, dataset: Dataset, data: list[DatasetVersion], trained: list[ModelVersion]
) -> None:
    bare = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="weather", name="Weather")
    first, second = data_listing.rows_of(viewer=cast.actor("owner"), datasets=[dataset, bare])
    assert (first.versions, first.newest, first.models) == (2, data[1], 1)
    assert (second.versions, second.newest, second.models) == (0, None, 0)
    flights, weather = _csv(cast, "/datasets/?format=csv")
    assert (flights["versions"], flights["newest_rows"], flights["models_that_learned_from_it"]) == ("2", "3400", "1")
    assert (weather["newest_rows"], weather["owner"], weather["sensitivity"]) == ("", "", "")
    assert "Nobody is known to answer for 2 of 2 data sets. How sensitive 2 of them are is unknown." in _text(
        cast, "/datasets/"
    )


def test_list_is_narrowed_by_every_word(cast: Cast, dataset: Dataset) -> None:
    catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="weather", name="Weather", description="of airports")
    assert [row["slug"] for row in _csv(cast, "/datasets/?q=AIRPORTS+flight&format=csv")] == ["weather"]
    assert "No data set fits these words." in _text(cast, "/datasets/?q=nothing")


def test_list_without_data_says_how_to_register(cast: Cast) -> None:
    assert "POST /api/v1/datasets" in _text(cast, "/datasets/")


def test_page_says_who_learned_and_what_is_in_production(
    cast: Cast, dataset: Dataset, trained: list[ModelVersion]
) -> None:
    found = data_page.learning(viewer=cast.actor("owner"), dataset=dataset)
    rows = data_page.learners(viewer=cast.actor("owner"), found=found)
    assert [(row.version, row.data.number, row.since) for row in rows] == [
        (trained[0], 1, MARCH),
        (trained[1], 2, None),
    ]
    assert "2 versions of 1 model learned from it; 1 of them is in production." in _text(cast, "/datasets/flights/")
    lines = _csv(cast, "/datasets/flights/?of=learned&format=csv")
    assert [(line["version"], line["dataset_version"]) for line in lines] == [("1", "1"), ("2", "2")]
    versions = _csv(cast, "/datasets/flights/?format=csv")
    assert [(one["version"], one["model_versions_that_learned_from_it"]) for one in versions] == [
        ("2", "1"),
        ("1", "1"),
    ]


def test_version_that_left_production_is_not_said_to_be_there(
    cast: Cast, dataset: Dataset, trained: list[ModelVersion]
) -> None:
    catalogue.end_deployment(actor=SYSTEM, deployment=trained[0].deployments.get())
    found = data_page.learning(viewer=cast.actor("owner"), dataset=dataset)
    assert found.live == {}
    assert "none of them is in production." in _text(cast, "/datasets/flights/")


def test_page_says_which_columns_came_went_and_were_retyped(
    cast: Cast, dataset: Dataset, data: list[DatasetVersion]
) -> None:
    text = _text(cast, "/datasets/flights/")
    assert "From version 1 to version 2: 3 columns changed (1 added, 1 removed, 1 retyped)." in text
    back = _text(cast, "/datasets/flights/?a=2&b=1")
    assert "From version 2 to version 1: 3 columns changed (1 added, 1 removed, 1 retyped)." in back
    assert "Both are version 1, so nothing differs." in _text(cast, "/datasets/flights/?a=1&b=1")
    part = data_page.columns_between(viewer=cast.actor("owner"), dataset=dataset, a=1, b=2)
    assert [(change.name, data_page.KINDS[change.kind]) for change in part.changes] == [
        ("hour", "retyped"),
        ("tail", "removed"),
        ("wind", "added"),
    ]


def test_version_without_columns_is_unknown_and_not_the_same(
    cast: Cast, dataset: Dataset, data: list[DatasetVersion]
) -> None:
    catalogue.register_dataset_version(actor=SYSTEM, dataset=dataset, digest="c" * 64, location="l", rows=1)
    text = _text(cast, "/datasets/flights/")
    assert "v3 says nothing of the columns." in text
    assert "version 3 was registered without its columns." in text


@pytest.mark.parametrize(("query", "status"), [("a=7&b=1", 404), ("a=x", 422), ("a=0", 422)])
def test_version_that_is_not_there_is_refused(cast: Cast, data: list[DatasetVersion], query: str, status: int) -> None:
    assert cast.client("owner").get(f"/datasets/flights/?{query}").status_code == status


def test_auditor_of_a_model_sees_only_the_data_that_it_learned_from(
    cast: Cast, model: Model, dataset: Dataset, trained: list[ModelVersion]
) -> None:
    other = catalogue.register_model(
        actor=SYSTEM, use_case=model.use_case, slug="other", name="other", task="regression", owner=cast.owner,
        outcome="minutes",
    )  # fmt: skip
    secret = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="secret", name="Secret")
    hidden = catalogue.register_dataset_version(
        actor=SYSTEM, dataset=secret, digest="d" * 64, location="l", rows=1, columns={"name": "string"}
    )
    more = catalogue.register_dataset_version(actor=SYSTEM, dataset=dataset, digest="e" * 64, location="l", rows=5)
    catalogue.register_version(
        actor=SYSTEM, model=other, artefact="a", artefact_digest="4" * 64, author=cast.owner,
        training_data=[hidden, more],
    )  # fmt: skip
    guest = people.create_user(actor=SYSTEM, email="guest@audit.example", name="Guest")
    people.grant_role(actor=SYSTEM, user=guest, role=Role.AUDITOR, team=None, only_models=[model.pk])
    viewer = actor_of(guest)
    rows = data_listing.rows_of(viewer=viewer, datasets=list(data_listing.matching(viewer=viewer)))
    assert [(row.dataset.slug, row.versions, row.models) for row in rows] == [("flights", 2, 1)]
    assert data_page.learning(viewer=viewer, dataset=dataset).models == 1
    assert data_page.learning(viewer=cast.actor("owner"), dataset=dataset).models == 2


def test_description_is_one_entry_and_the_same_again_is_none(cast: Cast, dataset: Dataset) -> None:
    said: dict[str, Any] = {"owner": cast.validator, "sensitivity": "confidential", "description": "Of New York"}
    described = describing.describe_dataset(actor=cast.actor("owner"), dataset=dataset, **said)
    assert (described.owner, described.sensitivity, described.description) == (
        cast.validator,
        "confidential",
        "Of New York",
    )
    entry = Entry.objects.get(action=DATASET_DESCRIBED)
    assert entry.subject_id == str(dataset.pk)
    assert set(entry.changes) >= {"owner", "sensitivity", "description"}
    describing.describe_dataset(actor=cast.actor("owner"), dataset=dataset, **said)
    assert Entry.objects.filter(action=DATASET_DESCRIBED).count() == 1
    nobody = describing.describe_dataset(actor=cast.actor("owner"), dataset=dataset, **said | {"owner": None})
    assert nobody.owner is None
    assert Entry.objects.filter(action=DATASET_DESCRIBED).count() == 2


def test_description_is_refused_to_who_may_not_write_and_for_who_cannot_own(cast: Cast, dataset: Dataset) -> None:
    said: dict[str, Any] = {"owner": None, "sensitivity": "secret", "description": ""}
    with pytest.raises(NotPermitted):
        describing.describe_dataset(actor=cast.actor("manager"), dataset=dataset, **said)
    with pytest.raises(InvalidInput, match="Outsider cannot answer for Flights"):
        describing.describe_dataset(actor=cast.actor("owner"), dataset=dataset, **said | {"owner": cast.outsider})
    with pytest.raises(InvalidInput, match="not a sensitivity"):
        describing.describe_dataset(actor=cast.actor("owner"), dataset=dataset, **said | {"sensitivity": "mild"})
    dataset.refresh_from_db()
    assert dataset.sensitivity == ""


def test_form_describes_and_says_why_who_may_not_cannot(cast: Cast, dataset: Dataset) -> None:
    client = cast.client("owner")
    answer = client.post("/datasets/flights/", {"owner": str(cast.owner.pk), "sensitivity": "internal"})
    assert answer.status_code == 302
    dataset.refresh_from_db()
    assert (dataset.owner, dataset.sensitivity) == (cast.owner, "internal")
    assert client.post("/datasets/flights/", {"owner": str(cast.outsider.pk)}).status_code == 422
    text = _text(cast, "/datasets/flights/", "manager")
    assert "You may not register or change models here" in text
    assert 'name="sensitivity"' not in text


def test_patch_changes_only_what_is_sent(cast: Cast, program: Callable[..., Program], dataset: Dataset) -> None:
    owner = program("owner")
    answer = owner.call("PATCH", "/datasets/flights", {"sensitivity": "secret", "owner": "validator@example.org"})
    assert (answer.status_code, answer.json()["sensitivity"], answer.json()["owner"]) == (
        200,
        "secret",
        "validator@example.org",
    )
    later = owner.call("PATCH", "/datasets/flights", {"description": "Of New York"}).json()
    assert (later["sensitivity"], later["owner"], later["description"]) == (
        "secret",
        "validator@example.org",
        "Of New York",
    )
    assert owner.call("PATCH", "/datasets/flights", {"owner": None}).json()["owner"] is None
    assert owner.call("PATCH", "/datasets/flights", {"sensitivity": "mild"}).status_code == 422
    assert program("manager").call("PATCH", "/datasets/flights", {"sensitivity": "public"}).status_code == 403


def test_ids_of_a_dataset_and_of_its_version_lead_to_the_page(
    cast: Cast, dataset: Dataset, data: list[DatasetVersion]
) -> None:
    for pk in (dataset.pk, data[0].pk):
        assert cast.client("owner").get(f"/datasets/by-id/{pk}/").headers["Location"] == "/datasets/flights/"
        assert cast.client("outsider").get(f"/datasets/by-id/{pk}/").status_code == 404


def test_rail_marks_data_on_its_pages_and_models_on_theirs(cast: Cast, dataset: Dataset, model: Model) -> None:
    current = 'aria-current="page"'
    assert f'<a href="/datasets/" {current}' in _text(cast, "/datasets/flights/")
    assert f'<a href="/models/" {current}' in _text(cast, "/models/late-arrival/")


def test_version_of_a_model_leads_to_the_data_that_one_may_see(
    cast: Cast, model: Model, trained: list[ModelVersion]
) -> None:
    assert '<a href="/datasets/flights/">Flights v1</a>' in _text(cast, "/models/late-arrival/versions/1/")
    theirs = catalogue.register_dataset(actor=SYSTEM, team=cast.other_team, slug="meals", name="Meals")
    data = catalogue.register_dataset_version(actor=SYSTEM, dataset=theirs, digest="f" * 64, location="l", rows=1)
    catalogue.register_version(
        actor=SYSTEM, model=model, artefact="c", artefact_digest="3" * 64, author=cast.owner, training_data=[data]
    )
    text = _text(cast, "/models/late-arrival/versions/3/")
    assert "Meals v1" in text
    assert "/datasets/meals/" not in text


def test_search_of_everything_leads_to_the_data(cast: Cast, dataset: Dataset, data: list[DatasetVersion]) -> None:
    text = _text(cast, "/audit/?q=Flights")
    assert f"/datasets/by-id/{dataset.pk}/" in text
    assert f"/datasets/by-id/{data[1].pk}/" in text
