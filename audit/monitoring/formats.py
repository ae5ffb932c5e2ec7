"""A file of any of the three formats becomes one DuckDB relation; what is not text, or has endless lines, stops here.

Memory stays bounded whatever the file holds: it is read in chunks, and no line longer than ``LINE_LIMIT`` reaches the
parser. Rows are counted as in the file: a CSV's header line is row 1.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal, Self

from audit.base.errors import InvalidInput
from audit.lake.engine import literal, quoted

if TYPE_CHECKING:
    import duckdb

CHUNK: Final = 1024 * 1024
LINE_LIMIT: Final = 1024 * 1024
Format = Literal["csv", "ndjson", "parquet"]
SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
INTEGERS: Final = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip
ZONED: Final = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"}
Type = Literal["text", "integer", "number", "boolean", "time", "time without zone", "other"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that DuckDB can read. ``relation`` is SQL for a FROM clause with the columns ``columns``.

    ``numbered`` is the same with the file's row as ``"#row"``; only the search for an error needs it, it is slower.
    ``names`` are the names in the file of columns that go by another one here.
    """

    path: Path
    format: Format
    columns: dict[str, Type]
    relation: str
    numbered: str
    zipped: bool = False
    delimiter: str = ","
    names: Mapping[str, str] = field(default_factory=dict)

    def named(self, column: str) -> str:
        """The file's own name of a column, for a sentence that says where something is wrong."""
        return self.names.get(column, column)

    def only(self, names: Mapping[str, str]) -> Self:
        """The same file with only these columns: {name here: name in the file}."""
        chosen = ", ".join(f"{quoted(theirs)} AS {quoted(ours)}" for ours, theirs in names.items())
        return replace(
            self,
            columns={ours: self.columns[theirs] for ours, theirs in names.items()},
            relation=f"(SELECT {chosen or 'NULL'} FROM {self.relation})",
            numbered=f"(SELECT {', '.join(filter(None, (quoted('#row'), chosen)))} FROM {self.numbered})",
            names=dict(names),
        )

    def row(self, number: int) -> int:
        """The line in the file of what ``numbered`` calls ``number``: blank lines and line breaks in fields count."""
        if self.format == "parquet":
            return number
        with _opened(self.path, zipped=self.zipped) as raw:
            lines = codecs.getreader("utf-8-sig")(raw)
            if self.format == "ndjson":
                filled = (at for at, line in enumerate(lines, start=1) if line.strip())
                return next((at for count, at in enumerate(filled, start=1) if count == number), number)
            reader, count = csv.reader(lines, delimiter=self.delimiter), 0
            for record in reader:
                count += bool(record)
                if count == number:
                    return reader.line_num
        return number


def day_of(time: str) -> str:
    """SQL for the day (UTC) of a time with zone from 1970 on; a cast would ask the calendar of a zone for each row."""
    return f"(DATE '1970-01-01' + (epoch_us({time}) // 86400000000)::INTEGER)"


def _opened(path: Path, *, zipped: bool) -> IO[bytes]:
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def _chunks(path: Path, *, zipped: bool) -> Iterator[bytes]:
    try:
        with _opened(path, zipped=zipped) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        if not zipped:
            raise
        raise InvalidInput(
            "This gzip file ends too early or is damaged.", where="file", mend="Compress and send it again."
        ) from error


def format_of(path: Path, filename: str) -> tuple[Format, bool]:
    """The format of a file, and whether it is gzipped: by its first bytes, then by its name.

    Raises:
        InvalidInput: the file is empty, or its name says Parquet and its content does not.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise InvalidInput("This file is empty.", where="file", mend="Send a file with a header and at least one row.")
    zipped = head[:2] == b"\x1f\x8b"
    suffixes = [suffix.lower() for suffix in Path(filename).suffixes if suffix.lower() != ".gz"]
    named = SUFFIXES.get(suffixes[-1]) if suffixes else None
    if head == b"PAR1":
        return "parquet", False
    if named == "parquet":
        raise InvalidInput(
            "This is not a Parquet file: it does not start with PAR1.",
            where="file",
            mend="Write it again and send that.",
        )
    start = next(_chunks(path, zipped=zipped), b"").removeprefix(codecs.BOM_UTF8).lstrip()
    if not start:
        raise InvalidInput("This file is empty.", where="file", mend="Send a file with a header and at least one row.")
    return named or ("ndjson" if start[:1] == b"{" else "csv"), zipped


def check_lines(path: Path, *, zipped: bool) -> None:
    """Nothing, when the file is UTF-8 text whose lines are at most ``LINE_LIMIT`` bytes long.

    Raises:
        InvalidInput: a line is longer, or a byte is not text; the row is named.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    row, pending = 1, b""
    for chunk in _chunks(path, zipped=zipped):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            row += pending.count(b"\n") + chunk.count(b"\n", 0, max(0, error.start))
            raise InvalidInput(
                "There is a byte that is not UTF-8 text.", where=f"row {row}", mend="Save the file as UTF-8."
            ) from error
        if b"\x00" in chunk:
            row += pending.count(b"\n") + chunk.count(b"\n", 0, chunk.index(b"\x00"))
            raise InvalidInput(
                "There is a zero byte, so this is not text.", where=f"row {row}", mend="Save it as UTF-8."
            )
        pending, start = pending + chunk, 0
        while len(pending) - start > LINE_LIMIT:
            end = pending.rfind(b"\n", start, start + LINE_LIMIT + 1)
            if end < 0:
                row += pending.count(b"\n", 0, start)
                raise InvalidInput(
                    f"This line is longer than {LINE_LIMIT:,} bytes.",
                    where=f"row {row}",
                    mend="Check that lines end with a line break and that quotes are closed.",
                )
            start = end + 1
        row += pending.count(b"\n", 0, start)
        pending = pending[start:]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise InvalidInput("The last character is cut off.", where="file", mend="Send the whole file.") from error


def open_source(db: duckdb.DuckDBPyConnection, path: Path, filename: str) -> Source:
    """The file as a relation of ``db``, its first row checked.

    Raises:
        InvalidInput: it is empty, not one of the three formats, cut off, not UTF-8, or has an endless line.
    """
    format_, zipped = format_of(path, filename)
    if format_ == "parquet":
        return _parquet(db, path)
    check_lines(path, zipped=zipped)
    return _csv(path, zipped=zipped) if format_ == "csv" else _ndjson(db, path, zipped=zipped)


def _csv(path: Path, *, zipped: bool) -> Source:
    with _opened(path, zipped=zipped) as raw:
        first = raw.readline(LINE_LIMIT + 1).decode("utf-8-sig")
    delimiter = max(",;\t", key=first.count)
    names = [
        name.strip()
        for name in next(csv.reader([first.splitlines()[0] if first.strip() else ""], delimiter=delimiter), [])
    ]
    for name in names:
        if not name or names.count(name) > 1:
            raise InvalidInput(
                f"The column {name} stands twice." if name else "A column has no name.",
                where="row 1",
                mend="Give each column a name of its own.",
            )
    if not names:
        raise InvalidInput("The header is empty.", where="row 1", mend="Name the columns in the first line.")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    relation = (
        f"read_csv({literal(str(path))}, header=true, auto_detect=false, columns={{{columns}}}, strict_mode=true, "
        f"delim={literal(delimiter)}, quote='\"', escape='\"', max_line_size={LINE_LIMIT}, "
        f"compression='{'gzip' if zipped else 'none'}')"
    )
    numbered = f'(SELECT row_number() OVER () + 1 AS "#row", * FROM {relation})'
    return Source(path, "csv", dict.fromkeys(names, "text"), relation, numbered, zipped, delimiter)


def _ndjson(db: duckdb.DuckDBPyConnection, path: Path, *, zipped: bool) -> Source:
    lines = (
        f"read_ndjson_objects({literal(str(path))}, maximum_object_size={LINE_LIMIT}, "
        f"compression='{'gzip' if zipped else 'none'}')"
    )
    wrong = db.execute(
        f'SELECT "#row" FROM (SELECT row_number() OVER () AS "#row", json FROM {lines}) '
        "WHERE json_type(json) <> 'OBJECT' LIMIT 1"
    ).fetchall()
    for (number,) in wrong:
        found = Source(path, "ndjson", {}, lines, lines, zipped)
        raise InvalidInput(
            "This line is not a JSON object.",
            where=f"row {found.row(number)}",
            mend='Write each row as {"name": value}.',
        )
    keys = db.execute(f"SELECT DISTINCT unnest(json_keys(json)) FROM {lines}").fetchall()
    names = sorted(row[0] for row in keys)
    paths = ", ".join(literal("/" + name.replace("~", "~0").replace("/", "~1")) for name in names)
    values = ", ".join(f"v[{at}] AS {quoted(name)}" for at, name in enumerate(names, start=1))
    every = f"json_extract_string(json, [{paths}]) AS v"
    relation = f"(SELECT {values or 'NULL'} FROM (SELECT {every} FROM {lines}))"
    row = 'row_number() OVER () AS "#row"'
    numbered = f'(SELECT "#row", {values or "NULL"} FROM (SELECT {row}, {every} FROM {lines}))'
    return Source(path, "ndjson", dict.fromkeys(names, "text"), relation, numbered, zipped)


def _parquet(db: duckdb.DuckDBPyConnection, path: Path) -> Source:
    import duckdb

    read = f"read_parquet([{literal(str(path))}])"
    try:
        described = db.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise InvalidInput(
            "This Parquet file is cut off or damaged: its last bytes do not describe it.",
            where="file",
            mend="Write it again and send the whole file.",
        ) from error
    columns = {name: _type(kind) for name, kind, *_ in described}
    # Renamed, so that a column of the file that is called file_row_number cannot be taken for it.
    numbered = (
        f'(SELECT file_row_number + 1 AS "#row", * EXCLUDE (file_row_number) '
        f"FROM read_parquet([{literal(str(path))}], file_row_number=true))"
    )
    return Source(path, "parquet", columns, read, numbered)


def _type(name: str) -> Type:
    if name in INTEGERS:
        return "integer"
    if name in {"DOUBLE", "FLOAT"} or name.startswith("DECIMAL"):
        return "number"
    if name in ZONED:
        return "time"
    if name.startswith("TIMESTAMP") or name == "DATE":
        return "time without zone"
    # A column of nothing but nulls may have no type of its own: it reads as any.
    if name in {"VARCHAR", '"NULL"'} or name.startswith("ENUM"):
        return "text"
    return "boolean" if name == "BOOLEAN" else "other"


def _not_json(path: Path) -> str:
    """The first line that is not JSON; DuckDB's own count is one too high."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    with _opened(path, zipped=zipped) as lines:
        for at, line in enumerate(lines, start=1):
            try:
                if line.strip():
                    json.loads(line, parse_constant=_no_number)
            except (ValueError, RecursionError):
                return f"row {at}"
    return "file"


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def parse_error(error: Exception, source: Source | None, path: Path | None = None) -> InvalidInput:
    """What DuckDB could not read, as a sentence with the row."""
    text = str(error)
    found = re.search(r"(?:on Line:|in line) (\d+)", text)
    where = f"row {found[1]}" if found else "file"
    expected = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if expected:
        return InvalidInput(
            f"This row has {expected[2]} fields and the header has {expected[1]}.",
            where=where,
            mend="Put fields that hold the separator into quotes.",
        )
    if "line size" in text:
        return InvalidInput(
            f"This row is longer than {LINE_LIMIT:,} bytes.", where=where, mend="Check that quotes are closed."
        )
    if "quote" in text.partition("Possible fixes")[0]:
        return InvalidInput("A quote is opened and not closed.", where=where, mend="Double the quotes inside a field.")
    if "JSON" in text:
        mend = "Write one whole JSON object on each line."
        return InvalidInput("This line is not JSON.", where=where if path is None else _not_json(path), mend=mend)
    if source is not None and source.format == "parquet":
        return InvalidInput(
            "This Parquet file is damaged.", where=where, mend="Write it again and send the whole file."
        )
    return InvalidInput(
        "This cannot be read as a table.", where=where, mend="Send CSV as in RFC 4180, NDJSON or Parquet."
    )
