"""How fast ten million predictions come in, whether two workers share days, and the page of a thousand models.

BENCH_ROWS=100000 and BENCH_MODELS=100 try it on fewer.
"""

import os
import tempfile
from collections.abc import Iterator

from bench.apart import DATABASES, figures
from bench.harness import Figure, bench

ROWS = int(os.environ.get("BENCH_ROWS") or 10_000_000)
MODELS = int(os.environ.get("BENCH_MODELS") or 1000)
TRIES, ROUNDS = 2, 120
MEMORY = 1024


@bench("audit.monitoring.import_ten_million")
def many() -> Iterator[Figure]:
    """Ten million predictions in a Parquet file, from the file to the books, beside DuckDB that copies the file."""
    name = "audit.monitoring.import_ten_million"
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
        figures("bench.of_intake:write", "sqlite", folder=folder, rows=ROWS)
        ours = figures("bench.of_intake:take", "sqlite", folder=folder, tries=TRIES)
        plain = figures("bench.of_intake:copy", "sqlite", folder=folder, tries=TRIES)
    against = f"{ROWS:,} rows: DuckDB copying the same Parquet file"
    yield Figure(f"{name}.time", ours["seconds"], "s", against, plain["seconds"], "<= 2")
    yield Figure(f"{name}.memory", ours["megabytes"], "MB", "the most, Django and DuckDB's 512 MB included", MEMORY)


@bench("audit.monitoring.two_workers")
def two_workers() -> Iterator[Figure]:
    """Sixteen days of predictions are profiled by one worker, then by two at once, each with one thread."""
    name = "audit.monitoring.two_workers"
    found = figures("bench.of_intake:workers", "sqlite", rows=ROWS, tries=TRIES)
    against = f"{ROWS:,} rows in 16 days: one worker, {found['one']:.1f} s"
    yield Figure(name, 1 / found["two"], "1/s", against, 1 / found["one"], ">= 1.7")


@bench("audit.monitoring.dashboard")
def dashboard() -> Iterator[Figure]:
    """The page of all models by week, as an owner, a viewer and an auditor get it."""
    for database in DATABASES:
        found = figures("bench.of_intake:dashboard", database, models=MODELS, rounds=ROUNDS)
        said = f"the most, 95 of 100, {MODELS:,} models; half take {found['median']:.0f} ms"
        yield Figure(f"audit.monitoring.dashboard.{database}", found["p95"], "ms", said, 100)
