"""Events over HTTP: what real clients send, and what they get back for the malformed, the large and the many."""

import gzip
import json
import time
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache

from audit.base.actors import Role
from audit.ledger.models import Entry
from audit.lineage import delivery
from audit.lineage.models import Event, Node, Rejected
from audit.people import services as people
from tests.support.cast import SYSTEM, Cast

EVENT: dict[str, Any] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-03-03T10:00:00Z",
    "producer": "https://example.org/tests",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    "run": {"runId": "0190a5d0-0000-7000-8000-000000000001"},
    "job": {"namespace": "airflow", "name": "train"},
    "inputs": [{"namespace": "s3://lake", "name": "flights", "facets": {"ours_and_unknown": {"n": 1.5}}}],
    "outputs": [{"namespace": "s3://lake", "name": "features"}],
}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in EVENT.items() if name not in names}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def test_every_real_event_gets_201_with_nothing_and_once_more_changes_nothing(program, lines: list[bytes]) -> None:
    sender = program("owner")
    for _ in range(2):
        for line in lines:
            answer = sender.post("/lineage", line)
            assert (answer.status_code, answer.content) == (201, b"")
        assert Event.objects.count() == len({json.dumps(json.loads(line), sort_keys=True) for line in lines})
    assert not Rejected.objects.exists()


def test_facet_that_nobody_knows_is_kept(program) -> None:
    assert program("owner").post("/lineage", EVENT).status_code == 201
    facet = Node.objects.get(kind="dataset", name="flights").facets.get(name="ours_and_unknown")
    assert facet.body == '{"n":1.5}'


def test_gzip_is_read(program) -> None:
    answer = program("owner").post("/lineage", gzip.compress(json.dumps(EVENT).encode()), Content_Encoding="gzip")
    assert answer.status_code == 201
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (gzip.compress(b" " * (delivery.LARGEST + 1)), "gzip", 413),
        (b" " * (delivery.LARGEST + 1), "", 413),
        (b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1), "", 413),
        (json.dumps(EVENT).encode(), "br", 415),
        (json.dumps(EVENT).encode(), "gzip", 400),
        (gzip.compress(json.dumps(EVENT).encode())[:-12], "gzip", 400),
    ],
    ids=["a small gzip of much", "too large", "far too large", "another coding", "not gzip", "half of it"],
)
def test_body_that_cannot_be_taken_is_refused(program, body: bytes, coding: str, status: int) -> None:
    answer = program("owner").post("/lineage", body, **({"Content_Encoding": coding} if coding else {}))
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert not Event.objects.exists()


MALFORMED = [
    (b"", "JSON"),
    (b"{", "JSON"),
    (b"\xff\xfe", "UTF-8"),
    (b"[" * 100_000, "nested"),
    (b"NaN", "number"),
    (b"[]", "not an object"),
    (json.dumps(without("eventTime")).encode(), "eventTime"),
    (json.dumps({**EVENT, "eventTime": "yesterday"}).encode(), "eventTime"),
    (json.dumps({**EVENT, "eventTime": "0001-01-01T00:00:00+10:00"}).encode(), "eventTime"),
    (json.dumps(without("producer")).encode(), "producer"),
    (json.dumps(without("schemaURL")).encode(), "schemaURL"),
    (json.dumps(without("run", "job")).encode(), "neither"),
    (json.dumps(without("job")).encode(), "job"),
    (json.dumps({**EVENT, "run": {"runId": ""}}).encode(), "runId"),
    (json.dumps({**EVENT, "run": {"runId": 7}}).encode(), "runId"),
    (json.dumps({**EVENT, "eventType": "DONE"}).encode(), "eventType"),
    (json.dumps({**EVENT, "inputs": {}}).encode(), "inputs"),
    (json.dumps({**EVENT, "inputs": [{"name": "x"}]}).encode(), "inputs[0].namespace"),
    (json.dumps({**EVENT, "job": {"namespace": "a", "name": "b\x00"}}).encode(), "zero character"),
    (json.dumps({**EVENT, "job": {"namespace": "a", "name": "b" * 2001}}).encode(), "2000"),
    (json.dumps({**EVENT, "job": {"namespace": "a", "name": "\ud800"}}).encode(), "cannot carry"),
    (json.dumps({**EVENT, "job": {"namespace": "a", "name": "b", "facets": []}}).encode(), "job.facets"),
    (json.dumps({**EVENT, "more": 1}).replace("1}", "1e999}").encode(), "cannot carry"),
]


@pytest.mark.parametrize(("body", "said"), MALFORMED, ids=[said + str(at) for at, (_, said) in enumerate(MALFORMED)])
def test_malformed_event_gets_400_and_is_kept_with_the_reason(program, body: bytes, said: str) -> None:
    sender = program("owner")
    for times in (1, 2):
        answer = sender.post("/lineage", body)
        assert answer.status_code == 400, answer.content
        assert said in answer.json()["detail"]
        kept = Rejected.objects.get()
        assert (kept.reason, kept.times) == (answer.json()["detail"], times)
    assert not Event.objects.exists()


def test_number_that_no_double_holds_is_kept_to_the_digit(program) -> None:
    body = {**EVENT, "run": {**EVENT["run"], "facets": {"count": {"n": 2**63 + 1, "share": 0.1}}}}
    assert program("owner").post("/lineage", body).status_code == 201
    assert Node.objects.get(kind="run").facets.get(name="count").body == '{"n":9223372036854775809,"share":0.1}'


def test_rejected_delivery_can_be_taken_in_when_it_is_mended(program) -> None:
    sender = program("owner")
    sender.post("/lineage", without("producer"))
    (row,) = sender.get("/lineage/rejected").json()["items"]
    assert "producer" in row["reason"]
    place = f"/lineage/rejected/{row['id']}/replay"
    assert sender.call("POST", place).status_code == 422
    assert sender.post(place, EVENT).json()["replayed_at"]
    assert sender.post(place, EVENT).status_code == 409
    assert Event.objects.count() == 1
    assert program("outsider").post(place, EVENT).status_code == 404
    assert program("outsider").get("/lineage/rejected").json()["items"] == []


def test_batch_keeps_what_is_well_formed_and_names_the_rest(program) -> None:
    answer = program("owner").post("/lineage/batch", [EVENT, without("run", "job"), EVENT])
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "partial_success",
        "summary": {"received": 3, "successful": 2, "failed": 1, "retriable": 0, "non_retriable": 1},
        "failed_events": [
            {
                "index": 1,
                "reason": "The event has neither a run with its job, nor a job, nor a dataset.",
                "retriable": False,
            }
        ],
    }
    assert (Event.objects.count(), Rejected.objects.count()) == (1, 1)
    assert Entry.objects.filter(action="lineage.received").count() == 1


def test_batch_that_is_no_array_gets_400(program) -> None:
    assert program("owner").post("/lineage/batch", EVENT).status_code == 400


def test_token_that_sends_too_much_is_told_to_wait_a_second(program, monkeypatch) -> None:
    monkeypatch.setattr(settings, "LINEAGE_EVENTS_A_SECOND", 2)
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.5)
    sender = program("owner")
    assert [sender.post("/lineage", EVENT).status_code for _ in range(3)] == [201, 201, 429]
    assert sender.post("/lineage", EVENT)["Retry-After"] == "1"
    monkeypatch.setattr(time, "time", lambda: 1_800_000_001.5)
    assert sender.post("/lineage/batch", [EVENT] * 5).status_code == 200
    assert sender.post("/lineage/batch", [EVENT]).status_code == 429


def test_who_may_send_and_for_which_team(program, cast: Cast) -> None:
    found = {name: program(name).post("/lineage", EVENT).status_code for name in ("manager", "auditor", "nobody")}
    assert found == {"manager": 403, "auditor": 403, "nobody": 401}
    assert program("owner", ("read",)).post("/lineage", EVENT).status_code == 403
    answer = program("administrator").post("/lineage", EVENT)
    assert (answer.status_code, "?team=" in answer.json()["detail"]) == (400, True)
    assert program("administrator").post("/lineage?team=catering", EVENT).status_code == 201
    assert program("outsider").post("/lineage?team=flight-operations", EVENT).status_code == 404
    assert Event.objects.get().team == cast.other_team
    people.grant_role(actor=SYSTEM, user=cast.owner, role=Role.OWNER, team=cast.other_team)
    assert program("owner").post("/lineage", EVENT).status_code == 400


def test_what_came_of_a_dataset_can_be_asked(program) -> None:
    reader = program("owner")
    reader.post("/lineage", EVENT)
    (found,) = reader.get("/lineage/nodes?q=flights&kind=dataset").json()["items"]
    place = f"/lineage/nodes/{found['id']}"
    detail = reader.get(place).json()
    assert detail["facets"] == {"ours_and_unknown": {"n": 1.5}}
    assert detail["since"] == "2026-03-03T10:00:00Z"
    answer = reader.get(f"{place}/downstream?depth=5").json()
    assert [(row["name"], row["depth"]) for row in answer["nodes"]] == [
        ("flights", 0),
        (EVENT["run"]["runId"], 1),
        ("features", 2),
    ]
    assert (answer["total"], answer["levels"]) == (3, {"0": 1, "1": 1, "2": 1})
    assert [row["link"] for row in answer["edges"]] == ["read", "write"]
    assert reader.get(f"{place}/downstream?at=2026-03-01T00:00:00Z").json()["total"] == 1
    assert reader.get(f"{place}/sideways").status_code == 422
    assert program("outsider").get(f"{place}/downstream").status_code == 404
    assert program("outsider").get("/lineage/nodes?q=flights").json()["items"] == []
