"""Whatever a live deployment came from stays: after a run the lineage answers the same, and its files are there."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

import pytest

from audit.catalogue import services as catalogue
from audit.catalogue.models import DatasetVersion, Deployment, Model, ModelVersion
from audit.lake import store
from audit.lineage import selectors, services
from audit.lineage.domain.reading import read
from audit.lineage.models import Place, Placed
from audit.retention import running
from audit.retention.models import Removed
from tests.audit.lineage.test_selectors import said
from tests.audit.retention.conftest import NOW, OLD, Clock
from tests.support.cast import SYSTEM, Cast

NAMES = {"artefacts": ("base", "fine", "other"), "datasets": ("raw", "features", "unused")}


@pytest.fixture(autouse=True)
def taken_up(cast: Cast, lake: None) -> None:
    """The policy that is given has been seen by a run."""
    running.prune(actor=SYSTEM)


def kept(path: str) -> str:
    """A file of the lake that holds its own name; where it lies."""
    return store.put_bytes(path.partition("/")[0], path.encode()).path


def names(paths: Iterable[str]) -> set[str]:
    """The names of these files, which are gone."""
    every = [f"{kind}/{name}" for kind, names in NAMES.items() for name in names]
    by_digest = {hashlib.sha256(name.encode()).hexdigest(): name for name in every}
    return {name for path in paths for digest, name in by_digest.items() if digest in path}


def version(cast: Cast, model: Model, name: str, derived_from: ModelVersion | None = None) -> ModelVersion:
    return catalogue.register_version(
        actor=SYSTEM,
        model=model,
        artefact=kept(f"artefacts/{name}"),
        artefact_digest="1" * 64,
        author=cast.owner,
        derived_from=derived_from,
    )


@pytest.fixture
def live(cast: Cast, time: Clock, model: Model) -> Deployment:
    """Old, and live: raw -> (an event's run) -> features -> (a run) -> base -> fine, which alone is deployed."""
    time.at = OLD
    files = {}
    for slug in ("raw", "features", "unused"):
        dataset = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug=slug, name=slug)
        files[slug] = catalogue.register_dataset_version(
            actor=SYSTEM, dataset=dataset, digest=slug, location=kept(f"datasets/{slug}"), rows=1
        )
    event = said("clean", ["raw@raw"], ["features@features"], day=1)
    for row in (*event["inputs"], *event["outputs"]):
        row["namespace"] = "tollgate"
    services.receive(actor=SYSTEM, team=cast.team, events=[read(event)])
    base = catalogue.register_version(
        actor=SYSTEM,
        model=model,
        artefact=kept("artefacts/base"),
        artefact_digest="1" * 64,
        author=cast.owner,
        training_data=[files["features"]],
    )
    version(cast, model, "other")
    fine = version(cast, model, "fine", derived_from=base)
    found = catalogue.deploy(actor=SYSTEM, version=fine, environment="production", mode="online", since=OLD)
    time.at = NOW
    return found


def upstream(live: Deployment) -> dict[int, int]:
    start = Placed.objects.get(place=Place.DEPLOYMENT, record=live.pk).node
    return selectors.upstream(viewer=SYSTEM, start=start, depth=100).depths


def test_ancestors_of_a_live_version_stay_and_the_lineage_answers_the_same(live: Deployment) -> None:
    before = upstream(live)
    running.prune(actor=SYSTEM)
    assert names(Removed.objects.values_list("path", flat=True)) == {"artefacts/other", "datasets/unused"}
    assert upstream(live) == before
    assert len(before) == 7
    stay = [*ModelVersion.objects.filter(number__in=(1, 3)).values_list("artefact", flat=True)]
    stay += DatasetVersion.objects.exclude(digest="unused").values_list("location", flat=True)
    assert len(stay) == 4
    assert all(store.size(path) for path in stay)


def test_their_clocks_run_again_when_the_deployment_has_ended(live: Deployment, time: Clock) -> None:
    catalogue.end_deployment(actor=SYSTEM, deployment=live, until=OLD + timedelta(days=30))
    before = upstream(live)
    running.prune(actor=SYSTEM)
    gone = names(Removed.objects.values_list("path", flat=True))
    assert {"artefacts/base", "datasets/features", "datasets/raw"} <= gone
    assert upstream(live) == before
