"""Predictions, labels and metrics come in and are read back; a file is taken as a stream, and imported by a job."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from audit.base.errors import InvalidInput
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import selectors as catalogue
from audit.monitoring import selectors, services, starting
from audit.monitoring.models import Kind, Source, Upload, Window

router = Router()
CHUNK = 1024 * 1024
SMALL = 10 * 1024 * 1024
NAMES = {"csv": "csv", "ndjson": "ndjson", "parquet": "parquet"}
TYPES = {
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
}
FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file itself (CSV, also gzipped; NDJSON; Parquet), or few rows as JSON.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["rows"],
                    "properties": {"rows": {"type": "array", "minItems": 1, "items": {"type": "object"}}},
                }
            },
        },
    }
}


class Received(Schema):
    """A file that was taken, and the job that imports it."""

    upload: UUID
    state: str
    digest: str = Field(description="SHA-256 of the content")
    job: UUID
    upload_url: str
    job_url: str


class UploadOut(Schema):
    """A file that was sent."""

    id: UUID
    model: str
    kind: str
    version: int | None
    filename: str
    digest: str
    bytes: int
    state: str = Field(description="received, imported or failed")
    error: str = Field(description="What is wrong with the file, with row and column; empty when nothing is")
    rows: int
    sent_by: str
    created_at: datetime
    imported_at: datetime | None

    @staticmethod
    def resolve_model(row: Upload) -> str:
        """The model's short name."""
        return row.model.slug

    @staticmethod
    def resolve_sent_by(row: Upload) -> str:
        """Who sent it."""
        return row.actor_name


class MeasurementOut(Schema):
    """A metric; null where it is undefined."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int


class WindowOut(Schema):
    """What a version did in [start, end), UTC."""

    id: UUID
    version: int
    source: str = Field(description="computed from the prediction log, or sent")
    start: datetime
    end: datetime
    predictions: int
    labelled: int
    threshold: float | None
    tp: int | None
    fp: int | None
    fn: int | None
    tn: int | None
    recorded_at: datetime
    superseded_at: datetime | None
    metrics: list[MeasurementOut]

    @staticmethod
    def resolve_version(row: Window) -> int:
        """The version's number."""
        return row.version.number

    @staticmethod
    def resolve_metrics(row: Window) -> list[Any]:
        """Its metrics."""
        return list(row.measurements.all())


class MetricIn(Schema):
    """A metric that was worked out elsewhere."""

    version: int = Field(ge=1, le=2_147_483_647)
    start: AwareDatetime
    end: AwareDatetime
    metric: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    value: float
    low: float | None = None
    high: float | None = None
    n: int = Field(ge=0, le=9_223_372_036_854_775_807, description="How many rows it is from")


class WindowsQuery(Schema):
    """Which windows."""

    version: int | None = Field(None, ge=1, le=2_147_483_647)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    source: str = Field("", description="computed or sent; empty for both")
    as_known_at: AwareDatetime | None = Field(None, description="What was believed then, before later corrections")
    cursor: str = ""
    limit: int = DEFAULT


@router.post(
    "/models/{slug}/predictions",
    response=answers(404, accepted=Received),
    openapi_extra=FILE_BODY,
    summary="Send predictions",
)
def send_predictions(
    request: HttpRequest,
    slug: str,
    version: int | None = None,
    format: str = "",  # noqa: A002  the query parameter
    filename: str = "",
) -> Any:
    """Takes a prediction log of the model. Columns: prediction_id, at (with zone), version (or ``?version=``), score
    (probability of a positive) or prediction, and the model's features.
    """
    return _take(request, slug, Kind.PREDICTIONS, version, format, filename)


@router.post(
    "/models/{slug}/labels", response=answers(404, accepted=Received), openapi_extra=FILE_BODY, summary="Send labels"
)
def send_labels(
    request: HttpRequest,
    slug: str,
    format: str = "",  # noqa: A002  the query parameter
    filename: str = "",
) -> Any:
    """Takes what became known of earlier predictions. Columns: prediction_id, label (0, 1, true, false or a number);
    if you have it, at (when it became known) and predicted_at (which finds the prediction faster).
    """
    return _take(request, slug, Kind.LABELS, None, format, filename)


def _take(
    request: HttpRequest, slug: str, kind: Kind, version: int | None, wanted: str, filename: str
) -> tuple[int, dict[str, Any]]:
    actor = request.actor
    model = catalogue.model(viewer=actor, slug=slug)
    actor.check(services.RIGHT, model.use_case.team_id)
    if wanted and wanted not in NAMES:
        raise InvalidInput(f"{wanted!r} is not a format.", where="format", mend="Use csv, ndjson or parquet.")
    content_type = (request.content_type or "").lower()
    if content_type == "application/json" and not wanted:
        chunks, suffix = iter([_rows(request)]), "ndjson"
    else:
        chunks, suffix = _stream(request), wanted or TYPES.get(content_type, "")
    name = filename or f"{kind}{'.' + suffix if suffix else ''}"
    if suffix and not name.lower().removesuffix(".gz").endswith(f".{suffix}"):
        name = f"{name}.{suffix}"
    upload, job = starting.take(
        actor=actor, model=model, kind=kind, filename=name, chunks=chunks, version=version, trigger="api"
    )
    return 202, {
        "upload": upload.pk,
        "state": upload.state,
        "digest": upload.digest,
        "job": job.pk,
        "upload_url": f"/api/v1/uploads/{upload.pk}",
        "job_url": f"/api/v1/jobs/{job.pk}",
    }


def _stream(request: HttpRequest) -> Iterator[bytes]:
    while chunk := request.read(CHUNK):
        yield chunk


def _rows(request: HttpRequest) -> bytes:
    body = request.read(SMALL + 1)
    if len(body) > SMALL:
        raise InvalidInput("This body is larger than 10 MB.", where="body", mend="Send it as NDJSON, CSV or Parquet.")
    try:
        rows = json.loads(body)["rows"]
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise TypeError
        return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode()
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidInput(
            "This is not an object with rows.", where="body", mend='Send {"rows": [{"prediction_id": ...}, ...]}.'
        ) from error


@router.get("/uploads", response=answers(ok=Page[UploadOut]), summary="Files that were sent")
def uploads(request: HttpRequest, model: str = "", state: str = "", cursor: str = "", limit: int = DEFAULT) -> Any:
    """Files of the models that the token may see, newest first."""
    rows = selectors.uploads(viewer=request.actor)
    if model:
        rows = rows.filter(model__slug=model)
    if state:
        rows = rows.filter(state=state)
    return page(rows, cursor=cursor, limit=limit)


@router.get("/uploads/{uuid:upload_id}", response=answers(404, ok=UploadOut), summary="A file that was sent")
def upload(request: HttpRequest, upload_id: UUID) -> Upload:
    """One file: how far it is, and what is wrong with it."""
    return selectors.upload(viewer=request.actor, upload_id=upload_id)


@router.get("/models/{slug}/metrics", response=answers(404, ok=Page[WindowOut]), summary="Metrics of a model")
def metrics(request: HttpRequest, slug: str, query: Query[WindowsQuery]) -> Any:
    """The windows of a model with their metrics, newest recorded first: counts, values, intervals, n."""
    model = catalogue.model(viewer=request.actor, slug=slug)
    if query.source and query.source not in Source.values:
        raise InvalidInput(f"{query.source!r} is not a source.", where="source", mend="Use computed or sent.")
    rows: QuerySet[Window] = selectors.windows(
        viewer=request.actor,
        model=model,
        since=query.since,
        until=query.until,
        source=query.source,
        as_known_at=query.as_known_at,
    )
    if query.version:
        rows = rows.filter(version__number=query.version)
    return page(rows, cursor=query.cursor, limit=query.limit)


@router.post("/models/{slug}/metrics", response=answers(404, created=WindowOut), summary="Send a metric")
def send_metric(request: HttpRequest, slug: str, said: MetricIn) -> tuple[int, Window]:
    """Keeps a metric that was worked out elsewhere. It is shown as sent, and never taken for a computed one."""
    catalogue.model(viewer=request.actor, slug=slug)
    version = catalogue.version(viewer=request.actor, slug=slug, number=said.version)
    window = services.send_metric(
        actor=request.actor,
        version=version,
        start=said.start,
        end=said.end,
        metric=said.metric,
        value=said.value,
        low=said.low,
        high=said.high,
        n=said.n,
    )
    return 201, window
