"""Checkpoints are C2SP signed notes: what is parsed is what was signed, and nothing else passes."""

import base64
import hashlib
from pathlib import Path

import pytest

from audit.ledger import signing
from audit.ledger.domain import note

POINT = note.Checkpoint("example.org/log", 3, b"\x01" * 32, b"\x02" * 32)


@pytest.fixture
def signer(tmp_path: Path) -> signing.Signer:
    signing.make(tmp_path / "one.key")
    return signing.load("example.org/log", tmp_path / "one.key")


def test_text_has_the_lines_of_the_specification() -> None:
    root, index = base64.b64encode(b"\x01" * 32).decode(), base64.b64encode(b"\x02" * 32).decode()
    assert POINT.text() == f"example.org/log\n3\n{root}\ntollgate-index-v1 {index}\n"


def test_key_id_is_the_hash_of_name_kind_and_key(signer: signing.Signer) -> None:
    expected = hashlib.sha256(b"example.org/log\n\x01" + signer.public).digest()[:4]
    assert signer.key_id == expected
    key = base64.b64encode(b"\x01" + signer.public).decode()
    assert signer.vkey == f"example.org/log+{expected.hex()}+{key}"
    assert note.public_of(signer.vkey) == ("example.org/log", signer.public)


def test_signed_checkpoint_is_read_back(signer: signing.Signer) -> None:
    signed = signer.note(POINT.text())
    assert signing.check(signed, [signer.vkey]) == POINT
    assert signed.startswith(POINT.text() + "\n— example.org/log ")


@pytest.mark.parametrize("changed", ["\n3\n", "example.org", "tollgate-index-v1 A"])
def test_changed_text_does_not_pass(signer: signing.Signer, changed: str) -> None:
    signed = signer.note(POINT.text())
    forged = signed.replace(changed, changed.replace("3", "4").replace("org", "com").replace("1 A", "1 B"), 1)
    assert forged != signed
    with pytest.raises(note.NoteError):
        signing.check(forged, [signer.vkey])


def test_signature_of_another_key_does_not_pass(signer: signing.Signer, tmp_path: Path) -> None:
    signing.make(tmp_path / "two.key")
    other = signing.load("example.org/log", tmp_path / "two.key")
    with pytest.raises(note.NoteError, match="None of the known keys"):
        signing.check(other.note(POINT.text()), [signer.vkey])


@pytest.mark.parametrize(
    "text",
    ["", "no note", "a\n3\n\n", "a\n03\nAAAA\n\n— a AAAAAAAA\n", "a\n3\nnot base64!\n\n— a AAAAAAAA\n", "a\n\n— a x\n"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(note.NoteError):
        note.checkpoint_of(text)


@pytest.mark.parametrize("text", ["", "name", "name+00+AA", "name+00000000+AQ=="])
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(note.NoteError):
        note.public_of(text)


def test_key_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    signing.make(tmp_path / "one.key")
    before = (tmp_path / "one.key").read_bytes()
    signing.make(tmp_path / "one.key")
    assert (tmp_path / "one.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "one.key").read_bytes() == before
