"""Pages about jobs: what runs, what failed and why; and whether all parts of Tollgate are ready."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.jobs import readiness, selectors, services
from audit.jobs.models import Job, State
from audit.jobs.registry import KINDS
from audit.jobs.tables import JobFilter, JobTable
from config.ui import tables

PARTS, LINES = 50, 200
TRIGGERS = {"person": "A person", "api": "A program", "schedule": "The schedule", "chain": "Another job"}


@require_safe
def jobs(request: HttpRequest) -> HttpResponseBase:
    """The list."""
    rows = selectors.with_parts(selectors.jobs(viewer=request.actor))
    chosen = JobFilter(request.GET, queryset=rows)
    table = tables.prepare(JobTable(chosen.qs), request)
    if tables.wants_csv(request):
        return tables.table_csv(table, "jobs")
    seen = selectors.jobs(viewer=request.actor)
    context = {
        "table": table,
        "chosen": chosen,
        "states": State.choices,
        "kinds": sorted((kind.code, kind.title) for kind in KINDS.values()),
        "wanted": {name: request.GET.get(name, "") for name in JobTable.filters},
        "narrowed": chosen.narrowed,
        "open": seen.filter(state__in=(State.QUEUED, State.RUNNING)).count(),
        "failed": seen.filter(state=State.FAILED).count(),
    }
    return render(request, "jobs/jobs.html", context)


def _live(request: HttpRequest, job: Job) -> dict[str, object]:
    parts = selectors.with_parts(selectors.parts(viewer=request.actor, job=job))
    lines = list(job.lines.order_by("-pk")[: LINES + 1])
    return {
        "job": job,
        "parts": list(parts[:PARTS]),
        "part_count": parts.count(),
        "lines": lines[LINES - 1 :: -1] if len(lines) > LINES else lines[::-1],
        "cut": len(lines) > LINES,
    }


@never_cache
@require_safe
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job: where it stands, who wanted it, what it did, what it started."""
    found = selectors.job(viewer=request.actor, job_id=str(job_id))
    context = {
        **_live(request, found),
        "kind": KINDS.get(found.kind),
        "trigger": TRIGGERS.get(found.trigger, found.trigger),
        "parent": selectors.jobs(viewer=request.actor).filter(pk=found.parent_id).first() if found.parent_id else None,
        "why_not_retry": services.why_not_retry(actor=request.actor, job=found),
        "why_not_cancel": services.why_not_cancel(actor=request.actor, job=found),
    }
    return render(request, "jobs/job.html", context)


@never_cache
@require_safe
def live(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The part of the page that moves while the job is open."""
    found = selectors.job(viewer=request.actor, job_id=str(job_id))
    return render(request, "jobs/parts/live.html", _live(request, found))


class ReasonForm(forms.Form):
    """Why someone steps in."""

    reason = forms.CharField(max_length=500, required=False)


@require_POST
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Runs it once more."""
    found = selectors.job(viewer=request.actor, job_id=str(job_id))
    services.retry(actor=request.actor, job=found, reason=_reason(request))
    messages.success(request, "The job is queued again.")
    return redirect(reverse("jobs:job", args=[job_id]))


@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ends it before it is done."""
    found = selectors.job(viewer=request.actor, job_id=str(job_id))
    services.cancel(actor=request.actor, job=found, reason=_reason(request))
    messages.success(request, "The job is cancelled.")
    return redirect(reverse("jobs:job", args=[job_id]))


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    return form.cleaned_data["reason"] if form.is_valid() else ""


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Each part with "ok" or what it lacks; 503 until all are ready."""
    parts = readiness.report()
    ready = all(words == "ok" for words in parts.values())
    status = "ok" if ready else "not ready"
    response = JsonResponse({"status": status, "parts": parts}, status=200 if ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # not ready is an answer, not a fault
    return response
