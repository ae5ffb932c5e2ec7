"""A model whose version is followed to data, code and run, with two measured weeks; and one of which less is known."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.catalogue.models import DatasetVersion, Model, ModelVersion
from audit.exports.domain.scope import Scope
from audit.monitoring.models import Measurement, Source, Window
from audit.monitoring.serving import roll_up
from tests.support.cast import SYSTEM, Cast

MONDAY = datetime(2013, 3, 4, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Traced:
    """The records, and the scopes that speak of them."""

    model: Model
    other: Model
    data: DatasetVersion
    first: ModelVersion
    second: ModelVersion
    one: Scope
    everything: Scope


def measure(version: ModelVersion, start: datetime, value: float | None, *, metric: str = "roc_auc") -> Window:
    """A week of 1,000 predictions, 900 of them labelled; a value of None is a week without labels."""
    Window.objects.filter(version=version, start=start, superseded_at=None).update(superseded_at=clock.now())
    window = Window.objects.create(
        version=version, start=start, end=start + WEEK, predictions=1000, labelled=0 if value is None else 900
    )
    low, high = (None, None) if value is None else (value - 0.02, value + 0.02)
    Measurement.objects.create(
        window=window, metric=metric, value=value, low=low, high=high, n=0 if value is None else 900
    )
    roll_up({version.model_id: start})
    return window


@pytest.fixture
def traced(cast: Cast, model: Model, regression: Model) -> Traced:
    """Version 1 in production since March 2013, version 2 since; the regression has a version and nothing else."""
    dataset = catalogue.register_dataset(
        actor=SYSTEM, team=cast.team, slug="flights", name="Flights", description="Departures, hour by hour."
    )
    data = catalogue.register_dataset_version(
        actor=SYSTEM,
        dataset=dataset,
        digest="a" * 64,
        location="datasets/flights/a.parquet",
        rows=51_801,
        columns={"hour": "double", "carrier": "string"},
        data_from=datetime(2013, 1, 1, tzinfo=UTC),
        data_until=datetime(2013, 3, 1, tzinfo=UTC),
    )
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="boosting", engine="local", parameters={})
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key="run-1", trigger="schedule", parameters={"seed": 0})
    catalogue.finish_run(
        actor=SYSTEM,
        run=run,
        state="succeeded",
        inputs=[data],
        compute_seconds=4.0,
        code_version="git 9f3c41d8",
        environment={"python": "3.11.7", "library": "scikit-learn 1.9.1"},
    )
    first, second = (
        catalogue.register_version(
            actor=SYSTEM,
            model=model,
            artefact=f"artefacts/{number}",
            artefact_digest=number * 64,
            artefact_bytes=235_479,
            author=cast.owner,
            run=used,
            training_data=[data],
            parameters={"seed": 0, "learning_rate": 0.1},
            notes=f"Attempt {number}.",
        )
        for number, used in (("1", run), ("2", None))
    )
    catalogue.move_alias(actor=SYSTEM, version=first, alias="production", since=MONDAY)
    catalogue.deploy(actor=SYSTEM, version=first, environment="production", mode="batch", since=MONDAY)
    catalogue.register_version(
        actor=SYSTEM, model=regression, artefact="artefacts/r", artefact_digest="3" * 64, author=cast.owner
    )
    measure(first, MONDAY, 0.71)
    measure(first, MONDAY + WEEK, 0.66)
    Measurement.objects.create(
        window=Window.objects.create(version=second, source=Source.SENT, start=MONDAY, end=MONDAY + WEEK),
        metric="roc_auc",
        value=0.74,
        n=0,
    )
    return Traced(
        model,
        regression,
        data,
        first,
        second,
        Scope("model", model.pk, model.name, models=(model.pk,)),
        Scope("all", None, "", models=tuple(sorted((model.pk, regression.pk)))),
    )
