"""The vectors in ``tests/vectors``, computed by the slow log. ``python -m tests.support.vectors`` writes them anew."""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.support import slow_log
from tests.support.slow_log import Index, Signer

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
SIZES = range(18)
PLAIN: dict[str, Any] = {
    "action": "catalogue.model.registered",
    "actor_id": "019a9c2e-7a3b-7c55-9d7e-0d5c3b1f2a10",
    "actor_kind": "person",
    "actor_name": "personal:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    "address": "192.0.2.7",
    "at": "2013-07-08T09:00:00.000000+00:00",
    "changes": {},
    "model": "6f1c1d1e-7a3b-4c55-9d7e-0d5c3b1f2a10",
    "on_behalf_of": "",
    "origin": "request 1",
    "reason": "",
    "states": {
        "model:late-arrival": "",
        "version:1": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    },
    "subject_id": "x",
    "subject_name": "late-arrival",
    "subject_type": "model",
    "team": None,
    "use_case": None,
}
BODIES: list[dict[str, Any]] = [
    PLAIN,
    {**PLAIN, "changes": {"number": [None, 9007199254740991]}, "reason": 'tab\t, quote ", back\\slash', "model": None},
    {
        **PLAIN,
        "changes": {"name": ["", "Sørensen \u4e2d \U0001f600 \u2028"]},
        "reason": "line\nline\u007f\u0001",
        "states": {},
    },
    {**PLAIN, "changes": {"roles": [["a"], ["a", "b", {"deep": [True, False, None, -1]}]]}, "reason": "\u00e9/"},
]
CHAINS = {"model:6f1c1d1e-7a3b-4c55-9d7e-0d5c3b1f2a10": [1, 3, 4], 'subject:model:é"x': [2], "team:t": [1, 2, 3, 4]}


def leaves() -> list[bytes]:
    """Seventeen entries: the four bodies in turn."""
    found = []
    for number in range(1, SIZES[-1] + 1):
        chains = {key: places.index(number) + 1 for key, places in sorted(CHAINS.items()) if number in places}
        said = BODIES[(number - 1) % len(BODIES)]
        found.append(slow_log.canonical({"body": said, "chains": chains, "number": number}))
    return found


def merkle() -> dict[str, Any]:
    """Leaf hashes, roots of the first n leaves, and proofs for every size up to 17."""
    data = leaves()
    inclusion = [
        {"index": index, "size": size, "path": [step.hex() for step in slow_log.path(index, data[:size])]}
        for size in (1, 2, 3, 7, 8, 13, 17)
        for index in range(size)
    ]
    consistency = [
        {"from": old, "to": new, "path": [step.hex() for step in slow_log.proof(old, data[:new])]}
        for new in (1, 2, 7, 8, 13, 17)
        for old in range(1, new + 1)
    ]
    return {
        "leaves": [{"bytes": leaf.decode(), "hash": slow_log.leaf_hash(leaf).hex()} for leaf in data],
        "roots": [slow_log.root(data[:size]).hex() for size in SIZES],
        "inclusion": inclusion,
        "consistency": consistency,
    }


def _index() -> Index:
    hashes = [slow_log.leaf_hash(leaf) for leaf in leaves()]
    return Index({key: (len(n), slow_log.chain_head([hashes[at - 1] for at in n])) for key, n in CHAINS.items()})


def chains() -> dict[str, Any]:
    """Heads of three chains, and the index over them."""
    hashes = [slow_log.leaf_hash(leaf) for leaf in leaves()]
    index = _index()
    rows = []
    for key, numbers in sorted(CHAINS.items()):
        heads = [
            slow_log.chain_head([hashes[at - 1] for at in numbers[:count]]).hex() for count in range(len(numbers) + 1)
        ]
        rows.append({"key": key, "numbers": numbers, "heads": heads, **index.proof(key)})
    empty = Index({})
    absent = index.proof("model:absent")
    return {
        "chains": rows,
        "absent": {"key": "model:absent", **absent},
        "root": index.root.hex(),
        "empty": empty.root.hex(),
    }


def checkpoint() -> dict[str, Any]:
    """A checkpoint, a co-signed one and a hand-over, with keys of a repeated byte."""
    first, second = Signer(1), Signer(2)
    text = slow_log.checkpoint_text(first.name, 17, slow_log.root(leaves()), _index().root)
    handover = f"tollgate-handover-v1\n{first.name}\n17\n{second.vkey}\n"
    return {
        "keys": [
            {
                "seed": bytes([seed] * 32).hex(),
                "name": key.name,
                "public": key.public.hex(),
                "id": key.id.hex(),
                "vkey": key.vkey,
            }
            for seed, key in ((1, first), (2, second))
        ],
        "text": text,
        "note": first.note(text),
        "cosigned": first.note(text) + second.line(text),
        "handover": first.note(handover) + second.line(handover),
    }


def commitments() -> list[dict[str, str]]:
    """Personal values, their salts, and what stands for them."""
    found = []
    for at, value in enumerate(("Anna Sørensen", "", "a" * 500, "192.0.2.7", "\U0001f600")):
        salt = bytes([at] * 16)
        digest = base64.urlsafe_b64encode(sha256(salt + value.encode()).digest()).decode().rstrip("=")
        found.append({"salt": salt.hex(), "value": value, "commitment": f"personal:{digest}"})
    return found


VECTORS = {"merkle": merkle, "chains": chains, "checkpoint": checkpoint, "commitments": commitments}


def text_of(name: str) -> str:
    """What the file of that name holds."""
    return json.dumps(VECTORS[name](), indent=1, sort_keys=True) + "\n"


def read(name: str) -> Any:
    """The vectors as they lie in the repository."""
    return json.loads((FOLDER / f"{name}.json").read_text())


if __name__ == "__main__":
    for name in VECTORS:
        (FOLDER / f"{name}.json").write_text(text_of(name))
