"""Proofs of inclusion and consistency: all 196 public vectors, and trees of every small size by the slow log."""

import base64
import json
from pathlib import Path

import pytest

from audit.exports.verifier.verify import Finding, Tree, check_consistency, check_inclusion
from tests.support import slow_log

LEAVES = [b"leaf %d" % number for number in range(70)]


def _vectors(shared_data: Path, kind: str) -> list[tuple[str, dict]]:
    return [
        (str(path), json.loads(path.read_text())) for path in sorted((shared_data / "merkle" / kind).rglob("*.json"))
    ]


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _path(vector: dict) -> list[bytes]:
    return [_bytes(step) for step in vector["proof"] or []]


def test_public_vectors_of_inclusion(shared_data: Path) -> None:
    found = _vectors(shared_data, "inclusion")
    for name, vector in found:
        try:
            check_inclusion(
                _bytes(vector["leafHash"]), vector["leafIdx"], vector["treeSize"], _path(vector), _bytes(vector["root"])
            )
            held = True
        except Finding:
            held = False
        assert held is not vector["wantErr"], (name, vector["desc"])
    assert len(found) == 98


def test_public_vectors_of_consistency(shared_data: Path) -> None:
    found = _vectors(shared_data, "consistency")
    for name, vector in found:
        try:
            check_consistency(
                vector["size1"], vector["size2"], _path(vector), _bytes(vector["root1"]), _bytes(vector["root2"])
            )
            held = True
        except Finding:
            held = False
        assert held is not vector["wantErr"], (name, vector["desc"])
    assert len(found) == 98


def test_each_leaf_of_each_small_tree_is_proved_and_no_other() -> None:
    for size in range(1, 40):
        root = slow_log.root(LEAVES[:size])
        for index in range(size):
            path = slow_log.path(index, LEAVES[:size])
            check_inclusion(slow_log.leaf_hash(LEAVES[index]), index, size, path, root)
            with pytest.raises(Finding):
                check_inclusion(slow_log.leaf_hash(LEAVES[index + 1]), index, size, path, root)


def test_each_pair_of_small_trees_is_consistent_and_no_fork_is() -> None:
    for size in range(1, 34):
        for old in range(1, size + 1):
            path = slow_log.proof(old, LEAVES[:size])
            roots = slow_log.root(LEAVES[:old]), slow_log.root(LEAVES[:size])
            check_consistency(old, size, path, *roots)
            fork = slow_log.root([*LEAVES[: old - 1], b"other"])
            with pytest.raises(Finding):
                check_consistency(old, size, path, fork, roots[1])


def test_tree_folds_leaves_and_subtrees_to_the_root_and_keeps_the_watched_one() -> None:
    for size in range(70):
        for cut in {0, min(1, size), size // 3, size}:
            tree = Tree(watch=cut)
            hashes = [slow_log.leaf_hash(leaf) for leaf in LEAVES[:size]]
            tree.leaves(hashes[: size // 2])
            for hashed in hashes[size // 2 : size // 2 + 3]:
                tree.add(0, hashed)
            tree.leaves(hashes[size // 2 + 3 :])
            assert (tree.size, tree.root()) == (size, slow_log.root(LEAVES[:size]))
            assert tree.watched == slow_log.root(LEAVES[:cut])
