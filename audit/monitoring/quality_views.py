"""The pages of a version's data quality, and of what changed in a model's errors."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.catalogue import horizon
from audit.catalogue import selectors as catalogue
from audit.catalogue.panels import MONITORING, crumbs_of
from audit.monitoring.quality import panel, selectors
from audit.monitoring.quality.words import METHODS, changed_words
from audit.monitoring.quality_models import ConceptSign, QualityFinding
from config.ui.tables import csv_response, wants_csv

PAGE = 25
FINDINGS = (
    "week_from", "check", "column", "outcome", "fault", "value", "bound", "n", "sentence", "reference", "computed_at",
)  # fmt: skip
SIGNS = ("day", "version", "method", "sign", "mean_before", "mean_after", "n", "found_at")


@require_safe
def quality(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Every check of a week of a version; those of all weeks of the period as CSV."""
    viewer = request.actor
    version = catalogue.version(viewer=viewer, slug=slug, number=number)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, version.model), default="q")
    rows = selectors.weeks(viewer=viewer).filter(version=version, start__gte=period.start, start__lt=period.end)
    if wants_csv(request):
        findings = QualityFinding.objects.filter(week__in=rows.order_by()).select_related("week__reference")
        cells = _findings(findings.order_by("week__start", "pk").iterator(chunk_size=500))
        return csv_response(cells, FINDINGS, f"{slug}-v{number}-quality")
    weeks = list(rows.order_by("-start"))
    wanted = request.GET.get("week", "")
    week = next((row for row in weeks if row.start.date().isoformat() == wanted), weeks[0] if weeks else None)
    context = {
        "model": version.model,
        "version": version,
        "week": week,
        "weeks": weeks,
        "said": _said(week),
        "history": panel.history(weeks[::-1]),
        "findings": [panel.Shown(row) for row in week.findings.all()] if week else [],
        "period": period,
        "choices": periods.choices(period),
        "crumbs": crumbs_of(version.model, MONITORING),
    }
    return render(request, "monitoring/quality.html", context)


def _said(week: Any) -> str:
    if week is None:
        return ""
    faults = "1 fault" if week.faults == 1 else f"{week.faults or 'no'} faults"
    return f"In the week of {week.start.day} {week.start:%B %Y} there are {faults} in {week.checks} checks."


@require_safe
def errors(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Every change of a model's errors in the period."""
    viewer = request.actor
    model = catalogue.model(viewer=viewer, slug=slug)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, model), default="q")
    rows = selectors.signs(viewer=viewer, model=model).filter(at__gte=period.first_day, at__lte=period.last_day)
    if wants_csv(request):
        return csv_response(_signs(rows.iterator(chunk_size=500)), SIGNS, f"{slug}-errors")
    newest = rows.order_by("-at", "-created_at")
    page = Paginator(newest, PAGE).get_page(request.GET.get("page"))
    context = {
        "model": model,
        "title": panel.changed(list(newest[:1])),
        "states": panel.followed(list(selectors.states(viewer=viewer, model=model))),
        "page": page,
        "signs": [(row, changed_words(row, model)) for row in page],
        "period": period,
        "choices": periods.choices(period),
        "crumbs": crumbs_of(model, MONITORING),
    }
    return render(request, "monitoring/errors.html", context)


def _findings(rows: Iterable[QualityFinding]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        week = row.week
        yield (
            week.start.date().isoformat(), row.check_name, row.column, row.outcome, row.is_fault, row.value, row.bound,
            row.n, row.sentence, str(week.reference) if week.reference else "none", week.computed_at,
        )  # fmt: skip


def _signs(rows: Iterable[ConceptSign]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            row.at.isoformat(), row.version.number, METHODS[row.method], row.sign, row.before, row.mean, row.n,
            row.created_at,
        )  # fmt: skip
