"""What answers where: deployments follow what a source says of its endpoints; what nobody registered is an orphan."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from audit.catalogue.ledger_actions import DEPLOYED, RETIRED
from audit.catalogue.models import Deployment, Environment, Mode, ModelVersion
from audit.ledger.audited import created
from audit.ledger.services import Changes, Event
from audit.sources.domain.told import EndpointTold, Kind
from audit.sources.models import Identity, Incident
from audit.sources.taking import incidents
from audit.sources.taking.work import Work


def take(work: Work, rows: Sequence[EndpointTold]) -> None:
    """Starts and ends deployments so that they are what each endpoint serves."""
    if not rows:
        return
    work.look_up(Kind.ENDPOINT, (row.id for row in rows))
    work.look_up(Kind.VERSION, (one.version for row in rows for one in row.variants))
    orphans = _orphaned(work)
    for row in rows:
        noted = work.note(Kind.ENDPOINT, row, but=("at", "actor"))
        if noted is not None or str(work.known[Kind.ENDPOINT, row.id].pk) in orphans:
            _follow(work, row)


def _orphaned(work: Work) -> set[str]:
    """The ids of the source's endpoints with an open alarm: a version may have been told of only after them."""
    rows = Incident.objects.filter(kind=Incident.Kind.ORPHAN, source=work.source, closed_at=None)
    return {key.partition(":")[0] for key in rows.values_list("key", flat=True)}


def end(work: Work, identities: Iterable[Identity]) -> None:
    """Nothing runs at these any more."""
    for one in identities:
        _end(work, _running(work, one.said["name"]), since=work.at)
        for incident in _open(one):
            incidents.over(work, kind=incident.kind, key=incident.key, reason="The endpoint is gone.")


def _open(identity: Identity) -> QuerySet[Incident]:
    return Incident.objects.filter(kind=Incident.Kind.ORPHAN, key__startswith=f"{identity.pk}:", closed_at=None)


def _running(work: Work, name: str) -> list[Deployment]:
    rows = Deployment.objects.filter(
        endpoint=name[:200], until=None, version__model__use_case__team=work.team
    ).select_related("version__model__use_case")
    return list(rows)


def _follow(work: Work, row: EndpointTold) -> None:
    environment = row.environment if row.environment in Environment.values else Environment.PRODUCTION
    mode = row.mode if row.mode in Mode.values else Mode.ONLINE
    shares, identity = _shares(work, row), work.known[Kind.ENDPOINT, row.id]
    running = {one.version_id: one for one in _running(work, row.name)}
    wanted = {
        version: share
        for version, share in shares.items()
        if version not in running or (running[version].share, running[version].environment) != (share, environment)
    }
    _end(work, [one for pk, one in running.items() if pk not in shares or pk in wanted], since=row.at)
    versions = ModelVersion.objects.select_related("model__use_case").in_bulk(list(wanted))
    for pk, share in wanted.items():
        deployment = Deployment.objects.create(
            version=versions[pk], environment=environment, mode=mode, endpoint=row.name[:200], share=share,
            since=row.at, actor_id=row.actor[:254] or work.actor.id,
        )  # fmt: skip
        work.entry(
            Event(DEPLOYED, subject=deployment, team=work.team.pk, changes=_told(deployment)),
            deployment,
        )  # fmt: skip
    _orphans(work, row, identity)


def _told(deployment: Deployment) -> dict[str, Any]:
    return {name: pair for name, pair in created(deployment).items() if name != "actor_id"}


def _shares(work: Work, row: EndpointTold) -> Mapping[UUID, float | None]:
    """The share of each version that is known; two variants with one version are one deployment."""
    found: dict[UUID, float | None] = {}
    for one in row.variants:
        version = work.record_of(Kind.VERSION, one.version)
        if version is not None:
            before = found.get(version)
            found[version] = one.share if before is None else before + (one.share or 0)
    return found


def _end(work: Work, rows: Sequence[Deployment], *, since: datetime) -> None:
    for one in rows:
        one.until, one.ended_recorded_at = max(since, one.since), work.at
        one.save(update_fields=("until", "ended_recorded_at"))
        changes: Changes = {"until": (None, one.until), "ended_recorded_at": (None, work.at)}
        work.entry(Event(RETIRED, subject=one, team=work.team.pk, changes=changes), one)


def _orphans(work: Work, row: EndpointTold, identity: Identity) -> None:
    """A variant of which no version is on record raises an alarm; one that is known now ends it."""
    for one in row.variants:
        key = f"{identity.pk}:{one.name}"
        if work.record_of(Kind.VERSION, one.version) is not None:
            incidents.over(
                work, kind=Incident.Kind.ORPHAN, key=key, reason="It serves a version that is on record now."
            )
            continue
        what = one.version or one.unknown or "something that has no name"
        incidents.open_incident(
            work,
            kind=Incident.Kind.ORPHAN,
            key=key,
            sentence=f"The endpoint {row.name} at {work.source.name} serves {what}, of which no version is on record.",
        )
    there = {f"{identity.pk}:{one.name}" for one in row.variants}
    for incident in _open(identity).exclude(key__in=there):
        incidents.over(work, kind=incident.kind, key=incident.key, reason="The endpoint serves it no longer.")
