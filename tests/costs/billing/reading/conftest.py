"""Files of bills, written by DuckDB or row by row."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.support.bills import bill


@pytest.fixture
def parquet(tmp_path: Path) -> Callable[..., Path]:
    """A bill in FOCUS as Parquet: ``rows`` as in ``bill``, then columns replaced or added by SQL, or left out."""

    def write(rows: list[dict[str, str]], *, replace: str = "", add: str = "", without: tuple[str, ...] = ()) -> Path:
        source, target = tmp_path / "source.csv", tmp_path / "bill.parquet"
        source.write_bytes(bill(rows, without=without))
        changed = f"* REPLACE ({replace})" if replace else "*"
        duckdb.sql(
            f"COPY (SELECT {changed}{', ' + add if add else ''} FROM read_csv('{source}', all_varchar=true))"
            f" TO '{target}' (FORMAT parquet)"
        )
        return target

    return write


@pytest.fixture
def written(tmp_path: Path) -> Callable[[bytes], Path]:
    """A file with this content."""

    def write(content: bytes) -> Path:
        path = tmp_path / "bill"
        path.write_bytes(content)
        return path

    return write
