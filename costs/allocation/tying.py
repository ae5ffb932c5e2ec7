"""Where the charges of a statement go: each different kind of charge is looked at once, and the sums are DuckDB's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from audit.lake import engine
from costs.allocation.domain import RESIDUE, Target, Traits
from costs.billing.domain import tags_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

TRAITS: Final = (
    "tags", "resource_id", "resource_name", "resource_type", "service", "usage", "charge_category",
)  # fmt: skip
TARGET: Final = ("model", "version", "stage", "residue", "evidence")
BATCH: Final = 50_000
LISTED: Final = 2_000
"""So many untied resources of a statement stand by themselves."""


class Sum(NamedTuple):
    """What went one way on one day; ``model`` is a short name, None for no model."""

    day: date
    provider: str
    model: str | None
    version: int | None
    stage: str
    residue: str
    evidence: str
    currency: str
    billed: Decimal
    effective: Decimal
    charges: int


class Left(NamedTuple):
    """What belongs to no model, of one resource or (without a name) of so many."""

    resource: str
    resources: int
    service: str
    stage: str
    residue: str
    currency: str
    billed: Decimal
    effective: Decimal
    charges: int


class Tied:
    """The charges of one statement with their targets."""

    def __init__(self, db: duckdb.DuckDBPyConnection, charges: str) -> None:
        self.db = db
        joined = " AND ".join(f"told.{name} = way.{name}" for name in TRAITS)
        db.execute(
            f"CREATE TEMP VIEW tied AS SELECT told.*, {', '.join(f'way.{name}' for name in TARGET)} "
            f"FROM {charges} AS told JOIN ways AS way ON {joined}"
        )

    def ways(self) -> pa.Table:
        """The kinds of charges and their targets, in an order that only they decide."""
        return self.db.sql("SELECT * FROM ways ORDER BY ALL").to_arrow_table()

    def sums(self) -> list[Sum]:
        """The money of each target by day, in order."""
        found = self.db.execute(
            "SELECT day, provider, model, version, stage, residue, evidence, currency, sum(billed), sum(effective), "
            "count(*) FROM tied GROUP BY ALL ORDER BY ALL"
        )
        return [Sum(*row) for row in found.fetchall()]

    def left(self) -> list[Left]:
        """What belongs to no model, by resource: the ``LISTED`` dearest by themselves, the others together."""
        found = self.db.execute(
            "WITH untied AS (SELECT *, coalesce(nullif(resource_name, ''), resource_id) AS resource "
            f"FROM tied WHERE evidence = '{RESIDUE}'), "
            "ranked AS (SELECT resource, service, row_number() OVER "
            "(ORDER BY abs(sum(effective)) DESC, resource, service) AS place FROM untied GROUP BY resource, service), "
            f"placed AS (SELECT untied.*, place <= {LISTED} AS listed "
            "FROM untied JOIN ranked USING (resource, service)) "
            "SELECT CASE WHEN listed THEN resource ELSE '' END AS name, count(DISTINCT resource), "
            "CASE WHEN listed THEN service ELSE '' END AS of_service, stage, residue, currency, sum(billed), "
            "sum(effective), count(*) FROM placed "
            "GROUP BY listed, name, of_service, stage, residue, currency ORDER BY ALL"
        )
        return [Left(*row) for row in found.fetchall()]


@contextmanager
def tied(path: Path, attribute: Callable[[Traits], Target]) -> Iterator[Tied]:
    """The charges in the Parquet file ``path``, each with the target that ``attribute`` gives to its traits."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.int64() if name == "version" else pa.string()) for name in (*TRAITS, *TARGET)])
    charges = engine.parquet(path)
    with engine.database() as db:
        ways = engine.beside(db, "ways.parquet")
        found = db.execute(f"SELECT DISTINCT {', '.join(TRAITS)} FROM {charges}")
        with pq.ParquetWriter(ways, schema) as writer:
            while rows := found.fetchmany(BATCH):
                columns = zip(*(_way(row, attribute) for row in rows), strict=True)
                arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
        db.execute(f"CREATE TEMP VIEW ways AS SELECT * FROM {engine.parquet(ways)}")
        yield Tied(db, charges)


def _way(row: tuple[str, ...], attribute: Callable[[Traits], Target]) -> tuple[Any, ...]:
    tags, *others = row
    return (*row, *astuple(attribute(Traits(tags_of(tags), *others))))
