"""Reads uploads, windows and series as the viewer may see them; a page reads these rollups, never raw predictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.db.models import Max, Prefetch, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.catalogue.models import AliasPeriod, Model, ModelVersion
from audit.catalogue.selectors import PRODUCTION
from audit.catalogue.words import MAIN_METRIC
from audit.monitoring.models import Measurement, Source, Upload, Window


@dataclass(frozen=True, slots=True)
class Point:
    """A metric of a version in one window that begins at ``start`` (UTC), with its 95% interval.

    ``labelled_share`` is the share of the window's predictions whose truth is known, 0 to 1.
    """

    version_number: int
    start: datetime
    value: float | None
    low: float | None
    high: float | None
    n: int
    labelled_share: float | None


def uploads(*, viewer: Actor, model: Model | None = None) -> QuerySet[Upload]:
    """Uploads of the viewer's teams, newest first."""
    rows = visible(
        Upload.objects.select_related("model"),
        viewer=viewer,
        team="model__use_case__team",
        model="model",
        at="created_at",
    )
    return rows if model is None else rows.filter(model=model)


def upload(*, viewer: Actor, upload_id: UUID | str) -> Upload:
    """One upload.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = uploads(viewer=viewer).filter(pk=upload_id).first()
    if found is None:
        raise NotFound("There is no such upload, or it belongs to a team that you are not in.")
    return found


def windows(
    *,
    viewer: Actor,
    model: Model | None = None,
    version: ModelVersion | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    source: str = Source.COMPUTED,
    as_known_at: datetime | None = None,
) -> QuerySet[Window]:
    """Windows that start in [since, until) with their measurements, oldest first.

    They are the current ones, or those that were current ``as_known_at``. An empty ``source`` gives both.
    """
    rows = Window.objects.select_related("version__model")
    if source:
        rows = rows.filter(source=source)
    rows = visible(rows, viewer=viewer, team="version__model__use_case__team", model="version__model", at="start")
    if as_known_at is None:
        rows = rows.filter(superseded_at=None)
    else:
        rows = rows.filter(recorded_at__lte=as_known_at).exclude(superseded_at__lte=as_known_at)
    if model is not None:
        rows = rows.filter(version__model=model)
    if version is not None:
        rows = rows.filter(version=version)
    if since is not None:
        rows = rows.filter(start__gte=since)
    if until is not None:
        rows = rows.filter(start__lt=until)
    return rows.prefetch_related("measurements").order_by("start", "version__number")


def series(
    *,
    viewer: Actor,
    model: Model,
    metric: str,
    version: ModelVersion | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    source: str = Source.COMPUTED,
) -> list[Point]:
    """A metric week by week, oldest first; weeks without labels have no value."""
    rows = windows(viewer=viewer, model=model, version=version, since=since, until=until, source=source)
    only = Prefetch("measurements", queryset=Measurement.objects.filter(metric=metric))
    points = []
    for window in rows.prefetch_related(None).prefetch_related(only):
        for found in window.measurements.all():
            share = window.labelled_share if source == Source.COMPUTED else None
            points.append(
                Point(window.version.number, window.start, found.value, found.low, found.high, found.n, share)
            )
    return points


def last_data(viewer: Actor, model: Model | None) -> datetime | None:
    """The end (exclusive) of the newest computed window of ``model``, or of all models; None without any."""
    return windows(viewer=viewer, model=model).order_by("-end").values_list("end", flat=True).first()


def serving(*, viewer: Actor, models: Sequence[Model], count: int) -> dict[UUID, list[Point]]:
    """The main metric of each model in its last ``count`` weeks, oldest first, of the version that served.

    That is the version that held the alias "production" when the week ended, or, where none did, the one with the
    most predictions. Four queries, however many models there are.
    """
    tasks = {model.pk: model.task for model in models}
    if not tasks:
        return {}
    rows = windows(viewer=viewer).filter(version__model__in=list(tasks)).prefetch_related(None).order_by()
    last = dict(rows.values("version__model").annotate(last=Max("start")).values_list("version__model", "last"))
    if not last:
        return {}
    first = {pk: start - timedelta(weeks=count - 1) for pk, start in last.items()}
    held: dict[UUID, list[AliasPeriod]] = defaultdict(list)
    for period in AliasPeriod.objects.filter(model__in=last, alias=PRODUCTION):
        held[period.model_id].append(period)
    weeks: dict[tuple[UUID, datetime], _Week] = {}
    for row in rows.filter(start__gte=min(first.values())).values_list(*_Week.PATHS):
        week = _Week(*row)
        key, own = (week.model, week.start), held[week.model]
        if week.start >= first[week.model] and (key not in weeks or _rank(week, own) > _rank(weeks[key], own)):
            weeks[key] = week
    figures = _figures(weeks.values(), tasks)
    found: dict[UUID, list[Point]] = {}
    for week in sorted(weeks.values(), key=lambda one: one.start):
        told = figures.get(week.pk, (None, None, None, 0))
        share = week.labelled / week.predictions if week.predictions else None
        found.setdefault(week.model, []).append(Point(week.number, week.start, *told, share))
    return found


@dataclass(frozen=True, slots=True)
class _Week:
    """What of a window tells which version served in it."""

    PATHS: ClassVar = (
        "pk", "version__model", "version", "version__number", "start", "end", "predictions", "labelled"
    )  # fmt: skip
    pk: UUID
    model: UUID
    version: UUID
    number: int
    start: datetime
    end: datetime
    predictions: int
    labelled: int


Figures = tuple[float | None, float | None, float | None, int]


def _figures(weeks: Iterable[_Week], tasks: Mapping[UUID, str]) -> dict[UUID, Figures]:
    """Value, bounds and count of the main metric of each window that has it."""
    main = {week.pk: MAIN_METRIC[tasks[week.model]] for week in weeks}
    rows = Measurement.objects.filter(window__in=list(main), metric__in=set(main.values())).order_by()
    return {
        pk: (value, low, high, n)
        for pk, metric, value, low, high, n in rows.values_list("window", "metric", "value", "low", "high", "n")
        if metric == main[pk]
    }


def _rank(week: _Week, held: Sequence[AliasPeriod]) -> tuple[bool, int]:
    served = any(
        period.version_id == week.version
        and period.since < week.end
        and (period.until is None or period.until >= week.end)
        for period in held
    )
    return served, week.predictions
