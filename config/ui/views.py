"""The gallery of parts: each part in each state, with samples that say that they are samples."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from config.ui import sample, tables


def components(request: HttpRequest) -> HttpResponseBase:
    """Each part in each state, for people who build pages."""
    table = sample.SampleTable([] if request.GET.get("team") else sample.ROWS)
    tables.prepare(table, request, per_page=2)
    if tables.wants_csv(request):
        return tables.table_csv(table, "sample")
    period = request.GET.get("period", "13w")
    context = {"gallery": sample.Gallery(), "table": table, "period": period, "live": sample_progress(request)}
    return render(request, "ui/components.html", context)


def sample_progress(request: HttpRequest) -> sample.SampleJob:
    """A job that takes six questions: its progress stands in the address, so nothing is kept."""
    done = min(int(request.GET.get("done") or 0) if request.GET.get("done", "0").isdigit() else 0, 6)
    job = sample.SampleJob("succeeded" if done == 6 else "running", "A job that is asked about", done, 6)
    job.finished_at = timezone.now() if done == job.total else None
    return job


def sample_job(request: HttpRequest) -> HttpResponse:
    """The part of the page that shows the sample job, one step further."""
    job = sample_progress(request)
    return render(request, "ui/parts/sample_job.html", {"live": job})
