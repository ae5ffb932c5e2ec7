"""What it costs to look for changes past the application when there are none."""

from collections.abc import Iterator

from bench.apart import DATABASES, figures
from bench.harness import Figure, bench

VERSIONS = 20_000
SHARE_OF_AN_HOUR = 36.0


@bench("audit.reconciliation.compare")
def compare() -> Iterator[Figure]:
    """Twenty thousand versions, against one percent of the hour between two comparisons."""
    for database in DATABASES:
        found = figures("bench.of_reconciliation:compare", database, versions=VERSIONS, rounds=3)
        yield Figure(
            f"audit.reconciliation.compare.{database}", found["seconds"], "s", "1% of an hour", SHARE_OF_AN_HOUR
        )
