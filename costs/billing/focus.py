"""Reads a bill with DuckDB: every value typed or the row and column named; amounts are decimals throughout."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.lake import engine
from costs.billing.reading import cur, focus, generic
from costs.billing.reading.cells import Shape, Source
from costs.billing.reading.checks import check
from costs.billing.reading.opening import File, unreadable
from costs.billing.reading.rules import Finding
from costs.billing.reading.views import create_facts, create_typed

if TYPE_CHECKING:
    import duckdb


class Bill:
    """An opened file of a bill whose values have been checked: the view ``typed`` of ``connection`` has its rows.

    ``format`` says what the file was recognised as ("FOCUS 1.2"), ``findings`` which rules of FOCUS it does not keep.
    """

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", *, recognised: str, findings: tuple[Finding, ...]
    ) -> None:
        self.connection, self.format, self.findings = connection, recognised, findings


@contextmanager
def opened(path: Path, *, mapping: Mapping[str, Any] | None = None) -> Iterator[Bill]:
    """The bill at ``path``: CSV, gzipped CSV or Parquet; FOCUS or an AWS report, told apart by content.

    Any other table takes a ``mapping`` (see ``generic.Layout``). Times without zone are UTC (FOCUS).

    Raises:
        InvalidInput: the file cannot be read, lacks a mandatory column, or holds a value that is none of its kind;
            the first such row and its column are named, rows counted from 1 without the heading. The mapping names
            what does not exist.
    """
    import duckdb

    layout = None if mapping is None else generic.Layout.of(mapping)
    with engine.database(apart=True) as connection:
        try:
            file = File(connection, path, delimiter=layout.delimiter if layout else ",")
            _shape(file.source, layout)  # what it uses is what is read
            relation = file.relation()
            shape = _shape(file.source, layout)
            create_facts(connection, shape, relation)
            findings, filled = check(connection, shape, file.source.columns)
            create_typed(connection, shape, filled)
            yield Bill(connection, recognised=shape.format, findings=findings)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise unreadable(error) from error


def _shape(source: Source, layout: generic.Layout | None) -> Shape:
    if layout is not None:
        return generic.shape(source, layout)
    return cur.shape(source) if cur.recognised(source) else focus.shape(source)
