"""The list of models counts their states from few weeks, and shows them page by page."""

from datetime import UTC, datetime, timedelta

import pytest

from audit.catalogue import listing, states
from audit.catalogue.models import Model, ModelVersion, Pipeline
from audit.monitoring.models import Measurement, Window
from audit.monitoring.serving import roll_up
from governance.retraining.models import Rule
from tests.support.cast import Cast

WEEK = timedelta(weeks=1)
LAST = datetime(2013, 7, 1, tzinfo=UTC)


def _measured(version: ModelVersion, values: list[float | None]) -> None:
    for back, value in enumerate(reversed(values)):
        start = LAST - back * WEEK
        window = Window.objects.create(
            version=version, start=start, end=start + WEEK, predictions=100, labelled=80 if value else 0, threshold=0.5
        )
        low, high = (None, None) if value is None else (value - 0.05, value + 0.05)
        Measurement.objects.create(window=window, metric="roc_auc", value=value, low=low, high=high, n=80)
    roll_up({version.model_id: None})


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ([0.9, 0.9, 0.9, 0.9, 0.9], "healthy"),
        ([0.9, 0.9, 0.5, 0.5, 0.5], "below"),
        ([0.9, 0.9, 0.9, 0.9, 0.5], "watch"),
        ([0.5, 0.5, 0.5, None, None, None, None], "below"),
        ([0.9, *[None] * 13], "unknown"),
        ([None, None, None], "unknown"),
        ([], "unknown"),
    ],
)
def test_list_counts_the_state_that_the_row_of_the_model_has(
    cast: Cast, model: Model, version: ModelVersion, values: list[float | None], state: str
) -> None:
    pipeline = Pipeline.objects.create(model=model, name="p", engine="e")
    Rule.objects.create(model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.7, windows=3)
    _measured(version, values)
    viewer = cast.actor("owner")
    found = listing.narrowed(viewer=viewer)
    (row,) = listing.rows(viewer=viewer, models=found)
    assert (row.standing.state, listing.listed(viewer=viewer, found=found).states) == (state, {state: 1})
    for other in states.State:
        page = cast.client("owner").get(f"/models/?state={other}")
        assert [one.model for one in page.context["rows"]] == ([model] if other == state else [])


def test_list_and_use_case_show_25_models_a_page_and_count_all(cast: Cast, model: Model) -> None:
    more = [
        Model(use_case=model.use_case, slug=f"m{number:02}", name=f"M{number:02}", task="classification")
        for number in range(50)
    ]
    Model.objects.bulk_create(more)
    client = cast.client("owner")
    for place in ("/models/", "/use-cases/late-arrival-alert/"):
        pages = [client.get(f"{place}?page={number}") for number in (1, 2, 3)]
        names = [[row.model.slug for row in page.context["rows"]] for page in pages]
        assert [len(one) for one in names] == [25, 25, 1]
        assert sorted(slug for one in names for slug in one) == sorted(["late-arrival", *(one.slug for one in more)])
        assert "51 models" in pages[0].content.decode()
        lines = b"".join(client.get(f"{place}?format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
        assert len(lines) == 52
