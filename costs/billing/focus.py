"""Reads a FOCUS file with DuckDB: every value typed or the row and column named; amounts are decimals throughout."""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from audit.base.errors import InvalidInput
from costs.billing import domain
from costs.billing.amounts import DIGITS, PLACES

if TYPE_CHECKING:
    import duckdb

DECIMAL: Final = f"DECIMAL({DIGITS}, {PLACES})"
MEMORY, THREADS = "1GB", 2
LONGEST_LINE: Final = 1024 * 1024
TEXT_COLUMNS: Final = {
    "sub_account": "SubAccountId",
    "region": "RegionId",
    "resource_id": "ResourceId",
    "resource_name": "ResourceName",
    "resource_type": "ResourceType",
    "charge_class": "ChargeClass",
    "sku": "SkuId",
    "account_name": "BillingAccountName",
    "unit": "ConsumedUnit",
}
GROUPS: Final = (
    "account", "account_name", "period_start", "period_end", "day", "provider", "sub_account", "service",
    "service_category", "region", "resource_id", "resource_name", "resource_type", "charge_category", "charge_class",
    "sku", "usage", "tags", "currency", "unit",
)  # fmt: skip
LINE: Final = re.compile(r"[Ll]ine:? (\d+)")


@dataclass(frozen=True, slots=True)
class Day:
    """Rows of a bill that differ in nothing but the hour, added up. Times are naive, in UTC; ``tags`` is JSON text."""

    account: str
    account_name: str
    period_start: datetime
    period_end: datetime
    day: date
    provider: str
    sub_account: str
    service: str
    service_category: str
    region: str
    resource_id: str
    resource_name: str
    resource_type: str
    charge_category: str
    charge_class: str
    sku: str
    usage: str
    tags: str
    currency: str
    unit: str
    billed: Decimal
    effective: Decimal
    contracted: Decimal | None
    list: Decimal | None
    quantity: Decimal | None
    rows: int
    first_row: int


class Bill:
    """An opened bill whose values have been checked."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self._connection = connection

    def rows(self) -> int:
        """The number of rows in the file."""
        return int(self._one("SELECT count(*) FROM typed")[0])

    def totals(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Billed and effective cost of the whole file by currency."""
        query = "SELECT currency, sum(billed), sum(effective) FROM typed GROUP BY currency ORDER BY currency"
        return {
            currency: (billed, effective) for currency, billed, effective in self._connection.execute(query).fetchall()
        }

    def days(self, *, batch: int = 2000) -> Iterator[list[Day]]:
        """The rows added up to days, in batches, in the order of the file within each account and period."""
        keys = ", ".join(GROUPS)
        cursor = self._connection.execute(  # nothing but our own names is put into the text
            f"SELECT {keys}, sum(billed), sum(effective), sum(contracted), sum(list), sum(quantity), count(*), min(nr)"  # noqa: S608 - our own names
            f" FROM typed GROUP BY {keys} ORDER BY account, period_start, min(nr)"
        )
        while rows := cursor.fetchmany(batch):
            yield [Day(*row) for row in rows]

    def _one(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self._connection.execute(query).fetchone()
        assert row is not None
        return row


@contextmanager
def opened(path: Path) -> Iterator[Bill]:
    """The bill at ``path``: CSV, gzipped CSV or Parquet, told apart by content. Times without zone are UTC (FOCUS).

    Raises:
        InvalidInput: the file cannot be read, lacks a mandatory column, or holds a value that is none of its kind;
            the first such row and its column are named, rows counted from 1 without the heading.
    """
    import duckdb

    if path.stat().st_size == 0:
        raise InvalidInput("The file is empty.", mend="Export the bill again.")
    connection = duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "threads": THREADS,
            "temp_directory": str(settings.TOLLGATE_HOME / "tmp"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        source = _source(path)
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - a path that we made
        columns = {name: kind for name, kind, *_ in described}
        _check_columns(columns)
        connection.execute(f"CREATE TEMP TABLE raw AS {_selected(columns, source)}")
        _check_values(connection)
        connection.execute(f"CREATE TEMP VIEW typed AS {_typed()}")
        bill = Bill(connection)
        if not bill.rows():
            raise InvalidInput("The file has a heading and no rows.", mend="Export the bill again.")
        yield bill
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise _unreadable(error) from error
    finally:
        connection.close()


def _source(path: Path) -> str:
    """SQL that reads the file; of a CSV the heading says the columns, so that nothing about them is guessed."""
    with path.open("rb") as file:
        start = file.read(4)
    name = _quoted(str(path))
    if start == b"PAR1":
        return f"read_parquet({name})"
    packed = start[:2] == b"\x1f\x8b"
    columns = ", ".join(f"{_quoted(column)}: 'VARCHAR'" for column in _heading(path, packed))
    return (
        f"read_csv({name}, columns={{{columns}}}, header=true, auto_detect=false, delim=',', quote='\"', escape='\"',"
        f" compression='{'gzip' if packed else 'none'}', strict_mode=true, max_line_size={LONGEST_LINE})"
    )


def _heading(path: Path, packed: bool) -> list[str]:
    """The columns that the first line of a CSV names."""
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            line = file.readline(LONGEST_LINE)
        names = next(csv.reader([line.decode("utf-8-sig")]), [])
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInput("The gzip file is cut off or damaged.", mend="Hand in the whole file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput("This is neither CSV nor Parquet.", where="heading", mend="Export it as UTF-8.") from error
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or not names:
        raise InvalidInput(f"The column “{twice or ''}” stands there twice, or has no name.", where="heading")
    return names


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _check_columns(columns: dict[str, str]) -> None:
    lacking = domain.missing_columns(list(columns))
    if lacking:
        raise InvalidInput(
            f"The file has no column {', '.join(lacking)}.",
            where="heading",
            mend="Export it as FOCUS 1.0 or newer, with all mandatory columns.",
        )


def _text(columns: dict[str, str], *names: str) -> str:
    """SQL for the first of the columns that the row fills, as text; null without any."""
    parts = []
    for name in names:
        if name in columns:
            own = f'"{name}"' if columns[name] == "VARCHAR" else f'CAST("{name}" AS VARCHAR)'
            nulls = ", ".join(f"'{word}'" for word in domain.NULLS)
            parts.append(f"CASE WHEN trim({own}) IN ({nulls}) THEN NULL ELSE trim({own}) END")
    return f"coalesce({', '.join(parts)})" if parts else "NULL::VARCHAR"


def _selected(columns: dict[str, str], source: str) -> str:
    """SQL that gives each row its number, its text as it stands, and its typed value or null where it is none."""
    parts = ["row_number() OVER () AS nr"]
    for name in (*domain.MONEY, "ConsumedQuantity"):
        text = _text(columns, name)
        parts += [f'{text} AS "{name}"', f'TRY_CAST({text} AS {DECIMAL}) AS "{name}_typed"']
    for name in domain.TIMES:
        text = _text(columns, name)
        moment = f"make_timestamp(epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)))"
        parts += [f'{text} AS "{name}"', f'{moment} AS "{name}_typed"']
    for name in domain.TEXTS:
        parts.append(f'{_text(columns, name)} AS "{name}"')
    parts.append(f"{_text(columns, *domain.PROVIDERS)} AS provider")
    parts.append(f"{_text(columns, *domain.USAGE)} AS usage")
    parts.append(f"{_tags(columns)} AS tags")
    parts += [f"{_text(columns, name)} AS {alias}" for alias, name in TEXT_COLUMNS.items()]
    return f"SELECT {', '.join(parts)} FROM {source}"  # noqa: S608 - our own names, and a path that we made


def _tags(columns: dict[str, str]) -> str:
    kind = columns.get("Tags", "VARCHAR")
    return _text(columns, "Tags") if kind in {"VARCHAR", "JSON"} else 'CAST(to_json("Tags") AS VARCHAR)'


def _typed() -> str:
    optional = ", ".join(f"coalesce({alias}, '') AS {alias}" for alias in TEXT_COLUMNS)
    return f"""
        SELECT nr, "BillingAccountId" AS account, "BillingPeriodStart_typed" AS period_start,
               "BillingPeriodEnd_typed" AS period_end, CAST("ChargePeriodStart_typed" AS DATE) AS day,
               coalesce(provider, '') AS provider, coalesce("ServiceName", '') AS service,
               coalesce("ServiceCategory", '') AS service_category, "ChargeCategory" AS charge_category,
               coalesce(usage, '') AS usage, coalesce(tags, '') AS tags, "BillingCurrency" AS currency,
               "BilledCost_typed" AS billed, "EffectiveCost_typed" AS effective, "ContractedCost_typed" AS contracted,
               "ListCost_typed" AS list, "ConsumedQuantity_typed" AS quantity, {optional}
        FROM raw"""  # noqa: S608 - our own names


def _check_values(connection: "duckdb.DuckDBPyConnection") -> None:
    """Raises for the first row that lacks a value or holds one that is none of its kind."""
    faults = [(f'"{name}" IS NULL', name, "is empty") for name in domain.FILLED]
    for name in (*domain.MONEY, "ConsumedQuantity"):
        faults.append((f'"{name}" IS NOT NULL AND "{name}_typed" IS NULL', name, "is not a number"))
    for name in domain.TIMES:
        faults.append((f'"{name}" IS NOT NULL AND "{name}_typed" IS NULL', name, "is not a time"))
    for start, end in (domain.TIMES[:2], domain.TIMES[2:]):
        faults.append((f'"{end}_typed" <= "{start}_typed"', end, f"is not after {start}"))
    found = []
    for condition, name, words in faults:
        row = connection.execute(f'SELECT nr, "{name}" FROM raw WHERE {condition} ORDER BY nr LIMIT 1').fetchone()  # noqa: S608
        if row:
            found.append((row[0], name, f"“{row[1][:80]}” {words}." if row[1] is not None else f"the value {words}."))
    for tags, number in connection.execute(
        "SELECT tags, min(nr) FROM raw WHERE tags IS NOT NULL GROUP BY 1"
    ).fetchall():
        try:
            domain.tags_of(tags)
        except ValueError:
            found.append((number, "Tags", f"“{tags[:80]}” is not a JSON object."))
    if found:
        number, name, words = min(found)
        raise InvalidInput(words, where=f"row {number}, column {name}", mend="Correct the file and hand it in again.")


def _unreadable(error: Exception) -> InvalidInput:
    """What DuckDB says, as a sentence for people; the cell contents and paths that it quotes are left out."""
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
    if "unicode" in lower:
        return InvalidInput("The line is not UTF-8 text.", where=where, mend="Export it as UTF-8.")
    if "state machine" in lower:
        return InvalidInput("Its lines are not CSV, or end in different ways.", mend="Export it again.")
    if "unterminated quote" in lower:
        return InvalidInput("A quotation mark is not closed.", where=where, mend="Export it as CSV again.")
    if line:
        return InvalidInput("The line does not have the columns of the heading.", where=where, mend="Export it again.")
    return InvalidInput("The file cannot be read as CSV or Parquet.", mend="Export it again.")
