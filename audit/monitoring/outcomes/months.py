"""A month of a version is the merge of its days, at the threshold of today."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Final
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.catalogue.models import Model
from audit.monitoring.domain.outcomes import Outcomes
from audit.monitoring.outcome_models import OutcomeDay, OutcomeMonth
from audit.monitoring.outcomes import documents, figures

LONGEST: Final = timedelta(days=31)


def of_week(week: datetime) -> list[date]:
    """The first days of the months that the week from Monday ``week`` (UTC) lies in: one or two."""
    monday = week.date()
    return sorted({day.replace(day=1) for day in (monday, monday + timedelta(days=6))})


def _days(model: Model, month: date) -> dict[UUID, list[OutcomeDay]]:
    """The days that were read, by version, in their order."""
    end = (month + LONGEST).replace(day=1)
    found: dict[UUID, list[OutcomeDay]] = {}
    for row in OutcomeDay.objects.filter(version__model=model, day__gte=month, day__lt=end).order_by("day"):
        found.setdefault(row.version_id, []).append(row)
    return found


def _seal(days: Iterable[OutcomeDay], threshold: float | None) -> str:
    told = [threshold, *(row.digest for row in days)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _wanted(model: Model, month: date) -> tuple[float | None, dict[UUID, list[OutcomeDay]], dict[UUID, str]]:
    threshold = Model.objects.values_list("threshold", flat=True).get(pk=model.pk)
    own = _days(model, month)
    return threshold, own, {version: _seal(days, threshold) for version, days in own.items()}


def _kept(model: Model, month: date) -> dict[UUID, str]:
    rows = OutcomeMonth.objects.filter(version__model=model, start=month)
    return dict(rows.values_list("version", "evidence"))


def stale(model: Model, month: date) -> bool:
    """Whether the month of a version does not follow from its days of today."""
    return _wanted(model, month)[2] != _kept(model, month)


def write(*, model: Model, month: date) -> int:
    """Merges the month from ``month``, its first day, of each version; returns how many changed.

    It follows from days, which follow from files whose imports are entries, so it writes none.
    """
    while True:
        threshold, own, seals = _wanted(model, month)
        known = _kept(model, month)
        rows = [
            _row(days, month, threshold, seals[version])
            for version, days in own.items()
            if known.get(version) != seals[version]
        ]
        with transaction.atomic():
            Model.objects.select_for_update().get(pk=model.pk)
            if _wanted(model, month)[2] != seals:
                continue
            OutcomeMonth.objects.filter(version__in=[row.version_id for row in rows], start=month).delete()
            OutcomeMonth.objects.bulk_create(rows)
        return len(rows)


def _row(days: list[OutcomeDay], month: date, threshold: float | None, evidence: str) -> OutcomeMonth:
    whole = reduce(Outcomes.merged, (documents.read_day(row.path) for row in days)).whole
    return OutcomeMonth(
        version_id=days[0].version_id, start=month, days=len(days), evidence=evidence, rows=whole.rows,
        labelled=whole.labelled, figures=figures.told(whole, threshold), computed_at=clock.now(),
    )  # fmt: skip
