"""The tree is held to the public vectors of transparency-dev/merkle, and to a slow tree written from the standard."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.ledger.domain import merkle

VECTORS = 196


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def tree_of(leaves: list[bytes]) -> merkle.Subtree:
    """Perfect subtrees of a list."""

    def subtree(level: int, position: int) -> bytes:
        return slow_root(leaves[position << level : (position + 1) << level])

    return subtree


def _raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _holds(kind: str, case: dict) -> bool:
    path = [_raw(step) for step in case["proof"] or []]
    try:
        if kind == "inclusion":
            merkle.check_inclusion(_raw(case["leafHash"]), case["leafIdx"], case["treeSize"], path, _raw(case["root"]))
        else:
            merkle.check_consistency(case["size1"], case["size2"], path, _raw(case["root1"]), _raw(case["root2"]))
    except merkle.ProofError:
        return False
    return True


def test_every_public_vector_is_judged_as_its_authors_judge_it(shared_data: Path) -> None:
    judged = {}
    for kind in ("inclusion", "consistency"):
        for path in sorted((shared_data / "merkle" / kind).rglob("*.json")):
            case = json.loads(path.read_text())
            judged[path] = _holds(kind, case) is not case.get("wantErr", False)
    assert len(judged) == VECTORS
    assert [str(path) for path, right in judged.items() if not right] == []


@pytest.mark.parametrize("size", [*range(18), 255, 256, 257])
def test_root_from_subtrees_is_the_standards_root(size: int) -> None:
    leaves = [str(n).encode() for n in range(size)]
    assert merkle.root(tree_of(leaves), size) == slow_root(leaves)


@given(size=st.integers(1, 70), data=st.data())
def test_proof_of_each_leaf_holds_and_of_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = [str(n).encode() for n in range(size)]
    path = merkle.inclusion(tree_of(leaves), index, size)
    merkle.check_inclusion(merkle.leaf_hash(leaves[index]), index, size, path, slow_root(leaves))
    with pytest.raises(merkle.ProofError):
        merkle.check_inclusion(merkle.leaf_hash(b"other"), index, size, path, slow_root(leaves))
    if size > 1:
        with pytest.raises(merkle.ProofError):
            wrong = (index + 1) % size
            merkle.check_inclusion(merkle.leaf_hash(leaves[index]), wrong, size, path, slow_root(leaves))


@given(old=st.integers(1, 70), more=st.integers(0, 70))
def test_log_that_grew_is_consistent_and_a_changed_one_is_not(old: int, more: int) -> None:
    leaves = [str(n).encode() for n in range(old + more)]
    path = merkle.consistency(tree_of(leaves), old, old + more)
    merkle.check_consistency(old, old + more, path, slow_root(leaves[:old]), slow_root(leaves))
    forked = [b"forked", *leaves[1:]]
    with pytest.raises(merkle.ProofError):
        merkle.check_consistency(old, old + more, path, slow_root(forked[:old]), slow_root(leaves))


def test_proofs_beyond_the_tree_are_refused() -> None:
    with pytest.raises(ValueError, match="no leaf 3"):
        merkle.inclusion(tree_of([b"a"] * 3), 3, 3)
    with pytest.raises(ValueError, match="does not continue"):
        merkle.consistency(tree_of([b"a"] * 3), 4, 3)
