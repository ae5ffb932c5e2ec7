"""Reads uploads, windows and series as the viewer may see them; a page reads these rollups, never raw predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import Row, visible
from audit.catalogue.models import Model, ModelVersion
from audit.monitoring.models import Partition, ServedWeek, Source, Upload, Window


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


def days_of(*, viewer: Actor, upload: Upload) -> list[tuple[date, int | None, int]]:
    """Where the rows of an upload that the viewer may see went: day, version number (None: labels), rows."""
    rows = Partition.objects.filter(upload__in=uploads(viewer=viewer).filter(pk=upload.pk).order_by())
    return list(rows.order_by("day", "version__number").values_list("day", "version__number", "rows"))


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
    rows = Window.objects.select_related("version")
    if source:
        rows = rows.filter(source=source)
    rows = visible(rows, viewer=viewer, team="version__model__use_case__team", model="version__model", at="start")
    rows = counting(rows, as_known_at)
    if model is not None:
        rows = rows.filter(version__model=model)
    if version is not None:
        rows = rows.filter(version=version)
    if since is not None:
        rows = rows.filter(start__gte=since)
    if until is not None:
        rows = rows.filter(start__lt=until)
    return rows.prefetch_related("measurements").order_by("start", "version__number")


def counting(rows: QuerySet[Row], as_known_at: datetime | None) -> QuerySet[Row]:
    """Those of rows with ``recorded_at`` and ``superseded_at`` that count now, or counted then."""
    if as_known_at is None:
        return rows.filter(superseded_at=None)
    return rows.filter(recorded_at__lte=as_known_at).exclude(superseded_at__lte=as_known_at)


def points_of(windows: Iterable[Window], metric: str) -> list[Point]:
    """What these windows, with their measurements, tell of a metric, in their order."""
    points = []
    for window in windows:
        for found in window.measurements.all():
            if found.metric == metric:
                share = window.labelled_share if window.source == Source.COMPUTED else None
                told = (found.value, found.low, found.high, found.n, share)
                points.append(Point(window.version.number, window.start, *told))
    return points


def served() -> Exists:
    """For rows of a version's weeks (``version``, ``start``): whether it was the one that served its model then."""
    return Exists(ServedWeek.objects.filter(version=OuterRef("version"), start=OuterRef("start")))


def served_weeks(*, viewer: Actor) -> QuerySet[ServedWeek]:
    """The weeks of the viewer's models, each with the main metric of the version that served and the state it gave."""
    return visible(
        ServedWeek.objects.order_by(), viewer=viewer, team="model__use_case__team", model="model", at="start"
    )


def last_data(viewer: Actor, model: Model | None) -> datetime | None:
    """The end (exclusive) of the newest measured week of ``model``, or of all models; None without any."""
    rows = served_weeks(viewer=viewer) if model is None else served_weeks(viewer=viewer).filter(model=model)
    return rows.order_by("-start").values_list("end", flat=True).first()


def serving(*, viewer: Actor, models: Sequence[Model], count: int) -> dict[UUID, list[Point]]:
    """The main metric of each model in its last ``count`` weeks, oldest first, of the version that served: two queries.

    That is the version that held the alias "production" when the week ended, or, where none did, the one with the
    most predictions.
    """
    rows = served_weeks(viewer=viewer).filter(model__in=[model.pk for model in models])
    last = dict(rows.values("model").annotate(last=Max("start")).values_list("model", "last"))
    if not last:
        return {}
    back = timedelta(weeks=count - 1)
    found: dict[UUID, list[Point]] = {}
    wanted = rows.filter(start__gte=min(last.values()) - back).order_by("start")
    for model, labelled, predictions, number, start, value, low, high, n in wanted.values_list(
        "model", "labelled", "predictions", "version_number", "start", "value", "low", "high", "n"
    ):
        if start >= last[model] - back:
            share = labelled / predictions if predictions else None
            found.setdefault(model, []).append(Point(number, start, value, low, high, n, share))
    return found
