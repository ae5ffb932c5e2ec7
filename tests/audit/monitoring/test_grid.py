"""The page of all models shows each week's state in shape and word, and counts what is watched of what runs."""

import csv
import re

import pytest

from audit.catalogue import listing
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion, Pipeline
from audit.catalogue.states import State
from audit.monitoring import grid
from governance.retraining import services as retraining
from tests.governance.retraining.support import FIRST, WEEK, measured
from tests.support.cast import SYSTEM, Cast

END = FIRST + 3 * WEEK


@pytest.fixture
def watched(model: Model, version: ModelVersion) -> Model:
    """In production for three weeks: within its threshold, without labels, below its threshold of 0.7."""
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch", since=FIRST - WEEK)
    pipeline = Pipeline.objects.create(model=model, name="p", engine="sklearn")
    retraining.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.7, windows=1
    )
    measured(version, 0, 0.8)
    measured(version, 1, None, n=0)
    measured(version, 2, 0.6)
    return model


def text(cast: Cast, address: str, who: str = "owner") -> str:
    """The words of the page, tags taken away."""
    found = re.sub(r"<[^>]+>", " ", cast.client(who).get(address).content.decode())
    return re.sub(r"\s+", " ", found)


def test_grid_shows_each_week_with_state_and_value(cast: Cast, watched: Model, regression: Model) -> None:
    page = text(cast, "/monitoring/?p=4w")
    assert "late-arrival ROC AUC no data Within its threshold 0.800 Within its threshold no labels" in page
    assert "Outside its threshold 0.600" in page
    assert "arrival-delay not measured no data no data no data no data" in page
    assert page.index("late-arrival ROC") < page.index("arrival-delay not"), "the worst comes first"
    assert "1 of 2 models is outside the threshold. Of 1 nobody can say" in page
    assert "1 of 1 model in operation is watched (100%)." in page


def test_grid_narrows_by_state_and_counts_the_page(cast: Cast, watched: Model, regression: Model) -> None:
    assert "arrival-delay" not in text(cast, "/monitoring/?state=below").split("Each model")[1]
    assert "1 model, filtered" in text(cast, "/monitoring/?state=below")
    assert "Nothing fits" in text(cast, "/monitoring/?state=watch")


def test_grid_of_another_team_is_empty(cast: Cast, watched: Model) -> None:
    page = text(cast, "/monitoring/", "outsider")
    assert "late-arrival" not in page
    assert "No model is registered yet, so there is nothing to watch." in page


def test_csv_names_weeks_without_data(cast: Cast, watched: Model) -> None:
    answer = cast.client("owner").get("/monitoring/?p=4w&format=csv")
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert [(row["week_from"], row["state"], row["value"]) for row in rows] == [
        ("2013-02-25", "no data", ""),
        ("2013-03-04", "healthy", "0.8"),
        ("2013-03-11", "healthy", "unknown"),
        ("2013-03-18", "below", "0.6"),
    ]


def test_coverage_counts_what_runs_and_what_of_it_is_seen(
    cast: Cast, watched: Model, regression: Model, version: ModelVersion
) -> None:
    viewer = cast.actor("manager")
    assert grid.coverage(viewer=viewer, end=END) == grid.Coverage(running=1, fresh=1, labelled=1, judged=1)
    assert grid.coverage(viewer=viewer, end=END + 4 * WEEK) == grid.Coverage(running=1, fresh=0, labelled=1, judged=1)
    other = catalogue.register_version(
        actor=SYSTEM, model=regression, artefact="r", artefact_digest="3" * 64, author=cast.owner
    )
    catalogue.deploy(actor=SYSTEM, version=other, environment="production", mode="batch", since=FIRST)
    found = grid.coverage(viewer=viewer, end=END)
    assert (found.running, found.share, found.completeness) == (2, 0.5, 0.5)
    assert grid.coverage(viewer=cast.actor("outsider"), end=END).share is None


def test_order_is_worst_first_then_measured(cast: Cast, watched: Model, regression: Model) -> None:
    viewer = cast.actor("owner")
    found = grid.listed(viewer=viewer, found=listing.narrowed(viewer=viewer))
    assert found.models == [watched.pk, regression.pk]
    assert found.states == {State.BELOW: 1, State.UNKNOWN: 1}


def test_overview_and_monitoring_lead_to_each_other_and_pages_below_to_both(cast: Cast, watched: Model) -> None:
    model, monitoring = "/models/late-arrival/", "/models/late-arrival/monitoring/"
    for address in (model, monitoring):
        page = cast.client("owner").get(address).content.decode()
        tabs = page.partition('aria-label="Pages of this model">')[2].partition("</nav>")[0]
        found = re.findall(r'href="([^?"]+)[^>]*?( aria-current="page")?>([^<]+)</a>', tabs)
        assert [(where, word) for where, _, word in found] == [(model, "Overview"), (monitoring, "Monitoring")]
        assert [where for where, current, _ in found if current] == [address]
    assert f'href="{monitoring}"' in cast.client("owner").get("/models/late-arrival/performance/").content.decode()
