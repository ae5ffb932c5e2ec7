"""Every charge goes to exactly one share, and shares add up to the bill in each currency."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from costs.allocation import domain
from costs.allocation.domain import Item, Names, Rules
from costs.allocation.report import in_cents, rounded

RULES = Rules.of(yaml.safe_load((Path(domain.__file__).parent / "rules.yaml").read_text()))
SLUGS = ["late-arrival", "late-arrival-night", "arrival-delay", "arrival", "a", "late.arrival"]
NAMES = Names(SLUGS)
ARN = "arn:aws:sagemaker:us-east-1:000000000000:"


def item(**fields: object) -> Item:
    given = {"key": 1, "day": date(2013, 6, 3), "currency": "USD", "billed": Decimal(1), "effective": Decimal(2)}
    return Item(**{**given, **fields})  # type: ignore[arg-type]


def found(**fields: object) -> tuple[str | None, int | None, str, str, str]:
    share = domain.attribute(item(**fields), NAMES, RULES)
    return share.model, share.version, share.stage, share.residue, share.evidence


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
ITEMS = st.lists(
    st.builds(
        Item,
        key=st.uuids(),
        day=st.dates(date(2013, 1, 1), date(2013, 12, 31)),
        currency=st.sampled_from(["USD", "EUR", "JPY"]),
        billed=AMOUNTS,
        effective=AMOUNTS,
        tags=st.dictionaries(
            st.sampled_from(["tollgate:model", "TOLLGATE:STAGE", "tollgate:version", "x"]), WORDS, max_size=3
        ),
        resource_id=TEXTS,
        resource_name=TEXTS,
        resource_type=st.sampled_from(["", "bucket", "endpoint", "odd"]),
        service=TEXTS,
        usage=TEXTS,
        charge_category=st.sampled_from(["Usage", "Purchase", "Tax", "Credit", "Adjustment", "Other"]),
    ),
    max_size=30,
)


@given(ITEMS, st.sets(st.sampled_from(SLUGS)))
def test_allocate_any_bill_conserves_every_currency_and_gives_each_charge_once(
    items: list[Item], slugs: set[str]
) -> None:
    shares = domain.allocate(items, Names(slugs), RULES)
    assert [share.key for share in shares] == [one.key for one in items]
    for measure in ("billed", "effective"):
        billed: dict[str, Decimal] = defaultdict(Decimal)
        shared: dict[str, Decimal] = defaultdict(Decimal)
        for one in items:
            billed[one.currency] += getattr(one, measure)
        for share in shares:
            shared[share.currency] += getattr(share, measure)
        assert shared == billed
    for share in shares:
        assert (share.model is None) == bool(share.residue) == (share.evidence == domain.RESIDUE)
        assert share.model is None or share.model in slugs
        assert share.stage in domain.STAGES


@given(st.dictionaries(st.integers(), AMOUNTS, min_size=1, max_size=20))
def test_in_cents_any_amounts_add_up_and_none_moves_by_a_cent(amounts: dict[int, Decimal]) -> None:
    total = rounded(sum(amounts.values(), Decimal(0)))
    cents = in_cents(amounts, total)
    assert sum(cents.values(), Decimal(0)) == total
    for key, amount in amounts.items():
        assert abs(cents[key] - amount) < Decimal("0.01")
