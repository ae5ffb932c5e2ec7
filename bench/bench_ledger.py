"""What it costs to write, to seal and to export: on SQLite and on PostgreSQL, each beside its peer or its limit."""

from collections.abc import Iterator

from bench.apart import DATABASES, figures
from bench.harness import Figure, bench

SEALED_A_SECOND = {"sqlite": 10_000, "postgresql": 20_000}
EXPORTED, EXPORT_SECONDS, EXPORT_MEGABYTES = 1_000_000, 60, 300


@bench("audit.ledger.change")
def change() -> Iterator[Figure]:
    """A change of a source, with its entry and without."""
    for database in DATABASES:
        found = figures("bench.of_ledger:change", database, rounds=5, count=400)
        yield Figure(
            f"audit.ledger.change.{database}",
            found["audited"],
            "ms",
            "the same change unaudited",
            found["bare"],
            "<= 1.5",
        )


@bench("audit.ledger.bulk")
def bulk() -> Iterator[Figure]:
    """Many entries at once, against a plain bulk insert of the same rows."""
    for database in DATABASES:
        found = figures("bench.of_ledger:bulk", database, count=20_000)
        yield Figure(
            f"audit.ledger.bulk.{database}",
            found["ours"],
            "1/s",
            "Django's bulk insert of the rows",
            found["plain"],
            ">= 0.5",
        )


@bench("audit.ledger.seal")
def sealing() -> Iterator[Figure]:
    """Entries that wait, sealed."""
    for database in DATABASES:
        found = figures("bench.of_ledger:sealing", database, count=100_000)
        limit = SEALED_A_SECOND[database]
        yield Figure(f"audit.ledger.seal.{database}", found["rate"], "1/s", "the least", limit, ">= 1")


@bench("audit.exports.million")
def export() -> Iterator[Figure]:
    """Evidence on a million entries."""
    found = figures("bench.of_ledger:export", "sqlite", count=EXPORTED)
    yield Figure("audit.exports.million.time", found["seconds"], "s", "the most", EXPORT_SECONDS)
    yield Figure("audit.exports.million.memory", found["memory"], "MB", "the most", EXPORT_MEGABYTES)
    yield Figure("audit.exports.million.file", found["megabytes"], "MB", "the most", EXPORT_MEGABYTES)
