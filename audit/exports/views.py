"""Pages of exports: ask for evidence, see it being put together, take it out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.base.errors import InvalidInput, NotFound
from audit.exports import requests, selectors, services, starting
from audit.exports.forms import ExportForm
from audit.exports.models import Export
from audit.jobs.models import Job
from config.ui import tables

PAGE = 50
HEADINGS = ("asked", "by", "kind", "name", "since", "until", "size", "entries", "bytes", "sha256", "built")


@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST asks for a bundle and starts its job. ``kind`` and ``name`` fill the form."""
    viewer = request.actor
    if not viewer.may_anywhere(services.RIGHT):
        viewer.check(services.RIGHT)
    form = ExportForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("exports:export", ask(request, form).pk)
        except (InvalidInput, NotFound) as error:
            form.add_error(None, error.sentence)
    rows = requests.exports(viewer=viewer)
    if tables.wants_csv(request):
        lines = (
            [
                row.created_at.isoformat(), row.asked_name, row.kind, row.name, row.since, row.until, row.size,
                row.entries, row.bytes, row.digest, row.built_at.isoformat() if row.built_at else "",
            ]
            for row in rows.iterator(chunk_size=500)
        )  # fmt: skip
        return tables.csv_response(lines, HEADINGS, "exports")
    shown = list(rows[: PAGE + 1])
    context = {"form": form, "rows": _with_jobs(shown[:PAGE]), "more": len(shown) > PAGE, "count": rows.count()}
    return render(request, "exports/exports.html", context, status=422 if form.errors else 200)


def ask(request: HttpRequest, form: ExportForm) -> Export:
    """The export that the form asks for, and its job.

    Raises:
        InvalidInput, NotFound: what it names is not there, or has no entry in the period.
    """
    said = form.cleaned_data
    scope = selectors.scope_of(
        viewer=request.actor, kind=said["kind"], name=said["name"], since=said["since"], until=said["until"]
    )
    found = starting.begin(actor=request.actor, trigger="person", scope=scope)
    messages.success(request, "The evidence is being put together.")
    return found


def _with_jobs(rows: list[Export]) -> list[tuple[Export, Job | None]]:
    keys = {f"{services.BUILD}:{row.pk}" for row in rows}
    found = {job.key: job for job in Job.objects.filter(key__in=keys)}
    return [(row, found.get(f"{services.BUILD}:{row.pk}")) for row in rows]


@require_safe
def export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """One bundle: what it holds, how to check it, and the way to take it out."""
    found = requests.told_of(viewer=request.actor, export_id=str(export_id))
    ((_, job),) = _with_jobs([found])
    context = {
        "export": found,
        "job": job,
        "scope": requests.scope_of_export(found),
        "lists": request.actor.may_anywhere(services.RIGHT),
        "why_not": ""
        if requests.may_take(viewer=request.actor, export=found)
        else request.actor.why_not(services.RIGHT),
    }
    return render(request, "exports/export.html", context)


@require_POST
def take(request: HttpRequest, export_id: UUID) -> StreamingHttpResponse:
    """The ZIP."""
    found = requests.export(viewer=request.actor, export_id=str(export_id))
    response = StreamingHttpResponse(
        services.take_out(actor=request.actor, export=found), content_type="application/zip"
    )
    response["Content-Length"] = str(found.bytes)
    response["Content-Disposition"] = f'attachment; filename="{requests.filename(found)}"'
    return response
