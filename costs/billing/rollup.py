"""Rows of a bill that differ in nothing but the hour become one charge a day: a Parquet file for each statement.

A charge has the columns of ``GROUPS``, the four costs and the consumed quantity of FOCUS as exact decimals, and
``rows``, the number of rows added up. A charge whose period is longer than a day stands on its first day (UTC).
``usage`` is the provider's usage type, meter or description, ``tags`` JSON text; text that is not there is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from audit.lake import engine
from audit.lake.engine import literal
from costs.billing import focus
from costs.billing.reading.rules import Finding, together

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

KEYS: Final = ("account", "period_start")
GROUPS: Final = (
    *KEYS, "account_name", "period_end", "day", "provider", "sub_account", "service", "service_category", "region",
    "resource_id", "resource_name", "resource_type", "charge_category", "charge_class", "sku", "usage", "tags",
    "currency", "unit",
)  # fmt: skip
COSTS: Final = ("billed", "effective", "contracted", "list")
SUMS: Final = (*COSTS, "quantity")


@dataclass(frozen=True, slots=True)
class Told:
    """What a bill says of one account and period (UTC): ``totals`` maps a currency to the costs of ``COSTS``."""

    account: str
    account_name: str
    period_start: datetime
    period_end: datetime
    rows: int
    charges: int
    totals: dict[str, dict[str, Decimal]]


class Rollup:
    """The charges of a whole bill, and what its files were recognised as and break of the rules of FOCUS."""

    def __init__(self, db: duckdb.DuckDBPyConnection, formats: Sequence[str], findings: Sequence[Finding]) -> None:
        self.db = db
        self.format = " and ".join(dict.fromkeys(formats))
        self.findings = findings

    def told(self) -> list[Told]:
        """What the bill says of each account and period, in their order."""
        sums = ", ".join(f"coalesce(sum({cost}), 0)" for cost in COSTS)
        totals: dict[tuple[str, datetime], dict[str, dict[str, Decimal]]] = {}
        for account, start, currency, *costs in self.db.execute(
            f"SELECT {', '.join(KEYS)}, currency, {sums} FROM charges GROUP BY ALL ORDER BY ALL"
        ).fetchall():
            totals.setdefault((account, start), {})[currency] = dict(zip(COSTS, costs, strict=True))
        heads = self.db.execute(
            f"SELECT {', '.join(KEYS)}, max(account_name), max(period_end), sum(rows)::BIGINT, count(*) "
            f"FROM charges GROUP BY {', '.join(KEYS)} ORDER BY {', '.join(KEYS)}"
        ).fetchall()
        return [
            Told(
                account, name, start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), rows, charges, totals[account, start]
            )
            for account, start, name, end, rows, charges in heads
        ]

    def charges(self, told: Told) -> pa.Table:
        """The charges of one statement, in an order that only they decide."""
        return self.db.sql(
            f"SELECT * FROM charges WHERE account = $account AND period_start = $start ORDER BY {', '.join(GROUPS)}",
            params={"account": told.account, "start": told.period_start.replace(tzinfo=None)},
        ).to_arrow_table()


@contextmanager
def rolled_up(paths: Sequence[Path]) -> Iterator[Rollup]:
    """The charges of the files of a bill, each read and checked by itself; memory holds one at a time.

    Raises:
        InvalidInput: one of the files cannot be used; see ``focus.opened``.
    """
    with engine.database() as db:
        days, formats, findings = [], list[str](), list[tuple[Finding, ...]]()
        for at, path in enumerate(paths):
            day = engine.beside(db, f"part-{at}.parquet")
            with focus.opened(path) as bill:
                bill.connection.execute(
                    f"COPY ({_grouped('typed', '1')}) TO {literal(str(day))} (FORMAT parquet, COMPRESSION snappy)"
                )
                formats.append(bill.format)
                findings.append(bill.findings)
            days.append(day)
        source = engine.parquet(*days)
        one = f"SELECT * FROM {source}"
        db.execute(f"CREATE TEMP VIEW charges AS {one if len(days) == 1 else _grouped(source, 'rows')}")
        yield Rollup(db, formats, together(findings))


def _grouped(source: str, counted: str) -> str:
    sums = ", ".join(f"sum({name}) AS {name}" for name in SUMS)
    return (
        f"SELECT {', '.join(GROUPS)}, {sums}, sum({counted})::BIGINT AS rows FROM {source} GROUP BY {', '.join(GROUPS)}"
    )
