"""The pages of a version's inputs: all columns, one column, and what they are compared with."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.base import periods
from audit.base.clock import start_of
from audit.base.errors import InvalidInput, NotFound
from audit.base.forms import blame
from audit.catalogue import horizon
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import ModelVersion
from audit.catalogue.panels import crumbs_of
from audit.monitoring.forms import ReferenceForm
from audit.monitoring.grid import weeks_of
from audit.monitoring.input_models import ColumnWeek
from audit.monitoring.inputs import drawing, panel, referencing, selectors
from audit.monitoring.quality import selectors as quality
from audit.monitoring.starting import start_reading
from config.ui.tables import csv_response, wants_csv

HEADINGS = (
    "column", "role", "week_from", "rows", "nulls", "infinite", "rows_of_reference", "variant", "value", "p",
    "error_at_most", "state",
)  # fmt: skip


@require_safe
def columns(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """All columns of a version by week."""
    viewer = request.actor
    version = catalogue.version(viewer=viewer, slug=slug, number=number)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer, version.model), default="q")
    rows = selectors.columns(viewer=viewer, version=version, since=period.start, until=period.end)
    if wants_csv(request):
        return csv_response(_cells(rows.iterator(chunk_size=500)), HEADINGS, f"{slug}-v{number}-inputs")
    mondays = weeks_of(period)
    importance = quality.importance(viewer=viewer, version=version)
    found = panel.lines(rows, mondays, importance)
    reference = selectors.reference_of(viewer=viewer, version=version)
    weeks = quality.shifts(viewer=viewer, version=version).filter(start__gte=period.start, start__lt=period.end)
    context = {
        "model": version.model,
        "version": version,
        "weeks": mondays,
        "lines": found,
        "title": panel.conclusion(found),
        "importance": importance,
        "shift": panel.as_a_whole(reference, weeks.last()),
        "reference": reference,
        "period": period,
        "choices": periods.choices(period),
        "crumbs": crumbs_of(version.model),
    }
    return render(request, "monitoring/inputs.html", context)


@require_safe
def column(request: HttpRequest, slug: str, number: int, name: str) -> HttpResponseBase:
    """One column: how it moved by week, and a week's distribution over that of the reference."""
    viewer = request.actor
    version = catalogue.version(viewer=viewer, slug=slug, number=number)
    every = selectors.columns(viewer=viewer, version=version).filter(column=name)
    newest = every.order_by("-week__start").first()
    if newest is None:
        raise NotFound(f"No week of {version} has a column {name} yet.")
    period = periods.chosen(request.GET, last=newest.week.end, default="q")
    rows = list(every.filter(week__start__gte=period.start, week__start__lt=period.end))
    if wants_csv(request):
        return csv_response(_cells(iter(rows)), HEADINGS, f"{slug}-v{number}-{name}")
    shown = _week(request, rows, newest)
    whole = ColumnWeek.objects.select_related("week__reference").get(pk=shown.pk)
    context = {
        "model": version.model,
        "version": version,
        "name": name,
        "row": whole,
        "rows": list(reversed(rows)),
        "sentences": drawing.sentences(whole),
        "course": drawing.course(rows, name),
        "both": drawing.both(whole),
        "variants": drawing.variants(whole),
        "weeks": [row.week.start for row in reversed(rows)],
        "period": period,
        "choices": periods.choices(period),
        "crumbs": [
            *crumbs_of(version.model),
            (f"Inputs of v{number}", reverse("monitoring:inputs", args=[slug, number])),
        ],
    }
    return render(request, "monitoring/input.html", context)


def _week(request: HttpRequest, rows: list[ColumnWeek], newest: ColumnWeek) -> ColumnWeek:
    wanted = request.GET.get("week", "")
    last = rows[-1] if rows else newest
    return next((row for row in rows if row.week.start.date().isoformat() == wanted), last)


@require_http_methods(["GET", "HEAD", "POST"])
def reference(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """What a version's inputs are compared with; a POST chooses it, and has all weeks compared anew."""
    viewer = request.actor
    version = catalogue.version(viewer=viewer, slug=slug, number=number)
    team = version.model.use_case.team_id
    if request.method == "POST":
        viewer.check(referencing.RIGHT, team)
    now = selectors.reference_of(viewer=viewer, version=version)
    form = ReferenceForm(request.POST if request.method == "POST" else None, initial=_initial(now))
    if request.method == "POST" and form.is_valid():
        try:
            _choose(request, version, form.cleaned_data)
        except InvalidInput as error:
            blame(error, form)
        else:
            messages.success(request, "Chosen. Its weeks are compared anew.")
            return redirect("monitoring:reference", slug=slug, number=number)
    context = {
        "model": version.model,
        "version": version,
        "reference": now,
        "default": None if now else referencing.default_of(version),
        "logged": referencing.logged(version.model),
        "earlier": selectors.references(viewer=viewer).filter(version=version).exclude(replaced_at=None)[:20],
        "form": form,
        "why_not": "" if viewer.may(referencing.RIGHT, team) else viewer.why_not(referencing.RIGHT),
        "crumbs": crumbs_of(version.model),
    }
    return render(request, "monitoring/reference.html", context, status=422 if form.errors else 200)


def _initial(now: Any) -> dict[str, Any]:
    if now is None or now.since is None or now.until is None:
        return {"kind": "period"}
    return {"kind": now.kind, "since": now.since.date(), "until": (now.until - timedelta(days=1)).date()}


def _choose(request: HttpRequest, version: ModelVersion, said: dict[str, Any]) -> None:
    found = referencing.choose_reference(
        actor=request.actor,
        version=version,
        kind=said["kind"],
        since=_start(said["since"]),
        until=_start(said["until"] + timedelta(days=1)) if said["until"] else None,
        reason=said["reason"],
    )
    start_reading(actor=request.actor, reference=found, trigger="person")


def _start(day: date | None) -> datetime | None:
    return start_of(day) if day else None


def _cells(rows: Iterator[ColumnWeek]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        for variant, told in row.statistics.items():
            yield (
                row.column, row.role, row.week.start.date().isoformat(), row.n, row.nulls, row.infinite,
                row.n_reference, variant, told["value"], told["p"], told["error"],
                row.state if variant == row.variant else "",
            )  # fmt: skip
