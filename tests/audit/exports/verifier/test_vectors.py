"""Our own vectors: computed by the slow log, held by the product's domain and by the verifier, which share no code."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from audit.exports.verifier import verify
from audit.ledger.domain import commitments, index, leaves, merkle, note
from audit.ledger.domain.canonical import canonical
from tests.support import vectors

MERKLE, CHAINS, CHECKPOINT = vectors.read("merkle"), vectors.read("chains"), vectors.read("checkpoint")
LEAVES = [row["bytes"].encode() for row in MERKLE["leaves"]]
HASHES = [bytes.fromhex(row["hash"]) for row in MERKLE["leaves"]]
ROOTS = [bytes.fromhex(root) for root in MERKLE["roots"]]


def unhex(row: list[str]) -> list[bytes]:
    return [bytes.fromhex(step) for step in row]


def subtree(level: int, position: int) -> bytes:
    return merkle.perfect(HASHES[position << level : (position + 1) << level])


@pytest.mark.parametrize("name", vectors.VECTORS)
def test_files_are_what_the_slow_log_computes(name: str) -> None:
    assert (vectors.FOLDER / f"{name}.json").read_text() == vectors.text_of(name)


def test_product_writes_the_leaves_byte_for_byte() -> None:
    for row in LEAVES:
        said = json.loads(row)
        written = {name: canonical(said["body"][name]).decode() for name in leaves.WRITTEN}
        assert leaves.leaf({**said["body"], **written}, said["number"], said["chains"]) == row
        assert canonical(said) == row


def test_leaf_hashes_and_roots() -> None:
    for size, root in enumerate(ROOTS):
        tree = verify.Tree()
        tree.leaves(HASHES[:size])
        assert tree.root() == merkle.root(subtree, size) == root
    for row, hashed in zip(LEAVES, HASHES, strict=True):
        assert verify.leaf_hash(row) == merkle.leaf_hash(row) == hashed


def test_proofs_of_inclusion() -> None:
    for case in MERKLE["inclusion"]:
        at, size, path = case["index"], case["size"], unhex(case["path"])
        verify.check_inclusion(HASHES[at], at, size, path, ROOTS[size])
        merkle.check_inclusion(HASHES[at], at, size, path, ROOTS[size])
        assert merkle.inclusion(subtree, at, size) == path


def test_proofs_of_consistency() -> None:
    for case in MERKLE["consistency"]:
        old, new, path = case["from"], case["to"], unhex(case["path"])
        verify.check_consistency(old, new, path, ROOTS[old], ROOTS[new])
        merkle.check_consistency(old, new, path, ROOTS[old], ROOTS[new])
        assert merkle.consistency(subtree, old, new) == path


def test_wrong_proofs_hold_nowhere() -> None:
    checks: list[tuple[Callable[..., None], Callable[..., None], type[Exception]]] = [
        (verify.check_inclusion, verify.check_consistency, verify.Finding),
        (merkle.check_inclusion, merkle.check_consistency, merkle.ProofError),
    ]
    for inclusion, consistency, error in checks:
        for case in MERKLE["inclusion"]:
            at, size, path = case["index"], case["size"], unhex(case["path"])
            for wrong in (path[1:], [*path, bytes(32)], [bytes(32), *path[1:]]):
                if wrong != path:
                    with pytest.raises(error):
                        inclusion(HASHES[at], at, size, wrong, ROOTS[size])
        for case in MERKLE["consistency"]:
            old, new, path = case["from"], case["to"], unhex(case["path"])
            with pytest.raises(error):
                consistency(old, new, [*path, bytes(32)], ROOTS[old], ROOTS[new])


def test_heads_of_chains() -> None:
    for row in CHAINS["chains"]:
        head = index.START
        heads = [head]
        for number in row["numbers"]:
            head = index.next_head(head, HASHES[number - 1])
            heads.append(head)
        assert heads == unhex(row["heads"])
        assert row["rows"] == [[row["key"], len(row["numbers"]), row["heads"][-1]]]


def test_index_leads_from_each_bucket_to_its_root() -> None:
    root = bytes.fromhex(CHAINS["root"])
    for row in (*CHAINS["chains"], CHAINS["absent"]):
        assert index.bucket_of(row["key"]) == row["bucket"]
        bucket = index.bucket_hash([(key, count, head) for key, count, head in row["rows"]])
        assert bucket == verify.leaf_hash(verify.canonical(row["rows"]))
        verify.check_inclusion(bucket, row["bucket"], index.BUCKETS, unhex(row["path"]), root)
        merkle.check_inclusion(bucket, row["bucket"], index.BUCKETS, unhex(row["path"]), root)
    assert bytes.fromhex(CHAINS["empty"]) == index.EMPTY_ROOT


def test_checkpoint_and_its_keys() -> None:
    for row in CHECKPOINT["keys"]:
        public = bytes.fromhex(row["public"])
        assert note.vkey(row["name"], public) == row["vkey"]
        assert (verify.Key(row["vkey"], "vector").public, note.public_of(row["vkey"])) == (
            public,
            (row["name"], public),
        )
    theirs, ours = verify.Checkpoint(CHECKPOINT["note"], "vector"), note.checkpoint_of(CHECKPOINT["note"])
    expected = (CHECKPOINT["keys"][0]["name"], 17, ROOTS[17], bytes.fromhex(CHAINS["root"]))
    assert (theirs.origin, theirs.size, theirs.root, theirs.index_root) == expected
    assert ours == note.Checkpoint(*expected)
    assert ours.text() == CHECKPOINT["text"]


def test_signatures_of_notes() -> None:
    from audit.ledger.signing import verified

    keys = [row["vkey"] for row in CHECKPOINT["keys"]]
    signed: list[tuple[str, list[bool]]] = [
        (CHECKPOINT["note"], [True, False]),
        (CHECKPOINT["cosigned"], [True, True]),
        (CHECKPOINT["handover"], [True, True]),
    ]
    for text, expected in signed:
        assert [verify.Key(key, "vector").signed(verify.Note(text, "vector"), "vector") for key in keys] == expected
        assert [verified(*note.parse(text), key) for key in keys] == expected


def test_handover_is_the_text_that_the_product_signs() -> None:
    from audit.ledger.keys import handover_text

    new = CHECKPOINT["keys"][1]
    assert CHECKPOINT["handover"].startswith(handover_text(new["name"], 17, new["vkey"]) + "\n")


def test_commitments() -> None:
    rows: list[dict[str, Any]] = vectors.read("commitments")
    for row in rows:
        assert commitments.commitment(bytes.fromhex(row["salt"]), row["value"]) == row["commitment"]
        assert verify.SIGN.fullmatch(row["commitment"].encode())
        assert commitments.is_commitment(row["commitment"])
