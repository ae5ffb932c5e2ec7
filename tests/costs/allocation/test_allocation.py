"""A read bill is allocated at once; figures add up to it, and each person sees their own."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from audit.base.actors import Actor
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from costs.allocation import selectors, services
from costs.allocation.models import DayCost, Split, UntiedCost
from costs.billing.models import Statement
from tests.support.bills import bill, charges, read, receive
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
EVERYONE = Actor.service("test")
ARN = "arn:aws:sagemaker:us-east-1:000000000000:"
ROWS = [
    {"ResourceId": ARN + "training-job/late-arrival-v1", "EffectiveCost": "10.005"},
    {"Tags": '{"tollgate:model": "late-arrival", "tollgate:stage": "serve_batch"}', "EffectiveCost": "20.004"},
    {"ResourceName": "sandbox", "EffectiveCost": "3.001"},
    {"ChargeCategory": "Tax", "EffectiveCost": "1.5"},
    {"ChargeCategory": "Credit", "EffectiveCost": "-0.25"},
]


def whole(viewer: Actor) -> Decimal:
    return sum((cost.effective for cost in selectors.weekly_costs(viewer=viewer)), Decimal(0))


def added(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for row in rows:
        billed, effective = found.get(row["currency"], (Decimal(0), Decimal(0)))
        found[row["currency"]] = billed + row["billed"], effective + row["effective"]
    return found


def test_sample_allocated_sums_equal_the_bill(shared_data: Path) -> None:
    read(receive((shared_data / "bills" / "focus_sample.csv").read_bytes()))
    assert sum(DayCost.objects.values_list("charges", flat=True)) == len(charges())
    fields = ("currency", "billed", "effective")
    assert added(charges()) == added(DayCost.objects.values(*fields))
    assert added(UntiedCost.objects.values(*fields)) == added(DayCost.objects.filter(model=None).values(*fields))


AMOUNT = st.decimals(min_value=-(10**6), max_value=10**6, places=9).map(str)
BILLED = st.lists(
    st.fixed_dictionaries(
        {
            "BilledCost": AMOUNT,
            "EffectiveCost": AMOUNT,
            "BillingCurrency": st.sampled_from(["USD", "EUR"]),
            "BillingAccountId": st.sampled_from(["1", "2"]),
            "ChargePeriodStart": st.sampled_from(["2013-06-03T10:00:00Z", "2013-06-03T11:00:00Z"]),
            "ChargePeriodEnd": st.just("2013-06-03T12:00:00Z"),
            "ResourceId": st.sampled_from(
                ["NULL", ARN + "endpoint/late-arrival", ARN + "endpoint/x", "late-arrival-v1"]
            ),
            "Tags": st.sampled_from(["NULL", '{"tollgate:model": "late-arrival"}', '{"tollgate:model": "nobody"}']),
            "ChargeCategory": st.sampled_from(["Usage", "Tax", "Credit"]),
        }
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=BILLED, files=st.integers(1, 3))
def test_any_bill_in_any_number_of_files_is_conserved_in_every_currency(
    model: Model, version: ModelVersion, rows: list[dict[str, str]], files: int
) -> None:
    source = f"s{uuid4().hex}"
    parts = [bill(rows[at::files]) for at in range(min(files, len(rows)))]
    assume(len(set(parts)) == len(parts))
    assert read(receive(*parts, source=source)).state == "succeeded"
    expected: dict[str, tuple[Decimal, Decimal]] = {}
    for row in rows:
        billed, effective = expected.get(row["BillingCurrency"], (Decimal(0), Decimal(0)))
        expected[row["BillingCurrency"]] = (
            billed + Decimal(row["BilledCost"]),
            effective + Decimal(row["EffectiveCost"]),
        )
    found = DayCost.objects.filter(split__statement__source=source)
    assert added(found.values("currency", "billed", "effective")) == expected
    assert sum(Statement.objects.filter(source=source).values_list("rows", flat=True)) == len(rows)


def test_bill_read_is_allocated_to_model_version_and_stage(model: Model, version: ModelVersion) -> None:
    read(receive(bill(ROWS)))
    found = {
        (c.slug, c.version, c.stage, c.residue, c.evidence): c.effective
        for c in selectors.weekly_costs(viewer=EVERYONE)
    }
    assert found == {
        ("late-arrival", 1, "train", "", "resource"): Decimal("10.005"),
        ("late-arrival", None, "serve_batch", "", "tag"): Decimal("20.004"),
        ("", None, "other", "unknown_resource", "residue"): Decimal("3.001"),
        ("", None, "other", "tax", "residue"): Decimal("1.5"),
        ("", None, "other", "credit", "residue"): Decimal("-0.25"),
    }


def test_allocate_again_changes_nothing_until_a_model_comes(cast: Cast, model: Model) -> None:
    read(receive(bill(ROWS)))
    assert services.allocate(actor=EVERYONE, source="test")["changed"] == 0
    before = datetime.now(UTC)
    catalogue.register_model(
        actor=EVERYONE,
        use_case=model.use_case,
        slug="sandbox",
        name="sandbox",
        task="regression",
        owner=cast.owner,
        outcome="x",
    )
    assert services.allocate(actor=EVERYONE, source="test", period=date(2013, 6, 1))["changed"] == 1
    assert {cost.slug for cost in selectors.weekly_costs(viewer=EVERYONE)} == {"late-arrival", "sandbox", ""}
    assert {cost.slug for cost in selectors.weekly_costs(viewer=EVERYONE, at=before)} == {"late-arrival", ""}
    assert whole(EVERYONE) == Decimal("34.26")
    assert Split.objects.count() == 2


def test_later_bill_takes_the_place_of_the_earlier_in_costs(model: Model) -> None:
    read(receive(bill(ROWS)))
    read(receive(bill([{"EffectiveCost": "7"}])))
    assert whole(EVERYONE) == Decimal("7")


def test_own_rules_take_the_place_of_the_given_ones(model: Model, home: Path) -> None:
    own = home / "allocation.yaml"
    own.write_text("tags: {model: [product], version: [v], stage: [s]}\nresources: {}\nusage: {}\nservices: {}\n")
    try:
        read(receive(bill([{"Tags": '{"Product": "late-arrival"}'}])))
        own.write_text("tags: {}\n")
        job = read(receive(bill([{"BilledCost": "9"}])))
        assert job.children.get().state == "failed"
        assert "allocation.yaml" in job.children.get().error
    finally:
        own.unlink()
    assert DayCost.objects.filter(model=model).count() == 1


def test_costs_each_person_sees_their_models_and_their_teams_residue(cast: Cast, model: Model) -> None:
    read(receive(bill(ROWS), source="organisation"))
    read(receive(bill([{"EffectiveCost": "5"}]), source="own", team=cast.team))
    seen = {
        name: whole(cast.actor(name)) for name in ("manager", "owner", "auditor", "administrator", "outsider", "nobody")
    }
    models, all_of_it = Decimal("30.009"), Decimal("39.26")
    assert seen == {
        "manager": models + 5, "owner": models + 5, "auditor": all_of_it, "administrator": all_of_it,
        "outsider": 0, "nobody": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "status"),
    [("manager", 200), ("owner", 200), ("validator", 200), ("approver", 200), ("auditor", 200), ("administrator", 200),
     ("outsider", 200), ("nobody", 302)],
)  # fmt: skip
def test_spend_page_each_role(cast: Cast, model: Model, name: str, status: int) -> None:
    read(receive(bill(ROWS), team=cast.team, simulated=True))
    answer = cast.client(name).get("/spend/")
    assert answer.status_code == status
    if status == 200:
        text = answer.content.decode()
        assert ("Simulated bill" in text) == ("late-arrival" in text) == (name != "outsider")


def test_spend_page_adds_up_to_the_bill_to_the_cent(cast: Cast, model: Model) -> None:
    read(receive(bill(ROWS), team=cast.team))
    answer = cast.client("manager").get("/spend/?p=y")
    found = answer.context["found"]
    assert found.total.total == Decimal("34.26")
    assert sum(line.total for line in found.lines) + found.residue.total == found.total.total
    for line in found.lines:
        assert sum(line.stages.values()) == line.total
    assert sum(sum(week.values()) for week in found.weeks.values()) == found.total.total
    assert answer.context["total_name"] == "Bill"
    text = answer.content.decode()
    assert "34.26" in text
    assert "sandbox" in text
    assert "there is no bill for the time before" in text


def test_spend_page_as_csv_has_the_same_figures(cast: Cast, model: Model) -> None:
    read(receive(bill(ROWS)))
    answer = cast.client("auditor").get("/spend/?format=csv")
    lines = b"".join(answer).decode().splitlines()
    assert lines[0] == "model,train,serve_batch,all,before,currency"
    assert lines[-1].startswith("Bill,") and ",34.26," in lines[-1]


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        ("model", {"arrival-delay": "7.00", "late-arrival": "30.01"}),
        ("use_case", {"late-arrival-alert": "37.01"}),
        ("team", {"flight-operations": "37.01"}),
        ("provider", {"AWS": "34.26", "Google Cloud": "7.00"}),
    ],
)
def test_spend_page_by_anything_adds_up_to_the_same_bill(
    cast: Cast, model: Model, regression: Model, by: str, lines: dict[str, str]
) -> None:
    more = {"ServiceProviderName": "Google Cloud", "Tags": '{"tollgate:model": "arrival-delay"}', "EffectiveCost": "7"}
    read(receive(bill([*ROWS, more]), team=cast.team))
    answer = cast.client("manager").get(f"/spend/?by={by}")
    found = answer.context["found"]
    assert {line.slug: str(line.total) for line in found.lines} == lines
    assert (found.total.total, found.residue.total) == (Decimal("41.26"), Decimal("4.25"))
    assert answer.context["chart_title"] == "Serving, batch takes 48% of the money"
    heading = b"".join(cast.client("manager").get(f"/spend/?by={by}&format=csv")).decode().splitlines()[0]
    assert heading.startswith(f"{by},")


def test_spend_page_without_a_bill_says_what_to_do(cast: Cast) -> None:
    assert "Hand in the first bill" in cast.client("administrator").get("/spend/").content.decode()
    assert "You may not import bills" in cast.client("manager").get("/spend/").content.decode()


def test_spend_page_names_the_biggest_cause_of_the_change(cast: Cast, model: Model) -> None:
    months = [
        {"ResourceId": ARN + "endpoint/late-arrival", "EffectiveCost": "10"},
        {"ResourceId": ARN + "endpoint/late-arrival", "EffectiveCost": "11"} | _at("2013-07-01"),
        {"ResourceId": ARN + "training-job/late-arrival", "EffectiveCost": "50"} | _at("2013-07-02"),
    ]
    read(receive(bill(months), team=cast.team))
    text = cast.client("manager").get("/spend/").content.decode()
    assert "The biggest cause is training of late-arrival: $50.00 more" in text
    assert "510% more than before" in text


def _at(day: str) -> dict[str, str]:
    return {"ChargePeriodStart": f"{day}T00:00:00Z", "ChargePeriodEnd": f"{day}T01:00:00Z"}


def test_spend_page_query_count_does_not_grow_with_charges(cast: Cast, model: Model, regression: Model) -> None:
    def count() -> int:
        client = cast.client("manager")
        client.get("/spend/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/spend/").status_code == 200
        return len(queries)

    read(receive(bill(ROWS), team=cast.team))
    few = count()
    rows = [
        {"ResourceId": f"{ARN}endpoint/{slug}-{n}", "EffectiveCost": "1"} | _at(f"2013-06-{n + 1:02}")
        for n in range(28) for slug in ("late-arrival", "arrival-delay", "else")
    ]  # fmt: skip
    read(receive(bill(rows), source="more", team=cast.team))
    assert count() == few


def test_again_needs_the_right_and_starts_one_job_a_source(cast: Cast) -> None:
    read(receive(bill(ROWS)))
    assert cast.client("manager").post("/spend/again/").status_code == 403
    assert cast.client("administrator").post("/spend/again/").status_code == 302
