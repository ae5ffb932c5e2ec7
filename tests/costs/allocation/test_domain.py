"""Every charge goes to one model or one named residue, and cells of a table add up to the cent."""

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costs.allocation import domain
from costs.allocation.domain import Names, Rules, Traits
from costs.allocation.report import in_cents, rounded

RULES = Rules.of(yaml.safe_load((Path(domain.__file__).parent / "rules.yaml").read_text()))
SLUGS = ["late-arrival", "late-arrival-night", "arrival-delay", "arrival", "a", "late.arrival"]
NAMES = Names(SLUGS)
ARN = "arn:aws:sagemaker:us-east-1:000000000000:"


def found(**fields: object) -> tuple[str | None, int | None, str, str, str]:
    target = domain.attribute(Traits(**fields), NAMES, RULES)  # type: ignore[arg-type]
    return target.model, target.version, target.stage, target.residue, target.evidence


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tags": {"tollgate:model": "arrival-delay"}}, ("arrival-delay", None, "other", "", "tag")),
        (
            {"tags": {"Tollgate:Model": "arrival-delay", "tollgate:stage": "idle", "tollgate:version": "v7"}},
            ("arrival-delay", 7, "idle", "", "tag"),
        ),
        ({"tags": {"tollgate:model": "nobody"}, "resource_id": ARN + "endpoint/late-arrival"},
         (None, None, "serve_online", "unknown_model", "residue")),
        ({"resource_id": ARN + "training-job/late-arrival-v12-x"}, ("late-arrival", 12, "train", "", "resource")),
        ({"resource_id": ARN + "endpoint/late-arrival-night"},
         ("late-arrival-night", None, "serve_online", "", "resource")),
        ({"resource_id": ARN + "transform-job/LATE-arrival-2013"},
         ("late-arrival", None, "serve_batch", "", "resource")),
        ({"resource_id": "arn:aws:s3:::flights-arrival-delay"}, ("arrival-delay", None, "store", "", "resource")),
        ({"resource_id": ARN + "endpoint/xlate-arrivaly"}, (None, None, "serve_online", "unknown_resource", "residue")),
        ({"resource_id": ARN + "endpoint/late-arrival.arrival-delay"},
         (None, None, "serve_online", "ambiguous", "residue")),
        ({"resource_name": "arrival-delay_batch"}, ("arrival-delay", None, "other", "", "name")),
        ({"resource_id": "i-1", "tags": {"tollgate:stage": "nonsense"}},
         (None, None, "other", "unknown_resource", "residue")),
        ({"charge_category": "Tax", "resource_id": "i-1"}, (None, None, "other", "tax", "residue")),
        ({"charge_category": "Credit"}, (None, None, "other", "credit", "residue")),
        ({}, (None, None, "other", "no_resource", "residue")),
        ({"usage": "USE1-Train:ml.m5.large"}, (None, None, "train", "no_resource", "residue")),
        ({"resource_name": "late-arrival", "usage": "EUC1-Host:ml.m5"},
         ("late-arrival", None, "serve_online", "", "name")),
    ],
)  # fmt: skip
def test_attribute_charge_goes_where_its_evidence_points(
    fields: dict[str, object], expected: tuple[object, ...]
) -> None:
    assert found(**fields) == expected


def test_names_with_a_dot_are_taken_literally() -> None:
    assert Names(["late.arrival"]).found("lateXarrival") == []


def test_rules_with_an_unknown_stage_are_refused() -> None:
    with pytest.raises(ValueError, match="no stage"):
        Rules.of(
            {"tags": {"model": [], "version": [], "stage": []}, "resources": {"x": "nope"}, "usage": {}, "services": {}}
        )


AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=12)
WORDS = st.one_of(st.sampled_from(SLUGS), st.text(max_size=12))
TEXTS = st.builds(
    "".join, st.lists(st.one_of(WORDS, st.sampled_from(["-", "/", ":", "_", "-v3", ARN, "endpoint/"])), max_size=6)
)
TRAITS = st.builds(
    Traits,
    tags=st.dictionaries(
        st.sampled_from(["tollgate:model", "TOLLGATE:STAGE", "tollgate:version", "x"]), WORDS, max_size=3
    ),
    resource_id=TEXTS,
    resource_name=TEXTS,
    resource_type=st.sampled_from(["", "bucket", "endpoint", "odd"]),
    service=TEXTS,
    usage=TEXTS,
    charge_category=st.sampled_from(["Usage", "Purchase", "Tax", "Credit", "Adjustment", "Other"]),
)


# The first text that Hypothesis draws makes it learn all of Unicode, which takes seconds on a busy machine.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TRAITS, st.sets(st.sampled_from(SLUGS)))
def test_attribute_any_charge_goes_to_a_known_model_or_a_named_residue(traits: Traits, slugs: set[str]) -> None:
    target = domain.attribute(traits, Names(slugs), RULES)
    assert (target.model is None) == bool(target.residue) == (target.evidence == domain.RESIDUE)
    assert target.model is None or target.model in slugs
    assert target.residue == "" or target.residue in domain.REASONS
    assert target.stage in domain.STAGES


@given(st.dictionaries(st.integers(), AMOUNTS, min_size=1, max_size=20))
def test_in_cents_any_amounts_add_up_and_none_moves_by_a_cent(amounts: dict[int, Decimal]) -> None:
    total = rounded(sum(amounts.values(), Decimal(0)))
    cents = in_cents(amounts, total)
    assert sum(cents.values(), Decimal(0)) == total
    for key, amount in amounts.items():
        assert abs(cents[key] - amount) < Decimal("0.01")
