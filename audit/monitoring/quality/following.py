"""A version's errors in the order of time, each day once, through three detectors whose state goes on from day to day.

A day is followed when 95% of its predictions have their label, or labels are there for a day four weeks after it. Days
are followed in their order, so one that is not mature holds up those after it; a label that comes for a day already
followed changes nothing, and is counted as late. The error is 1 for a wrong class and 0 for a right one, or the
absolute error in the model's unit.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Sum

from audit.base.actors import Actor
from audit.base.clock import start_of
from audit.catalogue.models import Model, ModelVersion, Task
from audit.ledger.audited import created
from audit.ledger.services import record
from audit.monitoring import frames, ledger_actions
from audit.monitoring.domain.concept import CHANGE, Adwin, Ddm, PageHinkley, from_dict, to_dict
from audit.monitoring.models import Kind, Partition
from audit.monitoring.quality.words import changed_words
from audit.monitoring.quality_models import ConceptSign, ConceptState

if TYPE_CHECKING:
    import pyarrow as pa

MATURE: Final = 0.95
OLD: Final = timedelta(weeks=4)
DAY: Final = timedelta(days=1)
PIECE: Final = 7
"""So many days are read at once."""
MOST: Final = 20_000
"""Of a day with more errors, so many at most are followed: every second (third, ...) in the order of time."""
LEAST: Final = 30
"""The first days with so many errors say how far they spread, which is Page-Hinkley's unit."""
DELTA: Final = 0.1
THRESHOLD: Final = 100.0
"""Page-Hinkley's, in standard deviations of the first errors: so that chance alone hardly ever reaches it."""

Detectors = dict[str, Adwin | PageHinkley | Ddm]


@dataclass(frozen=True, slots=True)
class Day:
    """A day's errors in the order of time."""

    day: date
    errors: Sequence[float]


def follow(*, actor: Actor, version: ModelVersion) -> list[ConceptSign]:
    """Follows the days that became mature; the changes that were found. Done twice it takes effect once."""
    while True:
        known = {row.method: row for row in ConceptState.objects.filter(version=version)}
        labels = Partition.objects.filter(model=version.model_id, kind=Kind.LABELS)
        newest = labels.order_by("-sequence").values_list("sequence", flat=True).first()
        if newest is None:
            return []
        upto = next((row.upto for row in known.values()), None)
        days = list(_mature(version, upto))
        late = _late(version, next(iter(known.values()), None))
        states, signs = _followed(version, days, known)
        for row in states:
            row.sequence, row.late = newest, row.late + late
        if not states:
            return []
        with transaction.atomic():
            model = Model.objects.select_for_update().get(pk=version.model_id)
            if _marks(version) != {row.method: (row.upto, row.sequence) for row in known.values()}:
                continue
            ConceptState.objects.filter(version=version).delete()
            ConceptState.objects.bulk_create(states)
            for sign in signs:
                sign.save(force_insert=True)
                record(
                    actor=actor,
                    action=ledger_actions.ERRORS_CHANGED,
                    subject=sign,
                    subject_name=f"the errors of {version} changed",
                    team=model.use_case.team_id,
                    reason=changed_words(sign, model),
                    changes=created(sign),
                )
        return signs


def _marks(version: ModelVersion) -> dict[str, tuple[date, int]]:
    rows = ConceptState.objects.filter(version=version)
    return {method: (upto, sequence) for method, upto, sequence in rows.values_list("method", "upto", "sequence")}


def _late(version: ModelVersion, state: ConceptState | None) -> int:
    """Labels that came since for days already followed, whichever version predicted them."""
    if state is None:
        return 0
    rows = Partition.objects.filter(
        model=version.model_id, kind=Kind.LABELS, sequence__gt=state.sequence, day__lte=state.upto
    )
    return int(rows.aggregate(rows=Sum("rows"))["rows"] or 0)


def _mature(version: ModelVersion, upto: date | None) -> Iterator[Day]:
    """The days after ``upto``, oldest first, until one is not mature."""
    model = version.model
    parts = Partition.objects.filter(version=version, kind=Kind.PREDICTIONS)
    if upto is not None:
        parts = parts.filter(day__gt=upto)
    rows = dict(parts.order_by("day").values("day").annotate(sum=Sum("rows")).values_list("day", "sum"))
    labelled = Partition.objects.filter(model=model, kind=Kind.LABELS).order_by("-day")
    newest = labelled.values_list("day", flat=True).first()
    days = list(rows)
    for at in range(0, len(days), PIECE):
        some = days[at : at + PIECE]
        table = frames.labelled(model, version.number, start_of(some[0]), start_of(some[-1] + DAY))
        by_day = _by_day(table, model)
        for day in some:
            errors = by_day.get(day, [])
            old = newest is not None and newest - day >= OLD
            if not old and len(errors) < MATURE * rows[day]:
                return
            step = max(1, -(-len(errors) // MOST))
            yield Day(day, errors[::step])


def _by_day(table: pa.Table, model: Model) -> dict[date, list[float]]:
    found: dict[date, list[float]] = {}
    told = (table.column(name).to_pylist() for name in ("at", "prediction", "score", "label"))
    for at, prediction, score, label in zip(*told, strict=True):
        error = _error(model, prediction, score, label)
        if error is not None:
            found.setdefault(at.date(), []).append(error)
    return found


def _error(model: Model, prediction: object, score: float | None, label: object) -> float | None:
    """None where nothing was predicted, or the figures are not finite."""
    if model.task == Task.REGRESSION:
        if not isinstance(prediction, float) or not isinstance(label, float):
            return None
        error = abs(prediction - label)
        return error if math.isfinite(error) else None
    if model.task == Task.CLASSIFICATION and score is not None and math.isfinite(score):
        prediction = float(score >= (0.5 if model.threshold is None else model.threshold))
    return None if prediction is None or label is None else float(prediction != label)


def _followed(
    version: ModelVersion, days: Sequence[Day], known: Mapping[str, ConceptState]
) -> tuple[list[ConceptState], list[ConceptSign]]:
    """The states after these days, and at most one change of each method and day."""
    classes = version.model.task != Task.REGRESSION
    first = next(iter(known.values()), None)
    scale = first.scale if first else _scale(days, classes=classes)
    if scale is None:
        return [], []
    detectors: Detectors = {method: from_dict(row.state) for method, row in known.items()} or _fresh(classes=classes)
    upto = days[-1].day if days else next(row.upto for row in known.values())
    signs: dict[tuple[date, str], ConceptSign] = {}
    for one in days:
        for method, detector in detectors.items():
            unit = scale if method == PageHinkley.method else 1.0
            for error in one.errors:
                before = detector.mean
                if detector.update(error / unit) == CHANGE:
                    fresh = ConceptSign(
                        version=version, method=method, at=one.day, sign=CHANGE, before=_times(before, unit)
                    )
                    sign = signs.setdefault((one.day, method), fresh)
                    sign.mean, sign.n = _times(detector.mean, unit), detector.seen
    states = [
        ConceptState(
            version=version, method=method, upto=upto, state=to_dict(detector), scale=scale,
            late=known[method].late if method in known else 0,
        )
        for method, detector in detectors.items()
    ]  # fmt: skip
    return states, [signs[key] for key in sorted(signs)]


def _fresh(*, classes: bool) -> Detectors:
    found: Detectors = {
        Adwin.method: Adwin(),
        PageHinkley.method: PageHinkley(delta=DELTA, threshold=THRESHOLD),
    }
    return {**found, Ddm.method: Ddm()} if classes else found


def _scale(days: Sequence[Day], *, classes: bool) -> float | None:
    """The standard deviation of the errors of the first days; None from too few."""
    errors: list[float] = []
    for one in days:
        errors += one.errors
        if len(errors) >= LEAST:
            break
    if len(errors) < LEAST:
        return None
    if classes:
        rate = (sum(errors) + 1) / (len(errors) + 2)
        return math.sqrt(rate * (1 - rate))
    return statistics.pstdev(errors) or 1.0


def _times(mean: float | None, unit: float) -> float | None:
    return None if mean is None else mean * unit
