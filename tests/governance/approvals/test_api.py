"""Programs ask for promotions and read them; they never vote."""

import pytest
from django.test import Client

from audit.people import services as people
from governance.approvals.models import PromotionRequest
from tests.support.cast import SYSTEM


def api(user, *scopes: str) -> Client:
    _, text = people.issue_token(actor=SYSTEM, user=user, name="ci", scopes=list(scopes), days=1)
    return Client(headers={"authorization": f"Bearer {text}"})


ASK = {"model": "late-arrival", "version": 2, "reason": "It ranks better."}
URL = "/api/v1/promotion-requests"


def test_token_asks_on_behalf_of_its_owner(cast, candidate):
    answer = api(cast.owner, "write").post(URL, ASK, content_type="application/json")
    assert answer.status_code == 201, answer.content
    found = answer.json()
    assert (found["state"], found["replaces"], found["on_behalf_of"]) == ("open", 1, "owner@example.org")
    row = PromotionRequest.objects.get()
    assert (row.requested_by, row.on_behalf_of) == (None, cast.owner)


@pytest.mark.parametrize(("name", "scope"), [("owner", "read"), ("approver", "write"), ("manager", "write")])
def test_token_without_the_right_is_refused(cast, candidate, name, scope):
    assert api(getattr(cast, name), scope).post(URL, ASK, content_type="application/json").status_code == 403


def test_second_request_is_a_conflict_and_an_unknown_version_is_not_found(cast, asked):
    client = api(cast.owner, "write")
    assert client.post(URL, ASK, content_type="application/json").status_code == 409
    assert client.post(URL, {**ASK, "version": 9}, content_type="application/json").status_code == 404


def test_requests_are_read_back_with_their_digest(cast, asked):
    client = api(cast.auditor, "read")
    [item] = client.get(URL).json()["items"]
    assert item == client.get(f"{URL}/{asked.pk}").json()
    assert item["digest"] == asked.digest and item["evidence"]["rows"] == 12345
    assert api(cast.outsider, "read").get(URL).json()["items"] == []


def test_there_is_no_vote_by_the_api(cast, asked):
    client = api(cast.approver, "write")
    for path in (f"{URL}/{asked.pk}/vote", f"/decisions/{asked.pk}/vote/"):
        assert client.post(path, {"decision": "approve", "comment": "Beep."}).status_code in {302, 401, 403, 404}
    assert asked.votes.count() == 0
