"""The part of a bundle that proves itself: entries as they were sealed, and the hashes of all that is not shipped.

Everything is read in pieces and written as it is read: memory grows by a few bytes an entry, time with the scope.
"""

import csv
import io
import json
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from audit.base.errors import InvalidInput
from audit.exports.domain import cover
from audit.exports.domain.scope import ALL, Scope
from audit.exports.domain.zipping import Gzip, gzip_lines
from audit.ledger import bulk, personal, rows
from audit.ledger.domain import leaves, merkle
from audit.ledger.domain.canonical import canonical
from audit.ledger.domain.commitments import PATTERN, PREFIX
from audit.ledger.models import Leaf, Personal
from audit.ledger.tree import Tree

AT_ONCE = 2_000
COLUMNS = (
    "number", "at", "actor_kind", "actor_id", "actor_name", "on_behalf_of", "action", "subject_type", "subject_id",
    "subject_name", "model", "use_case", "team", "reason", "changes", "address", "origin",
)  # fmt: skip
MAY_BE_PERSONAL = ("actor_id", "actor_name", "on_behalf_of", "address", "subject_name", "reason", "changes")
SIGN = re.compile(PATTERN.pattern.encode())
FORMULA = frozenset("=+-@\t\r")
Told = Callable[[dict[str, Any]], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a scope's entries, ascending, and the ids of their rows beside them."""

    numbers: "array[int]"
    ids: "array[int]"


def numbers_of(scope: Scope, size: int) -> Numbers:
    """The scope's entries among the log's first ``size``."""
    found = Leaf.objects.filter(number__lte=size).order_by()
    if scope.kind != ALL:
        found = found.filter(**{f"entry__{scope.kind}": scope.id})
    numbers, ids = array("q"), array("q")
    pairs = found.values_list("number", "entry_id").iterator(chunk_size=10_000)
    for number, ident in pairs if scope.kind == ALL else sorted(pairs):
        numbers.append(number)
        ids.append(ident)
    return Numbers(numbers, ids)


def bounds(scope: Scope, size: int) -> tuple[int | None, int | None]:
    """The numbers of the first and last entry of the scope within its period; None and None where it has no bounds.

    All entries between the two are shipped, whatever the clock said: a period is a stretch of the log.

    Raises:
        InvalidInput: there is no entry in the period.
    """
    if scope.start is None and scope.end is None:
        return None, None
    found = Leaf.objects.filter(number__lte=size)
    if scope.kind != ALL:
        found = found.filter(**{f"entry__{scope.kind}": scope.id})
    if scope.start:
        found = found.filter(entry__at__gte=scope.start)
    if scope.end:
        found = found.filter(entry__at__lt=scope.end)
    numbers = found.order_by("number").values_list("number", flat=True)
    first, last = numbers.first(), numbers.last()
    if first is None or last is None:
        mend = "Choose a longer period, or none."
        raise InvalidInput(f"No entry of {scope.words} has been sealed.", where="since", mend=mend)
    return first, last


@dataclass(slots=True)
class Written:
    """What the walk left: how many entries are shipped, which only as hashes and why, which values are still known."""

    shipped: "array[int]" = field(default_factory=lambda: array("q"))
    others: list[tuple[int, int, bytes, str]] = field(default_factory=list)
    signs: set[str] = field(default_factory=set)


class _Files:
    """The files that grow with the entries."""

    def __init__(self, folder: Path) -> None:
        self.entries = Gzip(folder / "entries.ndjson.gz")
        self.table = Gzip(folder / "entries.csv.gz")
        self.hashes = (folder / "leaves.bin").open("wb")

    def __enter__(self) -> Self:
        self.entries.__enter__()
        self.table.__enter__()
        self.table.write((",".join(COLUMNS) + "\r\n").encode())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.entries.__exit__(kind, error, at)
        self.table.__exit__(kind, error, at)
        self.hashes.close()


def write(
    folder: Path, *, scope: Scope, size: int, first: int | None, last: int | None, told: Told, progress: Progress
) -> Written:
    """Writes entries.ndjson.gz, entries.csv.gz, leaves.bin, others.txt.gz, proof.txt.gz and personal.ndjson.gz.

    ``told`` gets each shipped entry once, ascending: its body as text and its number, with what is personal in clear
    or as "erased person …".

    Raises:
        RuntimeError: an entry is not what was sealed: such a log is not exported but verified.
    """
    chosen, written = numbers_of(scope, size), Written()
    with _Files(folder) as files:
        walk = _Walk(scope, files, written, told)
        for at in range(0, len(chosen.numbers), AT_ONCE):
            numbers = chosen.numbers[at : at + AT_ONCE]
            if (first is not None and numbers[-1] < first) or (last is not None and numbers[0] > last):
                walk.leave_out(chosen.ids[at : at + AT_ONCE])
            else:
                walk.take(chosen.ids[at : at + AT_ONCE], first or 1, last or size)
            progress(min(at + AT_ONCE, len(chosen.numbers)), len(chosen.numbers))
    lines = (f"{number} {place} {hashed.hex()} {why}\n".encode() for number, place, hashed, why in written.others)
    gzip_lines(folder / "others.txt.gz", lines)
    parts = cover.cover(
        size, (number - 1 for number in written.shipped), Tree().subtree, (one[0] - 1 for one in written.others)
    )
    gzip_lines(folder / "proof.txt.gz", cover.lines(parts))
    gzip_lines(folder / "personal.ndjson.gz", _openings(sorted(written.signs)))
    return written


class _Walk:
    """Takes rows in pieces and writes them."""

    def __init__(self, scope: Scope, files: _Files, written: Written, told: Told) -> None:
        self.scope, self.files, self.written, self.told = scope, files, written, told
        self.known: dict[str, str] = {}
        self.quoted: dict[str, str] = {}

    def leave_out(self, ids: Sequence[int]) -> None:
        """Entries outside the period: hashes only, where the chain needs them."""
        if self.scope.kind != ALL:
            for row in _read(ids):
                self._other(row, "period")

    def _other(self, row: rows.Sealed, why: str) -> None:
        place = 0 if self.scope.kind == ALL else row.places[rows.PLACES.index(self.scope.kind)] or 0
        self.written.others.append((row.number, place, row.hash, why))

    def take(self, ids: Sequence[int], first: int, last: int) -> None:
        """Entries of which some at least lie in the period."""
        lines, bodies = [], []
        for row in _read(ids):
            if not first <= row.number <= last:
                if self.scope.kind != ALL:
                    self._other(row, "period")
            elif row.pruned:
                self._other(row, "pruned")
            else:
                lines.append(_line(row))
                bodies.append({**(row.body or {}), "number": row.number})
                self.written.shipped.append(row.number)
                self.files.hashes.write(row.hash)
        block = b"\n".join([*lines, b""])
        self.files.entries.write(block)
        self._tell(bodies, {sign.decode() for sign in SIGN.findall(block)})

    def _tell(self, bodies: list[dict[str, Any]], signs: set[str]) -> None:
        fresh = signs - self.known.keys()
        self.written.signs |= fresh
        found = personal.values(fresh)
        self.known |= found
        self.quoted |= {sign: json.dumps(value, ensure_ascii=False)[1:-1] for sign, value in found.items()}
        text = io.StringIO()
        table = csv.writer(text)
        for body in bodies:
            for name in MAY_BE_PERSONAL:
                if PREFIX in body[name]:
                    known = self.quoted if name == "changes" else self.known
                    body[name] = personal.revealed(body[name], known)
            self.told(body)
            table.writerow([*map(_cell, map(body.__getitem__, COLUMNS))])
        self.files.table.write(text.getvalue().encode())


def _line(row: rows.Sealed) -> bytes:
    """The leaf's bytes, which hash to what was sealed."""
    positions = row.positions()
    line = leaves.leaf(row.body, row.number, positions) if row.body and positions is not None else b""
    if merkle.leaf_hash(line) != row.hash:
        raise RuntimeError(f"Entry {row.number:,} is not what was sealed. Verify the log.")
    return line


def _cell(value: Any) -> Any:
    """A cell that a spreadsheet does not take for a formula."""
    if value.__class__ is str and value[:1] in FORMULA:
        return f"'{value}"
    return value


def _read(ids: Sequence[int]) -> list[rows.Sealed]:
    return rows.read(*bulk.among("l.entry_id", ids))


def _openings(signs: Sequence[str]) -> Iterator[bytes]:
    """A line for each personal value that has not been erased."""
    for at in range(0, len(signs), AT_ONCE):
        found = Personal.objects.filter(commitment__in=signs[at : at + AT_ONCE], erased_at=None)
        for sign, salt, value in found.order_by("commitment").values_list("commitment", "salt", "value"):
            yield canonical({"commitment": sign, "salt": salt, "value": value}) + b"\n"
