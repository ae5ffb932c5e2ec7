"""Names that point at versions. A guarded one that moves outside of Tollgate is an incident, within the same poll."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from audit.catalogue.ledger_actions import ALIAS_ENDED, ALIAS_MOVED
from audit.catalogue.models import AliasPeriod, Model, ModelVersion
from audit.ledger.audited import created
from audit.ledger.services import Changes, Event
from audit.sources.domain.told import Kind, Told
from audit.sources.models import Guard, Incident
from audit.sources.taking import incidents
from audit.sources.taking.work import AT_ONCE, Work


def settle(work: Work, told: Told) -> None:
    """Points each name where the source says, for the models and versions of this piece: either may come first."""
    ids = {row.id for row in told.models if row.aliases} | {row.model for row in told.versions}
    if not ids:
        return
    work.look_up(Kind.MODEL, ids)
    said: dict[UUID, Mapping[str, str]] = {}
    for one in ids:
        identity = work.known.get((Kind.MODEL, one))
        if identity is not None and identity.record is not None and identity.said.get("aliases"):
            said[identity.record] = identity.said["aliases"]
    if not said:
        return
    work.look_up(Kind.VERSION, (version for names in said.values() for version in names.values()))
    _point(work, said)


def _point(work: Work, said: Mapping[UUID, Mapping[str, str]]) -> None:
    models = Model.objects.select_related("use_case").in_bulk(list(said))
    current = {
        (one.model_id, one.alias): one
        for one in AliasPeriod.objects.filter(model__in=said, until=None).select_related("version")
    }
    wanted = {
        (model, alias[:40]): record
        for model, names in said.items()
        for alias, external in names.items()
        if (record := work.record_of(Kind.VERSION, external)) is not None
    }
    moved = {
        place: record for place, record in wanted.items() if place not in current or current[place].version_id != record
    }
    if not moved:
        return
    versions = ModelVersion.objects.in_bulk(set(moved.values()))
    guarded = set(Guard.objects.filter(model__in=models).values_list("model_id", "alias"))
    old = [current[place] for place in moved if place in current]
    _end(work, old)
    new = []
    for place, record in moved.items():
        version = versions[record]
        version.model = models[place[0]]
        new.append(AliasPeriod(model=version.model, alias=place[1], version=version, since=work.at))
    AliasPeriod.objects.bulk_create(new, batch_size=AT_ONCE)
    for period in new:
        before = current.get((period.model_id, period.alias))
        _tell(work, period, before)
        if (period.model_id, period.alias) in guarded:
            _incident(work, period.model, period.alias, before, period.version)


def _end(work: Work, periods: Iterable[AliasPeriod]) -> None:
    rows = list(periods)
    for one in rows:
        one.until = one.ended_recorded_at = work.at
    AliasPeriod.objects.bulk_update(rows, ("until", "ended_recorded_at"), batch_size=AT_ONCE)


def _tell(work: Work, period: AliasPeriod, before: AliasPeriod | None) -> None:
    numbers = (before.version.number if before else None, period.version.number)
    changes: dict[str, Any] = created(period) | {"version": numbers}
    also = [before] if before else []
    work.entry(Event(ALIAS_MOVED, subject=period, team=work.team.pk, changes=changes, also=also), period, *also)


def take_away(work: Work, model: Model, names: set[str]) -> None:
    """The source showed these names, and does not any more."""
    rows = list(
        AliasPeriod.objects.filter(model=model, alias__in=names, until=None).select_related(
            "version__model__use_case", "model__use_case"
        )
    )
    _end(work, rows)
    guarded = set(Guard.objects.filter(model=model).values_list("alias", flat=True))
    for one in rows:
        changes: Changes = {"until": (None, one.until), "ended_recorded_at": (None, one.ended_recorded_at)}
        work.entry(Event(ALIAS_ENDED, subject=one, team=work.team.pk, changes=changes), one)
        if one.alias in guarded:
            _incident(work, model, one.alias, one, None)


def _incident(work: Work, model: Model, alias: str, before: AliasPeriod | None, after: ModelVersion | None) -> None:
    was = f"version {before.version.number}" if before else "no version"
    now = f"version {after.number}" if after else "no version"
    incidents.open_incident(
        work,
        kind=Incident.Kind.MOVED,
        key=f"{model.pk}:{alias}:{after.pk if after else ''}",
        model=model,
        sentence=f"“{alias}” of {model} was moved from {was} to {now} at {work.source.name}, outside of Tollgate."
        f" {work.source.title} does not tell who did it.",
    )
