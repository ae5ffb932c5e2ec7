"""The bill of materials is valid CycloneDX 1.7, the same bytes each time, and each of its references resolves."""

import json
from dataclasses import replace
from datetime import date

import pytest
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.exports import bom
from audit.exports.domain.scope import Scope
from tests.audit.exports.conftest import Traced
from tests.support.cast import SYSTEM, Cast


@pytest.fixture
def validator(shared_data):
    """Against the schema and those that it refers to, formats among what is checked."""
    schemas = [json.loads(path.read_text()) for path in (shared_data / "lineage" / "cyclonedx").glob("*.schema.json")]
    registry = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in schemas)
    (own,) = [one for one in schemas if one["$id"].endswith("bom-1.7.schema.json")]
    return Draft7Validator(own, registry=registry, format_checker=FormatChecker())


def render(scope: Scope, size: int = 7, origin: str = "tollgate/test") -> bytes:
    return bom.render(scope=scope, viewer=SYSTEM, as_of=clock.now(), origin=origin, size=size)


def test_schema_refuses_what_is_wrong(validator, traced: Traced):
    bill = json.loads(render(traced.one))
    bill["components"][0]["type"] = "model"
    assert not validator.is_valid(bill)


@pytest.mark.parametrize("kind", ["one", "everything"])
def test_bill_is_valid_and_its_references_resolve(validator, traced: Traced, kind: str):
    bill = json.loads(render(getattr(traced, kind)))
    assert [(error.json_path, error.message) for error in validator.iter_errors(bill)] == []
    refs = [one["bom-ref"] for one in bill["components"]] + ["scope"]
    assert len(set(refs)) == len(refs)
    used = {ref for one in bill["dependencies"] for ref in (one["ref"], *one.get("dependsOn", []))}
    used |= {ref for one in bill["compositions"] for ref in one["dependencies"]}
    flows = [flow for formula in bill.get("formulation", []) for flow in formula["workflows"]]
    used |= {one["resource"]["ref"] for flow in flows for one in flow["inputs"] + flow["outputs"] if "resource" in one}
    used |= {
        one["ref"]
        for component in bill["components"]
        for one in component.get("modelCard", {}).get("modelParameters", {}).get("datasets", [])
    }
    assert used <= set(refs)
    assert set(refs) == {one["ref"] for one in bill["dependencies"]}


def test_version_names_its_data_software_and_figures(traced: Traced):
    bill = json.loads(render(traced.one))
    by_ref = {one["bom-ref"]: one for one in bill["components"]}
    assert set(by_ref) == {
        "model:late-arrival@1",
        "model:late-arrival@2",
        "data:flights@1",
        "software:python@3.11.7",
        "software:scikit-learn@1.9.1",
    }
    first = by_ref["model:late-arrival@1"]
    assert first["hashes"] == [{"alg": "SHA-256", "content": "1" * 64}]
    assert {"name": "tollgate:code", "value": "git 9f3c41d8"} in first["properties"]
    assert first["modelCard"]["quantitativeAnalysis"]["performanceMetrics"] == [
        {
            "type": "roc_auc",
            "value": "0.66",
            "slice": "week of 2013-03-11, n = 900",
            "confidenceInterval": {"lowerBound": "0.64", "upperBound": "0.68"},
        }
    ]
    needs = {one["ref"]: one.get("dependsOn") for one in bill["dependencies"]}
    assert needs["model:late-arrival@1"] == ["data:flights@1", "software:python@3.11.7", "software:scikit-learn@1.9.1"]
    assert needs["model:late-arrival@2"] == ["data:flights@1"]


def test_version_without_a_run_is_stated_as_of_unknown_composition(traced: Traced):
    bill = json.loads(render(traced.one))
    assert {one["aggregate"]: one["dependencies"] for one in bill["compositions"]} == {
        "incomplete_first_party_only": ["model:late-arrival@1"],
        "unknown": ["model:late-arrival@2"],
    }
    (second,) = [one for one in bill["components"] if one["bom-ref"] == "model:late-arrival@2"]
    assert "quantitativeAnalysis" not in second["modelCard"]


def test_serial_number_tells_scopes_sizes_and_logs_apart(traced: Traced):
    bills = [
        render(traced.one),
        render(traced.one, size=8),
        render(traced.one, origin="other"),
        render(traced.everything),
        render(replace(traced.one, since=date(2013, 1, 1))),
    ]
    serials = [json.loads(one)["serialNumber"] for one in bills]
    assert len(set(serials)) == len(serials)
    assert json.loads(render(traced.one))["serialNumber"] == serials[0]


def test_same_moment_gives_the_same_bytes(traced: Traced):
    as_of = clock.now()
    first, again = (
        bom.render(scope=traced.everything, viewer=SYSTEM, as_of=as_of, origin="o", size=1) for _ in range(2)
    )
    assert first == again
    assert json.loads(first)["metadata"]["timestamp"] == as_of.isoformat()


def test_strange_names_stay_valid(validator, traced: Traced, cast: Cast):
    dataset = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="odd", name='Odd "data" 数据')
    data = catalogue.register_dataset_version(
        actor=SYSTEM, dataset=dataset, digest="not a digest", location="C:\\Users\\a b", rows=0
    )
    catalogue.register_version(
        actor=SYSTEM,
        model=traced.other,
        artefact="a b\\c",
        artefact_digest="8" * 64,
        author=cast.owner,
        training_data=[data],
        parameters={"nested": {"b": [1, 2], "a": None}},
    )
    bill = json.loads(render(traced.everything))
    assert [(error.json_path, error.message) for error in validator.iter_errors(bill)] == []
    (odd,) = [one for one in bill["components"] if one["bom-ref"] == "data:odd@1"]
    assert "hashes" not in odd and "url" not in odd["data"][0]["contents"]
