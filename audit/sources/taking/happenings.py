"""What happened elsewhere, with who did it: on the timeline of the model that it is about, in that person's name."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from audit.base.actors import Actor
from audit.catalogue.domain.repository import holds_secret
from audit.catalogue.models import Deployment, Model, ModelVersion
from audit.ledger.audited import created
from audit.ledger.services import Event, record_many
from audit.sources.domain.told import Happening as HappeningTold
from audit.sources.domain.told import Kind
from audit.sources.ledger_actions import HAPPENED
from audit.sources.models import Happening, Identity, Incident
from audit.sources.taking import incidents
from audit.sources.taking.work import AT_ONCE, Work

ABOUT = (Kind.MODEL, Kind.VERSION, Kind.RUN, Kind.ENDPOINT)


def take(work: Work, rows: Sequence[HappeningTold]) -> None:
    """Keeps those that are new and of which it is known what they are about: a commit, or a thing of the team."""
    if not rows:
        return
    ids = {row.id: row for row in rows}
    there = set(Happening.objects.filter(source=work.source, external__in=ids).values_list("external", flat=True))
    new = [row for key, row in ids.items() if key not in there]
    work.done.counts["same"] += len(rows) - len(new)
    about = _About(work, new)
    made: list[tuple[Happening, str]] = []
    for row in new:
        model, version = about.of(row)
        if row.alarm:
            _raise_alarm(work, row, model)
        elif model is None and not row.commit and not row.run:
            work.done.counts["about nothing known"] += 1
            continue
        made.append((_kept(work, row, model, version), row.actor))
    Happening.objects.bulk_create([one for one, _ in made], batch_size=AT_ONCE)
    work.done.counts["new"] += len(made)
    for one, actor in made:
        changes = {name: pair for name, pair in created(one).items() if name not in {"sentence", "salt"}}
        event = Event(HAPPENED, subject=one, subject_name=one.sentence, team=work.team.pk, changes=changes)
        record_many(actor=Actor.elsewhere(actor, origin=work.actor.origin), events=[event])


def _raise_alarm(work: Work, row: HappeningTold, model: Model | None) -> None:
    sentence = f"{row.sentence[:1].upper()}{row.sentence[1:].rstrip('.')}."
    key = f"{work.source.pk}:{row.id}"
    incidents.open_incident(work, kind=Incident.Kind.FAULT, key=key, sentence=sentence, model=model)


def _kept(work: Work, row: HappeningTold, model: Model | None, version: UUID | None) -> Happening:
    return Happening(
        source=work.source,
        external=row.id[:600],
        at=row.at,
        kind=row.kind[:100],
        sentence=row.sentence[:500],
        actor=row.actor[:300],
        automatic=row.automatic,
        step=row.step[:20],
        outcome=row.outcome[:20],
        model=model,
        version_id=version,
        commit=row.commit[:80],
        repository="" if holds_secret(row.repository) else row.repository[:500],
        facts=dict(row.facts),
        url=row.url[:1000],
    )


class _About:
    """What happenings are about: things that any source of the team told of by the same id, or runs of a commit."""

    def __init__(self, work: Work, rows: Sequence[HappeningTold]) -> None:
        ids = {one for row in rows for one in _ids(row)}
        self.records: dict[str, tuple[str, UUID | None, str]] = {}
        listed = sorted(ids)
        for at in range(0, len(listed), AT_ONCE):
            found = Identity.objects.filter(
                source__team=work.team, kind__in=ABOUT, external__in=listed[at : at + AT_ONCE]
            )
            self.records |= {one.external: (one.kind, one.record, one.name) for one in found}
        told = (one for (kind, external), one in work.known.items() if kind in ABOUT and external in ids)
        self.records |= {one.external: (one.kind, one.record, one.name) for one in told}
        self.work = work
        self.models: dict[UUID, Model] = {}

    def of(self, row: HappeningTold) -> tuple[Model | None, UUID | None]:
        """The model and the version."""
        for external in _ids(row):
            kind, record, name = self.records.get(external, ("", None, ""))
            if kind == Kind.ENDPOINT:
                running = Deployment.objects.filter(endpoint=name[:200], version__model__use_case__team=self.work.team)
                last = running.order_by("-since").values_list("version_id", flat=True).first()
                kind, record = (Kind.VERSION, last) if last else ("", None)
            if record is None:
                continue
            if kind == Kind.MODEL:
                return self._model(record), None
            version = self._version(kind, record)
            if version is not None:
                return self._model(version.model_id), version.pk
        return None, None

    def _version(self, kind: str, record: UUID) -> ModelVersion | None:
        if kind == Kind.VERSION:
            return ModelVersion.objects.filter(pk=record).first()
        return ModelVersion.objects.filter(run=record).order_by("number").first()

    def _model(self, pk: UUID) -> Model:
        if pk not in self.models:
            self.models[pk] = Model.objects.select_related("use_case").get(pk=pk)
        return self.models[pk]


def _ids(row: HappeningTold) -> list[str]:
    """What it may be about, the most exact first."""
    arns: Any = row.facts.get("arns")
    more = [one for one in arns if isinstance(one, str)] if isinstance(arns, list | tuple) else []
    return [one[:600] for one in (row.version, row.run, row.model, *more) if one]
