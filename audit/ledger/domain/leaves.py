"""What is sealed of an entry: its body, its place in the log, and its place in each chain that it belongs to."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from audit.ledger.domain.canonical import canonical

SUBJECT, MODEL, USE_CASE, TEAM = "subject", "model", "use_case", "team"
FIELDS = (
    "action", "actor_id", "actor_kind", "actor_name", "address", "at", "changes", "model", "on_behalf_of", "origin",
    "reason", "states", "subject_id", "subject_name", "subject_type", "team", "use_case",
)  # fmt: skip
"""The fields of an entry that are sealed, in the order of RFC 8785."""
WRITTEN = {"changes", "states"}
"""Those whose text is canonical JSON already."""
Body = Mapping[str, str | None]
"""The sealed fields as text, ids None where there is none."""

IDS = ("model", "team", "use_case")
PLAIN = tuple(name for name in FIELDS if name not in WRITTEN and name not in IDS)
FORM = ",".join(f'"{name}":%s' for name in FIELDS)
_quoted = json.encoder.encode_basestring  # every character as itself, as RFC 8785 writes strings


def chains_of(body: Body) -> dict[str, str]:
    """The chains that an entry with this body belongs to: kind to key."""
    found = {}
    if body["subject_type"]:
        found[SUBJECT] = f"{SUBJECT}:{body['subject_type']}:{body['subject_id']}"
    for kind in (MODEL, USE_CASE, TEAM):
        if body[kind]:
            found[kind] = f"{kind}:{body[kind]}"
    return found


def leaf(body: Body, number: int, positions: Mapping[str, int]) -> bytes:
    """The RFC 8785 bytes of entry ``number``; ``positions`` maps a chain's key to the entry's place in it, from 1.

    Fields are written in their order, and text that is canonical already is taken as it is: the sealer makes
    thousands of leaves a second. Tests hold the bytes to those of the reference encoder.
    """
    chains = ",".join([f"{_quoted(key)}:{positions[key]}" for key in sorted(positions)])
    plain = [_quoted(body[name] or "") for name in PLAIN]
    ids = [f'"{value}"' if value else "null" for value in map(body.__getitem__, IDS)]
    fields = FORM % (*plain[:6], body["changes"], ids[0], *plain[6:9], body["states"], *plain[9:], *ids[1:])
    return f'{{"body":{{{fields}}},"chains":{{{chains}}},"number":{number}}}'.encode()


def told(body: Body) -> dict[str, Any]:
    """The body with its JSON read."""
    return {name: json.loads(value) if name in WRITTEN and value else value for name, value in body.items()}


def state_of(values: Mapping[str, Any]) -> str:
    """The digest that a record's audited fields, as plain values, leave in an entry: SHA-256 in hex."""
    return sha256(canonical(values)).hexdigest()
