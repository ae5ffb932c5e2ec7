"""The rollup that pages read of models: each week's main metric, of the version that served, and the state it gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction

from audit.base.actors import Actor
from audit.base.models import Record
from audit.catalogue import states
from audit.catalogue.models import AliasPeriod, Model
from audit.catalogue.selectors import PRODUCTION
from audit.catalogue.words import MAIN_METRIC
from audit.monitoring.models import Measurement, ServedWeek, Source, Window

AT_ONCE: Final = 200
BACK: Final = timedelta(weeks=states.COUNT - 1)
"""So far back go the weeks that a week's state is judged by."""
READER: Final = Actor.service("serving")
Figures = tuple[float | None, float | None, float | None, int]


def note(records: Sequence[Record]) -> None:
    """Rolls up again what these records of the catalogue change: models, and periods of the alias "production"."""
    since: dict[UUID, datetime | None] = {}
    for row in records:
        if isinstance(row, Model):
            since[row.pk] = None
        elif isinstance(row, AliasPeriod) and row.alias == PRODUCTION:
            first = min(row.since, row.until or row.since)
            known = since.get(row.model_id, first)
            since[row.model_id] = known and min(known, first)
    if since:
        roll_up(since)


@transaction.atomic
def roll_up(since: Mapping[UUID, datetime | None]) -> None:
    """Writes the weeks of these models again that end after the moment given with each (UTC); None: all of them.

    A week's state is judged by it and the weeks before it, so what comes later is judged again too.
    """
    measured = Window.objects.filter(version__model__in=since, superseded_at=None, source=Source.COMPUTED)
    ids = iter(list(measured.order_by().values_list("version__model", flat=True).distinct()))
    while some := list(islice(ids, AT_ONCE)):
        _roll_up({pk: since[pk] for pk in some})


def _roll_up(since: Mapping[UUID, datetime | None]) -> None:
    models = Model.objects.select_for_update().in_bulk(list(since))
    begins = [one for one in since.values() if one is not None]
    first = min(begins) if len(begins) == len(since) else None
    weeks = _weeks(models, first)
    bounds = states.thresholds_of(READER, list(models.values()))
    new = []
    for pk, own in weeks.items():
        begin = since[pk]
        for at, (week, shown) in enumerate(own):
            if begin is not None and week.end <= begin:
                continue
            span = [one for _, one in own[: at + 1] if one.start >= week.start - BACK]
            metric = MAIN_METRIC[models[pk].task]
            state = states.judge(span, bounds.get(pk), metric).state
            new.append(
                ServedWeek(
                    model_id=pk, version_id=week.version, version_number=week.number, start=week.start, end=week.end,
                    metric=metric, value=shown.value, low=shown.low, high=shown.high, n=shown.n,
                    predictions=week.predictions, labelled=week.labelled, state=state,
                )
            )  # fmt: skip
    for pk, begin in since.items():
        old = ServedWeek.objects.filter(model=pk)
        (old if begin is None else old.filter(end__gt=begin)).delete()
    ServedWeek.objects.bulk_create(new, batch_size=500)


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


def _weeks(models: Mapping[UUID, Model], first: datetime | None) -> dict[UUID, list[tuple[_Week, states.Week]]]:
    """The weeks of each model, oldest first: those that the states of weeks after ``first`` ask for, or all.

    The version that served held the alias "production" when the week ended, or, where none did, has most predictions.
    """
    rows = Window.objects.filter(version__model__in=models, superseded_at=None, source=Source.COMPUTED)
    if first is not None:
        rows = rows.filter(end__gt=first - BACK)
    held: dict[UUID, list[AliasPeriod]] = defaultdict(list)
    for period in AliasPeriod.objects.filter(model__in=models, alias=PRODUCTION):
        held[period.model_id].append(period)
    chosen: dict[tuple[UUID, datetime], _Week] = {}
    for row in rows.order_by("version__number").values_list(*_Week.PATHS):
        week = _Week(*row)
        key, own = (week.model, week.start), held[week.model]
        if key not in chosen or _rank(week, own) > _rank(chosen[key], own):
            chosen[key] = week
    figures = _figures(chosen.values(), {pk: model.task for pk, model in models.items()})
    found: dict[UUID, list[tuple[_Week, states.Week]]] = defaultdict(list)
    for week in sorted(chosen.values(), key=lambda one: one.start):
        value, low, high, n = figures.get(week.pk, (None, None, None, 0))
        found[week.model].append((week, states.Week(week.start, value, low, high, n, week.number)))
    return found


def _figures(weeks: Iterable[_Week], tasks: Mapping[UUID, str]) -> dict[UUID, Figures]:
    """Value, bounds and count of the main metric of each window that has it."""
    main = {week.pk: MAIN_METRIC[tasks[week.model]] for week in weeks}
    found: dict[UUID, Figures] = {}
    ids = iter(main)
    while some := list(islice(ids, AT_ONCE)):
        rows = Measurement.objects.filter(window__in=some, metric__in=set(main.values())).order_by()
        for pk, metric, value, low, high, n in rows.values_list("window", "metric", "value", "low", "high", "n"):
            if metric == main[pk]:
                found[pk] = (value, low, high, n)
    return found


def _rank(week: _Week, held: Sequence[AliasPeriod]) -> tuple[bool, int]:
    served = any(
        period.version_id == week.version
        and period.since < week.end
        and (period.until is None or period.until >= week.end)
        for period in held
    )
    return served, week.predictions
