"""The hours of a model's service metrics, as they were told."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.catalogue import horizon
from audit.catalogue import selectors as catalogue
from audit.catalogue.panels import crumbs_of
from audit.monitoring.domain.service import COUNTS, LATENCIES, RESOURCES
from audit.monitoring.service import reading
from audit.monitoring.service.words import figure, latency, load, share
from audit.monitoring.service_models import ServiceHour
from config.ui.tables import csv_response, wants_csv

PAGE = 25
FIGURES = (*COUNTS, "n", *LATENCIES, *RESOURCES)
HEADINGS = (
    "hour_from", "endpoint", "variant", "version", "source", "recorded_at", "share_seen", "partial", "requests",
    "errors", "errors_4xx", "errors_5xx", "timed", "mean_seconds", "p50_seconds", "p90_seconds", "p99_seconds",
    "overhead_seconds", "cpu_percent", "memory_percent", "gpu_percent", "disk_percent",
)  # fmt: skip


@require_safe
def hours(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The hours of the period, newest first."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, model))
    rows = reading.hours(viewer=viewer, model=model, since=period.start, until=period.end)
    rows = rows.select_related("deployment__version").order_by("-start", "endpoint", "variant", "source_name")
    if wants_csv(request):
        return csv_response(_cells(rows.iterator(chunk_size=500)), HEADINGS, f"{slug}-service")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "model": model,
        "page": page,
        "rows": [(row, _shown(row)) for row in page],
        "period": period,
        "choices": periods.choices(period),
        "crumbs": crumbs_of(model),
    }
    return render(request, "monitoring/service.html", context)


def _shown(row: ServiceHour) -> list[str | None]:
    """Requests, errors, latencies, loads, and how much of the hour was seen, in words."""
    return [
        figure(row.requests),
        figure(row.client_errors),
        figure(row.server_errors),
        latency(row.p50),
        latency(row.p99),
        *(load(getattr(row, name)) for name in RESOURCES),
        share(row.seen),
    ]


def _cells(rows: Iterable[ServiceHour]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.start,
            row.endpoint,
            row.variant,
            row.deployment.version.number if row.deployment else None,
            row.source_name,
            row.recorded_at,
            row.seen,
            row.partial,
            *(getattr(row, name) for name in FIGURES),
        )
