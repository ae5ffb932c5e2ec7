"""An honest bundle verifies under every Python that is found; the sentences say what was checked, and what was not."""

import ast
import json
import shutil
from pathlib import Path

import pytest

from tests.support import slow_log
from tests.support.bundles import (
    ALL,
    LATE_CHAIN,
    TEAM,
    USE_CASE,
    VERIFIER,
    Asked,
    bundle,
    keys_of,
    ledger,
    manifest,
    pack,
    unpack,
    verify,
    verify_everywhere,
    with_manifest,
)
from tests.support.slow_log import Signer

HOLDS = "VERDICT: everything that can be checked here holds."
ASKED = {
    "model": Asked(),
    "use case": Asked("use_case", USE_CASE, "Predict delays"),
    "team": Asked("team", TEAM, "Ground"),
    "nobody": Asked("model", TEAM, "nobody"),
    "period": Asked(first=50, last=150),
    "pruned": Asked(first=12, pruned={18, 67}),
    "everything": ALL,
    "everything of a period": Asked("all", None, "", first=50, last=150, pruned={77}),
    "everything, some pruned": Asked("all", None, "", pruned={1, 5, 217}),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_bundle_of_each_scope_verifies_packed_and_unpacked_everywhere(asked: Asked, tmp_path: Path) -> None:
    packed = pack(bundle(ledger(), asked), tmp_path / "bundle")
    for path in (packed, tmp_path / "bundle"):
        code, said = verify_everywhere(path)
        assert (code, said.splitlines()[-1]) == (0, HOLDS), said


@pytest.mark.parametrize("size", [0, 1, 2, 3, 8, 217, 1023])
def test_ledger_of_any_size_verifies_as_a_whole(size: int, tmp_path: Path) -> None:
    code, said = verify(unpack(bundle(ledger(size), ALL), tmp_path))
    assert code == 0, said


def test_sentences_name_what_was_checked(tmp_path: Path) -> None:
    _, said = verify(unpack(bundle(ledger(), Asked()), tmp_path))
    key = Signer().id.hex()
    for sentence in (
        "All 11 files that the manifest lists are here, each with its SHA-256.",
        f"The checkpoint of 217 entries is signed by key tollgate.example.org/ledger+{key}.",
        "All 31 entries of model late-arrival are here: positions 1 to 31 without a hole",
        "without a hole, and the sealed index commits to 31.",
        "31 entries with content and the hashes of all others fold to the signed root of 217 entries.",
        "Personal values: 3 values fit their commitments in the entries. Erased: 0 values.",
        "The keys came with the bundle: compare them with the key that you got elsewhere (--key).",
    ):
        assert sentence in said


def test_whole_ledger_says_that_nothing_is_missing(tmp_path: Path) -> None:
    _, said = verify(unpack(bundle(ledger(), ALL), tmp_path))
    assert "All 217 entries of the ledger are here: 1 to 217 without a hole, and they fold to the signed root." in said


def test_hidden_entries_are_counted_with_the_reason(tmp_path: Path) -> None:
    numbers = ledger().chains[LATE_CHAIN]
    asked = Asked(first=numbers[4], last=numbers[19], pruned={numbers[6], numbers[7], numbers[30]})
    _, said = verify(unpack(bundle(ledger(), asked), tmp_path))
    assert "All 31 entries of model late-arrival are here" in said
    assert "only the hash is here: 15 outside of the period and 2 pruned" in said
    assert "14 entries with content" in said


def test_erased_values_are_counted(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked(erased={"Anna Sørensen", "carl@example.org"}))
    code, said = verify(unpack(files, tmp_path))
    assert code == 0
    assert "1 value fits its commitment in the entries. Erased: 2 values." in said


def test_verifier_lies_in_the_bundle_and_checks_the_folder_that_it_lies_in(tmp_path: Path) -> None:
    unpack(bundle(ledger(), Asked()), tmp_path)
    code, said = verify_everywhere(program=tmp_path / "verify.py")
    assert code == 0, said


def test_newer_bundle_with_more_files_and_keys_verifies(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    files["quantum/proof.bin"] = b"\x00" * 99
    said = manifest(files)
    scope = {**said["scope"], "colour": "green"}
    newer = with_manifest(files, said, made_by={"version": 2.5}, scope=scope)
    code, printed = verify_everywhere(pack(newer, tmp_path / "bundle"))
    assert code == 0, printed
    assert "All 12 files" in printed


def test_file_beside_the_bundle_is_told_and_in_the_zip_it_is_a_finding(tmp_path: Path) -> None:
    files = {**bundle(ledger(), Asked()), "documents/approval.pdf": b"%PDF forged"}
    packed = pack(files, tmp_path / "bundle")
    sentence = "The manifest does not list documents/approval.pdf: nothing here vouches for it."
    assert verify(tmp_path / "bundle")[0] == 0
    assert sentence in verify(tmp_path / "bundle")[1]
    code, said = verify(packed)
    assert (code, sentence in said) == (1, True)


def test_entries_in_many_pieces_verify(tmp_path: Path) -> None:
    """More than one piece of unpacked text, so that lines lie across the borders of pieces."""
    log = ledger(2500)
    for asked in (ALL, Asked(), Asked("team", TEAM, "Ground", pruned={log.chains[f"team:{TEAM}"][1200]})):
        code, said = verify_everywhere(unpack(bundle(log, asked), tmp_path / asked.kind))
        assert code == 0, said


def test_key_of_the_auditor_is_compared(tmp_path: Path) -> None:
    path = unpack(bundle(ledger(), Asked()), tmp_path)
    code, said = verify_everywhere(path, "--key", Signer().vkey)
    assert code == 0
    assert f"Your key {ledger().origin}+{Signer().id.hex()} is the signer's." in said
    assert "came with the bundle" not in said
    code, said = verify(path, "--key", Signer(seed=2).vkey)
    assert code == 1
    assert "is not among its keys" in said
    assert verify(path, "--key", "not a key")[0] == 2


def test_key_that_handed_over_leads_to_the_signer(tmp_path: Path) -> None:
    first, second, third = Signer(1), Signer(2), Signer(3)
    keys = keys_of(first, second, third, sizes=(20, 200))
    path = unpack(bundle(ledger(), Asked(), third, keys), tmp_path)
    code, said = verify_everywhere(path, "--key", first.vkey)
    assert code == 0, said
    assert f"handed over to key {ledger().origin}+{third.id.hex()} at size 200: both signed it." in said
    assert "is bound to the signer's by signed hand-overs" in said


def test_key_that_ends_with_the_bundle_s_size_is_the_signer(tmp_path: Path) -> None:
    """The key changed right behind the newest entry of the bundle: what came then is no part of it."""
    row = {**keys_of(Signer(1))[0], "until_size": 217}
    assert verify(unpack(bundle(ledger(), Asked(), Signer(1), [row]), tmp_path))[0] == 0


def test_lost_key_is_told_and_does_not_lead_to_the_signer(tmp_path: Path) -> None:
    first, second = Signer(1), Signer(2)
    keys = keys_of(first, second, sizes=(20,), lost=True)
    path = unpack(bundle(ledger(), Asked(), second, keys), tmp_path)
    code, said = verify_everywhere(path)
    assert code == 0
    assert "the old key was lost, and only the new one signed it" in said
    assert verify(path, "--key", second.vkey)[0] == 0
    code, said = verify(path, "--key", first.vkey)
    assert code == 1
    assert "was lost: nothing that it signed binds your key" in said


def _checkpoint(tmp_path: Path, size: int, text: str = "") -> Path:
    path = tmp_path / f"witness-{size}-{len(text)}.txt"
    log = ledger()
    whole = slow_log.checkpoint_text(log.origin, size, slow_log.root(log.leaves[:size]), b"i" * 32)
    path.write_text(Signer().note(text or (log.text() if size == log.size else whole)))
    return path


def test_witnessed_checkpoint_of_the_same_or_a_smaller_size_agrees(tmp_path: Path) -> None:
    path = unpack(bundle(ledger(), ALL), tmp_path / "bundle")
    for size, words in (
        (217, "is of the same size 217 and has the same root"),
        (128, "is of size 128, and the entries here had its root at that size"),
        (101, "is of size 101, and the entries here had its root at that size"),
        (1, "is of size 1, and the entries here had its root at that size"),
    ):
        code, said = verify_everywhere(path, "--checkpoint", _checkpoint(tmp_path, size))
        assert code == 0, said
        assert words in said
        assert "(--checkpoint)" not in said


def test_witnessed_checkpoint_that_cannot_be_compared_is_told(tmp_path: Path) -> None:
    path = unpack(bundle(ledger(), Asked()), tmp_path / "bundle")
    newer = slow_log.checkpoint_text(ledger().origin, 300, b"r" * 32, b"i" * 32)
    for witness in (_checkpoint(tmp_path, 106), _checkpoint(tmp_path, 300, newer)):
        code, said = verify(path, "--checkpoint", witness)
        assert code == 0
        assert "cannot be compared" in said
        assert "compare a witness's checkpoint (--checkpoint)" in said


@pytest.mark.parametrize("size", [217, 128, 101])
def test_witnessed_checkpoint_of_another_history_is_a_finding(size: int, tmp_path: Path) -> None:
    path = unpack(bundle(ledger(), ALL), tmp_path / "bundle")
    other = slow_log.checkpoint_text(ledger().origin, size, b"r" * 32, ledger().index.root)
    code, said = verify_everywhere(path, "--checkpoint", _checkpoint(tmp_path, size, other))
    assert code == 1
    assert f"has another root {'for the same' if size == 217 else 'at'} size {size}" in said


def test_witnessed_checkpoint_of_another_ledger_or_key_is_a_finding(tmp_path: Path) -> None:
    path = unpack(bundle(ledger(), ALL), tmp_path / "bundle")
    foreign = slow_log.checkpoint_text("elsewhere.example.org", 217, b"r" * 32, b"i" * 32)
    code, said = verify(path, "--checkpoint", _checkpoint(tmp_path, 217, foreign))
    assert (code, "is of another ledger: elsewhere.example.org" in said) == (1, True)
    unknown = tmp_path / "unknown.txt"
    unknown.write_text(Signer(9).note(ledger().text()))
    code, said = verify(path, "--checkpoint", unknown)
    assert (code, "signed by none of the keys" in said) == (1, True)


def test_verifier_is_written_for_python_3_8_and_its_library_alone() -> None:
    tree = ast.parse(VERIFIER.read_text(), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {
        *("__future__", "argparse", "base64", "binascii", "collections.abc", "hashlib", "json", "operator", "os"),
        *("pathlib", "re", "struct", "sys", "typing", "zipfile", "zlib"),
    }


def test_something_else_than_a_bundle_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("no zip")
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "manifest.json").write_text(json.dumps({"format": "tollgate-evidence-v2"}))
    for name, words in (
        ("empty", "There is no manifest.json"),
        ("note.txt", "is not a ZIP file"),
        ("nowhere", "There is no file or folder"),
        ("json", "is not of the format tollgate-evidence-v1"),
    ):
        code, said = verify_everywhere(tmp_path / name)
        assert (code, said.startswith("VERDICT: this cannot be read."), words in said) == (2, True, True), said


def test_zip_cut_off_cannot_be_read(tmp_path: Path) -> None:
    packed = pack(bundle(ledger(), Asked()), tmp_path / "bundle")
    whole = packed.read_bytes()
    for kept in (0, 4, 1000, len(whole) // 2, len(whole) - 1):
        packed.write_bytes(whole[:kept])
        code, said = verify(packed)
        assert (code, "is not a ZIP file, or it is damaged or cut off" in said) == (2, True), said
    shutil.rmtree(tmp_path / "bundle")
