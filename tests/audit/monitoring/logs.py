"""Prediction logs and labels for tests, small enough to check by hand, and the way through the real jobs."""

import gzip
import io
import json
from collections.abc import Iterable
from typing import Any

from audit.base.actors import Actor
from audit.catalogue.models import Model
from audit.jobs import services as jobs
from audit.jobs.models import Job, JobLine, State
from audit.jobs.run import execute
from audit.monitoring import services
from audit.monitoring.models import Upload

SYSTEM = Actor.service("test")
HEADER = "prediction_id,at,version,score,hour,carrier"


def csv(*rows: str, header: str = HEADER) -> bytes:
    """A CSV file of these lines."""
    return "\n".join((header, *rows, "")).encode()


def ndjson(rows: Iterable[dict[str, Any]]) -> bytes:
    """An NDJSON file of these objects."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(columns: dict[str, Any]) -> bytes:
    """A Parquet file of these columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def gzipped(content: bytes) -> bytes:
    """The content, compressed."""
    return gzip.compress(content)


def send(model: Model, kind: str, content: bytes, filename: str = "log.csv", version: int | None = None) -> Upload:
    """Receives a file and runs every job that follows from it."""
    upload = services.receive_upload(
        actor=SYSTEM, model=model, kind=kind, filename=filename, chunks=[content], version=version
    )
    jobs.start(
        "monitoring.import",
        actor=SYSTEM,
        trigger="api",
        args={"upload": str(upload.pk)},
        key=f"{upload.pk}:{upload.tries}",
        subject=upload,
        team=model.use_case.team,
    )
    run_all()
    upload.refresh_from_db()
    return upload


def run_all() -> None:
    """Runs queued jobs until none is left; one that wants another attempt fails the test, with the job's log."""
    while found := list(Job.objects.filter(state=State.QUEUED, not_before=None).order_by("created_at")):
        for job in found:
            execute(job.pk, worker="test")
    again = JobLine.objects.filter(job__state=State.QUEUED).order_by("at")
    assert not again, "\n".join(f"{line.job.kind}: {line.text}" for line in again.select_related("job"))
