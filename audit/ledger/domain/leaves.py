"""What is sealed of an entry: its body, its place in the log, and its place in each chain that it belongs to."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from audit.ledger.domain.canonical import canonical

SUBJECT, MODEL, USE_CASE, TEAM = "subject", "model", "use_case", "team"


def chains_of(body: Mapping[str, Any]) -> dict[str, str]:
    """The chains that an entry with this body belongs to: kind to key."""
    found = {}
    if body["subject_type"]:
        found[SUBJECT] = f"{SUBJECT}:{body['subject_type']}:{body['subject_id']}"
    for kind in (MODEL, USE_CASE, TEAM):
        if body[kind]:
            found[kind] = f"{kind}:{body[kind]}"
    return found


def leaf(body: Mapping[str, Any], number: int, positions: Mapping[str, int]) -> bytes:
    """The RFC 8785 bytes of entry ``number``; ``positions`` maps a chain's key to the entry's place in it, from 1."""
    return canonical({"body": body, "chains": positions, "number": number})


def state_of(values: Mapping[str, Any]) -> str:
    """The digest that a record's audited fields, as plain values, leave in an entry: SHA-256 in hex."""
    return sha256(canonical(values)).hexdigest()
