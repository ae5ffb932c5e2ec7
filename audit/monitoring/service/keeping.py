"""Keeps hours as sources tell them. The same hour again changes nothing; another figure supersedes the one before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.catalogue.models import Model
from audit.ledger.services import record
from audit.monitoring import ledger_actions
from audit.monitoring.domain.service import NUMBERS, Histogram, Hour, day_of, plausible
from audit.monitoring.service_models import VALUES, ServiceDay, ServiceHour

RIGHT = "monitoring.write"
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells: the id of a source, and its name today."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Served:
    """An hour of what answers at ``endpoint`` (``variant`` of it), and the deployment that it is, where known."""

    endpoint: str
    variant: str
    deployment: UUID | None
    hour: Hour


@dataclass(frozen=True, slots=True)
class Kept:
    """How many hours were new, were corrected, and were known as they are."""

    new: int
    changed: int
    same: int


Key = tuple[str, str, datetime]


@transaction.atomic
def keep_hours(*, actor: Actor, model: Model, teller: Teller, rows: Sequence[Served]) -> Kept:
    """Keeps these hours of ``model``, with one entry for all that are new or corrected; days follow.

    Of two rows for one place and hour the last holds. Numbers that cannot be are unknown; hours of which then nothing
    is known are left out, so what was known stays when the source has nothing any more, or only a part of the hour.

    Raises:
        NotPermitted: the actor may not send for the model's team.
        InvalidInput: a start is not a full hour with a zone, or has not come yet.
    """
    actor.check(RIGHT, model.use_case.team_id)
    at = clock.now()
    told = {_key(row): row for row in rows if _checked(row, at).known}
    if not told:
        return Kept(0, 0, 0)
    Model.objects.select_for_update().get(pk=model.pk)
    before = _current(model, teller, told)
    fresh, old = [], []
    for key, row in told.items():
        made, found = _made(model, teller, row, at), before.get(key)
        if found is not None and (_told(found) == _told(made) or (made.partial and not found.partial)):
            continue
        fresh.append(made)
        if found is not None:
            found.superseded_at = at
            old.append(found)
    if fresh:
        ServiceHour.objects.bulk_update(old, ("superseded_at",), batch_size=AT_ONCE)
        ServiceHour.objects.bulk_create(fresh, batch_size=AT_ONCE)
        _enter(actor, model, teller, fresh, old)
        _roll_up(model, teller, fresh)
    return Kept(len(fresh) - len(old), len(old), len(told) - len(fresh))


def _checked(row: Served, at: datetime) -> Hour:
    start = row.hour.start
    if start.tzinfo is None or (start.minute, start.second, start.microsecond) != (0, 0, 0):
        raise InvalidInput("An hour begins at a full hour with a time zone.", where="start")
    if start > at:
        raise InvalidInput(f"The hour from {start:%-d %B %Y %H:%M} has not come yet.", where="start")
    return plausible(row.hour)


def _key(row: Served) -> Key:
    return row.endpoint[:200], row.variant[:200], row.hour.start


def _current(model: Model, teller: Teller, told: Mapping[Key, Served]) -> dict[Key, ServiceHour]:
    starts = [start for _, _, start in told]
    rows = ServiceHour.objects.filter(
        model=model, source=teller.id, superseded_at=None, start__gte=min(starts), start__lte=max(starts)
    )
    return {(row.endpoint, row.variant, row.start): row for row in rows}


def _made(model: Model, teller: Teller, row: Served, at: datetime) -> ServiceHour:
    hour = plausible(row.hour)
    return ServiceHour(
        model=model,
        deployment_id=row.deployment,
        source=teller.id,
        source_name=teller.name[:200],
        endpoint=row.endpoint[:200],
        variant=row.variant[:200],
        start=hour.start,
        recorded_at=at,
        partial=hour.partial,
        histogram=_plain(hour.histogram),
        **{name: getattr(hour, name) for name in NUMBERS},
    )


def _plain(histogram: Histogram | None) -> dict[str, list[float]] | None:
    return histogram.to_dict() if histogram else None


def _told(row: ServiceHour) -> tuple[Any, ...]:
    return row.deployment_id, *(getattr(row, name) for name in VALUES)


def _enter(actor: Actor, model: Model, teller: Teller, fresh: list[ServiceHour], old: list[ServiceHour]) -> None:
    starts = [row.start for row in fresh]
    record(
        actor=actor,
        action=ledger_actions.SERVICE_TOLD,
        subject=fresh[0],
        subject_name=f"{len(fresh):,} {'hour' if len(fresh) == 1 else 'hours'} of service metrics of {model.name}",
        team=model.use_case.team_id,
        changes={
            "source": (None, teller.name),
            "from": (None, min(starts)),
            "last_hour": (None, max(starts)),
            "corrected": (None, len(old)),
        },
        also=[*fresh[1:], *old],
    )


def _roll_up(model: Model, teller: Teller, touched: Iterable[ServiceHour]) -> None:
    """Works out the days of these hours anew."""
    wanted = {(row.endpoint, row.variant, clock.start_of(row.start.date())) for row in touched}
    days = [day for _, _, day in wanted]
    hours: dict[Key, list[Hour]] = {}
    rows = ServiceHour.objects.filter(
        model=model,
        source=teller.id,
        superseded_at=None,
        start__gte=min(days),
        start__lt=clock.start_of(max(days).date()) + timedelta(days=1),
    )
    for row in rows:
        key = (row.endpoint, row.variant, clock.start_of(row.start.date()))
        if key in wanted:
            hours.setdefault(key, []).append(row.hour)
    old = ServiceDay.objects.filter(model=model, source=teller.id, start__in=set(days))
    gone = [row.pk for row in old if (row.endpoint, row.variant, row.start) in hours]
    ServiceDay.objects.filter(pk__in=gone).delete()
    ServiceDay.objects.bulk_create([_day(model, teller, *key, found) for key, found in hours.items()], AT_ONCE)


def _day(
    model: Model, teller: Teller, endpoint: str, variant: str, start: datetime, hours: Sequence[Hour]
) -> ServiceDay:
    said = asdict(found := day_of(hours)) | {"histogram": _plain(found.histogram)}
    return ServiceDay(
        model=model, source=teller.id, source_name=teller.name[:200], endpoint=endpoint, variant=variant, start=start,
        **said,
    )  # fmt: skip
