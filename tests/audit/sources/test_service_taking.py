"""Hours find their model and deployment: by endpoint, by variant, by short name; what is nobody's is not kept."""

from datetime import UTC, datetime, timedelta

import pytest

from audit.catalogue import services as catalogue
from audit.catalogue.models import Deployment, Model, ModelVersion
from audit.monitoring.domain.service import HOUR, Hour
from audit.monitoring.service_models import ServiceHour
from audit.sources import services as sources
from audit.sources.domain.told import EndpointTold, ModelTold, ServiceTold, Told, Variant, VersionTold
from audit.sources.models import Source
from audit.sources.taking.piece import take_in
from tests.support.cast import SYSTEM, Cast

START = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def source(cast: Cast, inbox: object) -> Source:
    """A source of the team."""
    return sources.add_source(
        actor=SYSTEM, kind="folder", name="Paris", team=cast.team, settings={"path": ""}, every_seconds=60
    )


def told(endpoint: str, variant: str = "", at: int = 0) -> ServiceTold:
    """An hour in which it was asked ten times."""
    return ServiceTold(endpoint=endpoint, variant=variant, hour=Hour(start=START + at * HOUR, requests=10.0))


def kept() -> list[tuple[str, str, str, int | None]]:
    """What stands in the database."""
    rows = ServiceHour.objects.order_by("endpoint", "variant", "start")
    return [(r.endpoint, r.variant, r.model.slug, r.deployment.version.number if r.deployment else None) for r in rows]


def test_variants_of_one_endpoint_are_the_versions_that_the_registry_tells(cast: Cast, source: Source) -> None:
    take_in(source=source, told=Told(
        models=(ModelTold(id="m", name="late"),),
        versions=tuple(VersionTold(id=f"m{n}", model="m", number=n, created=START) for n in (1, 2)),
        endpoints=(EndpointTold(
            id="e", name="late-endpoint", environment="production", mode="online", at=START - HOUR,
            variants=(Variant(name="champion", version="m1", share=0.9), Variant(name="next", version="m2", share=0.1)),
        ),),
    ))  # fmt: skip
    done = take_in(
        source=source,
        told=Told(service=(told("late-endpoint", "champion"), told("late-endpoint", "next"), told("late-endpoint"))),
    )
    assert kept() == [
        ("late-endpoint", "", "late", None),
        ("late-endpoint", "champion", "late", 1),
        ("late-endpoint", "next", "late", 2),
    ]  # fmt: skip
    assert done.counts["new"] == 3
    again = take_in(source=source, told=Told(service=(told("late-endpoint", "champion"),)))
    assert (again.counts["new"], again.counts["same"]) == (0, 1)


def test_hour_in_which_the_deployment_changed_is_the_models_alone(
    cast: Cast, model: Model, version: ModelVersion, source: Source
) -> None:
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/two", artefact_digest="2" * 64, author=cast.owner
    )
    change = START + timedelta(minutes=30)
    at = {"environment": "production", "mode": "online", "endpoint": "e", "actor_id": "x"}
    Deployment.objects.create(version=version, since=START - HOUR, until=change, **at)
    Deployment.objects.create(version=second, since=change, **at)
    take_in(source=source, told=Told(service=tuple(told("e", at=hour) for hour in (-1, 0, 1))))
    assert kept() == [
        ("e", "", "late-arrival", 1), ("e", "", "late-arrival", None), ("e", "", "late-arrival", 2),
    ]  # fmt: skip


def test_short_name_finds_the_model_and_other_teams_find_nothing(
    cast: Cast, model: Model, version: ModelVersion, source: Source
) -> None:
    Deployment.objects.create(
        version=version, environment="production", mode="online", since=START - HOUR, actor_id="x"
    )
    done = take_in(source=source, told=Told(service=(told("late-arrival"), told("nobody"), told(""))))
    assert kept() == [("late-arrival", "", "late-arrival", 1)]
    assert done.counts["about nothing known"] == 2
    other = sources.add_source(
        actor=SYSTEM, kind="folder", name="Theirs", team=cast.other_team, settings={"path": ""}, every_seconds=60
    )
    assert take_in(source=other, told=Told(service=(told("late-arrival"),))).counts["about nothing known"] == 1
