"""The page of a model's files: what was sent, what became of it, and the form that sends another."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.base.downloads import csv_response, wants_csv
from audit.base.errors import InvalidInput
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model
from audit.catalogue.panels import crumbs_of
from audit.jobs.models import Job
from audit.monitoring import selectors, services, starting
from audit.monitoring.forms import UploadForm
from audit.monitoring.models import State, Upload

PAGE = 25
SHOWN = 31
HEADINGS = ("file", "kind", "version", "state", "error", "rows", "bytes", "sha256", "sent by", "sent at")
TAGS = {State.RECEIVED: ("waiting", "Received"), State.IMPORTED: ("ok", "Imported"), State.FAILED: ("bad", "Failed")}


@require_http_methods(["GET", "HEAD", "POST"])
def uploads(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Lists the model's files; a POST sends one and starts its import."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    team = model.use_case.team_id
    if request.method == "POST":
        viewer.check(services.RIGHT, team)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, model=model)
    if request.method == "POST" and form.is_valid():
        try:
            upload = _take(request, model, form.cleaned_data)
        except InvalidInput as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, f"{upload.filename} was received.")
            return redirect("monitoring:upload", slug=slug, upload_id=upload.pk)
    rows = selectors.uploads(viewer=viewer, model=model)
    if wants_csv(request):
        return csv_response(f"{slug}-files", HEADINGS, _cells(rows.iterator(chunk_size=500)))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "model": model,
        "page": page,
        "rows": [(row, *TAGS[State(row.state)]) for row in page],
        "failed": rows.filter(state=State.FAILED).count(),
        "form": form,
        "why_not": "" if viewer.may(services.RIGHT, team) else viewer.why_not(services.RIGHT),
        "crumbs": crumbs_of(model),
    }
    return render(request, "monitoring/uploads.html", context, status=422 if form.errors else 200)


def _take(request: HttpRequest, model: Model, said: dict[str, Any]) -> Upload:
    upload, _ = starting.take(
        actor=request.actor,
        model=model,
        kind=said["kind"],
        filename=said["file"].name,
        chunks=said["file"].chunks(),
        version=said["version"],
        trigger="person",
    )
    return upload


@require_safe
def upload(request: HttpRequest, slug: str, upload_id: Any) -> HttpResponseBase:
    """One file: how far its import is, where its rows went (as CSV too), or what is wrong with it.

    ``?part=job`` gives the progress alone.
    """
    found = selectors.upload(viewer=request.actor, upload_id=upload_id)
    job = starting.job_of(found)
    days = selectors.days_of(viewer=request.actor, upload=found)
    if wants_csv(request):
        cells = ((day.isoformat(), number or "", rows) for day, number, rows in days)
        return csv_response(f"{slug}-{found.pk}", ("day", "version", "rows"), cells)
    context = {
        "model": found.model,
        "upload": found,
        "days": days[:SHOWN],
        "further": len(days[SHOWN:]),
        "tag": TAGS[State(found.state)],
        "job": job,
        "job_url": _job_url(job),
        "poll": f"{request.path}?part=job",
        "crumbs": [*crumbs_of(found.model), ("Files", reverse("monitoring:uploads", args=[slug]))],
    }
    part = request.GET.get("part") == "job" and job is not None
    return render(request, "monitoring/job.html" if part else "monitoring/upload.html", context)


def _job_url(job: Job | None) -> str:
    try:
        return reverse("jobs:job", args=[job.pk]) if job else ""
    except NoReverseMatch:
        return ""


def _cells(rows: Iterator[Upload]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.filename, row.kind, row.version or "", row.state, row.error, row.rows, row.bytes, row.digest,
            row.actor_name, row.created_at.isoformat(),
        )  # fmt: skip
