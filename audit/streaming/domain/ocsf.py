"""An entry as an event of the Open Cybersecurity Schema Framework, version 1.8.0 (https://schema.ocsf.io/1.8.0).

What a program did with a token, and what has no subject, is API Activity (class 6003); every other entry is Entity
Management (class 3004): activity of a service, or of a person at a console, on a managed entity. Required are, in both,
activity_id, category_uid, class_uid, metadata (product, version), severity_id, time, type_uid; in 6003 also actor, api
(operation) and src_endpoint; in 3004 also entity. What OCSF has no place for stands under ``unmapped``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final

VERSION: Final = "1.8.0"
PRODUCT: Final = "Tollgate"
API, ENTITY = 6003, 3004
NAMES: Final = {API: "API Activity", ENTITY: "Entity Management"}
CATEGORIES: Final = {API: (6, "Application Activity"), ENTITY: (3, "Identity & Access Management")}
CREATE, READ, UPDATE, DELETE, OTHER = 1, 2, 3, 4, 99
ACTIVITIES: Final = {CREATE: "Create", READ: "Read", UPDATE: "Update", DELETE: "Delete"}
READS: Final = frozenset({"read", "exported", "taken", "downloaded"})
FAILURES: Final = frozenset({"refused", "failed", "sign_in_failed"})
SEVERITIES: Final = {1: "Informational", 2: "Low", 4: "High"}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
GONE: Final = "removed by retention"


@dataclass(frozen=True, slots=True)
class Said:
    """A sealed entry. ``log`` names the log, ``leaf_hash`` is hex, ``words`` follow the actor's name.

    Personal values are commitments, or stand in clear where the receiver is to get them. ``leaf`` is the text that was
    sealed, empty when retention removed it.
    """

    log: str
    number: int
    leaf_hash: str
    leaf: str
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    on_behalf_of: str
    action: str
    words: str
    subject_type: str
    subject_id: str
    subject_name: str
    model: str
    use_case: str
    team: str
    reason: str
    changes: Mapping[str, Any]
    states: Mapping[str, str]
    address: str
    origin: str


def event(said: Said) -> dict[str, Any]:
    """The event, as a JSON object: the same entry always gives the same."""
    kind = API if said.actor_kind == "token" or not said.subject_id else ENTITY
    activity = _activity(said)
    name = ACTIVITIES.get(activity) or said.action.rpartition(".")[2].replace("_", " ").capitalize()
    category, category_name = CATEGORIES[kind]
    severity = _severity(said)
    failed = _verb(said) in FAILURES
    found: dict[str, Any] = {
        "activity_id": activity,
        "activity_name": name,
        "actor": _actor(said),
        "category_name": category_name,
        "category_uid": category,
        "class_name": NAMES[kind],
        "class_uid": kind,
        "message": f"{said.actor_name or GONE} {said.words}",
        "metadata": _metadata(said),
        "observables": _observables(said),
        "severity": SEVERITIES[severity],
        "severity_id": severity,
        "status": "Failure" if failed else "Success",
        "status_id": 2 if failed else 1,
        "time": _milliseconds(said.at),
        "type_name": f"{NAMES[kind]}: {ACTIVITIES.get(activity, 'Other')}",
        "type_uid": kind * 100 + activity,
        "unmapped": _unmapped(said),
    }
    if said.leaf:
        content = said.leaf.encode()
        found["raw_data"] = said.leaf
        found["raw_data_size"] = len(content)
        found["raw_data_hash"] = {
            "algorithm": "SHA-256", "algorithm_id": 3, "value": hashlib.sha256(content).hexdigest()
        }  # fmt: skip
    if failed and said.reason:
        found["status_detail"] = said.reason
    return found | (_api(said) if kind == API else _entity(said, activity))


def _verb(said: Said) -> str:
    return said.action.rpartition(".")[2]


def _activity(said: Said) -> int:
    """What the entry's verb, the state that it left, and its changes say was done."""
    if _verb(said) in READS:
        return READ
    if said.states.get(f"{said.subject_type}:{said.subject_id}") == "":
        return DELETE
    pairs = list(said.changes.values())
    if pairs and said.subject_id and all(pair[0] is None for pair in pairs):
        return CREATE
    return UPDATE if pairs and said.subject_id else OTHER


def _severity(said: Said) -> int:
    if _verb(said) == "incident_opened":
        return 4
    return 2 if _verb(said) in FAILURES else 1


def _actor(said: Said) -> dict[str, Any]:
    """A person is a user; a token is a program with the user who made it; a service is a program, for whom it works."""
    name, ident = said.actor_name or GONE, said.actor_id or GONE
    if said.actor_kind == "person":
        return {"user": {"name": name, "type": "User", "type_id": 1, "uid": ident}}
    if said.actor_kind == "outside" or not said.actor_kind:
        return {"user": {"name": name, "type": "Unknown", "type_id": 0}}
    found: dict[str, Any] = {"app_name": name, "app_uid": ident}
    if said.on_behalf_of:
        found["user"] = {"type": "Unknown", "type_id": 0, "uid": said.on_behalf_of}
    return found


def _metadata(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = {
        "event_code": said.action,
        "log_name": said.log,
        "log_provider": PRODUCT,
        "original_event_uid": str(said.number),
        "original_time": said.at.isoformat(timespec="microseconds"),
        "product": {"name": PRODUCT, "vendor_name": PRODUCT},
        "sequence": said.number,
        "uid": f"{said.log}#{said.number}",
        "version": VERSION,
    }
    return found | ({"correlation_uid": said.origin} if said.origin else {})


def _observables(said: Said) -> list[dict[str, Any]]:
    found = [{"name": "unmapped.leaf_hash", "type": "Hash", "type_id": 8, "value": said.leaf_hash}]
    if said.model:
        found.append({"name": "unmapped.model", "type": "Resource UID", "type_id": 10, "value": said.model})
    if _is_ip(said.address):
        found.append({"name": "src_endpoint.ip", "type": "IP Address", "type_id": 2, "value": said.address})
    return found


def _unmapped(said: Said) -> dict[str, Any]:
    return {
        "actor_kind": said.actor_kind,
        "changes": dict(said.changes),
        "leaf_hash": said.leaf_hash,
        "model": said.model,
        "pruned": not said.leaf,
        "reason": said.reason,
        "team": said.team,
        "use_case": said.use_case,
    }


def _api(said: Said) -> dict[str, Any]:
    kind, _, request = said.origin.partition(" ")
    api: dict[str, Any] = {"operation": said.action, "service": {"name": PRODUCT}}
    if kind == "request" and request:
        api["request"] = {"uid": request}
    found: dict[str, Any] = {"api": api, "src_endpoint": _endpoint(said) or {"svc_name": PRODUCT}}
    if said.subject_id:
        found["resources"] = [{"name": said.subject_name or GONE, "type": said.subject_type, "uid": said.subject_id}]
    return found


def _entity(said: Said, activity: int) -> dict[str, Any]:
    """The entity as it was, and, where something came of it, as it is then: each by its changed fields alone."""
    entity: dict[str, Any] = {
        "name": said.subject_name or GONE,
        "type": said.subject_type,
        "type_id": OTHER,
        "uid": said.subject_id,
    }
    before = {field: pair[0] for field, pair in said.changes.items()}
    after = {field: pair[1] for field, pair in said.changes.items()}
    found: dict[str, Any] = {"entity": entity}
    if activity in {UPDATE, DELETE} and before:
        found["entity"] = entity | {"data": before}
    if activity in {CREATE, UPDATE}:
        found["entity_result"] = entity | {"data": after}
    if said.reason:
        found["comment"] = said.reason
    endpoint = _endpoint(said)
    return found | ({"src_endpoint": endpoint} if endpoint else {})


def _endpoint(said: Said) -> dict[str, Any]:
    if not said.address:
        return {}
    return {"ip": said.address} if _is_ip(said.address) else {"uid": said.address}


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _milliseconds(at: datetime) -> int:
    """Since 1970, whole: OCSF's timestamp_t."""
    return (at - EPOCH) // timedelta(milliseconds=1)
