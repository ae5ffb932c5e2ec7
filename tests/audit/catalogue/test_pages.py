"""The catalogue's pages answer for the past from two times, say what is unknown, and stay within the viewer's teams."""

import csv
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.base.actors import Actor
from audit.catalogue import own_panels, panels, states
from audit.catalogue import services as catalogue
from audit.catalogue.models import Deployment, Model, ModelVersion, UseCase
from audit.catalogue.states import State, Threshold, Week
from tests.support.cast import Cast

SYSTEM = Actor.service("test")
MARCH = datetime(2013, 3, 4, 6, tzinfo=UTC)
JULY = datetime(2013, 7, 8, 6, tzinfo=UTC)
MONDAY = datetime(2013, 7, 8, tzinfo=UTC)


@pytest.fixture
def replaced(cast: Cast, model: Model, version: ModelVersion) -> ModelVersion:
    """Version 1 ran from 4 March, version 2 took over on 8 July."""
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch", since=MARCH)
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="two", artefact_digest="2" * 64, author=cast.owner
    )
    catalogue.deploy(actor=SYSTEM, version=second, environment="production", mode="batch", since=JULY)
    return second


def _ran(cast: Cast, model: Model, day: date, known: date | None = None) -> list[int]:
    found = own_panels.what_ran(model=model, viewer=cast.actor("owner"), day=day, known=known)
    return [row.version.number for row in found.rows]


def test_what_ran_answers_for_a_past_day(cast: Cast, model: Model, replaced: ModelVersion) -> None:
    assert _ran(cast, model, date(2013, 3, 3)) == []
    assert _ran(cast, model, date(2013, 5, 1)) == [1]
    assert _ran(cast, model, date(2013, 7, 8)) == [1, 2]
    assert _ran(cast, model, date(2013, 7, 9)) == [2]


def test_what_ran_as_known_then_leaves_out_what_was_recorded_later(
    cast: Cast, model: Model, replaced: ModelVersion
) -> None:
    known = {
        1: (datetime(2013, 3, 5, tzinfo=UTC), datetime(2013, 7, 20, tzinfo=UTC)),
        2: (datetime(2013, 7, 20, tzinfo=UTC), None),
    }
    for number, (created, ended) in known.items():
        Deployment.objects.filter(version__number=number).update(created_at=created, ended_recorded_at=ended)
    assert _ran(cast, model, date(2013, 7, 10), known=date(2013, 7, 10)) == [1]
    assert _ran(cast, model, date(2013, 7, 10), known=date(2013, 7, 21)) == [2]
    assert _ran(cast, model, date(2013, 3, 4), known=date(2013, 3, 4)) == []


def test_model_page_says_in_a_sentence_what_ran(cast: Cast, model: Model, replaced: ModelVersion) -> None:
    page = cast.client("owner").get("/models/late-arrival/?on=2013-05-01").content.decode()
    assert "On 1 May 2013 v1 ran in production (batch)." in page
    assert cast.client("owner").get("/models/late-arrival/?on=May").status_code == 422


def test_model_page_asks_and_says_that_nobody_knows_yet(cast: Cast, model: Model) -> None:
    page = cast.client("owner").get("/models/late-arrival/").content.decode()
    assert "Is late-arrival still right?" in page
    assert "Nobody can say" in page
    assert "No version is registered." in page


def test_timeline_tells_of_model_versions_and_deployments(cast: Cast, model: Model, replaced: ModelVersion) -> None:
    page = cast.client("auditor").get("/models/late-arrival/").content.decode()
    for words in (
        "registered the model late-arrival",
        "registered the version late-arrival v2",
        "deployed late-arrival v2",
    ):
        assert words in page


def test_version_page_names_what_is_not_recorded(cast: Cast, version: ModelVersion) -> None:
    page = cast.client("owner").get("/models/late-arrival/versions/1/").content.decode()
    assert "1" * 64 in page
    assert "the run that trained it" in page
    assert cast.client("owner").get("/models/late-arrival/versions/9/").status_code == 404


@pytest.mark.parametrize(
    "path", ["/models/late-arrival/", "/models/late-arrival/versions/1/", "/use-cases/late-arrival-alert/"]
)
def test_outsider_finds_no_page_of_the_team(cast: Cast, version: ModelVersion, path: str) -> None:
    assert cast.client("manager").get(path).status_code == 200
    assert cast.client("outsider").get(path).status_code == 404


def test_list_of_an_outsider_names_no_model_of_the_team(cast: Cast, version: ModelVersion) -> None:
    assert "late-arrival" not in cast.client("outsider").get("/models/").content.decode()


def test_list_is_narrowed_by_words_task_and_state(cast: Cast, model: Model, regression: Model) -> None:
    client = cast.client("owner")

    def names(query: str) -> list[str]:
        return [row.model.slug for row in client.get(f"/models/?{query}").context["rows"]]

    assert names("") == ["arrival-delay", "late-arrival"]
    assert names("task=regression") == ["arrival-delay"]
    assert names("q=minutes+late") == ["late-arrival"]
    assert names("state=below") == []
    assert names("use_case=none") == []


def test_list_as_csv_has_a_row_for_each_model(cast: Cast, model: Model, regression: Model) -> None:
    response = cast.client("owner").get("/models/?format=csv")
    rows = list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert [(row["model"], row["state"], row["production_version"]) for row in rows] == [
        ("arrival-delay", "Unknown", "none"),
        ("late-arrival", "Unknown", "none"),
    ]


def test_list_costs_the_same_number_of_queries_for_more_models(
    cast: Cast, use_case: UseCase, version: ModelVersion
) -> None:
    client = cast.client("owner")
    client.get("/models/")
    with CaptureQueriesContext(connection) as few:
        client.get("/models/")
    for number in range(5):
        model = catalogue.register_model(
            actor=SYSTEM, use_case=use_case, slug=f"m{number}", name=f"m{number}", task="classification",
            owner=cast.owner, outcome="late", features={"hour": "number"}, threshold=0.5,
        )  # fmt: skip
        one = catalogue.register_version(
            actor=SYSTEM, model=model, artefact="a", artefact_digest=f"{number}" * 64, author=cast.owner
        )
        catalogue.move_alias(actor=SYSTEM, version=one, alias="production")
    with CaptureQueriesContext(connection) as many:
        client.get("/models/")
    assert len(many) == len(few)


def _weeks(*values: float | None, low: float = 0.0) -> list[Week]:
    start = MONDAY - timedelta(weeks=len(values) - 1)
    return [
        Week(start + timedelta(weeks=at), value, None if value is None else value - low, None, 100)
        for at, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("weeks", "threshold", "state"),
    [
        (_weeks(), Threshold("recall", 0.7), State.UNKNOWN),
        (_weeks(None, None), Threshold("recall", 0.7), State.UNKNOWN),
        (_weeks(0.8), None, State.UNKNOWN),
        (_weeks(0.8), Threshold("precision", 0.7), State.UNKNOWN),
        (_weeks(0.6, 0.8), Threshold("recall", 0.7), State.HEALTHY),
        (_weeks(0.71, low=0.03), Threshold("recall", 0.7), State.WATCH),
        (_weeks(0.8, 0.6), Threshold("recall", 0.7, windows=3), State.WATCH),
        (_weeks(0.6, 0.6, None, 0.6), Threshold("recall", 0.7, windows=3), State.BELOW),
        (_weeks(20.0), Threshold("recall", 17.0, below=False), State.BELOW),
        (_weeks(16.0), Threshold("recall", 17.0, below=False), State.HEALTHY),
    ],
)
def test_state_follows_from_weeks_and_threshold(weeks: list[Week], threshold: Threshold | None, state: State) -> None:
    assert states.judge(weeks, threshold, "recall").state is state


def test_state_of_an_error_that_is_too_high_is_called_above() -> None:
    assert states.judge(_weeks(20.0), Threshold("mae", 17.0, below=False), "mae").word == "Above threshold"


def test_panel_with_a_taken_anchor_is_refused() -> None:
    with pytest.raises(ValueError, match="versions"):
        panels.register(panels.Panel(1, "versions", "Other", "t.html", lambda model, viewer, period: None))
