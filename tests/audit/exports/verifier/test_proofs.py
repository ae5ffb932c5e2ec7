"""One entry's proof and a proof of consistency verify by themselves; whatever is changed in them does not."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import slow_log
from tests.support.bundles import ledger, verify, verify_everywhere
from tests.support.slow_log import Signer

NUMBER, OLD, NEW = 99, 57, 217


def entry_proof() -> dict[str, Any]:
    log = ledger()
    return {
        "leaf": log.leaves[NUMBER - 1].decode(),
        "number": NUMBER,
        "size": log.size,
        "path": [step.hex() for step in slow_log.path(NUMBER - 1, log.leaves)],
        "checkpoint": Signer().note(log.text()),
        "vkey": Signer().vkey,
    }


def consistency_proof() -> dict[str, Any]:
    log = ledger()
    texts = [
        slow_log.checkpoint_text(log.origin, size, slow_log.root(log.leaves[:size]), b"i" * 32) for size in (OLD, NEW)
    ]
    path = [step.hex() for step in slow_log.proof(OLD, log.leaves[:NEW])]
    return {"from": Signer().note(texts[0]), "to": Signer().note(texts[1]), "path": path, "vkey": Signer().vkey}


def written(tmp_path: Path, raw: Any) -> Path:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(raw))
    return path


def test_proof_of_an_entry_verifies(tmp_path: Path) -> None:
    path = written(tmp_path, entry_proof())
    code, said = verify_everywhere("--proof", path)
    assert code == 0, said
    assert f"Entry 99 is in the ledger of 217 entries, as it stands in {path}." in said
    assert "The key came with the proof" in said
    code, said = verify("--proof", path, "--key", Signer().vkey)
    assert (code, "The key came with the proof" in said) == (0, False)


def test_proof_of_consistency_verifies(tmp_path: Path) -> None:
    path = written(tmp_path, consistency_proof())
    code, said = verify_everywhere("--consistency", path)
    assert code == 0, said
    assert "The ledger of 217 entries continues that of 57 entries: nothing in it was changed." in said


def test_proof_of_consistency_across_a_change_of_keys_takes_both_keys(tmp_path: Path) -> None:
    raw = consistency_proof()
    raw["to"] = Signer(2).note(raw["to"].split("\n\n")[0] + "\n")
    code, said = verify("--consistency", written(tmp_path, raw))
    assert (code, "is not signed by key" in said) == (1, True)
    raw["vkey"] = [Signer(1).vkey, Signer(2).vkey]
    assert verify("--consistency", written(tmp_path, raw))[0] == 0


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "leaf": ({"leaf": entry_proof()["leaf"].replace("approvals", "Approvals")}, "does not lead to the root"),
    "another entry's number": ({"number": 98}, "the leaf is not entry 98"),
    "size": ({"size": 216}, "the proof is for size 216, the checkpoint of size 217"),
    "path": ({"path": entry_proof()["path"][::-1]}, "does not lead to the root"),
    "path too long": ({"path": [*entry_proof()["path"], "0" * 64]}, "too long"),
    "path too short": ({"path": entry_proof()["path"][:-1]}, "does not lead to the root"),
    "checkpoint of another key": ({"checkpoint": Signer(2).note(ledger().text())}, "is not signed by key"),
    "checkpoint's text": (
        {"checkpoint": entry_proof()["checkpoint"].replace("\n217\n", "\n218\n")},
        "the signature of key",
    ),
    "key": ({"vkey": "x"}, "this is not a verifier key"),
    "no text": ({"leaf": 7}, "the leaf is not a text"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_changed_proof_of_an_entry_is_a_finding(case: str, tmp_path: Path) -> None:
    changes, words = CHANGES[case]
    code, said = verify_everywhere("--proof", written(tmp_path, {**entry_proof(), **changes}))
    assert (code, words in said) == (1, True), said


def test_changed_proof_of_consistency_is_a_finding(tmp_path: Path) -> None:
    raw = consistency_proof()
    fork = slow_log.checkpoint_text(ledger().origin, OLD, b"r" * 32, b"i" * 32)
    elsewhere = slow_log.checkpoint_text("elsewhere", OLD, slow_log.root(ledger().leaves[:OLD]), b"i" * 32)
    for changes, words in (
        ({"from": Signer().note(fork)}, "does not lead from the one root to the other"),
        ({"path": raw["path"][1:]}, "path of the proof"),
        ({"from": raw["to"], "to": raw["from"]}, "A tree of 57 leaves does not continue one of 217."),
        ({"from": Signer().note(elsewhere)}, "the checkpoints are of two ledgers"),
    ):
        code, said = verify_everywhere("--consistency", written(tmp_path, {**raw, **changes}))
        assert (code, words in said) == (1, True), said


def test_key_that_is_not_the_auditor_s_is_a_finding(tmp_path: Path) -> None:
    code, said = verify("--proof", written(tmp_path, entry_proof()), "--key", Signer(2).vkey)
    assert (code, "which is not yours" in said) == (1, True)


@pytest.mark.parametrize("raw", [[], {}, {**entry_proof(), "path": "x"}, {**entry_proof(), "path": ["x"]}])
def test_something_else_than_a_proof_cannot_be_read(raw: Any, tmp_path: Path) -> None:
    for option in ("--proof", "--consistency"):
        code, said = verify(option, written(tmp_path, raw))
        assert (code, said.startswith("VERDICT: this cannot be read.")) == (2, True)
