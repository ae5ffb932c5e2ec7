"""How long a search of five million entries takes, on SQLite and on PostgreSQL, beside a page of the bare table.

BENCH_ENTRIES=100000 tries it on fewer.
"""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.apart import DATABASES, figures
from bench.harness import Figure, bench

ENTRIES = int(os.environ.get("BENCH_ENTRIES") or 5_000_000)
LIMIT = 100
LIMIT_OF_ONE_KIND = 250
"""A kind is asked a dozen times, so its 95th percentile is its slowest answer but one, or the slowest."""
FOLLOWS = 10_000
"""Entries a second that the sealer seals at least on either database: the index must follow."""


@bench("audit.ledger.search")
def searches() -> Iterator[Figure]:
    """Every qualifier with common and rare values, words, combinations, periods, deep pages, small teams; counted."""
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as meeting, ThreadPoolExecutor(len(DATABASES)) as pool:
        for database in DATABASES:
            (Path(meeting) / f"{database}.comes").touch()

        def found(database: str) -> dict[str, Any]:
            try:
                return dict(figures("bench.of_search:search", database, size=ENTRIES, meeting=meeting))
            finally:
                (Path(meeting) / f"{database}.comes").unlink(missing_ok=True)

        for database, measured in zip(DATABASES, pool.map(found, DATABASES), strict=True):
            yield from _figures(f"audit.ledger.search.{database}", measured)


def _figures(name: str, measured: dict[str, Any]) -> Iterator[Figure]:
    slowest, (_, most) = max(measured["kinds"].items(), key=lambda kind: kind[1][1])
    page, bare = measured["kinds"]["no condition"][0], measured["bare"][0]
    yield Figure(f"{name}.p95", measured["p95"], "ms", f"the most, over {len(measured['kinds'])} kinds", LIMIT)
    yield Figure(f"{name}.slowest", most, "ms", f"the most, 95 of 100 of: {slowest}", LIMIT_OF_ONE_KIND)
    yield Figure(f"{name}.page", page, "ms", "a page of the bare table, nothing searched or counted", bare, "<= 20")
    yield Figure(f"{name}.index", measured["index"], "1/s", "the least that is sealed", FOLLOWS, ">= 1")
    if os.environ.get("BENCH_KINDS"):
        for kind, (middle, p95) in measured["kinds"].items():
            yield Figure(f"{name}.kind.{kind}", p95, "ms", f"the most; half take {middle:.1f} ms", LIMIT)
