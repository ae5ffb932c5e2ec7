"""Whatever is done to a bundle, the verifier exits with 1 and names the entry or the file, under every Python.

The ledger has 217 entries; those of late-arrival are 4, 11, 18 … 214, which makes 31. "Recomputed" means: by somebody
who has the bundle and knows the format, but not the signing key.
"""

import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.support import slow_log
from tests.support.bundles import (
    ALL,
    LATE_CHAIN,
    Asked,
    Files,
    bundle,
    cover,
    keys_of,
    ledger,
    manifest,
    packed,
    unpack,
    unpacked,
    verify,
    verify_everywhere,
    with_manifest,
)
from tests.support.slow_log import Signer, canonical

LATE = ledger().chains[LATE_CHAIN]
ENTRIES, PROOF, OTHERS, PERSONAL = "entries.ndjson.gz", "proof.txt.gz", "others.txt.gz", "personal.ndjson.gz"


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def entries(files: Files) -> list[bytes]:
    return unpacked(files[ENTRIES])


def with_entries(files: Files, lines: list[bytes], leaves: bool = True, numbers: list[int] | None = None) -> Files:
    """The files with these entries, and all that can be recomputed: leaves.bin, the cover, the manifest."""
    files = {**files, ENTRIES: packed(lines)}
    if leaves:
        files["leaves.bin"] = b"".join(slow_log.leaf_hash(line) for line in lines)
    if numbers is not None:
        parts = cover(ledger(), set(numbers), set())
        files[PROOF] = packed([f"{start} {level} {hashed.hex()}".encode() for start, level, hashed in parts])
    return with_manifest(files, entries=len(lines))


def judge(files: Files, folder: Path, *named: str) -> str:
    """The finding that everyone prints; each of ``named`` stands in it."""
    code, said = verify_everywhere(unpack(files, folder))
    assert code == 1, said
    found = "\n".join(line for line in said.splitlines() if line.startswith("FAILS"))
    for words in named:
        assert words in found, said
    assert said.splitlines()[-1].startswith("VERDICT: this does NOT hold. "), said
    return found


@pytest.mark.parametrize("name", sorted(set(bundle(ledger(), Asked())) - {"manifest.json"}))
def test_flipped_byte_names_the_file(name: str, tmp_path: Path) -> None:
    files = bundle(ledger(), Asked(first=12, pruned={18}))
    files[name] = flipped(files[name], len(files[name]) // 2)
    judge(files, tmp_path, f"{name} was altered: its SHA-256 is not the one that the manifest lists.")


def test_flipped_byte_of_the_packed_entries_names_the_first_entry_that_is_not_whole(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    damaged = {**files, ENTRIES: flipped(files[ENTRIES], len(files[ENTRIES]) * 2 // 3)}
    found = judge(with_manifest(damaged), tmp_path, "entry")
    whole = entries(files)
    named = re.search(r"entry (\d+)", found)
    assert named is not None
    assert int(named[1]) in LATE[3:]
    assert len(whole) == 31


@pytest.mark.parametrize("recomputed", [False, True], ids=["as it is", "manifest recomputed"])
@pytest.mark.parametrize("asked", [Asked(), ALL], ids=["model", "all"])
def test_altered_entry_is_named(asked: Asked, recomputed: bool, tmp_path: Path) -> None:
    files = bundle(ledger(), asked)
    lines = entries(files)
    at = 10 if asked.chain else LATE[10] - 1
    lines[at] = lines[at].replace(b"approvals.request.decided", b"approvals.request.decideD")
    files[ENTRIES] = packed(lines)
    files = with_manifest(files) if recomputed else files
    behind = LATE[9] if asked.chain else LATE[10] - 1
    found = judge(
        files,
        tmp_path,
        f"Entry {LATE[10]} (line {at + 1}, behind entry {behind}) is not as it was sealed: "
        "the hash that leaves.bin lists leads to the signed root, and its bytes give another.",
    )
    assert ("entries.ndjson.gz was altered" in found) is not recomputed


def test_two_altered_entries_are_named_and_counted(tmp_path: Path) -> None:
    files = bundle(ledger(), ALL)
    lines = [line.replace(b'"It fits."', b'"No."') if 30 <= at < 33 else line for at, line in enumerate(entries(files))]
    changed = sum(b'"No."' in line for line in lines)
    files[ENTRIES] = packed(lines)
    judge(
        with_manifest(files), tmp_path, f"is not as it was sealed, nor {'is' if changed == 2 else 'are'} {changed - 1}"
    )


def test_altered_list_of_hashes_is_told_from_an_altered_entry(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    files["leaves.bin"] = flipped(files["leaves.bin"], 32 * 10)
    found = judge(
        with_manifest(files),
        tmp_path,
        f"leaves.bin was altered: it lists another hash for entry {LATE[10]} (line 11, behind entry {LATE[9]})",
    )
    assert len(found.splitlines()) == 1


def test_entry_altered_with_everything_recomputed_does_not_fold_to_what_is_signed(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    lines = entries(files)
    lines[10] = lines[10].replace(b"approvals.request.decided", b"approvals.request.decideD")
    judge(
        with_entries(files, lines),
        tmp_path,
        "The entries of model late-arrival do not fold to the head that the sealed index has: one of them was altered.",
        "The entries and proof.txt.gz do not fold to the signed root",
    )


@pytest.mark.parametrize("place", [0, 6, 30])
def test_left_out_entry_is_named_with_everything_recomputed(place: int, tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    numbers = [number for number in LATE if number != LATE[place]]
    lines = [line for at, line in enumerate(entries(files)) if at != place]
    where = {
        0: f"it lies before entry {LATE[1]}",
        6: f"it lies between entries {LATE[5]} and {LATE[7]}",
        30: f"it comes after entry {LATE[29]}",
    }[place]
    found = judge(
        with_entries(files, lines, numbers=numbers),
        tmp_path,
        f"Entry {place + 1} of 31 of model late-arrival is missing: {where}.",
    )
    assert len(found.splitlines()) == 1, "the tree itself is whole: only the chain misses the entry"


def test_left_out_entries_are_all_counted(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    kept = [at for at in range(31) if at not in {6, 7, 8, 20}]
    judge(
        with_entries(files, [entries(files)[at] for at in kept], numbers=[LATE[at] for at in kept]),
        tmp_path,
        f"Entries 7 to 9 of 31 of model late-arrival are missing: they lie between entries {LATE[5]} and {LATE[9]}. "
        "In all, 4 are missing.",
    )


def test_left_out_entry_without_recomputing_is_named(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    lines = [line for at, line in enumerate(entries(files)) if at != 6]
    judge(
        {**files, ENTRIES: packed(lines)},
        tmp_path,
        f"Entry {LATE[6]} is missing: neither content nor hash is here.",
        f"entries.ndjson.gz does not hold what leaves.bin lists before entry {LATE[7]}",
        f"Entry 7 of 31 of model late-arrival is missing: it lies between entries {LATE[5]} and {LATE[7]}.",
    )


def test_entry_left_out_of_the_whole_ledger_is_named(tmp_path: Path) -> None:
    files = bundle(ledger(), ALL)
    numbers = [number for number in range(1, 218) if number != 99]
    lines = [entries(files)[number - 1] for number in numbers]
    judge(with_entries(files, lines), tmp_path / "no hash", "Entry 99 is missing: neither content nor hash is here.")
    judge(
        with_entries(files, lines, numbers=numbers),
        tmp_path / "hash",
        "Entry 99 is missing: only a hash is here, and no period was asked for.",
    )


def test_entry_left_out_of_a_period_is_named(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked("all", None, "", first=50, last=150))
    numbers = [number for number in range(50, 151) if number != 99]
    lines = [ledger().leaves[number - 1] for number in numbers]
    words = "Entry 99 is missing: only a hash is here, and the period is entries 50 to 150."
    judge(with_entries(files, lines, numbers=numbers), tmp_path, words)


def test_entry_kept_back_as_outside_of_the_period_is_named(tmp_path: Path) -> None:
    number, where = LATE[10], tmp_path
    for asked, words in (
        (Asked(first=20, last=200), "and the period is entries"),
        (Asked(), "and no period was asked"),
    ):
        files = bundle(ledger(), Asked(asked.kind, asked.id, asked.name, asked.first, asked.last, pruned={number}))
        files[OTHERS] = packed([line.replace(b" pruned", b" period") for line in unpacked(files[OTHERS])])
        where = where / "next"
        judge(with_manifest(files), where, f"Entry {number} is missing: only a hash is here, {words}")


@pytest.mark.parametrize("asked", [Asked(), ALL], ids=["model", "all"])
def test_newest_ten_cut_are_named(asked: Asked, tmp_path: Path) -> None:
    files = bundle(ledger(), asked)
    lines = entries(files)[:-10]
    if asked.chain:
        words = f"Entries 22 to 31 of 31 of model late-arrival are missing: they come after entry {LATE[20]}."
        judge(with_entries(files, lines, numbers=LATE[:-10]), tmp_path, words)
    else:
        judge(with_entries(files, lines), tmp_path, "Entries 208 to 217 are missing: neither content nor hash is here.")


def test_newest_ten_cut_under_an_older_checkpoint_do_not_agree_with_a_witness(tmp_path: Path) -> None:
    """A bundle of yesterday is a true one: only a newer checkpoint in other hands shows that there is more."""
    witness = tmp_path / "witness.txt"
    witness.write_text(Signer().note(ledger(217).text()))
    folder = unpack(bundle(ledger(207), ALL), tmp_path / "bundle")
    code, said = verify(folder, "--checkpoint", witness)
    assert code == 0
    assert f"{witness} cannot be compared: it is of size 217, this bundle of size 207." in said


@pytest.mark.parametrize("asked", [Asked(), ALL], ids=["model", "all"])
def test_swapped_entries_are_named(asked: Asked, tmp_path: Path) -> None:
    files = bundle(ledger(), asked)
    lines = entries(files)
    lines[7], lines[8] = lines[8], lines[7]
    number, other = (LATE[7], LATE[8]) if asked.chain else (8, 9)
    words = f"entries.ndjson.gz, line 9: entry {number} stands behind entry {other}: not in order."
    judge({**files, ENTRIES: packed(lines)}, tmp_path / "as it is", words, "entries.ndjson.gz was altered")
    judge(with_entries(files, lines), tmp_path / "recomputed", words)


def test_swapped_entries_that_swapped_their_numbers_too_do_not_fold(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    lines = entries(files)
    tails = [line[line.rindex(b',"chains":') :] for line in lines]
    lines[7], lines[8] = lines[8].replace(tails[8], tails[7]), lines[7].replace(tails[7], tails[8])
    judge({**files, ENTRIES: packed(lines)}, tmp_path / "as it is", f"Entry {LATE[7]} (line 8, behind entry {LATE[6]})")
    judge(
        with_entries(files, lines), tmp_path / "recomputed", "do not fold to the head", "do not fold to the signed root"
    )


def test_entry_put_in_twice_or_from_another_ledger_is_named(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    lines = entries(files)
    twice = [*lines[:8], lines[7], *lines[8:]]
    judge(with_entries(files, twice), tmp_path / "twice", f"entry {LATE[7]} stands behind entry {LATE[7]}")
    beyond = [*lines, lines[-1].replace(b'"number":214}', b'"number":999}')]
    judge(with_entries(files, beyond), tmp_path / "beyond", "there is no entry 999 in a ledger of 217")
    foreign = [*lines[:5], ledger().leaves[LATE[4]], *lines[5:]]
    words = f"entry {LATE[4] + 1} (line 6, behind entry {LATE[4]}) does not belong to model late-arrival"
    judge(with_entries(files, foreign), tmp_path / "foreign", words)


def test_checkpoint_of_another_key_is_a_finding(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    files["checkpoint.txt"] = Signer(2).note(ledger().text()).encode()
    judge(with_manifest(files), tmp_path, "checkpoint.txt is signed by none of the keys of this ledger.")


def test_checkpoint_and_keys_of_another_key_do_not_fit_the_key_that_the_auditor_holds(tmp_path: Path) -> None:
    """Somebody who replaces everything has a bundle that agrees with itself: this is what --key is for."""
    folder = unpack(bundle(ledger(), Asked(), signer=Signer(2)), tmp_path)
    code, said = verify_everywhere(folder, "--key", Signer(1).vkey)
    assert code == 1
    label = f"{ledger().origin}+{Signer(1).id.hex()}"
    assert f"your key {label} is not among its keys." in said


def test_altered_checkpoint_is_named(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    other = slow_log.checkpoint_text(ledger().origin, 217, slow_log.root(ledger().leaves), b"i" * 32)
    signature = files["checkpoint.txt"].decode().split("\n\n")[1]
    files["checkpoint.txt"] = f"{other}\n{signature}".encode()
    judge(
        with_manifest(files),
        tmp_path,
        "checkpoint.txt was altered: the signature of key",
        "does not hold over its text",
    )


def test_signature_with_s_beyond_the_order_is_refused(tmp_path: Path) -> None:
    """S + L is the same number to the curve: a second signature over the same text that nobody made."""
    import base64

    files = bundle(ledger(), Asked())
    text, line = files["checkpoint.txt"].decode().rsplit(" ", 1)
    raw = base64.b64decode(line)
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(raw[-32:], "little") + order
    forged = base64.b64encode(raw[:-32] + s.to_bytes(32, "little")).decode()
    files["checkpoint.txt"] = f"{text} {forged}\n".encode()
    judge(with_manifest(files), tmp_path, "checkpoint.txt was altered")


KEYS: dict[str, tuple[Callable[[list], list], str]] = {
    "hand-over missing": (
        lambda rows: [rows[0], {**rows[1], "handover": ""}],
        "the hand-over from key * to key * is missing",
    ),
    "hand-over by the new key alone": (
        lambda rows: [rows[0], {**rows[1], "handover": "\n".join(_without_line(rows[1]["handover"], 0))}],
        "is not signed by the old key",
    ),
    "hand-over by the old key alone": (
        lambda rows: [rows[0], {**rows[1], "handover": "\n".join(_without_line(rows[1]["handover"], 1))}],
        "is not signed by the new key",
    ),
    "an old checkpoint with the new key's name under it": (
        lambda rows: [rows[0], {**rows[1], "handover": _cosigned()}],
        "does not name this key, this ledger and this size",
    ),
    "hand-over of another size": (
        lambda rows: [{**rows[0], "until_size": 21}, {**rows[1], "since_size": 21}],
        "does not name this key, this ledger and this size",
    ),
    "first key left out": (lambda rows: [rows[0]], "the newest key, *, ends at size 20: a key is missing"),
    "a hole between the keys": (
        lambda rows: [rows[0], {**rows[1], "since_size": 21}],
        "does not begin where key * ends",
    ),
    "no keys": (lambda rows: [], "keys.json is not a list of keys"),
    "a key whose id does not fit": (
        lambda rows: [rows[0], {**rows[1], "vkey": rows[1]["vkey"].replace("+", "+0", 1)}],
        "this is not a verifier key of Ed25519, or its id does not fit",
    ),
    "not numbers": (lambda rows: [{**rows[0], "since_size": "0"}, rows[1]], "since_size is not a whole number"),
}


def _without_line(note: str, at: int) -> list[str]:
    lines = note.split("\n")
    first = lines.index("") + 1
    del lines[first + at]
    return lines


def _cosigned() -> str:
    text = ledger().text()
    return Signer(1).note(text) + Signer(2).line(text)


@pytest.mark.parametrize("case", KEYS)
def test_keys_that_do_not_lead_to_one_another_are_named(case: str, tmp_path: Path) -> None:
    change, words = KEYS[case]
    rows = keys_of(Signer(1), Signer(2), sizes=(20,))
    files = bundle(ledger(), Asked(), Signer(2), rows)
    found = judge(with_manifest({**files, "keys.json": canonical(change(rows))}), tmp_path)
    assert re.search(re.escape(words).replace(r"\*", r"\S+"), found), found


def test_checkpoint_signed_by_a_key_that_had_handed_over_is_a_finding(tmp_path: Path) -> None:
    rows = keys_of(Signer(1), Signer(2), sizes=(20,))
    judge(bundle(ledger(), Asked(), Signer(1), rows), tmp_path, "which was not in use at size 217")


def test_altered_index_is_named(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    raw = json.loads(files["index.json"])
    words = "index.json was altered: rows and path do not lead to the signed root of the index."
    row = next(row for row in raw["rows"] if row[0] == LATE_CHAIN)
    for name, changed in {
        "count": {**raw, "rows": [[LATE_CHAIN, 30, row[2]]]},
        "head": {**raw, "rows": [[LATE_CHAIN, 31, "0" * 64]]},
        "row left out": {**raw, "rows": []},
        "path": {**raw, "path": [*raw["path"][1:], raw["path"][0]]},
        "path cut": {**raw, "path": raw["path"][1:]},
    }.items():
        judge(with_manifest({**files, "index.json": canonical(changed)}), tmp_path / name, words)
    other = canonical(ledger().index.proof("model:00000000-0000-0000-0000-000000000000"))
    judge(with_manifest({**files, "index.json": other}), tmp_path / "other", "model late-arrival does not belong")
    judge(
        with_manifest({**files, "index.json": b"{}"}),
        tmp_path / "empty",
        "index.json is damaged: it has no rows and path",
    )


def test_left_out_entry_and_lowered_count_are_named(tmp_path: Path) -> None:
    """The whole forgery: the last entry is gone, and the index row says 30 with the head of 30."""
    files = bundle(ledger(), Asked())
    raw = json.loads(files["index.json"])
    head = slow_log.chain_head([ledger().hashes[number - 1] for number in LATE[:-1]])
    raw["rows"] = [[LATE_CHAIN, 30, head.hex()] if row[0] == LATE_CHAIN else row for row in raw["rows"]]
    files = with_entries({**files, "index.json": canonical(raw)}, entries(files)[:-1], numbers=LATE[:-1])
    judge(files, tmp_path, "index.json was altered")


def test_altered_cover_is_named(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    lines = unpacked(files[PROOF])
    swapped = [*lines[:5], lines[5][:-1] + (b"0" if lines[5][-1:] != b"0" else b"1"), *lines[6:]]
    words = (
        "proof.txt.gz was altered: the entries fold to the sealed chain, but not with its hashes to the signed root."
    )
    judge(with_manifest({**files, PROOF: packed(swapped)}), tmp_path / "hash", words)
    start = int(lines[5].split()[0])
    for name, changed, words in (
        ("hole", [*lines[:5], *lines[6:]], "missing: neither content nor hash is here"),
        ("twice", [*lines[:6], *lines[5:]], f"proof.txt.gz: the hash at {start}, level"),
        ("garbage", [*lines[:5], b"hello", *lines[6:]], "proof.txt.gz, line 6: this is not a hash of the tree"),
        ("garbage first", [b"\xff", *lines], "proof.txt.gz, line 1: this is not a hash of the tree"),
        ("more", [*lines, f"217 0 {'0' * 64}".encode()], "proof.txt.gz: the hash at 217 lies outside of the tree"),
    ):
        judge(with_manifest({**files, PROOF: packed(changed)}), tmp_path / name, words)


def test_altered_hashes_of_others_are_named(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked(first=50, last=150))
    lines = unpacked(files[OTHERS])
    number, place, hashed, why = lines[3].split()
    other = sha256(b"").hexdigest().encode()
    agree = f"others.txt.gz and proof.txt.gz do not agree on entry {int(number)}."
    behind, due = LATE[4], LATE[2]
    for name, line, words in (
        ("hash", b" ".join((number, place, other, why)), agree),
        ("number", b" ".join((str(int(number) + 1).encode(), place, hashed, why)), "do not agree on entry"),
        ("position", b" ".join((number, b"7", hashed, why)), "Entries 4 to 6 of 31 of model late-arrival are missing"),
        ("position again", b" ".join((number, b"3", hashed, why)), f"Entry {LATE[3]} says that it is 3 of"),
        ("garbage", b"1 2 3", "others.txt.gz, line 4: this is not the hash of an entry"),
    ):
        changed = packed([*lines[:3], line, *lines[4:]])
        judge(with_manifest({**files, OTHERS: changed}), tmp_path / name, words)
    left_out = packed([*lines[:3], *lines[4:]])
    words = f"Entry 4 of 31 of model late-arrival is missing: it lies between entries {due} and {behind}."
    judge(with_manifest({**files, OTHERS: left_out}), tmp_path / "left out", words)
    backward = packed([lines[1], lines[0], *lines[2:]])
    judge(
        with_manifest({**files, OTHERS: backward}),
        tmp_path / "backward",
        "others.txt.gz, line 2: entry 4 stands behind",
    )


def test_altered_personal_value_is_named_with_its_entry_and_not_printed(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    rows = [json.loads(line) for line in unpacked(files[PERSONAL])]
    changed = [canonical({**rows[0], "value": "Mallory"}), *map(canonical, rows[1:])]
    sign = rows[0]["commitment"]
    number = next(n for n in LATE if sign.encode() in ledger().leaves[n - 1])
    found = judge(
        with_manifest({**files, PERSONAL: packed(changed)}),
        tmp_path / "value",
        f"personal.ndjson.gz, line 1 was altered: value and salt do not fit {sign}, which stands in entry {number}.",
    )
    assert "Mallory" not in found
    salted = [canonical({**rows[0], "salt": "00" * 16}), *map(canonical, rows[1:])]
    judge(
        with_manifest({**files, PERSONAL: packed(salted)}), tmp_path / "salt", "personal.ndjson.gz, line 1 was altered"
    )


def test_personal_value_that_no_entry_commits_to_is_named(tmp_path: Path) -> None:
    from tests.support.bundles import commitment

    files = bundle(ledger(), Asked())
    more = {"commitment": commitment(b"z" * 16, "Nobody"), "salt": (b"z" * 16).hex(), "value": "Nobody"}
    rows = sorted([*unpacked(files[PERSONAL]), canonical(more)])
    judge(with_manifest({**files, PERSONAL: packed(rows)}), tmp_path / "more", "no entry here commits to this value")
    backward = unpacked(files[PERSONAL])[::-1]
    judge(
        with_manifest({**files, PERSONAL: packed(backward)}), tmp_path / "backward", "the commitments are not in order"
    )
    judge(
        with_manifest({**files, PERSONAL: packed([b"[]"])}),
        tmp_path / "garbage",
        "personal.ndjson.gz, line 1 is damaged",
    )


MANIFEST: dict[str, tuple[dict[str, Any], str]] = {
    "size": ({"size": 218}, "manifest.json and checkpoint.txt do not agree"),
    "origin": ({"origin": "elsewhere"}, "manifest.json and checkpoint.txt do not agree"),
    "as_of": ({"as_of": "2031-01-01T00:00:00.000000+00:00"}, "as_of is not the time of entry 217"),
    "entries": ({"entries": 216}, "entries.ndjson.gz holds 217 entries, and the manifest says 216."),
    "period": ({"first": 1, "last": 216, "since": "2013-07-08"}, "Entry 217 lies outside of 1 to 216"),
}


@pytest.mark.parametrize("case", MANIFEST)
def test_altered_manifest_is_named(case: str, tmp_path: Path) -> None:
    changes, words = MANIFEST[case]
    files = bundle(ledger(), ALL)
    judge(with_manifest(files, {**manifest(files), **changes}), tmp_path, words)


@pytest.mark.parametrize("name", sorted(set(bundle(ledger(), Asked())) - {"manifest.json"}))
def test_missing_file_is_named(name: str, tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    del files[name]
    judge(files, tmp_path / "listed", f"{name} is missing: the manifest lists it.")
    if name not in {"report.pdf", "documents/model card.md", "verify.py"}:
        judge(
            with_manifest(files), tmp_path / "unlisted", f"manifest.json does not list {name}.", f"{name} is missing."
        )


def test_garbage_among_the_entries_is_named(tmp_path: Path) -> None:
    files = bundle(ledger(), Asked())
    lines = entries(files)
    form = "it does not have the form of an entry"
    for name, line, words in (
        ("garbage", b"\x00\xff hello", f"the entry in line 9, behind entry {LATE[7]}, is damaged: {form}"),
        ("empty", b"", f"the entry in line 9, behind entry {LATE[7]}, is damaged: {form}"),
        ("other JSON", b'{"number":7}', f"the entry in line 9, behind entry {LATE[7]}, is damaged: {form}"),
        ("other begin", b"[" + lines[8][1:], f"entry {LATE[8]} (line 9, behind entry {LATE[7]}) is damaged: {form}"),
    ):
        changed = [*lines[:8], line, *lines[9:]]
        judge(with_entries(files, changed), tmp_path / name, words, f"What follows entry {LATE[7]} was not checked")


def test_entries_that_end_too_early_are_named(tmp_path: Path) -> None:
    import gzip

    files = bundle(ledger(), Asked())
    data = files[ENTRIES]
    whole = gzip.decompress(data)
    for name, cut, words in (
        ("packed", data[:-40], "entries.ndjson.gz is damaged: it ends too early."),
        ("nothing", b"", "entries.ndjson.gz is damaged: it ends too early."),
        ("line", gzip.compress(whole[:-9], mtime=0), "entries.ndjson.gz is damaged: its last line does not end."),
        ("more", data + b"more", "entries.ndjson.gz is damaged: its packed bytes cannot be read."),
    ):
        judge(with_manifest({**files, ENTRIES: cut}), tmp_path / name, words)


def test_unsafe_names_are_refused(tmp_path: Path) -> None:
    import zipfile

    for at, name in enumerate(("../evil.txt", "/etc/evil", "a\\b", "C:evil", "a//b", "a/./b")):
        path = tmp_path / f"{at}.zip"
        with zipfile.ZipFile(path, "w") as file:
            for member, data in bundle(ledger(), Asked()).items():
                file.writestr(member, data)
            file.writestr(name, b"evil")
        code, said = verify_everywhere(path)
        assert code == 1
        assert f"The ZIP holds a file with an unsafe name: {name!r}. Do not unpack it." in said
    listed = with_manifest(bundle(ledger(), Asked()))
    said_to_be = manifest(listed)
    said_to_be["files"]["../../../../../../etc/passwd"] = "0" * 64
    listed["manifest.json"] = canonical(said_to_be)
    judge(
        listed, tmp_path / "folder", "manifest.json lists a file with an unsafe name: '../../../../../../etc/passwd'."
    )


def test_file_that_stands_twice_in_the_zip_is_named(tmp_path: Path) -> None:
    import warnings
    import zipfile

    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for member, data in bundle(ledger(), Asked()).items():
            file.writestr(member, data)
        file.writestr("checkpoint.txt", b"other")
    code, said = verify_everywhere(path)
    assert (code, "The ZIP holds checkpoint.txt more than once." in said) == (1, True)


def test_zip_that_was_packed_again_says_so_and_its_folder_verifies(tmp_path: Path) -> None:
    import zipfile

    files = bundle(ledger(), Asked())
    path = tmp_path / "again.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member, data in files.items():
            file.writestr(member, data)
    code, said = verify_everywhere(path)
    assert code == 1
    assert "If somebody only packed it again, unpack it and check the folder." in said
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "folder")
    assert verify(tmp_path / "folder")[0] == 0
