"""How fast a prediction log is taken in, and drift found in it, against DuckDB and Evidently on the same files."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import inside
from bench.apart import figures
from bench.harness import Figure, bench, best

ROWS, DAYS, TRIES = 500_000, 56, 3
MANY = 1_000_000
PEER = Path(__file__).resolve().parent / "peer_evidently.py"


@bench("audit.monitoring.import")
def imports() -> Iterator[Figure]:
    """Half a million predictions of eight weeks: checked, split by day, written to the lake and made known."""
    inside.begin()
    import duckdb
    from django.conf import settings

    from audit.monitoring import services

    actor, register = inside.organisation({"hour": "number", "carrier": "category"})
    folder = Path(settings.TOLLGATE_HOME)
    _write(folder)
    for kind, reader in (("csv", "read_csv"), ("parquet", "read_parquet")):
        path = folder / f"log.{kind}"

        def peer(path: Path = path, reader: str = reader) -> None:
            with duckdb.connect() as base:
                base.execute(f"CREATE TABLE log AS SELECT * FROM {reader}('{path}')")

        def take(path: Path = path, kind: str = kind) -> None:
            model = register(f"{kind}-{time.monotonic_ns()}")
            with path.open("rb") as file:
                chunks = iter(lambda: file.read(1 << 20), b"")
                upload = services.receive_upload(
                    actor=actor, model=model, kind="predictions", filename=path.name, chunks=chunks
                )
            services.import_upload(actor=actor, upload=upload)

        ours, theirs = best(take, TRIES), best(peer, TRIES)
        name, against = f"audit.monitoring.import.{kind}", "DuckDB reading the same file into a table"
        yield Figure(name, ROWS / ours, "rows/s", against, ROWS / theirs, ">= 0.05")


@bench("audit.monitoring.drift")
def drift() -> Iterator[Figure]:
    """A million rows against a million: KS, Wasserstein, PSI and all else, from two files to values.

    Ours reads the files; Evidently has them in memory already, and its report (PSI alone) is what its users run.
    """
    from tests.support import peers

    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
        figures("bench.of_monitoring:write", "sqlite", folder=folder, rows=MANY)
        ours = figures("bench.of_monitoring:drift", "sqlite", folder=folder, tries=TRIES)
        plain = figures("bench.of_monitoring:histograms", "sqlite", folder=folder, tries=TRIES)
        name, size = "audit.monitoring.drift", f"{MANY:,} + {MANY:,} rows, 20 columns"
        against = f"{size}: DuckDB's histograms of 64 equal bins"
        yield Figure(f"{name}.histograms", ours["seconds"], "s", against, plain["seconds"], "<= 2")
        yield Figure(f"{name}.memory", ours["megabytes"], "MB", "the most, Django included", 600)
        try:
            found = peers.run(PEER, folder)
        except peers.Unavailable as why:
            print(f"Evidently was not measured. {why}")
            return
        for kind, target in (("report", ">= 30"), ("statistics", ">= 1")):
            seconds = found[kind]
            against = f"Evidently {found['version']}, PSI alone, its {kind}, {seconds:.1f} s"
            yield Figure(f"{name}.evidently.{kind}", 1 / ours["seconds"], "1/s", against, 1 / seconds, target)


def _write(folder: Path) -> None:
    """The same log as Parquet and as CSV; simulated, with a fixed seed."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    random = np.random.default_rng(0)
    seconds = np.sort(random.integers(0, DAYS * 86_400, ROWS))
    at = np.datetime64("2013-01-07", "s") + seconds.astype("timedelta64[s]")
    table = pa.table(
        {
            "prediction_id": [f"p{row:09d}" for row in range(ROWS)],
            "at": pa.array(at.astype("datetime64[us]"), pa.timestamp("us", "UTC")),
            "version": np.ones(ROWS, dtype="int32"),
            "score": random.random(ROWS),
            "hour": random.integers(0, 24, ROWS).astype(float),
            "carrier": random.choice(["UA", "AA", "DL"], ROWS),
        }
    )
    pyarrow.parquet.write_table(table, folder / "log.parquet")
    texts = pa.array([f"{moment}Z" for moment in at.astype(str)])
    pyarrow.csv.write_csv(table.set_column(1, "at", texts), folder / "log.csv")
