"""How endpoints answered, hour by hour: found to be a model's, and its deployment's, and handed to monitoring."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from audit.catalogue.models import Deployment, Mode, Model
from audit.monitoring.domain.service import HOUR
from audit.monitoring.service.keeping import Served, Teller, keep_hours
from audit.sources.domain.told import Kind, ServiceTold
from audit.sources.models import Identity
from audit.sources.taking.work import Work


def take(work: Work, rows: Sequence[ServiceTold]) -> None:
    """Hands each model's hours to monitoring; an endpoint that is no model's of the team is counted, and not kept."""
    if not rows:
        return
    places = _Places(work, rows)
    found: dict[UUID, list[Served]] = defaultdict(list)
    for row in rows:
        model, deployment = places.of(row)
        if model is None:
            work.done.counts["about nothing known"] += 1
        else:
            found[model].append(Served(row.endpoint, row.variant, deployment, row.hour))
    teller = Teller(work.source.pk, work.source.name)
    models = Model.objects.select_related("use_case").in_bulk(list(found))
    for pk in sorted(found):
        kept = keep_hours(actor=work.actor, model=models[pk], teller=teller, rows=found[pk])
        work.done.counts.update({"new": kept.new, "changed": kept.changed, "same": kept.same})


class _Places:
    """What ran where, in the time that the rows are of."""

    def __init__(self, work: Work, rows: Sequence[ServiceTold]) -> None:
        names, starts = {row.endpoint for row in rows}, [row.hour.start for row in rows]
        self.models = dict(Model.objects.filter(slug__in=names, use_case__team=work.team).values_list("slug", "pk"))
        running = Deployment.objects.filter(
            Q(endpoint__in=names) | Q(version__model__in=self.models.values()),
            Q(until=None) | Q(until__gt=min(starts)),
            version__model__use_case__team=work.team,
            since__lt=max(starts) + HOUR,
        )
        self.at_endpoint: dict[str, list[Deployment]] = defaultdict(list)
        self.of_model: dict[UUID, list[Deployment]] = defaultdict(list)
        for one in running.select_related("version"):
            self.at_endpoint[one.endpoint].append(one)
            if one.mode == Mode.ONLINE:
                self.of_model[one.version.model_id].append(one)
        self.versions = _versions_of_variants(work, names)

    def of(self, row: ServiceTold) -> tuple[UUID | None, UUID | None]:
        """The ids of the model, and of the deployment that answered throughout the hour; None where not known.

        An endpoint's name goes before a model's. Where several deployments ran, the variant says which.
        """
        start = row.hour.start
        there = _during(self.at_endpoint.get(row.endpoint, ()), start) if row.endpoint else []
        model = None
        if not there:
            model = self.models.get(row.endpoint)
            there = _during(self.of_model.get(model, ()), start) if model else []
        named = self._named(row, there)
        if model is None:
            models = {one.version.model_id for one in named or there}
            model = models.pop() if len(models) == 1 else None
        one = named[0] if len(named) == 1 else None
        throughout = one is not None and one.since <= start and (one.until is None or one.until >= start + HOUR)
        return model, one.pk if one is not None and throughout else None

    def _named(self, row: ServiceTold, there: list[Deployment]) -> list[Deployment]:
        """Those of the version that is told, or else of what the variant serves now, unless that did not run then."""
        if row.number is not None:
            return [one for one in there if one.version.number == row.number]
        version = self.versions.get((row.endpoint, row.variant))
        return [one for one in there if one.version_id == version] or there


def _during(rows: Iterable[Deployment], start: datetime) -> list[Deployment]:
    return [one for one in rows if one.since < start + HOUR and (one.until is None or one.until > start)]


def _versions_of_variants(work: Work, names: set[str]) -> dict[tuple[str, str], UUID]:
    """(endpoint, variant) -> the version that it serves now, as the team's sources tell."""
    wanted: dict[tuple[UUID, str], list[tuple[str, str]]] = defaultdict(list)
    for one in Identity.objects.filter(kind=Kind.ENDPOINT, source__team=work.team, name__in=names, gone_at=None):
        for variant in one.said.get("variants") or ():
            if variant.get("version"):
                wanted[one.source_id, variant["version"]].append((one.name, variant["name"]))
    versions = Identity.objects.filter(
        kind=Kind.VERSION, source__in={source for source, _ in wanted}, external__in={one for _, one in wanted}
    ).exclude(record=None)
    found = {}
    for version in versions:
        for place in wanted.get((version.source_id, version.external), ()):
            if version.record is not None:
                found[place] = version.record
    return found


def known_names(team: UUID, since: datetime) -> set[str]:
    """Names by which hours are found to be the team's: of endpoints in use since then, and short names of models."""
    running = Deployment.objects.filter(
        Q(until=None) | Q(until__gt=since), mode=Mode.ONLINE, version__model__use_case__team=team
    )
    models = Model.objects.filter(use_case__team=team).values_list("slug", flat=True)
    return (set(running.values_list("endpoint", flat=True)) | set(models)) - {""}
