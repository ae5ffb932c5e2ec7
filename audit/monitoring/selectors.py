"""Reads uploads, windows and series as the viewer may see them; a page reads these rollups, never raw predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    most predictions. Three queries, however many models there are.
    """
    rows = windows(viewer=viewer).filter(version__model__in=models).prefetch_related(None)
    last = dict(
        rows.order_by().values("version__model").annotate(last=Max("start")).values_list("version__model", "last")
    )
    if not last:
        return {}
    first = {pk: start - timedelta(weeks=count - 1) for pk, start in last.items()}
    held = list(AliasPeriod.objects.filter(model__in=last, alias=PRODUCTION))
    metrics = Prefetch("measurements", queryset=Measurement.objects.filter(metric__in=set(MAIN_METRIC.values())))
    weeks: dict[tuple[UUID, datetime], Window] = {}
    for window in rows.filter(start__gte=min(first.values())).prefetch_related(metrics):
        model = window.version.model
        if window.start < first[model.pk]:
            continue
        key = (model.pk, window.start)
        if key not in weeks or _rank(window, held) > _rank(weeks[key], held):
            weeks[key] = window
    found: dict[UUID, list[Point]] = {}
    for (pk, start), window in sorted(weeks.items(), key=lambda item: item[0][1]):
        main = MAIN_METRIC[window.version.model.task]
        told = next((row for row in window.measurements.all() if row.metric == main), None)
        figures = (told.value, told.low, told.high, told.n) if told else (None, None, None, 0)
        found.setdefault(pk, []).append(Point(window.version.number, start, *figures, window.labelled_share))
    return found


def _rank(window: Window, held: Sequence[AliasPeriod]) -> tuple[bool, int]:
    served = any(
        period.version_id == window.version_id
        and period.since < window.end
        and (period.until is None or period.until >= window.end)
        for period in held
    )
    return served, window.predictions
