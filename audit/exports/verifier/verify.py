#!/usr/bin/env python3
"""Checks a Tollgate evidence bundle without Tollgate: one file, Python 3.8 or newer, standard library only, offline.

    python3 verify.py [BUNDLE.zip | FOLDER] [--key VKEY] [--checkpoint FILE]
    python3 verify.py --proof FILE [--key VKEY]          one entry lies in the ledger
    python3 verify.py --consistency FILE [--key VKEY]    a later ledger continues an earlier one

Without a bundle it checks the folder that it lies in. It prints in sentences what it checked. It exits with 0 when
everything holds, with 1 when something does not (the sentence names the entry or the file), with 2 when it cannot
read what it was given. --key: the verifier key that you got by another way than with the bundle. --checkpoint: a
checkpoint that somebody else kept.

Sources: Merkle tree RFC 6962 and RFC 9162 section 2.1; Ed25519 RFC 8032 section 5.1.7; notes C2SP signed-note and
tlog-checkpoint; JSON RFC 8785; gzip RFC 1952; ZIP APPNOTE.TXT 6.3.10. Memory grows with the number of files and of
different personal values, never with the number of entries.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import operator
import os
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, BinaryIO

FORMAT = "tollgate-evidence-v1"
ENTRIES, PERSONAL, OTHERS, COVER = "entries.ndjson.gz", "personal.ndjson.gz", "others.txt.gz", "proof.txt.gz"
NEEDED = ("checkpoint.txt", ENTRIES, "index.json", "keys.json", "leaves.bin", OTHERS, PERSONAL, COVER)
KINDS = {"model": "model ", "use_case": "use case ", "team": "team ", "all": ""}
SIZE = 32  # bytes of a SHA-256
EMPTY = sha256(b"").digest()
PIECE = 1 << 15  # bytes that are read or unpacked at once: they stay in the cache, and the memory is used again
LONGEST_LINE = 1 << 26
LARGEST_DOCUMENT = 1 << 26
LARGEST_NUMBER = 1 << 53


class Finding(Exception):
    """Something does not hold; the text is a sentence that names it."""


class Unreadable(Exception):
    """What was given cannot be read as what it should be; the text is a sentence."""


class Report:
    """What is printed: one sentence a line; and the findings, for the verdict."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.open: list[str] = []

    def say(self, mark: str, sentence: str) -> None:
        """Print a sentence; what came from the bundle cannot steer the terminal."""
        line = "".join(sign if sign.isprintable() else "?" for sign in sentence)
        sys.stdout.write(f"{mark:<8}{line}\n" if mark else f"{line}\n")

    def holds(self, sentence: str) -> None:
        """Something was checked and holds."""
        self.say("holds", sentence)

    def fails(self, sentence: str) -> None:
        """Something does not hold; said once, though several checks may meet it."""
        if sentence not in self.findings:
            self.findings.append(sentence)
            self.say("FAILS", sentence)

    def note(self, sentence: str) -> None:
        """Something was not checked, and why."""
        self.say("note", sentence)

    def word(self, sentence: str) -> None:
        """Keep a claim that nothing here proves, for the list at the end."""
        self.open.append(sentence)

    def attempt(self, check: Callable[..., Any], *arguments: Any) -> Any:
        """What ``check`` returns; None when it found something that does not hold."""
        try:
            return check(*arguments)
        except Finding as finding:
            self.fails(str(finding))
            return None

    def verdict(self) -> int:
        """Print the claims that stay claims, and the last line; returns the exit code."""
        if self.open:
            self.say("", "What no calculation can show, and is somebody's word:")
        for sentence in self.open:
            self.say("word", sentence)
        if not self.findings:
            self.say("", "VERDICT: everything that can be checked here holds.")
            return 0
        more = len(self.findings) - 1
        self.say("", f"VERDICT: this does NOT hold. {self.findings[0]}{f' (And {more} more.)' if more else ''}")
        return 1


def many(count: int, one: str = "entry", more: str = "entries") -> str:
    """ "1 entry", "1,204 entries"."""
    return f"{count:,} {one if count == 1 else more}"


def are_missing(first: int, last: int, of: str = "") -> str:
    """ "Entry 7 is missing", "Entries 7 to 9 of 31 are missing"."""
    return f"Entry {first}{of} is missing" if first == last else f"Entries {first} to {last}{of} are missing"


# --- Ed25519 (RFC 8032, section 5.1): verification only, so nothing here is secret and time may vary -----------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple  # extended coordinates: X, Y, Z, T


def point_add(a: Point, b: Point) -> Point:
    """The sum of two points (section 5.1.4)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_decode(data: bytes) -> Point | None:
    """The point that 32 bytes stand for; None when they are not its one right encoding (section 5.1.3)."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_ONE % P
        if v * x * x % P != u:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def point_encode(point: Point) -> bytes:
    """The 32 bytes of a point (section 5.1.2)."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return int(y | (x & 1) << 255).to_bytes(32, "little")


NEUTRAL = (0, 1, 1, 0)
BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature (64 bytes) over ``message`` is of the key (32 bytes): encode(SB - kA) == R, and S < L.

    A key of small order is refused: under it signatures hold that nobody made.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    key, s = point_decode(public), int.from_bytes(signature[32:], "little")
    if key is None or s >= L:
        return False
    eight = key
    for _ in range(3):
        eight = point_add(eight, eight)
    if point_encode(eight) == point_encode(NEUTRAL):
        return False
    k = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    minus = (P - key[0], key[1], 1, P - key[3])
    summands, total = (BASE, minus, point_add(BASE, minus)), NEUTRAL
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        total = point_add(total, total)
        here = (s >> bit & 1) + 2 * (k >> bit & 1)
        if here:
            total = point_add(total, summands[here - 1])
    return point_encode(total) == signature[:32]


# --- Values of the files ---------------------------------------------------------------------------------------------


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def parsed(text: str, what: str) -> Any:
    """The value of a JSON text in which no key stands twice."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Finding(f"{what} is damaged: it is not JSON ({error}).") from None


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of lists of texts and whole numbers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def unbase64(text: str, what: str) -> bytes:
    """The bytes of standard base64 with padding."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Finding(f"{what}: this is not base64: {text[:80]}.") from None


def unhex(text: Any, what: str) -> bytes:
    """The 32 bytes of a hash in lower-case hex."""
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{64}", text):
        raise Finding(f"{what}: this is not a SHA-256 in hex: {str(text)[:80]}.")
    return bytes.fromhex(text)


def whole(value: Any, what: str, least: int = 0) -> int:
    """A whole number of JSON."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_NUMBER:
        raise Finding(f"{what} is not a whole number from {least} on.")
    return value


# --- Signed notes and checkpoints (C2SP) -----------------------------------------------------------------------------


class Note:
    """A signed text: ``text`` with its last newline, ``signatures`` of (name, key id, signature)."""

    def __init__(self, source: Any, what: str) -> None:
        if not isinstance(source, str):
            raise Finding(f"{what} is not a text.")
        text, empty, lines = source.rpartition("\n\n")
        if not empty or not lines.endswith("\n"):
            raise Finding(f"{what} is not a signed note: no signature lines stand behind an empty line.")
        self.text = text + "\n"
        self.signatures: list[tuple[str, bytes, bytes]] = []
        for line in lines[:-1].split("\n"):
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\u2014":
                raise Finding(f"{what}: this is not a signature line: {line[:80]}.")
            raw = unbase64(parts[2], what)
            self.signatures.append((parts[1], raw[:4], raw[4:]))


class Key:
    """A verifier key: ``<name>+<key id in hex>+<base64 of 0x01 and the public key>``."""

    def __init__(self, vkey: Any, what: str) -> None:
        parts = vkey.split("+", 2) if isinstance(vkey, str) else []
        if len(parts) != 3:
            raise Finding(f"{what}: this is not a verifier key: {str(vkey)[:80]}.")
        raw = unbase64(parts[2], what)
        self.vkey, self.name, self.public = vkey, parts[0], raw[1:]
        self.id = sha256(self.name.encode("utf-8") + b"\n" + raw).digest()[:4]
        if raw[:1] != b"\x01" or len(raw) != 33 or self.id.hex() != parts[1]:
            raise Finding(f"{what}: this is not a verifier key of Ed25519, or its id does not fit: {vkey[:80]}.")
        self.label = f"{self.name}+{self.id.hex()}"
        self.since = 0
        self.until: int | None = None
        self.handover: Any = ""
        self.lost = False

    def signed(self, note: Note, what: str) -> bool:
        """Whether this key signed the note; a signature in its name that does not hold is a finding."""
        mine = [value for name, key, value in note.signatures if name == self.name and key == self.id]
        if not all(ed25519_holds(self.public, note.text.encode("utf-8"), value) for value in mine):
            raise Finding(f"{what} was altered: the signature of key {self.label} does not hold over its text.")
        return bool(mine)


class Checkpoint:
    """What a log stands for at one size: the roots of its tree and of its index (empty when it names none)."""

    def __init__(self, source: Any, what: str) -> None:
        self.note = Note(source, what)
        lines = self.note.text.split("\n")
        if len(lines) < 4 or not lines[0] or not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]):
            raise Finding(f"{what} is not a checkpoint: it has no origin, or no size.")
        self.origin, self.size = lines[0], int(lines[1])
        self.root, self.index_root = unbase64(lines[2], what), b""
        for line in lines[3:]:
            if line.startswith("tollgate-index-v1 "):
                self.index_root = unbase64(line[18:], what)
        if len(self.root) != SIZE or len(self.index_root) not in {0, SIZE}:
            raise Finding(f"{what} is not a checkpoint: a root does not have 32 bytes.")


# --- Merkle tree (RFC 6962; RFC 9162, section 2.1) -------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf's bytes."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """Folds hashes from left to right. ``stack`` holds the perfect subtrees into which ``size`` leaves split.

    ``watch``: a size at which the root is kept as ``watched``, if the tree passes it between two of its parts.
    """

    def __init__(self, watch: int | None = None) -> None:
        self.size, self.watch = 0, watch
        self.stack: list[bytes] = []
        self.watched = EMPTY if watch == 0 else None

    def add(self, level: int, hashed: bytes) -> None:
        """One perfect subtree of 2**level leaves, where ``size`` is a multiple of that."""
        place = self.size >> level
        while place & 1:
            hashed = sha256(b"\x01" + self.stack.pop() + hashed).digest()
            place >>= 1
        self.stack.append(hashed)
        self.size += 1 << level
        if self.size == self.watch:
            self.watched = self.root()

    def leaves(self, row: Sequence[bytes]) -> None:
        """Leaf hashes, in the largest subtrees that fit: folding whole rows is faster than leaf by leaf."""
        if self.watch is not None and self.size < self.watch < self.size + len(row):
            cut = self.watch - self.size
            self.leaves(row[:cut])
            row = row[cut:]
        at, end = 0, len(row)
        while at < end:
            level = (end - at).bit_length() - 1
            if self.size:
                level = min(level, (self.size & -self.size).bit_length() - 1)
            part = row[at : at + (1 << level)]
            at += 1 << level
            while len(part) > 1:
                pairs = iter(part)
                part = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs)]  # noqa: B905
            self.add(level, part[0])

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.stack:
            return EMPTY
        root = self.stack[-1]
        for hashed in self.stack[-2::-1]:
            root = node_hash(hashed, root)
        return root


def sound(hashes: Iterable[bytes]) -> None:
    """A finding unless each hash has 32 bytes."""
    if any(len(hashed) != SIZE for hashed in hashes):
        raise Finding("A hash of the proof does not have 32 bytes.")


def check_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """A finding unless ``path`` leads from the leaf hash at ``index`` to the root of ``size`` (section 2.1.3.2)."""
    sound([leaf, root, *path])
    if not 0 <= index < size:
        raise Finding(f"A tree of {size} leaves has no leaf {index}.")
    first, last, hashed = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise Finding("The path of the proof is too long.")
        if first & 1 or first == last:
            hashed = node_hash(step, hashed)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        first, last = first >> 1, last >> 1
    if last or hashed != root:
        raise Finding("The path of the proof does not lead to the root.")


def check_consistency(old: int, new: int, path: list[bytes], old_root: bytes, new_root: bytes) -> None:
    """A finding unless ``path`` shows that the tree of ``new`` continues that of ``old`` (section 2.1.4.2)."""
    if not 1 <= old <= new:
        raise Finding(f"A tree of {new} leaves does not continue one of {old}.")
    if old == new:
        if path or old_root != new_root:
            raise Finding("Trees of the same size must have the same root, and need no path.")
        return
    sound([old_root, new_root, *path])
    steps = [old_root, *path] if old & (old - 1) == 0 else path
    if not steps:
        raise Finding("The path of the proof is empty.")
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Finding("The path of the proof is too long.")
        if first & 1 or first == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node_hash(after, step)
        first, last = first >> 1, last >> 1
    if last or before != old_root or after != new_root:
        raise Finding("The path of the proof does not lead from the one root to the other.")


# --- Files: a folder or a ZIP ----------------------------------------------------------------------------------------

FAULTS = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, OverflowError, ValueError, OSError),
)
FULL, FULL_COUNT = 0xFFFFFFFF, 0xFFFF
DAY = 1 << 5 | 1  # 1980-01-01
MODE = 0o100644 << 16  # a file that all may read
UTF8 = 0x800


def unsafe(name: str) -> bool:
    """Whether a member's name could lead out of its folder, or reads differently on another system."""
    parts = name.split("/")
    return not name.isprintable() or "\\" in name or ":" in name or any(part in {"", ".", ".."} for part in parts)


def zip_local(name: bytes, crc: int, size: int) -> bytes:
    """The header before a file that is stored as it is (APPNOTE 4.3.7)."""
    extra = struct.pack("<HHQQ", 1, 16, size, size) if size >= FULL else b""
    version, shown = 45 if extra else 20, min(size, FULL)
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, version, UTF8, 0, 0, DAY, crc, shown, shown, len(name), len(extra))
    return head + name + extra


def zip_central(name: bytes, crc: int, size: int, offset: int) -> bytes:
    """The file's row in the table of contents (APPNOTE 4.3.12)."""
    large = struct.pack("<QQ", size, size) if size >= FULL else b""
    large += struct.pack("<Q", offset) if offset >= FULL else b""
    extra = struct.pack("<HH", 1, len(large)) + large if large else b""
    version, size, offset = 45 if large else 20, min(size, FULL), min(offset, FULL)
    head = struct.pack("<IHHHHHHIII", 0x02014B50, 3 << 8 | version, version, UTF8, 0, 0, DAY, crc, size, size)
    return head + struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, MODE, offset) + name + extra


def zip_end(count: int, length: int, offset: int) -> bytes:
    """The end of the table, which has ``length`` bytes from ``offset`` on (APPNOTE 4.3.14 to 4.3.16)."""
    large = b""
    if count >= FULL_COUNT or length >= FULL or offset >= FULL:
        large = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 3 << 8 | 45, 45, 0, 0, count, count, length, offset)
        large += struct.pack("<IIQI", 0x07064B50, 0, offset + length, 1)
    shown = min(count, FULL_COUNT)
    places = (min(length, FULL), min(offset, FULL))
    return large + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, shown, shown, *places, 0)


class Source:
    """Named files."""

    names: frozenset[str] = frozenset()

    def open(self, name: str) -> Any:
        """A binary stream."""
        raise NotImplementedError

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a file from its beginning, piece by piece."""
        if name not in self.names:
            raise Finding(f"{name} is missing.")
        try:
            with self.open(name) as stream:
                while True:
                    piece = stream.read(PIECE)
                    if not piece:
                        return
                    yield piece
        except FAULTS as error:
            raise Finding(f"{name} is damaged: its bytes cannot be read ({error}).") from None

    def text(self, name: str) -> str:
        """A small file as a whole."""
        found = b""
        for piece in self.pieces(name):
            found += piece
            if len(found) > LARGEST_DOCUMENT:
                raise Finding(f"{name} is larger than 64 MiB.")
        try:
            return found.decode("utf-8")
        except UnicodeDecodeError:
            raise Finding(f"{name} is damaged: it is not UTF-8.") from None

    def json(self, name: str) -> Any:
        """The value of a small JSON file."""
        return parsed(self.text(name), name)


class Folder(Source):
    """An unpacked bundle; files whose names begin with a dot, and caches of Python, are none of it."""

    def __init__(self, path: Path) -> None:
        self.path, found = path, []
        for folder, folders, files in os.walk(path):
            folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
            here = Path(folder).relative_to(path)
            found += [(here / name).as_posix() for name in files if not name.startswith(".")]
        self.names = frozenset(found)

    def open(self, name: str) -> BinaryIO:
        return self.path.joinpath(name).open("rb")


class Zip(Source):
    """A packed bundle."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.zip = zipfile.ZipFile(path)
            self.infos = self.zip.infolist()
        except FAULTS as error:
            raise Unreadable(f"{path} is not a ZIP file, or it is damaged or cut off ({error}).") from None
        self.names = frozenset(info.filename for info in self.infos)

    def open(self, name: str) -> Any:
        return self.zip.open(name)

    def check_names(self) -> None:
        """A finding when a name could lead out of the folder that the ZIP is unpacked into, or stands there twice."""
        names = [info.filename for info in self.infos]
        for info in self.infos:
            if unsafe(info.filename) or info.orig_filename != info.filename:
                raise Finding(f"The ZIP holds a file with an unsafe name: {info.orig_filename!r}. Do not unpack it.")
        if len(self.names) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Finding(f"The ZIP holds {twice} more than once.")

    def check_layout(self) -> None:
        """A finding unless each byte between the files is as Tollgate writes it: there is room for nothing else."""
        again = "If somebody only packed it again, unpack it and check the folder."
        with self.path.open("rb") as file:
            offset, table = 0, bytearray()
            for info in self.infos:
                name = info.filename.encode("utf-8")
                head = zip_local(name, info.CRC, info.file_size)
                file.seek(offset)
                if file.read(len(head)) != head:
                    raise Finding(
                        f"The ZIP's own bytes before {info.filename} are not as Tollgate writes them. {again}"
                    )
                table += zip_central(name, info.CRC, info.file_size, offset)
                offset += len(head) + info.file_size
            end = bytes(table) + zip_end(len(self.infos), len(table), offset)
            file.seek(offset)
            if file.read(len(end) + 1) != end or [info.filename for info in self.infos] != sorted(self.names):
                raise Finding(f"The ZIP's table of contents is not as Tollgate writes it. {again}")


# --- Streams ---------------------------------------------------------------------------------------------------------


def inflated(source: Source, name: str) -> Iterator[bytes]:
    """The unpacked bytes of a gzip file, piece by piece; all that lies before a damage is given before it is told."""
    engine, used = zlib.decompressobj(31), False
    for piece in source.pieces(name):
        data = piece
        while data:
            if engine.eof:
                engine = zlib.decompressobj(31)
            before = engine.copy()
            try:
                out = engine.decompress(data, PIECE)
            except zlib.error:
                yield salvaged(before, data)
                raise Finding(f"{name} is damaged: its packed bytes cannot be read.") from None
            used = True
            data = engine.unused_data if engine.eof else engine.unconsumed_tail
            yield out
    if not used or not engine.eof:
        raise Finding(f"{name} is damaged: it ends too early.")


def salvaged(engine: Any, data: bytes) -> bytes:
    """What can be unpacked before the damage."""
    out = []
    try:
        for at in range(len(data)):
            out.append(engine.decompress(data[at : at + 1]))
    except zlib.error:
        pass
    return b"".join(out)


def blocks(source: Source, name: str) -> Iterator[bytes]:
    """The unpacked text in pieces that end where a line ends."""
    rest: list[bytes] = []
    length = 0
    for piece in inflated(source, name):
        cut = piece.rfind(b"\n") + 1
        if cut:
            rest.append(piece[:cut])
            yield b"".join(rest)
            rest, length = [], 0
        if cut < len(piece):
            rest.append(piece[cut:])
            length += len(piece) - cut
            if length > LONGEST_LINE:
                raise Finding(f"{name} is damaged: a line is longer than 64 MiB.")
    if rest:
        raise Finding(f"{name} is damaged: its last line does not end.")


def lines_of(source: Source, name: str) -> Iterator[tuple[int, bytes]]:
    """(line number, line) of an unpacked file."""
    number = 0
    for block in blocks(source, name):
        for line in block.split(b"\n")[:-1]:
            number += 1
            yield number, line


class Peek:
    """An iterator of which the next item can be looked at: ``now``, None behind the last."""

    def __init__(self, items: Iterator[Any]) -> None:
        self.items = items
        self.now = next(items, None)

    def next(self) -> Any:
        """Take the item."""
        found, self.now = self.now, next(self.items, None)
        return found


COVER_LINE = re.compile(rb"(0|[1-9][0-9]{0,15}) ([0-9]|[1-5][0-9]) ([0-9a-f]{64})")
OTHER_LINE = re.compile(rb"([1-9][0-9]{0,15}) (0|[1-9][0-9]{0,15}) ([0-9a-f]{64}) (period|pruned)")


def cover_lines(source: Source) -> Iterator[tuple[int, int, bytes]]:
    """(start, level, hash) of proof.txt.gz: subtrees that are only there as hashes."""
    for at, line in lines_of(source, COVER):
        found = COVER_LINE.fullmatch(line)
        if not found:
            raise Finding(f"{COVER}, line {at}: this is not a hash of the tree.")
        yield int(found[1]), int(found[2]), bytes.fromhex(found[3].decode())


def other_lines(source: Source) -> Iterator[tuple[int, int, bytes, str]]:
    """(number, position, hash, why) of others.txt.gz: entries of the scope that are only there as hashes."""
    last = 0
    for at, line in lines_of(source, OTHERS):
        found = OTHER_LINE.fullmatch(line)
        if not found:
            raise Finding(f"{OTHERS}, line {at}: this is not the hash of an entry.")
        number = int(found[1])
        if number <= last:
            raise Finding(f"{OTHERS}, line {at}: entry {number} stands behind entry {last}.")
        last = number
        yield number, int(found[2]), bytes.fromhex(found[3].decode()), found[4].decode()


# --- The manifest and the files it lists -----------------------------------------------------------------------------


class Manifest:
    """What the bundle says of itself. It is not signed: what it says is held to what is."""

    def __init__(self, source: Source) -> None:
        if "manifest.json" not in source.names:
            raise Unreadable("There is no manifest.json: this is not a Tollgate evidence bundle.")
        try:
            self.read(source.json("manifest.json"))
        except Finding as finding:
            raise Unreadable(str(finding)) from None

    def read(self, raw: Any) -> None:
        """Take what is known of it; what newer bundles say besides is left alone."""
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise Finding(f"manifest.json is not of the format {FORMAT}, which this program reads.")
        scope = raw.get("scope")
        if not isinstance(scope, dict) or scope.get("kind") not in KINDS:
            raise Finding("manifest.json names no scope that this program knows.")
        self.kind, self.chain = scope["kind"], scope.get("chain")
        if self.chain != (None if self.kind == "all" else f"{self.kind}:{scope.get('id')}"):
            raise Finding("manifest.json is damaged: the chain is not the one of its scope.")
        self.label = "the ledger" if self.kind == "all" else f"{KINDS[self.kind]}{scope.get('name') or scope.get('id')}"
        self.origin, self.as_of = raw.get("origin"), raw.get("as_of")
        self.size = whole(raw.get("size"), "manifest.json: size")
        self.count = whole(raw.get("entries"), "manifest.json: entries")
        self.first, self.last = self.bound(raw, "first"), self.bound(raw, "last")
        self.since, self.until = raw.get("since"), raw.get("until")
        self.files: dict[str, str] = raw.get("files", {})
        if not isinstance(self.files, dict):
            raise Finding("manifest.json is damaged: it lists no files.")
        for name, hashed in self.files.items():
            unhex(hashed, f"manifest.json, {name}")
        if self.period and self.count and (self.first is None or self.last is None):
            raise Finding("manifest.json is damaged: it names a period, and not the first and last entry in it.")

    @staticmethod
    def bound(raw: dict[str, Any], end: str) -> int | None:
        """The number of the first or last entry in the period."""
        return None if raw.get(end) is None else whole(raw[end], f"manifest.json: {end}", 1)

    @property
    def period(self) -> str:
        """The period that was asked for, in words; empty when none was."""
        if self.since is None and self.until is None:
            return ""
        return f" from {self.since or 'the beginning'} to {self.until or 'the end'}"


def check_files(source: Source, manifest: Manifest, report: Report) -> None:
    """Every listed file is there with its SHA-256; what is not listed is named."""
    good = 0
    for name in sorted(manifest.files):
        if unsafe(name):
            report.fails(f"manifest.json lists a file with an unsafe name: {name!r}.")
        elif name not in source.names:
            report.fails(f"{name} is missing: the manifest lists it.")
        else:
            found = report.attempt(hash_of, source, name)
            good += found == manifest.files[name]
            if found not in {None, manifest.files[name]}:
                report.fails(f"{name} was altered: its SHA-256 is not the one that the manifest lists.")
    if good == len(manifest.files):
        report.holds(f"All {many(good, 'file', 'files')} that the manifest lists are here, each with its SHA-256.")
    for name in NEEDED:
        if name not in manifest.files:
            report.fails(f"manifest.json does not list {name}.")
    check_unlisted(source, manifest, report)


def hash_of(source: Source, name: str) -> str:
    """The SHA-256 of a file in hex."""
    engine = sha256()
    for piece in source.pieces(name):
        engine.update(piece)
    return engine.hexdigest()


def check_unlisted(source: Source, manifest: Manifest, report: Report) -> None:
    """A file that the manifest does not list came from elsewhere: a finding in a ZIP, a note in a folder."""
    names = sorted(source.names - set(manifest.files) - {"manifest.json"})
    if names:
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        tell = report.fails if isinstance(source, Zip) else report.note
        tell(f"The manifest does not list {shown}: nothing here vouches for {'it' if len(names) == 1 else 'them'}.")


# --- Keys and checkpoint ---------------------------------------------------------------------------------------------


def read_keys(source: Source, size: int) -> list[Key]:
    """The keys of the ledger, oldest first; each begins at the size at which the one before it ends, up to ``size``."""
    raw = source.json("keys.json")
    if not isinstance(raw, list) or not raw or not all(isinstance(row, dict) for row in raw):
        raise Finding("keys.json is not a list of keys.")
    keys = [Key(row.get("vkey"), "keys.json") for row in raw]
    for at, (key, row) in enumerate(zip(keys, raw)):  # noqa: B905
        key.since = whole(row.get("since_size"), "keys.json: since_size")
        key.handover, key.lost = row.get("handover"), row.get("lost") is True
        if row.get("until_size") is not None:
            key.until = whole(row["until_size"], "keys.json: until_size", key.since)
        if at and keys[at - 1].until != key.since:
            raise Finding(f"keys.json: key {key.label} does not begin where key {keys[at - 1].label} ends.")
    end = keys[-1].until
    if end is not None and end < size:
        raise Finding(f"keys.json: the newest key, {keys[-1].label}, ends at size {end}: a key is missing.")
    return keys


def check_handover(before: Key, after: Key) -> bool:
    """Whether both keys signed that the one follows the other; False when the old one was lost and could not."""
    what = f"keys.json: the hand-over from key {before.label} to key {after.label}"
    if not after.handover:
        if after.lost:
            return False
        raise Finding(f"{what} is missing.")
    note = Note(after.handover, what)
    if note.text != f"tollgate-handover-v1\n{after.name}\n{after.since}\n{after.vkey}\n":
        raise Finding(f"{what} does not name this key, this ledger and this size.")
    if not after.signed(note, what):
        raise Finding(f"{what} is not signed by the new key.")
    if not before.signed(note, what):
        if after.lost:
            return False
        raise Finding(f"{what} is not signed by the old key.")
    return True


def check_keys(source: Source, manifest: Manifest, report: Report) -> tuple[list[Key], list[bool]]:
    """The keys and, for each, whether the key before it vouches for it."""
    keys = read_keys(source, manifest.size)
    bound = [True]
    for before, after in zip(keys, keys[1:]):  # noqa: B905, RUF007
        bound.append(check_handover(before, after))
        change = f"Key {before.label} handed over to key {after.label} at size {after.since}"
        if bound[-1]:
            report.holds(f"{change}: both signed it.")
        else:
            report.word(f"{change}: the old key was lost, and only the new one signed it.")
    return keys, bound


def signer_of(checkpoint: Checkpoint, keys: list[Key], what: str) -> Key:
    """The key that signed, of those that were in use at that size; a finding when there is none."""
    found = [key for key in keys if key.signed(checkpoint.note, what)]
    if not found:
        raise Finding(f"{what} is signed by none of the keys of this ledger.")
    for key in found:
        if key.since <= checkpoint.size and (key.until is None or checkpoint.size <= key.until):
            return key
    raise Finding(f"{what} is signed by key {found[0].label}, which was not in use at size {checkpoint.size}.")


def check_checkpoint(source: Source, manifest: Manifest, keys: list[Key] | None, report: Report) -> Any:
    """The checkpoint and the key that signed it (None when the keys do not hold)."""
    checkpoint = Checkpoint(source.text("checkpoint.txt"), "checkpoint.txt")
    if checkpoint.origin != manifest.origin or checkpoint.size != manifest.size:
        raise Finding(
            f"manifest.json and checkpoint.txt do not agree: {manifest.origin} at size {manifest.size}, "
            f"{checkpoint.origin} at size {checkpoint.size}."
        )
    if not checkpoint.index_root:
        raise Finding("checkpoint.txt names no root of the index.")
    if keys is None:
        report.note("Who signed checkpoint.txt was not checked, because keys.json does not hold.")
        return checkpoint, None
    signer = signer_of(checkpoint, keys, "checkpoint.txt")
    report.holds(f"The checkpoint of {many(checkpoint.size)} is signed by key {signer.label}.")
    return checkpoint, signer


def check_pinned(pinned: str, keys: list[Key], bound: list[bool], signer: Key, report: Report) -> None:
    """The key that the auditor holds is the signer's, or signed hand-overs lead from the one to the other."""
    key = Key(pinned, "--key")
    places = [place for place, known in enumerate(keys) if known.vkey == key.vkey]
    if not places:
        raise Finding(f"The bundle is signed by key {signer.label}; your key {key.label} is not among its keys.")
    low, high = sorted((places[0], keys.index(signer)))
    for place in range(low + 1, high + 1):
        if not bound[place]:
            lost = keys[place - 1].label
            raise Finding(f"Key {lost} was lost: nothing that it signed binds your key {key.label} to {signer.label}.")
    way = "is the signer's" if low == high else "is bound to the signer's by signed hand-overs"
    report.holds(f"Your key {key.label} {way}.")


# --- The index -------------------------------------------------------------------------------------------------------

Promise = tuple  # count of a chain's entries, and their head


def check_index(source: Source, manifest: Manifest, checkpoint: Checkpoint, report: Report) -> Promise:
    """(count, head) of the scope's chain as the signed index has them; (0, zeros) for a chain without entries."""
    raw = source.json("index.json")
    if not isinstance(raw, dict) or not isinstance(raw.get("rows"), list) or not isinstance(raw.get("path"), list):
        raise Finding("index.json is damaged: it has no rows and path.")
    bucket = whole(raw.get("bucket"), "index.json: bucket")
    if bucket != int.from_bytes(sha256(str(manifest.chain).encode("utf-8")).digest()[:2], "big"):
        raise Finding(f"index.json is of bucket {bucket}, where {manifest.label} does not belong.")
    for row in raw["rows"]:
        if not isinstance(row, list) or len(row) != 3 or not isinstance(row[0], str):
            raise Finding("index.json is damaged: a row is not a chain's key, count and head.")
        whole(row[1], f"index.json: the count of {row[0][:200]}", 1)
        unhex(row[2], f"index.json, {row[0][:200]}")
    path = [unhex(step, "index.json, path") for step in raw["path"]]
    try:
        check_inclusion(leaf_hash(canonical(raw["rows"])), bucket, 1 << 16, path, checkpoint.index_root)
    except (Finding, UnicodeEncodeError):
        raise Finding("index.json was altered: rows and path do not lead to the signed root of the index.") from None
    mine = [row for row in raw["rows"] if row[0] == manifest.chain]
    if len(mine) > 1:
        raise Finding(f"index.json has more than one row of {manifest.label}.")
    if not mine:
        report.holds(f"The sealed index has no row of {manifest.label}: it has no entries.")
        return 0, bytes(SIZE)
    report.holds(f"The sealed index commits to {many(mine[0][1])} of {manifest.label}.")
    return mine[0][1], bytes.fromhex(mine[0][2])


# --- The entries -----------------------------------------------------------------------------------------------------

BEGIN, CHAINS = b'\x00{"body":{', b',"chains":{'
PLACE = rb":([1-9][0-9]{0,15})"
PAIR = rb'"[^"\\\n]*(?:\\.[^"\\\n]*)*":[1-9][0-9]*'
SIGN = re.compile(rb"personal:[A-Za-z0-9_-]{43}")


def tail_pattern(chain: str | None) -> Any:
    """The end of an entry's line, from its chains on: (position in ``chain``, if there is one, and) the number."""
    inside = rb""
    if chain is not None:
        inside = rb"(?:" + PAIR + rb",)*?" + re.escape(canonical(chain)) + PLACE
    return re.compile(rb'^,"chains":\{' + inside + rb'[^\n]*\},"number"' + PLACE + rb"\}$", re.MULTILINE)


ANY_TAIL = tail_pattern(None)


def tail_of(line: bytes) -> bytes:
    """The line from its chains on. A quote inside of a text has a backslash before it, so no text is taken for them."""
    return line[line.rfind(CHAINS) :]


class Hashes:
    """leaves.bin: the listed leaf hashes, in the order of the entries."""

    def __init__(self, source: Source) -> None:
        self.source, self.pieces, self.rest = source, source.pieces("leaves.bin"), b""

    def take(self, count: int) -> bytes:
        """The next ``count`` hashes in one string, fewer at the end."""
        found, length = [self.rest], len(self.rest)
        while length < count * SIZE:
            piece = next(self.pieces, b"")
            if not piece:
                break
            found.append(piece)
            length += len(piece)
        joined = b"".join(found)
        self.rest = joined[count * SIZE :]
        return joined[: count * SIZE]

    def holds(self, hashed: bytes) -> bool:
        """Whether the hash is listed anywhere."""
        every = Hashes(self.source)
        while True:
            row = every.take(8192)
            if not row:
                return False
            if hashed in {row[at : at + SIZE] for at in range(0, len(row), SIZE)}:
                return True


class Walk:
    """One pass over the entries: leaf hashes, order, tree, chain, personal commitments. ``faults`` are sentences.

    ``listed``: fold the hashes of leaves.bin in place of the entries' own, to tell which of the two was altered.
    """

    def __init__(self, source: Source, manifest: Manifest, watch: int | None = None, listed: bool = False) -> None:
        self.source, self.manifest, self.use_listed = source, manifest, listed
        self.tail = tail_pattern(manifest.chain)
        self.faults: list[str] = []
        self.altered, self.differing = "", 0
        self.seen = self.last = 0  # lines; the number of the last entry
        self.newest = b""
        self.signs: set[bytes] = set()
        self.comparing = self.tree_holds = self.chain_holds = True
        self.listed, self.tree = Hashes(source), Tree(watch)
        self.period = self.pruned = 0
        self.head, self.position, self.before = bytes(SIZE), 0, 0
        self.missing = 0
        self.gap: tuple[int, int, int, int] | None = None
        self.cover = self.started("tree_holds", cover_lines)
        self.hidden = self.started("tree_holds", other_lines)  # as the tree meets them
        self.others = self.started("chain_holds", other_lines)  # as the chain meets them

    def started(self, flag: str, lines: Callable[[Source], Iterator[Any]]) -> Peek:
        """The lines of one of the small files; when it is damaged at once, that is a fault and there are none."""
        try:
            return Peek(lines(self.source))
        except Finding as finding:
            self.fault(str(finding))
            setattr(self, flag, False)
            return Peek(iter(()))

    def fault(self, sentence: str) -> None:
        """Keep a sentence, once."""
        if sentence not in self.faults:
            self.faults.append(sentence)

    def guarded(self, flag: str, step: Callable[..., None], *arguments: Any) -> None:
        """Run a step unless it found something before; what it finds is a fault."""
        if getattr(self, flag):
            try:
                step(*arguments)
            except Finding as finding:
                self.fault(str(finding))
                setattr(self, flag, False)

    def run(self) -> Walk:
        """Walk to the end; what stops the walk is a fault too."""
        try:
            for block in blocks(self.source, ENTRIES):
                self.block(block)
        except Finding as finding:
            self.fault(str(finding))
            self.fault(f"What follows entry {self.last} was not checked." if self.last else "No entry was checked.")
            self.tree_holds = self.chain_holds = self.comparing = False
        self.guarded("comparing", self.end_listed)
        self.guarded("tree_holds", self.end_tree)
        self.guarded("chain_holds", self.end_chain)
        return self

    def block(self, block: bytes) -> None:
        """The lines of one piece, each with the byte 0x00 of a leaf before it."""
        lines = (b"\x00" + block[:-1]).replace(b"\n", b"\n\x00").split(b"\n")
        hashes = [sha256(line).digest() for line in lines]
        if self.comparing:
            hashes = self.compare(lines, hashes)
        found = self.tail.findall(b"\n".join([line[line.rfind(CHAINS) :] for line in lines]))
        if len(found) != len(lines) or [line[: len(BEGIN)] for line in lines].count(BEGIN) != len(lines):
            at, sentence = self.unfit(lines)
            if at:
                self.take(lines[:at], hashes, self.tail.findall(b"\n".join(map(tail_of, lines[:at]))))
            raise Finding(sentence)
        self.take(lines, hashes, found)

    def take(self, lines: list[bytes], hashes: list[bytes], found: list[Any]) -> None:
        """Lines that have the form of entries; ``found`` is what ends them."""
        numbers = [int(pair[1]) for pair in found] if self.manifest.chain else list(map(int, found))
        self.check_order(numbers)
        self.guarded("tree_holds", self.fold, numbers, hashes)
        if self.manifest.chain:
            self.guarded("chain_holds", self.follow, numbers, [int(pair[0]) for pair in found], hashes)
        self.signs.update(SIGN.findall(b"\n".join(lines)))
        self.seen += len(lines)
        self.last, self.newest = numbers[-1], lines[-1][1:]

    def place(self, at: int, lines: list[bytes]) -> str:
        """What to call line ``at`` of this piece: "entry 812 (line 17, behind entry 811)"."""
        here, before = (ANY_TAIL.fullmatch(tail_of(line)) for line in (lines[at], lines[at - 1]))
        behind = self.last if at == 0 else int(before[1]) if before else 0
        where = f"line {self.seen + at + 1}" + (f", behind entry {behind}" if behind else "")
        return f"entry {int(here[1])} ({where})" if here else f"the entry in {where},"

    # The listed hashes

    def compare(self, lines: list[bytes], hashes: list[bytes]) -> list[bytes]:
        """Hold the hashes to leaves.bin; returns those to go on with."""
        try:
            listed = self.listed.take(len(lines))
        except Finding as finding:
            self.fault(str(finding))
            self.comparing = False
            return hashes
        if listed == b"".join(hashes):
            return hashes
        row = [listed[at : at + SIZE] for at in range(0, len(listed), SIZE)]
        if not self.use_listed:
            self.guarded("comparing", self.differ, lines, hashes, row)
        return row if self.use_listed and len(row) == len(hashes) else hashes

    def differ(self, lines: list[bytes], hashes: list[bytes], row: list[bytes]) -> None:
        """Say what the first difference between entries and leaves.bin is; which of them is right, the root decides."""
        if not self.altered:
            at = next((at for at, hashed in enumerate(row) if hashed != hashes[at]), len(row))
            if at == len(row):
                raise Finding(f"leaves.bin ends before {self.place(at, lines)}.")
            if self.listed.holds(hashes[at]):
                raise Finding(f"{ENTRIES} does not hold what leaves.bin lists before {self.place(at, lines)}.")
            if row[at] in hashes:
                raise Finding(f"{ENTRIES} holds {self.place(at, lines)}, which leaves.bin does not list.")
            self.altered = self.place(at, lines)
        self.differing += sum(map(operator.ne, hashes, row))

    def end_listed(self) -> None:
        """Nothing is listed behind the last entry."""
        if self.listed.take(1):
            raise Finding(f"{ENTRIES} ends with entry {self.last}, but leaves.bin lists more: the rest is missing.")

    # The form and order of the lines

    def unfit(self, lines: list[bytes]) -> tuple[int, str]:
        """The first line that is not an entry of the scope, and the sentence on it."""
        for at, line in enumerate(lines):
            tail = tail_of(line)
            if not ANY_TAIL.fullmatch(tail) or not line.startswith(BEGIN):
                return at, f"{ENTRIES}: {self.place(at, lines)} is damaged: it does not have the form of an entry."
            if not self.tail.fullmatch(tail):
                return at, f"{ENTRIES}: {self.place(at, lines)} does not belong to {self.manifest.label}."
        return 0, f"{ENTRIES} is damaged."

    def check_order(self, numbers: list[int]) -> None:
        """Numbers ascend, within the ledger and the period."""
        size, first, last = self.manifest.size, self.manifest.first, self.manifest.last
        if numbers[0] <= self.last or not all(map(operator.lt, numbers, numbers[1:])):
            before = self.last
            for line, number in enumerate(numbers, self.seen + 1):
                if number <= before:
                    raise Finding(f"{ENTRIES}, line {line}: entry {number} stands behind entry {before}: not in order.")
                before = number
        if numbers[-1] > size:
            raise Finding(f"{ENTRIES}: there is no entry {numbers[-1]} in a ledger of {size}.")
        for number in (numbers[0], numbers[-1]):
            if (first is not None and number < first) or (last is not None and number > last):
                raise Finding(f"Entry {number} lies outside of {first} to {last}, which the manifest names.")

    # The tree: entries and hashes tile [0, size)

    def fold(self, numbers: list[int], hashes: list[bytes]) -> None:
        """Take these entries, and the hashes of what is not shipped between them."""
        at, end = 0, len(numbers)
        one_run = numbers[-1] - numbers[0] == end - 1
        while at < end:
            if self.tree.size != numbers[at] - 1:
                self.cover_until(numbers[at] - 1)
            stop = end if one_run else at + 1
            while stop < end and numbers[stop] == numbers[stop - 1] + 1:
                stop += 1
            if stop - at == 1:
                self.tree.add(0, hashes[at])
            else:
                self.tree.leaves(hashes[at:stop])
            at = stop

    def cover_until(self, index: int) -> None:
        """Take hashes of what is not shipped until the tree has ``index`` leaves."""
        while self.tree.size < index:
            size = self.tree.size
            if self.cover.now is None or self.cover.now[0] > size:
                last = index if self.cover.now is None else min(self.cover.now[0], index)
                raise Finding(f"{are_missing(size + 1, last)}: neither content nor hash is here.")
            start, level, hashed = self.cover.next()
            end = start + (1 << level)
            if start < size or start % (1 << level) or end > index:
                raise Finding(f"{COVER}: the hash at {start}, level {level}, does not fit between the entries.")
            self.allow(start + 1, end, hashed)
            self.tree.add(level, hashed)

    def allow(self, first: int, last: int, hashed: bytes) -> None:
        """Whether entries ``first`` to ``last`` may be there as one hash only."""
        other = self.hidden.now
        if other is not None and other[0] <= last:
            if first != last or other[0] != first or other[2] != hashed:
                raise Finding(f"{OTHERS} and {COVER} do not agree on entry {other[0]}.")
            self.hidden.next()
            if other[3] == "pruned":
                self.pruned += 1
                return
            self.period += 1
        elif self.manifest.chain is not None:
            return  # the chain tells whether one of the scope's is among them
        start, end = self.manifest.first, self.manifest.last
        if not self.manifest.period:
            raise Finding(f"{are_missing(first, last)}: only a hash is here, and no period was asked for.")
        if start is not None and end is not None and first <= end and last >= start:
            raise Finding(
                f"{are_missing(first, last)}: only a hash is here, and the period is entries {start} to {end}."
            )

    def end_tree(self) -> None:
        """The tree is as large as the checkpoint says, and nothing is left over."""
        self.cover_until(self.manifest.size)
        if self.cover.now is not None:
            raise Finding(f"{COVER}: the hash at {self.cover.now[0]} lies outside of the tree.")
        if self.hidden.now is not None:
            raise Finding(f"{OTHERS} and {COVER} do not agree on entry {self.hidden.now[0]}.")

    # The chain of the scope: positions 1 to count, in order of number

    def follow(self, numbers: list[int], positions: list[int], hashes: list[bytes]) -> None:
        """Take these entries, and those of the chain between them that are only there as hashes."""
        others, first = self.others.now, self.position + 1
        if (others is None or others[0] > numbers[-1]) and positions == list(range(first, first + len(positions))):
            head = self.head
            for hashed in hashes:
                head = sha256(b"\x02" + head + hashed).digest()
            self.head, self.position, self.before = head, positions[-1], numbers[-1]
            return
        for number, position, hashed in zip(numbers, positions, hashes):  # noqa: B905
            self.follow_others(number)
            self.step(number, position, hashed)

    def follow_others(self, until: int) -> None:
        """Take the hashes up to this number."""
        while self.others.now is not None and self.others.now[0] <= until:
            number, position, hashed, _ = self.others.next()
            self.step(number, position, hashed)

    def step(self, number: int, position: int, hashed: bytes) -> None:
        """One entry of the chain; the walk goes on behind a hole, to count all that is missing."""
        due = self.position + 1
        if position < due:
            raise Finding(f"Entry {number} says that it is {position} of {self.manifest.label}, and {due} is due.")
        if position > due:
            self.missing += position - due
            self.gap = self.gap or (due, position - 1, self.before, number)
        self.head = sha256(b"\x02" + self.head + hashed).digest()
        self.position, self.before = position, number

    def end_chain(self) -> None:
        """The hashes behind the last entry."""
        if self.manifest.chain:
            self.follow_others(self.manifest.size)


def check_entries(
    source: Source,
    manifest: Manifest,
    checkpoint: Checkpoint | None,
    promise: Promise | None,
    witness: Checkpoint | None,
    report: Report,
) -> Walk:
    """Walk the entries once; hold tree and chain to what is signed."""
    walk = Walk(source, manifest, None if witness is None else witness.size).run()
    root_fits = walk.tree_holds and checkpoint is not None and walk.tree.root() == checkpoint.root
    chain_fits = walk.chain_holds and not walk.gap and promise == (walk.position, walk.head)
    if walk.altered:
        report.fails(altered_sentence(source, manifest, checkpoint, walk, root_fits))
    for sentence in walk.faults:
        report.fails(sentence)
    if walk.seen != manifest.count and not walk.faults:
        report.fails(f"{ENTRIES} holds {many(walk.seen)}, and the manifest says {manifest.count}.")
    if manifest.chain is not None:
        tell_chain(manifest, walk, promise, chain_fits, report)
    if checkpoint is None:
        report.note("The entries were not held to a root, because checkpoint.txt does not hold.")
    elif root_fits:
        tell_root(manifest, walk, report)
    elif walk.tree_holds and not walk.altered:
        report.fails(root_sentence(manifest, walk, chain_fits))
    if walk.last == manifest.size and walk.newest:
        check_as_of(manifest, walk, report)
    return walk


def check_as_of(manifest: Manifest, walk: Walk, report: Report) -> None:
    """The bundle stands for the time of the newest entry, where that one is here."""
    try:
        at = parsed(walk.newest.decode("utf-8"), ENTRIES)["body"]["at"]
    except (Finding, KeyError, TypeError, ValueError):
        at = None
    if at != manifest.as_of:
        report.fails(f"manifest.json was altered: as_of is not the time of entry {walk.last}.")


def altered_sentence(source: Source, manifest: Manifest, checkpoint: Any, walk: Walk, root_fits: bool) -> str:
    """Whether the first entry that differs was altered, or its listed hash: what leads to the signed root is right."""
    if root_fits:
        return (
            f"leaves.bin was altered: it lists another hash for {walk.altered}, and the entry's own is the right one."
        )
    more = f", nor {'is' if walk.differing == 2 else 'are'} {many(walk.differing - 1)} behind it" * (walk.differing > 1)
    sentence = f"{walk.altered[0].upper()}{walk.altered[1:]} is not as it was sealed{more}"
    if checkpoint is not None and walk.tree_holds:
        listed = Walk(source, manifest, listed=True).run()
        if listed.tree_holds and listed.tree.root() == checkpoint.root:
            return f"{sentence}: the hash that leaves.bin lists leads to the signed root, and its bytes give another."
    return f"{sentence}: its bytes do not give the hash that leaves.bin lists."


def root_sentence(manifest: Manifest, walk: Walk, chain_fits: bool) -> str:
    """Why the root may differ although every entry has the hash that is listed for it."""
    if manifest.chain is not None and chain_fits:
        return f"{COVER} was altered: the entries fold to the sealed chain, but not with its hashes to the signed root."
    words = f"The entries and {COVER} do not fold to the signed root"
    if walk.gap or not walk.seen:
        return f"{words}."
    return f"{words}: an entry was altered and leaves.bin with it, or a hash in {COVER} was."


def tell_chain(manifest: Manifest, walk: Walk, promise: Promise | None, chain_fits: bool, report: Report) -> None:
    """Completeness of the scope."""
    label, of = manifest.label, f" of {manifest.label}"
    if promise is not None:
        of = f" of {promise[0]}{of}"
    if walk.gap:
        first, last, before, behind = walk.gap
        lies = "it lies" if first == last else "they lie"
        where = f"between entries {before} and {behind}" if before else f"before entry {behind}"
        more = "" if walk.missing == last - first + 1 else f" In all, {walk.missing} are missing."
        report.fails(f"{are_missing(first, last, of)}: {lies} {where}.{more}")
    if promise is None:
        report.note(f"Whether all entries of {label} are here was not checked, because the index does not hold.")
    elif not walk.chain_holds:
        report.note(f"Whether all entries of {label} are here was not checked to the end.")
    elif walk.position < promise[0]:
        come = "it comes" if walk.position + 1 == promise[0] else "they come"
        where = f"after entry {walk.before}" if walk.before else "first"
        report.fails(f"{are_missing(walk.position + 1, promise[0], of)}: {come} {where}.")
    elif walk.position > promise[0]:
        report.fails(f"The sealed index commits to {many(promise[0])} of {label}, and {walk.position} are here.")
    elif chain_fits and promise[0]:
        what = f"All {many(promise[0])} of {label} are" if promise[0] > 1 else f"The only entry of {label} is"
        holes = f"positions 1 to {promise[0]} without a hole, and the sealed index commits to {promise[0]}"
        report.holds(f"{what} here: {holes}.{hidden_words(walk)}")
    elif promise[0] and not walk.gap:
        report.fails(
            f"The entries of {label} do not fold to the head that the sealed index has: one of them was altered."
        )


def hidden_words(walk: Walk) -> str:
    """How many are only there as hashes, and why."""
    parts = [f"{walk.period} outside of the period"] if walk.period else []
    parts += [f"{walk.pruned} pruned (their content was removed when its time was over)"] if walk.pruned else []
    return f" Of these only the hash is here: {' and '.join(parts)}." if parts else ""


def tell_root(manifest: Manifest, walk: Walk, report: Report) -> None:
    """Inclusion, and for the whole ledger completeness."""
    signed = f"the signed root of {many(manifest.size)}"
    if manifest.size == 0:
        report.holds("The ledger is empty, and that is what was signed.")
    elif manifest.chain is not None or (manifest.period and manifest.first is None):
        report.holds(f"{many(walk.seen).capitalize()} with content and the hashes of all others fold to {signed}.")
    elif manifest.period:
        run = f"All entries {manifest.first} to {manifest.last} are here without a hole"
        report.holds(f"{run}, and fold with the hashes of all others to {signed}.{hidden_words(walk)}")
    else:
        run = f"All {many(manifest.size)} of the ledger are here: 1 to {manifest.size} without a hole"
        report.holds(f"{run}, and they fold to the signed root.{hidden_words(walk)}")


# --- Personal values -------------------------------------------------------------------------------------------------


def check_personal(source: Source, walk: Walk, report: Report) -> None:
    """Each personal value fits its commitment in an entry; what has no value was erased."""
    before, shown = b"", 0
    for at, line in lines_of(source, PERSONAL):
        what = f"{PERSONAL}, line {at}"
        try:
            row = parsed(line.decode("utf-8"), what)
            sign, salt, value = (
                row["commitment"].encode("ascii"),
                bytes.fromhex(row["salt"]),
                row["value"].encode("utf-8"),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Finding(f"{what} is damaged: it is not a commitment with its salt and value.") from None
        if b"personal:" + base64.urlsafe_b64encode(sha256(salt + value).digest()).rstrip(b"=") != sign:
            raise Finding(
                f"{what} was altered: value and salt do not fit {row['commitment'][:60]}{used_in(source, sign)}."
            )
        if sign <= before:
            raise Finding(f"{what}: the commitments are not in order.")
        if sign not in walk.signs and not walk.faults:
            raise Finding(f"{what}: no entry here commits to this value, {row['commitment'][:60]}.")
        before, shown = sign, shown + 1
    gone = max(len(walk.signs) - shown, 0)
    fits = f"{many(shown, 'value fits its', 'values fit their')} {'commitment' if shown == 1 else 'commitments'}"
    report.holds(f"Personal values: {fits} in the entries. Erased: {many(gone, 'value', 'values')}.")


def used_in(source: Source, sign: bytes) -> str:
    """The first entry that holds a commitment, in words."""
    try:
        for _, line in lines_of(source, ENTRIES):
            found = ANY_TAIL.fullmatch(tail_of(line)) if sign in line else None
            if found:
                return f", which stands in entry {int(found[1])}"
    except Finding:
        pass
    return ""


# --- A whole bundle --------------------------------------------------------------------------------------------------


def check_witness(path: Path, keys: list[Key] | None, manifest: Manifest, report: Report) -> Checkpoint | None:
    """The checkpoint that somebody else kept, when it can be compared."""
    witness = Checkpoint(read_text(path), str(path))
    if witness.origin != manifest.origin:
        raise Finding(f"{path} is of another ledger: {witness.origin}.")
    if witness.size > manifest.size:
        sizes = f"it is of size {witness.size}, this bundle of size {manifest.size}"
        report.note(f"{path} cannot be compared: {sizes}. Ask for a proof of consistency.")
        return None
    if keys is not None:
        signer_of(witness, keys, str(path))
    return witness


def compare_witness(path: Path, witness: Checkpoint, checkpoint: Checkpoint, walk: Walk, report: Report) -> bool:
    """Whether the other checkpoint could be compared; a finding when the two do not belong to one ledger."""
    size = witness.size
    if size == checkpoint.size:
        if witness.root != checkpoint.root or witness.index_root not in {b"", checkpoint.index_root}:
            raise Finding(f"{path} has another root for the same size {size}: two ledgers were signed.")
        report.holds(f"{path} is of the same size {size} and has the same root.")
    elif not walk.tree_holds or walk.tree.watched is None:
        report.note(f"{path} cannot be compared: these hashes do not give the root at size {size}. Ask for a proof.")
        return False
    elif walk.tree.watched != witness.root:
        raise Finding(f"{path} has another root at size {size} than the entries here: the ledger was rewritten.")
    else:
        report.holds(f"{path} is of size {size}, and the entries here had its root at that size.")
    return True


def say_words(manifest: Manifest, walk: Walk, pinned: str | None, compared: bool, report: Report) -> None:
    """What no calculation over the bundle can show."""
    if pinned is None:
        report.word("The keys came with the bundle: compare them with the key that you got elsewhere (--key).")
    if not compared:
        report.word(
            "That nobody was shown another ledger, or a newer one: compare a witness's checkpoint (--checkpoint)."
        )
    report.word("That what the entries say was true when it was written down, and that their times are right.")
    if manifest.period:
        report.word(f"That the entries left out were made outside of the period{manifest.period}.")
    if walk.pruned:
        report.word(f"What stood in {many(walk.pruned, 'entry that was', 'entries that were')} pruned.")
    people = sorted(set(manifest.files) - set(NEEDED))
    if people:
        shown = f"{', '.join(people[:6])}{', ...' if len(people) > 6 else ''}"
        report.word(f"That the files for people ({shown}) show the same as the entries: no signature covers them,")
        report.word("nor the names and the period that the manifest says.")
    else:
        report.word("The names and the period that the manifest says: no signature covers them.")


def verify(path: Path, pinned: str | None, witness_path: Path | None, report: Report) -> int:
    """Check a bundle; returns the exit code."""
    if not path.exists():
        raise Unreadable(f"There is no file or folder {path}.")
    source: Any = Folder(path) if path.is_dir() else Zip(path)
    manifest = Manifest(source)
    shown = f"{many(manifest.count)} with content, as of {manifest.as_of}"
    report.say("", f"Evidence of ledger {manifest.origin} for {manifest.label}{manifest.period}: {shown}.")
    if isinstance(source, Zip):
        report.attempt(source.check_names)
        report.attempt(source.check_layout)
    check_files(source, manifest, report)
    keys, bound = report.attempt(check_keys, source, manifest, report) or (None, [])
    checkpoint, signer = report.attempt(check_checkpoint, source, manifest, keys, report) or (None, None)
    if pinned is not None and signer is not None:
        report.attempt(check_pinned, pinned, keys, bound, signer, report)
    elif pinned is not None:
        report.fails("Your key could not be compared, because checkpoint or keys of the bundle do not hold.")
    promise = None
    if manifest.chain is not None and checkpoint is not None:
        promise = report.attempt(check_index, source, manifest, checkpoint, report)
    witness = report.attempt(check_witness, witness_path, keys, manifest, report) if witness_path else None
    walk = check_entries(source, manifest, checkpoint, promise, witness, report)
    compared = False
    if witness is not None and checkpoint is not None:
        compared = report.attempt(compare_witness, witness_path, witness, checkpoint, walk, report)
    report.attempt(check_personal, source, walk, report)
    say_words(manifest, walk, pinned, bool(compared), report)
    return report.verdict()


# --- One proof -------------------------------------------------------------------------------------------------------


def read_text(path: Path) -> str:
    """A small file beside the bundle."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_DOCUMENT).decode("utf-8")
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read: {error}.") from None


def read_proof(path: Path, fields: tuple[str, ...]) -> Any:
    """The fields of a proof file, its path as bytes."""
    try:
        raw = parsed(read_text(path), str(path))
        if not isinstance(raw, dict) or any(field not in raw for field in fields):
            raise Finding(f"{path} lacks one of {', '.join(fields)}.")
        if not isinstance(raw["path"], list):
            raise Finding(f"{path}: its path is not a list.")
        raw["path"] = [unhex(step, str(path)) for step in raw["path"]]
    except Finding as finding:
        raise Unreadable(str(finding)) from None
    return raw


def signed_checkpoint(note: Any, vkeys: Any, pinned: str | None, what: str, report: Report) -> Checkpoint:
    """A checkpoint that a key of the file signed; when the auditor gave a key, that one."""
    keys = [Key(vkey, what) for vkey in (vkeys if isinstance(vkeys, list) else [vkeys])]
    checkpoint = Checkpoint(note, what)
    signers = [key for key in keys if key.signed(checkpoint.note, what)]
    if not signers:
        raise Finding(f"{what} is not signed by key {' or '.join(key.label for key in keys)}.")
    if pinned is not None and pinned not in {key.vkey for key in signers}:
        raise Finding(f"{what} is signed by key {signers[0].label}, which is not yours.")
    report.holds(f"The checkpoint of {many(checkpoint.size)} is signed by key {signers[0].label}.")
    return checkpoint


def prove(path: Path, pinned: str | None, fields: tuple[str, ...], step: Callable[..., None], report: Report) -> int:
    """Check a proof file; returns the exit code."""
    raw = read_proof(path, fields)
    report.attempt(step, raw, str(path), pinned, report)
    if pinned is None:
        report.word("The key came with the proof: compare it with the key that you got elsewhere (--key).")
    return report.verdict()


def prove_entry(raw: Any, path: str, pinned: str | None, report: Report) -> None:
    """The leaf is the entry of that number in the ledger that the checkpoint stands for."""
    checkpoint = signed_checkpoint(raw["checkpoint"], raw["vkey"], pinned, path, report)
    number, size = whole(raw["number"], f"{path}: number", 1), whole(raw["size"], f"{path}: size", 1)
    if size != checkpoint.size:
        raise Finding(f"{path}: the proof is for size {size}, the checkpoint of size {checkpoint.size}.")
    try:
        line = b"\x00" + raw["leaf"].encode("utf-8")
    except (AttributeError, ValueError):
        raise Finding(f"{path}: the leaf is not a text.") from None
    found = ANY_TAIL.fullmatch(tail_of(line))
    if not line.startswith(BEGIN) or not found or int(found[1]) != number:
        raise Finding(f"{path}: the leaf is not entry {number}.")
    check_inclusion(sha256(line).digest(), number - 1, size, raw["path"], checkpoint.root)
    report.holds(f"Entry {number} is in the ledger of {many(size)}, as it stands in {path}.")


def prove_consistency(raw: Any, path: str, pinned: str | None, report: Report) -> None:
    """The later checkpoint continues the earlier one."""
    old = signed_checkpoint(raw["from"], raw["vkey"], pinned, path, report)
    new = signed_checkpoint(raw["to"], raw["vkey"], pinned, path, report)
    if old.origin != new.origin:
        raise Finding(f"{path}: the checkpoints are of two ledgers, {old.origin} and {new.origin}.")
    check_consistency(old.size, new.size, raw["path"], old.root, new.root)
    report.holds(f"The ledger of {many(new.size)} continues that of {many(old.size)}: nothing in it was changed.")


def main(argv: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Check a Tollgate evidence bundle without Tollgate.")
    here = Path(__file__).resolve().parent
    parser.add_argument("bundle", nargs="?", type=Path, default=here, help="a ZIP or a folder; default: where I lie")
    parser.add_argument("--key", metavar="VKEY", help="the verifier key that you got by another way")
    parser.add_argument("--checkpoint", metavar="FILE", type=Path, help="a checkpoint that somebody else kept")
    parser.add_argument("--proof", metavar="FILE", type=Path, help="check that one entry lies in the ledger")
    parser.add_argument("--consistency", metavar="FILE", type=Path, help="check that a later ledger continues another")
    given, report = parser.parse_args(argv), Report()
    try:
        if given.key is not None:
            Key(given.key, "--key")
        if given.proof:
            fields: tuple[str, ...] = ("leaf", "number", "size", "path", "checkpoint", "vkey")
            return prove(given.proof, given.key, fields, prove_entry, report)
        if given.consistency:
            return prove(given.consistency, given.key, ("from", "to", "path", "vkey"), prove_consistency, report)
        return verify(given.bundle, given.key, given.checkpoint, report)
    except (Unreadable, Finding) as error:
        report.say("", f"VERDICT: this cannot be read. {error}")
    except Exception as error:  # noqa: BLE001 - whatever the input was, an auditor gets a sentence
        report.say("", f"VERDICT: this cannot be read. {type(error).__name__}: {error}.")
    return 2


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())
