"""One byte changed, anywhere: the verifier notices it, and whatever it is given, it answers with sentences."""

import contextlib
import gzip
import io
import random
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.exports.verifier.verify import main
from tests.support.bundles import ALL, Asked, Files, bundle, ledger, pack, packed, unpack, unpacked, with_manifest

ENTRIES = "entries.ndjson.gz"
UNEXPECTED = re.compile(r"\w+(Error|Exception): ")  # the last resort of main(): the verifier did not foresee it
COMPRESSED = (ENTRIES, "proof.txt.gz", "others.txt.gz", "personal.ndjson.gz")


def said_of(path: Path) -> tuple[int, str]:
    """Exit code and output of the verifier, run in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([str(path)])
    return code, out.getvalue()


@cache
def honest(kind: str) -> Files:
    return bundle(ledger(57), Asked(first=5, last=40, pruned={18}) if kind == "model" else ALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@cache
def zipped(place: Path) -> bytes:
    return pack(honest("model"), place / "honest").read_bytes()


def test_each_byte_between_the_files_of_the_zip_counts(place: Path) -> None:
    """Signatures, versions, flags, times, checksums, sizes, names and places in the ZIP's own structure."""
    whole = zipped(place)
    begins = [at for at in range(len(whole)) if whole[at : at + 4] == b"PK\x03\x04"]
    table = whole.index(b"PK\x01\x02")
    assert len(begins) == 12
    sampled = random.Random(1).sample(range(table, len(whole) - 22), 60)
    for at in (*range(begins[3], begins[3] + 40), *sampled, *range(len(whole) - 22, len(whole))):
        _hold_to_be_noticed(place, whole, at, 1)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
def test_any_byte_of_the_zip_counts(place: Path, data: st.DataObject) -> None:
    whole = zipped(place)
    _hold_to_be_noticed(place, whole, data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255)))


def _hold_to_be_noticed(place: Path, whole: bytes, at: int, bits: int) -> None:
    path = place / "changed.zip"
    path.write_bytes(whole[:at] + bytes([whole[at] ^ bits]) + whole[at + 1 :])
    code, said = said_of(path)
    assert code in {1, 2}, (at, said)
    assert said.splitlines()[-1].startswith("VERDICT: this "), said
    assert not UNEXPECTED.search(said), (at, said)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
def test_any_byte_of_an_entry_names_that_entry(place: Path, data: st.DataObject) -> None:
    """Also when the manifest was recomputed: the first sentence that fails names the entry by number or place."""
    files = dict(honest("all"))
    lines = unpacked(files[ENTRIES])
    row = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[row]) - 1))
    new = data.draw(st.integers(0, 255).filter(lambda value: value not in {lines[row][at], 10}))
    lines[row] = lines[row][:at] + bytes([new]) + lines[row][at + 1 :]
    files[ENTRIES] = packed(lines)
    code, said = said_of(unpack(with_manifest(files), place / "entry"))
    assert code == 1
    first = next(line for line in said.splitlines() if line.startswith("FAILS"))
    assert f"line {row + 1}" in first, said
    assert "ntry" in first


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
def test_any_content_of_any_file_is_answered_in_sentences(place: Path, data: st.DataObject) -> None:
    files = dict(honest("model"))
    name = data.draw(st.sampled_from(sorted(set(files) - {"report.pdf", "verify.py", "documents/model card.md"})))
    content = gzip.decompress(files[name]) if name in COMPRESSED else files[name]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 40)))
        put = data.draw(
            st.one_of(st.binary(max_size=20), st.sampled_from([b"[[[[", b"{}", b"null", b"-1", b"9" * 30, b"\n"]))
        )
        content = content[:start] + put + content[end:]
    files[name] = gzip.compress(content, mtime=0) if name in COMPRESSED else content
    recomputed = name != "manifest.json" and data.draw(st.booleans())
    harmless = (
        recomputed or name == "manifest.json" or files[name] == honest("model")[name]
    )  # say, a space more in JSON
    code, said = said_of(unpack(with_manifest(files) if recomputed else files, place / "content"))
    assert code in ({0, 1, 2} if harmless else {1, 2}), said
    assert said.splitlines()[-1].startswith("VERDICT: ")
    assert not UNEXPECTED.search(said), said


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_file_at_all_is_answered_in_sentences(place: Path, content: bytes) -> None:
    path = place / "anything"
    path.write_bytes(content)
    code, said = said_of(path)
    assert (code, said.startswith("VERDICT: this cannot be read.")) == (2, True)
