"""Opens a bill's file: CSV, gzipped CSV or Parquet, told apart by content. Nothing about a CSV's types is guessed."""

import csv
import gzip
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from audit.base.errors import InvalidInput
from audit.lake import engine
from audit.lake.engine import literal, quoted
from costs.billing.domain import NULLS
from costs.billing.reading.cells import Source, cleaned

if TYPE_CHECKING:
    import duckdb

LONGEST_LINE: Final = 1024 * 1024
LINE: Final = re.compile(r"[Ll]ine:? (\d+)")
ROW_NUMBER: Final = "file_row_number"
PARQUET, GZIP = b"PAR1", b"\x1f\x8b"


class File:
    """A bill's file, and its columns before any row is read.

    Raises:
        InvalidInput: the file is empty, or its heading cannot be read.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection", path: Path, *, delimiter: str = ",") -> None:
        if path.stat().st_size == 0:
            raise InvalidInput("The file is empty.", mend="Export the bill again.")
        self._connection, self._path, self._delimiter = connection, path, delimiter
        with path.open("rb") as file:
            start = file.read(4)
        self._parquet, self._packed = start == PARQUET, start[:2] == GZIP
        if self._parquet:
            described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})").fetchall()
            self.source = Source({name: kind for name, kind, *_ in described})
            if ROW_NUMBER in self.source:
                mend = "Give it another name."
                raise InvalidInput(f"A column is called “{ROW_NUMBER}”.", where="heading", mend=mend)
        else:
            self.source = Source(dict.fromkeys(_heading(path, self._packed, delimiter), "VARCHAR"))

    def relation(self) -> str:
        """SQL for the rows, which can be read again and again, each with ``file_row_number`` from 0.

        Parquet is read where it is. Of a CSV the columns that were used go to a Parquet file beside the database, once
        and cleaned. ``source`` then knows which columns are clean.
        """
        texts = [name for name in self.source.used if self.source.kind(name) == "VARCHAR"]
        path = self._path if self._parquet else engine.beside(self._connection, "bill.parquet")
        if not self._parquet:
            used = ", ".join(f"{cleaned(quoted(name))} AS {quoted(name)}" for name in texts)
            self._connection.execute(
                f"COPY (SELECT {used} FROM {self._csv()}) TO {literal(str(path))} (FORMAT parquet)"
            )
        relation = f"read_parquet({literal(str(path))}, file_row_number=true)"
        clean = [name for name in texts if not self._parquet or self._is_clean(name, relation)]
        self.source = Source(self.source.columns, clean)
        return relation

    def _is_clean(self, name: str, relation: str) -> bool:
        """Whether no cell says "nothing" in words; DuckDB skips groups of rows whose statistics say so."""
        words = ", ".join(map(literal, NULLS))
        found = f"SELECT 1 FROM {relation} WHERE {quoted(name)} IN ({words}) LIMIT 1"
        return self._connection.execute(found).fetchone() is None

    def _csv(self) -> str:
        """The heading says the columns."""
        columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in self.source.columns)
        return (
            f"read_csv({literal(str(self._path))}, columns={{{columns}}}, header=true, auto_detect=false,"
            f" delim={literal(self._delimiter)}, quote='\"', escape='\"',"
            f" compression='{'gzip' if self._packed else 'none'}', strict_mode=true, max_line_size={LONGEST_LINE})"
        )


def _heading(path: Path, packed: bool, delimiter: str) -> list[str]:
    """The columns that the first line of a CSV names."""
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            line = file.readline(LONGEST_LINE)
        names = next(csv.reader([line.decode("utf-8-sig")], delimiter=delimiter), [])
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInput("The gzip file is cut off or damaged.", mend="Hand in the whole file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput("This is neither CSV nor Parquet.", where="heading", mend="Export it as UTF-8.") from error
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or not names:
        raise InvalidInput(f"The column “{twice or ''}” stands there twice, or has no name.", where="heading")
    return names


def unreadable(error: Exception) -> InvalidInput:
    """What DuckDB says, as a sentence for people; the cell contents and paths that it quotes are left out."""
    if isinstance(error, UnicodeDecodeError):
        return InvalidInput("A name or a value in it is not UTF-8 text.", mend="Export it as UTF-8.")
    # What follows are settings of the reader, in words that would be taken for causes.
    text = str(error).partition("Possible")[0]
    line = LINE.search(text)
    text = text[:200] + text[-200:]  # the line itself stands between, as long as it is
    where = f"row {max(1, int(line[1]) - 1)}" if line else ""
    lower = text.lower()
    if "maximum line size of" in lower:
        mend = "Look for an unclosed quotation mark."
        return InvalidInput("A line is longer than a megabyte.", where=where, mend=mend)
    if "gzip" in lower:
        return InvalidInput("The gzip file is cut off or damaged.", mend="Hand in the whole file.")
    if "parquet" in lower or "magic bytes" in lower or "thrift" in lower:
        return InvalidInput("The Parquet file is cut off or damaged.", mend="Hand in the whole file.")
    if "unicode" in lower and not where:
        return InvalidInput("A name or a value in it is not UTF-8 text.", mend="Export it as UTF-8.")
    if "unicode" in lower:
        return InvalidInput("The line is not UTF-8 text.", where=where, mend="Export it as UTF-8.")
    if "state machine" in lower:
        return InvalidInput("Its lines are not CSV, or end in different ways.", mend="Export it again.")
    if "unterminated quote" in lower:
        return InvalidInput("A quotation mark is not closed.", where=where, mend="Export it as CSV again.")
    if line:
        return InvalidInput("The line does not have the columns of the heading.", where=where, mend="Export it again.")
    return InvalidInput("The file cannot be read as CSV or Parquet.", mend="Export it again.")
