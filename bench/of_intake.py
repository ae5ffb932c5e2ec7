"""What the benchmarks of taking logs in run, each in a process of its own, so that its memory is its own too."""

import resource
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import inside
from bench.harness import best

DAYS = 56
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = 13
PIECE = 1_000_000
PARTITIONS = 16
FEATURES = {"hour": "number", "distance": "number", "delay": "number", "carrier": "category", "origin": "category"}


def _table(first: int, rows: int, every: int, days: int) -> Any:
    """Rows ``first`` to ``first + rows`` of a log of ``every`` rows over so many days; simulated, with a fixed seed."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(first)
    seconds = np.arange(first, first + rows) * (days * 86_400) // every
    at = np.datetime64(FIRST.replace(tzinfo=None), "us") + seconds.astype("timedelta64[s]")
    return pa.table(
        {
            "prediction_id": [f"p{row:09d}" for row in range(first, first + rows)],
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "version": np.ones(rows, dtype="int32"),
            "score": random.random(rows),
            "hour": random.integers(0, 24, rows).astype(float),
            "distance": random.lognormal(6, 1, rows),
            "delay": random.normal(0, 20, rows),
            "carrier": random.choice(["UA", "AA", "DL", "WN"], rows),
            "origin": random.choice([f"A{number:03d}" for number in range(200)], rows),
        }
    )


def write(folder: str, rows: int, days: int = DAYS) -> None:
    """The log as one Parquet file, a million rows at a time."""
    import pyarrow.parquet as pq

    writer = None
    for first in range(0, rows, PIECE):
        table = _table(first, min(PIECE, rows - first), rows, days)
        writer = writer or pq.ParquetWriter(_log(folder), table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _log(folder: str) -> Path:
    return Path(folder) / "log.parquet"


def take(folder: str, tries: int) -> dict[str, float]:
    """Receives and imports the log: staged, checked, matched, written by day, booked. Best seconds, most megabytes."""
    _, register = inside.organisation(FEATURES)

    def once() -> None:
        _import(register(f"model-{time.monotonic_ns()}"), folder)

    return {"seconds": best(once, tries), "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def copy(folder: str, tries: int) -> dict[str, float]:
    """DuckDB copies the same file, with the threads and the memory that the import has: best seconds."""
    import duckdb

    from audit.lake.engine import MEMORY

    base = duckdb.connect(config={"threads": 2, "memory_limit": MEMORY})
    target = Path(folder) / "copy.parquet"

    def once() -> None:
        base.execute(
            f"COPY (SELECT * FROM read_parquet('{_log(folder)}')) TO '{target}' (FORMAT parquet, CODEC 'zstd')"
        )
        target.unlink()

    return {"seconds": best(once, tries)}


def _import(model: Any, folder: str) -> None:
    from audit.base.actors import Actor
    from audit.monitoring import services

    actor = Actor.service("bench")
    with _log(folder).open("rb") as file:
        chunks = iter(lambda: file.read(1 << 20), b"")
        upload = services.receive_upload(
            actor=actor, model=model, kind="predictions", filename="log.parquet", chunks=chunks
        )
    services.import_upload(actor=actor, upload=upload)


def workers(rows: int, tries: int) -> dict[str, float]:
    """Seconds in which one worker, and two at once, make the profiles of 16 days: the best of some tries, by turns."""
    import tempfile

    from audit.base.actors import Actor
    from audit.catalogue.models import ModelVersion
    from audit.monitoring.input_models import DayProfile
    from audit.monitoring.inputs import days, referencing

    model = inside.organisation(FEATURES)[1]("model")
    with tempfile.TemporaryDirectory(prefix="tollgate-log-") as folder:
        write(folder, rows, PARTITIONS)
        _import(model, folder)
    version, actor = ModelVersion.objects.get(model=model), Actor.service("bench")
    reference = referencing.choose_reference(
        actor=actor, version=version, kind="period", since=FIRST, until=FIRST + timedelta(days=1)
    )
    referencing.finish(actor=actor, reference=reference, columns=days.build_reference(reference))
    found: dict[str, list[float]] = {"one": [], "two": []}
    for _ in range(tries):
        for name, count in (("one", 1), ("two", 2)):
            DayProfile.objects.all().delete()
            found[name].append(_drained(_queue(reference, version), count))
            if DayProfile.objects.count() != PARTITIONS:
                raise RuntimeError("Not every day has its profile.")
    return {name: min(seconds) for name, seconds in found.items()}


def _queue(reference: Any, version: Any) -> list[str]:
    """One waiting job a day."""
    from django.db import transaction

    from audit.base.actors import Actor
    from audit.jobs import services as jobs

    waiting = []
    for number in range(PARTITIONS):
        day = (FIRST + timedelta(days=number)).date()
        args = {"reference": str(reference.pk), "version": str(version.pk), "days_": [f"{day}"], "week": f"{day}"}
        with transaction.atomic():
            job = jobs.start("monitoring.profile", actor=Actor.service("bench"), trigger="person", args=args)
        waiting.append(str(job.pk))
    return waiting


def _drained(waiting: list[str], count: int) -> float:
    """Seconds from the word to begin until so many worker processes, of one thread each, have done these jobs."""
    import os
    import subprocess

    command = [sys.executable, "-m", "bench.of_intake", *waiting]
    around = {**os.environ, "TOLLGATE_THREADS": "1"}
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=around)
        for _ in range(count)
    ]
    for child in running:
        assert child.stdout is not None
        child.stdout.readline()
    start = time.perf_counter()
    for child in running:
        assert child.stdin is not None
        child.stdin.close()
    if any(child.wait() for child in running):
        raise RuntimeError("A worker failed.")
    return time.perf_counter() - start


def _work(waiting: list[str]) -> None:
    """A worker: says that it is ready, waits for the word, then runs what no other one has taken."""
    import os

    import django

    django.setup()
    from uuid import UUID

    import datasketches  # noqa: F401  a worker that is up has these
    import numpy as np  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from audit.jobs.run import execute

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    for job in waiting:
        execute(UUID(job), worker=f"bench {os.getpid()}")


def dashboard(models: int, rounds: int) -> dict[str, float]:
    """Milliseconds of the page of all models by week, when each of so many models has ``WEEKS`` weeks of figures."""
    from django.db import transaction

    from audit.base.actors import Role
    from audit.catalogue import services as catalogue
    from audit.catalogue.models import ModelVersion
    from audit.monitoring.models import Measurement, Window
    from audit.monitoring.serving import roll_up
    from audit.people import services as people
    from audit.people.models import Team
    from bench.of_catalogue import _settled, ask

    actor, register = inside.organisation(FEATURES)
    team = Team.objects.get(slug="bench")
    for role, of in ((Role.OWNER, team), (Role.VIEWER, team), (Role.AUDITOR, None)):
        user = people.create_user(actor=actor, email=f"{role}@example.org", name=role.title())
        people.grant_role(actor=actor, user=user, role=role, team=of)
    with transaction.atomic():
        for number in range(models):
            register(f"model-{number}")
    for version in ModelVersion.objects.select_related("model__use_case"):
        catalogue.move_alias(actor=actor, version=version, alias="production", since=FIRST)
    rows = [
        Window(
            version=version, start=FIRST + timedelta(weeks=week), end=FIRST + timedelta(weeks=week + 1),
            predictions=1000, labelled=900, threshold=0.5, tp=100, fp=50, fn=50, tn=700,
        )
        for version in ModelVersion.objects.all()
        for week in range(WEEKS)
    ]  # fmt: skip
    Window.objects.bulk_create(rows, batch_size=500)
    figures = [Measurement(window=row, metric="roc_auc", value=0.8, low=0.7, high=0.9, n=900) for row in rows]
    Measurement.objects.bulk_create(figures, batch_size=500)
    roll_up(dict.fromkeys(ModelVersion.objects.values_list("model", flat=True)))
    _settled()
    return ask(models, rounds, "monitoring")["monitoring"]


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        _work(sys.argv[1:])
