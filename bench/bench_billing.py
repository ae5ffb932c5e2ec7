"""How fast a bill of millions of rows is read, attributed and rolled up, beside DuckDB that only adds the file up.

BENCH_BILL=200000 tries it on fewer rows.
"""

import os
import tempfile
from collections.abc import Iterator

from bench.apart import figures
from bench.harness import Figure, bench

ROWS = int(os.environ.get("BENCH_BILL") or 5_000_000)
TRIES = 2
MEMORY = 1024
GROWTH = 10


@bench("costs.billing.import_five_million")
def five_million() -> Iterator[Figure]:
    """A FOCUS bill of five million rows in a Parquet file, from the file to the sums that pages read."""
    name = "costs.billing.import_five_million"
    ours, plain = _measured(ROWS)
    against = f"{ROWS:,} rows: DuckDB adding the same Parquet file up to days"
    yield Figure(f"{name}.time", ours["seconds"], "s", against, plain["seconds"], "<= 3")
    yield Figure(f"{name}.memory", ours["megabytes"], "MB", "the most, Django and DuckDB included", MEMORY)


@bench("costs.billing.growth")
def growth() -> Iterator[Figure]:
    """Ten times the rows take at most ten times the seconds."""
    few = ROWS // 5
    small, large = (_measured(rows)[0]["seconds"] for rows in (few, few * GROWTH))
    against = f"{few * GROWTH:,} rows beside {few:,}, ten times as long"
    yield Figure("costs.billing.growth", large, "s", against, small * GROWTH)


def _measured(rows: int) -> tuple[dict[str, float], dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
        figures("bench.of_billing:write", "sqlite", folder=folder, rows=rows)
        ours = figures("bench.of_billing:take", "sqlite", folder=folder, tries=TRIES)
        plain = figures("bench.of_billing:group", "sqlite", folder=folder, tries=TRIES)
    return ours, plain
