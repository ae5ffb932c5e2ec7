"""Floor 2 through the API, with tokens."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.catalogue.models import Model, UseCase
from audit.people import services as people
from costs.billing.models import BillFile
from tests.support.bills import bill, read, receive
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


def token(cast: Cast, name: str, *scopes: str) -> dict[str, str]:
    user = getattr(cast, name)
    _, text = people.issue_token(actor=cast.actor(name), user=user, name="test", scopes=list(scopes), days=1)
    return {"Authorization": f"Bearer {text}"}


def test_bill_handed_in_is_accepted_with_its_job(cast: Cast) -> None:
    headers = token(cast, "administrator", "write")
    said = {"file": SimpleUploadedFile("june.csv", bill([{}])), "source": "aws"}
    answer = Client().post("/api/v1/bills", said, headers=headers)
    assert answer.status_code == 202, answer.content
    assert answer.json()["bill"]["filename"] == "june.csv"
    assert BillFile.objects.count() == 1
    assert Client().get("/api/v1/bills", headers=headers).json()["items"][0]["source"] == "aws"


def test_bill_without_right_or_source_is_refused(cast: Cast) -> None:
    def post(headers: dict[str, str], source: str) -> int:
        said = {"file": SimpleUploadedFile("june.csv", bill([{}])), "source": source}
        return Client().post("/api/v1/bills", said, headers=headers).status_code

    assert post(token(cast, "owner", "write"), "aws") == 403
    assert post(token(cast, "administrator", "read"), "aws") == 403
    assert post(token(cast, "administrator", "write"), "not a name") == 422
    assert post({}, "aws") == 401
    assert not BillFile.objects.exists()


def test_costs_are_read_by_model_and_week(cast: Cast, model: Model) -> None:
    read(receive(bill([{"Tags": '{"tollgate:model": "late-arrival"}', "EffectiveCost": "0.1"}, {}]), simulated=True))
    headers = token(cast, "owner", "read")
    found = Client().get("/api/v1/costs?model=late-arrival", headers=headers).json()
    assert [(row["week"], row["model"], row["effective"]) for row in found["items"]] == [
        ("2013-06-03", "late-arrival", "0.1")
    ]
    assert found["simulated"] is True
    assert len(Client().get("/api/v1/costs", headers=headers).json()["items"]) == 1
    assert Client().get("/api/v1/costs?model=nobody", headers=headers).status_code == 404


def test_values_are_stated_and_returns_read(cast: Cast, model: Model, use_case: UseCase) -> None:
    headers = token(cast, "owner", "write")
    url = f"/api/v1/use-cases/{use_case.slug}/values"
    said = {"currency": "USD", "values": {"tp": "3.20"}, "valid_from": "2013-01-01", "reason": "Asked."}
    answer = Client().post(url, said, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
    assert answer.json()["values"] == {"tp": "3.20"}
    assert (
        Client().post(url, said | {"values": {"tp": "x"}}, content_type="application/json", headers=headers).status_code
        == 422
    )
    assert Client().get(url, headers=headers).json()["items"][0]["reason"] == "Asked."
    assert Client().get("/api/v1/models/late-arrival/returns", headers=headers).json() == {
        "model": "late-arrival",
        "items": [],
    }
