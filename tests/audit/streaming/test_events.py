"""Every event fits the published schema of OCSF 1.8.0, says what the entry says, and hides what is personal."""

import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from audit.base.actors import Role
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.ledger import sealing
from audit.ledger.domain import merkle
from audit.ledger.models import Entry, Head
from audit.people import services as people
from audit.streaming.domain import ocsf
from audit.streaming.reading import lines
from tests.support.cast import PASSWORD, SYSTEM, Cast
from tests.support.world import World

SAID = ocsf.Said(
    log="log",
    number=7,
    leaf_hash="a" * 64,
    leaf='{"body":{}}',
    at=datetime(2013, 7, 1, 12, 0, 0, 123_999, UTC),
    actor_kind="person",
    actor_id="ines@example.org",
    actor_name="Ines",
    on_behalf_of="",
    action="sources.changed",
    words="changed the source Arrivals",
    subject_type="sources.source",
    subject_id="1",
    subject_name="Arrivals",
    model="",
    use_case="",
    team="",
    reason="moving",
    changes={"name": ["Old", "Arrivals"]},
    states={"sources.source:1": "b" * 64},
    address="192.0.2.7",
    origin="request 42",
)


def said(**other: Any) -> ocsf.Said:
    """The entry, with something else about it."""
    from dataclasses import replace

    return replace(SAID, **other)


@cache
def validator(kind: int) -> Draft202012Validator:
    """The schema of a class, as it is published: no attribute beside its own is allowed."""
    schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=ocsf.VERSION))
    name = schemas.lookup_class_name_from_uid(class_uid=kind)
    return Draft202012Validator(schemas.get_class_schema(class_name=name, profiles=[]))


def check(event: dict[str, Any]) -> dict[str, Any]:
    """The event, when it fits its class."""
    errors = [
        f"{'.'.join(map(str, one.path))}: {one.message}" for one in validator(event["class_uid"]).iter_errors(event)
    ]
    assert errors == []
    return event


def test_schema_refuses_an_event_without_what_is_required_so_that_this_check_can_fail() -> None:
    event = ocsf.event(SAID)
    del event["entity"]
    assert [one.message for one in validator(3004).iter_errors(event)] == ["'entity' is a required property"]
    assert list(validator(3004).iter_errors(ocsf.event(SAID) | {"strange": 1}))


def test_change_by_a_person_is_entity_management() -> None:
    event = check(ocsf.event(SAID))
    assert (event["class_uid"], event["category_uid"], event["activity_id"], event["type_uid"]) == (3004, 3, 3, 300403)
    assert event["type_name"] == "Entity Management: Update"
    assert event["time"] == 1_372_680_000_123, "milliseconds, cut and not rounded"
    assert event["actor"] == {"user": {"name": "Ines", "type": "User", "type_id": 1, "uid": "ines@example.org"}}
    entity = {"name": "Arrivals", "type": "sources.source", "type_id": 99, "uid": "1"}
    assert event["entity"] == entity | {"data": {"name": "Old"}}
    assert event["entity_result"] == entity | {"data": {"name": "Arrivals"}}
    assert event["comment"] == "moving"
    assert event["src_endpoint"] == {"ip": "192.0.2.7"}
    assert event["metadata"]["sequence"] == 7
    assert event["metadata"]["uid"] == "log#7"
    assert event["metadata"]["correlation_uid"] == "request 42"
    assert event["unmapped"]["leaf_hash"] == "a" * 64
    assert (event["status_id"], event["severity_id"]) == (1, 1)


@pytest.mark.parametrize(
    ("other", "kind", "activity"),
    [
        ({"changes": {"name": [None, "Arrivals"]}}, 3004, 1),
        ({"states": {"sources.source:1": ""}}, 3004, 4),
        ({"changes": {}}, 3004, 99),
        ({"action": "people.read"}, 3004, 2),
        ({"actor_kind": "token"}, 6003, 3),
        ({"actor_kind": "token", "on_behalf_of": "ines@example.org", "changes": {"name": [None, 1]}}, 6003, 1),
        ({"subject_id": "", "subject_type": "", "subject_name": "GET /x", "action": "ledger.refused"}, 6003, 99),
        ({"subject_id": "", "action": "people.read"}, 6003, 2),
        ({"actor_kind": "service", "actor_id": "worker", "actor_name": "worker", "address": ""}, 3004, 3),
        ({"actor_kind": "outside", "actor_id": "", "actor_name": "nobody", "subject_id": ""}, 6003, 99),
        ({"address": "personal:abc"}, 3004, 3),
        ({"actor_kind": "token", "address": ""}, 6003, 3),
        ({"leaf": "", "actor_id": "", "actor_name": "", "subject_name": "", "changes": {}, "states": {}}, 3004, 99),
        ({"action": "ledger.incident_opened"}, 3004, 3),
        ({"address": "2001:db8::1"}, 3004, 3),
    ],
)
def test_each_kind_of_entry_fits_the_schema(other: dict[str, Any], kind: int, activity: int) -> None:
    event = check(ocsf.event(said(**other)))
    assert (event["class_uid"], event["activity_id"]) == (kind, activity)


def test_refusal_is_a_failure_with_its_reason() -> None:
    event = ocsf.event(said(action="ledger.refused", reason="You may not."))
    assert (event["status"], event["status_detail"], event["severity"]) == ("Failure", "You may not.", "Low")
    assert ocsf.event(said(action="ledger.incident_opened"))["severity"] == "High"


def test_token_is_a_program_of_the_user_who_made_it() -> None:
    event = ocsf.event(said(actor_kind="token", actor_name="training", actor_id="t", on_behalf_of="ines@example.org"))
    assert event["actor"]["app_name"] == "training"
    assert event["actor"]["user"]["uid"] == "ines@example.org"
    assert event["api"] == {"operation": "sources.changed", "service": {"name": "Tollgate"}, "request": {"uid": "42"}}
    assert event["resources"] == [{"name": "Arrivals", "type": "sources.source", "uid": "1"}]


def _all(reveal: bool) -> list[dict[str, Any]]:
    head = Head.objects.get(pk=1)
    return [
        json.loads(line.content) for line in lines(log=head.origin, after=0, upto=head.size, reveal=reveal, most=10_000)
    ]


def test_every_entry_of_the_world_fits_the_schema(world: World) -> None:
    world.cast.client("manager").post("/spend/again/")
    sealing.seal()
    for reveal in (False, True):
        events = [check(event) for event in _all(reveal)]
        assert len(events) == Head.objects.get(pk=1).size == Entry.objects.count()
        assert {event["class_uid"] for event in events} == {3004, 6003}


def test_raw_data_is_the_leaf_that_was_sealed(cast: Cast, version: ModelVersion) -> None:
    sealing.seal()
    for event in _all(reveal=True):
        content = event["raw_data"].encode()
        assert merkle.leaf_hash(content).hex() == event["unmapped"]["leaf_hash"]
        assert hashlib.sha256(content).hexdigest() == event["raw_data_hash"]["value"]
        assert json.loads(content)["number"] == event["metadata"]["sequence"]


def test_personal_values_go_out_only_where_they_are_to(cast: Cast, model: Model) -> None:
    admin = cast.actor("administrator").at("192.0.2.7", "request 1")
    user = people.create_user(actor=admin, email="maria.okafor@example.org", name="Maria Okafor", password=PASSWORD)
    people.grant_role(actor=admin, user=user, role=Role.VIEWER, team=cast.team, reason="joins us")
    catalogue.register_version(
        actor=cast.actor("owner"), model=model, artefact="a", artefact_digest="1" * 64, author=cast.owner
    )
    sealing.seal()
    hidden, shown = json.dumps(_all(reveal=False)), json.dumps(_all(reveal=True))
    for value in ("maria.okafor@example.org", "Maria Okafor", "administrator@example.org", "192.0.2.7"):
        assert value not in hidden
        assert value in shown
    assert "personal:" in hidden


def test_erased_person_is_told_as_erased(cast: Cast) -> None:
    from audit.ledger import personal
    from audit.ledger.models import Personal

    people.create_user(actor=SYSTEM, email="maria.okafor@example.org", name="Maria Okafor")
    sealing.seal()
    Personal.objects.filter(value__icontains="okafor").update(value="", salt="", erased_at=datetime.now(UTC))
    personal.forget()
    told = json.dumps(_all(reveal=True))
    assert "Okafor" not in told
    assert "erased person" in told
