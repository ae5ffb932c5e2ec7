"""What a week's checks follow from: the profiles of its days, its rows by day, when they came, and refused files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Max, Min, Sum

from audit.base.clock import WEEK
from audit.catalogue.models import ModelVersion
from audit.monitoring.input_models import DayProfile, Reference
from audit.monitoring.inputs import comparing, days, referencing
from audit.monitoring.models import Kind, Partition, State, Upload

DAY: Final = timedelta(days=1)
USUAL: Final = 12
"""So many weeks before a week say what is usual."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was refused in the week, and why; ``mended`` when one of its kind was imported after it."""

    pk: str
    filename: str
    why: str
    mended: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """A version's week from Monday ``week`` (UTC) and the weeks before it.

    ``reference`` is None where the week cannot be held against one; ``own`` and ``beside`` are profiles of days, and
    ``parts`` the files of the week. ``rows`` and ``arrived`` go by day, over the usual weeks too; ``first`` and
    ``last`` bound the version's log. ``evidence`` seals all of it.
    """

    version: ModelVersion
    week: datetime
    reference: Reference | None
    own: list[DayProfile]
    beside: list[DayProfile]
    parts: list[Partition]
    rows: dict[date, int]
    arrived: dict[date, datetime]
    first: date | None
    last: date | None
    refused: list[Refused]
    evidence: str

    @property
    def of_week(self) -> int:
        """How many rows came for the week."""
        return sum(self.rows.get(self.week.date() + at * DAY, 0) for at in range(7))


def of(version: ModelVersion, week: datetime) -> Facts:
    """What is known of the week now."""
    reference = referencing.current(version)
    own: list[DayProfile] = []
    beside: list[DayProfile] = []
    if reference is not None and reference.state == Reference.State.READY:
        own, beside = comparing.profiles_of(reference=reference, version=version, week=week)
    since, until = (week - USUAL * WEEK).date(), (week + WEEK).date()
    found = days.partitions(version.model, week.date(), until, version)
    parts = [part for some in found.values() for part in some]
    log = Partition.objects.filter(version=version, kind=Kind.PREDICTIONS)
    rows: dict[date, int] = {}
    arrived: dict[date, datetime] = {}
    by_day = log.filter(day__gte=since, day__lt=until).order_by().values("day")
    for day, count, came in by_day.annotate(Sum("rows"), Min("upload__created_at")).values_list(
        "day", "rows__sum", "upload__created_at__min"
    ):
        rows[day], arrived[day] = count, came
    bounds = log.aggregate(first=Min("day"), last=Max("day"))
    first, last = bounds["first"], bounds["last"]
    if reference is not None:
        for day, count in reference.days.filter(version=version).values_list("day", "rows"):
            first, last = min(first or day, day), max(last or day, day)
            if since <= day < until:
                rows.setdefault(day, count)
    refused = _refused(version, week)
    told = [
        str(reference.pk) if own and reference else "none",
        *(profile.digest for profile in (*own, *beside)),
        *(part.digest for part in parts if not own),
        *(f"{day}:{rows[day]}:{arrived.get(day, '')}" for day in sorted(rows)),
        f"{max(first, since - DAY)}:{min(last, until)}" if first and last else "",
        *(f"{one.pk}:{one.mended}" for one in refused),
        ",".join(version.model.inputs),
    ]
    return Facts(
        version, week, reference if own else None, own, beside, parts, rows, arrived, first, last, refused,
        days.sealed(told),
    )  # fmt: skip


def _refused(version: ModelVersion, week: datetime) -> list[Refused]:
    uploads = Upload.objects.filter(model=version.model_id)
    there = uploads.filter(state=State.FAILED, created_at__gte=week, created_at__lt=week + WEEK).order_by("created_at")
    newest = dict(
        uploads.filter(state=State.IMPORTED).order_by().values("kind").annotate(Max("imported_at")).values_list(
            "kind", "imported_at__max"
        )
    )  # fmt: skip
    return [
        Refused(str(row.pk), row.filename, row.error, row.kind in newest and newest[row.kind] > row.created_at)
        for row in there
        if row.version in (None, version.number)
    ]
