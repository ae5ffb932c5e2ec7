"""A bill that is read back names what was exported, and gives the graph that the catalogue's records gave."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.catalogue.models import DatasetVersion, ModelVersion, PipelineRun
from audit.exports import bom, bom_reading
from audit.ledger.models import Entry
from audit.lineage import projecting
from audit.lineage.domain.reading import Malformed
from audit.lineage.models import Edge, Node, Sighting
from audit.lineage.selectors import hash_of
from audit.lineage.storing import store
from tests.audit.exports.conftest import Traced
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast


@pytest.fixture
def bill(traced: Traced, cast: Cast) -> dict[str, Any]:
    """Of everything; a version that another began with, and data at an address, are in it too."""
    dataset = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="odd", name="Odd")
    data = catalogue.register_dataset_version(
        actor=SYSTEM, dataset=dataset, digest="8 hex", location="s3://lake/odd data", rows=1
    )
    catalogue.register_version(
        actor=SYSTEM,
        model=traced.model,
        artefact="a",
        artefact_digest="9" * 64,
        author=cast.owner,
        training_data=[data],
        derived_from=traced.first,
    )
    text = bom.render(scope=traced.everything, viewer=SYSTEM, as_of=clock.now(), origin="o", size=1)
    found: dict[str, Any] = json.loads(text)
    return found


def without_deployments(cast: Cast) -> None:
    """The team's graph anew, without what a bill does not speak of."""
    Edge.objects.filter(team=cast.team).delete()
    Sighting.objects.filter(team=cast.team).delete()
    kinds: list[Any] = [DatasetVersion, PipelineRun, ModelVersion]
    projecting.project([row for kind in kinds for row in kind.objects.all()])


def test_graph_of_the_bill_is_the_graph_of_the_catalogue(cast: Cast, bill: dict[str, Any]) -> None:
    without_deployments(cast)
    nodes = Node.objects.count()
    store(team=cast.other_team, folded=bom_reading.graph(bom_reading.read(bill)), received_at=clock.now())
    assert hash_of(team=cast.other_team) == hash_of(team=cast.team)
    assert Node.objects.count() == nodes
    assert Edge.objects.filter(team=cast.other_team).count() >= 8


def test_bill_names_what_was_exported(bill: dict[str, Any]) -> None:
    found = bom_reading.read(bill)
    refs = {*found.models, *found.data, *found.software}
    assert refs == {one["bom-ref"] for one in bill["components"]}
    assert found.software["software:python@3.11.7"].version == "3.11.7"
    assert found.needs["model:late-arrival@1"] == {
        "data:flights@1", "software:python@3.11.7", "software:scikit-learn@1.9.1",
    }  # fmt: skip
    assert found.read["run:run-1"] == {"data:flights@1"}
    assert found.made["run:run-1"] == {"model:late-arrival@1"}


def test_program_imports_a_bill_as_its_teams_lineage(
    cast: Cast, bill: dict[str, Any], program: Callable[..., Program]
) -> None:
    answer = program("outsider").post("/lineage/bom", bill)
    assert (answer.status_code, answer.json()) == (201, {"models": 4, "data": 2, "runs": 1, "software": 2})
    without_deployments(cast)
    first = hash_of(team=cast.other_team)
    assert first == hash_of(team=cast.team)
    assert program("outsider").post("/lineage/bom", bill).status_code == 201
    assert hash_of(team=cast.other_team) == first
    assert Entry.objects.filter(action="lineage.imported", team=cast.other_team.pk).count() == 2


@pytest.mark.parametrize(
    "broken",
    [
        [],
        {"bomFormat": "CycloneDX", "specVersion": "1.6"},
        {"bomFormat": "CycloneDX", "specVersion": "1.7", "components": [{"type": "data"}]},
        {"bomFormat": "CycloneDX", "specVersion": "1.7", "components": 1},
        {"bomFormat": "CycloneDX", "specVersion": "1.7", "formulation": [{"workflows": [{"bom-ref": "r"}]}]},
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.7",
            "components": [{"type": "machine-learning-model", "bom-ref": "model:x", "name": "x", "version": "1"}],
        },
    ],
)
def test_bill_of_another_form_is_refused_with_a_sentence(
    cast: Cast, broken: Any, program: Callable[..., Program]
) -> None:
    with pytest.raises(Malformed):
        bom_reading.graph(bom_reading.read(broken))
    answer = program("outsider").post("/lineage/bom", broken)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")
    assert not Node.objects.exists()
