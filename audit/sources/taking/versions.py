"""Versions of models: numbered as the source numbers them, unless another source has used the number."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from audit.catalogue.ledger_actions import VERSION_CHANGED, VERSION_REGISTERED
from audit.catalogue.models import Model, ModelVersion
from audit.ledger.audited import changed, created, values
from audit.ledger.services import Event
from audit.sources.domain.told import Kind, VersionTold
from audit.sources.models import APPROVAL, Guard, Identity, Incident
from audit.sources.taking import incidents
from audit.sources.taking.data import link
from audit.sources.taking.work import AT_ONCE, Work

FIELDS = (
    "artefact", "artefact_digest", "artefact_bytes", "author", "run", "derived_from", "parameters", "metrics", "notes",
)  # fmt: skip
SHA256_LENGTH = 64


def take(work: Work, rows: Sequence[VersionTold]) -> None:
    """Makes, joins and changes versions. One whose model is not known cannot be placed, and is a problem."""
    if not rows:
        return
    work.look_up(Kind.VERSION, [*(row.id for row in rows), *(row.derived_from for row in rows)])
    work.look_up(Kind.MODEL, (row.model for row in rows))
    work.look_up(Kind.RUN, (row.run for row in rows))
    work.look_up(Kind.DATA, (one for row in rows for one in row.data))
    new: list[tuple[VersionTold, Identity, dict[str, Any]]] = []
    changes: list[tuple[VersionTold, Identity, dict[str, Any]]] = []
    for row in rows:
        if work.record_of(Kind.MODEL, row.model) is None:
            work.problem(f"The version {row.id} is of the model {row.model}, which the source never told of.")
            continue
        noted = work.note(Kind.VERSION, row, name=f"{row.model} {row.number}")
        if noted is not None:
            (changes if noted[0].record else new).append((row, *noted))
    made = _place(work, [(row, identity) for row, identity, _ in new]) if new else {}
    if changes:
        _change(work, changes)
    joined: list[tuple[VersionTold, Identity, dict[str, Any]]] = [
        (row, identity, {}) for row, identity, _ in new if identity.record not in made
    ]
    if joined:
        _change(work, joined)


def _place(work: Work, rows: Sequence[tuple[VersionTold, Identity]]) -> dict[UUID, ModelVersion]:
    """Finds the record of each new version, or makes it; returns those that were made, by id."""
    ids = {work.record_of(Kind.MODEL, row.model) for row, _ in rows}
    models: dict[UUID, Model] = Model.objects.select_related("use_case").in_bulk([one for one in ids if one])
    own = set(
        Identity.objects.filter(source=work.source, kind=Kind.VERSION).values_list("record", flat=True)
        if _merged(work, models)
        else ()
    )
    there = _There(models)
    made: dict[UUID, ModelVersion] = {}
    told: dict[UUID, VersionTold] = {}
    for row, identity in sorted(rows, key=lambda pair: (pair[0].model, pair[0].number)):
        model = models[work.record_of(Kind.MODEL, row.model)]  # type: ignore[index]
        run = work.record_of(Kind.RUN, row.run)
        found, why = there.same(model, run, _sha256(row), own)
        if found is not None:
            identity.record, identity.merged_by = found, why
            own.add(found)
            continue
        version = ModelVersion(model=model, number=there.number(model, row.number), registered_by="")
        identity.record = version.pk
        made[version.pk], told[version.pk] = version, row
    for pk, version in made.items():
        _fill(work, version, told[pk])
        version.created_at = told[pk].created
    ModelVersion.objects.bulk_create(made.values(), batch_size=AT_ONCE)
    links = _links(work, {version: told[pk] for pk, version in made.items()})
    for pk, version in made.items():
        own_links = links.get(pk, [])
        changes = created(version) | {"training_data": (None, [str(link.datasetversion) for link in own_links])}
        work.entry(_event(work, VERSION_REGISTERED, version, changes, own_links), version)
    return made


def _merged(work: Work, models: Mapping[UUID, Model]) -> bool:
    """Whether another source, or a person, has versions of one of these models: only then can two be the same."""
    return ModelVersion.objects.filter(model__in=models).exists()


class _There:
    """The versions that models have already."""

    def __init__(self, models: Mapping[UUID, Model]) -> None:
        rows = ModelVersion.objects.filter(model__in=models).values_list(
            "pk", "model_id", "number", "run_id", "artefact_digest"
        )
        self.by_run: dict[tuple[UUID, UUID], UUID] = {}
        self.by_digest: dict[tuple[UUID, str], UUID] = {}
        self.numbers: dict[UUID, set[int]] = {one: set() for one in models}
        for pk, model, number, run, digest in rows:
            self.numbers[model].add(number)
            if run:
                self.by_run[model, run] = pk
            if digest:
                self.by_digest[model, digest] = pk

    def same(self, model: Model, run: UUID | None, digest: str, own: set[Any]) -> tuple[UUID | None, str]:
        """The version that it is, and by which rule; None where it is none of them."""
        by_run = self.by_run.get((model.pk, run)) if run else None
        if by_run is not None and by_run not in own:
            return by_run, "the same run"
        by_digest = self.by_digest.get((model.pk, digest)) if digest else None
        if by_digest is not None and by_digest not in own:
            return by_digest, "the same digest"
        return None, ""

    def number(self, model: Model, wanted: int) -> int:
        """``wanted`` where it is free, else the next one."""
        taken = self.numbers[model.pk]
        number = wanted if wanted > 0 and wanted not in taken else max(taken, default=0) + 1
        taken.add(number)
        return number


def _sha256(row: VersionTold) -> str:
    digest = row.digest.lower()
    return digest if len(digest) == SHA256_LENGTH and not set(digest) - set("0123456789abcdef") else ""


def _fill(work: Work, version: ModelVersion, row: VersionTold) -> None:
    """What the source tells; where it tells nothing, what is there stays."""
    version.artefact = row.artefact[:500] or version.artefact
    version.artefact_digest = _sha256(row) or version.artefact_digest
    version.artefact_bytes = max(row.size, 0) or version.artefact_bytes
    version.author = version.author or work.user(row.author)
    version.registered_by = version.registered_by or row.author[:254]
    run, base = work.record_of(Kind.RUN, row.run), work.record_of(Kind.VERSION, row.derived_from)
    version.run_id = run or version.run_id
    version.derived_from_id = base if base not in {None, version.pk} else version.derived_from_id
    version.parameters = dict(row.parameters) or version.parameters
    metrics = {
        name: value for name, value in row.metrics.items() if not isinstance(value, str) and math.isfinite(value)
    }
    version.metrics = metrics or version.metrics
    version.notes = row.notes or version.notes


def _links(work: Work, rows: Mapping[ModelVersion, VersionTold]) -> dict[UUID, list[Any]]:
    """Links versions to the data that they learned from; returns the new links of each."""
    return link(work, ModelVersion.training_data.through, {version: row.data for version, row in rows.items()})


def _change(work: Work, rows: Sequence[tuple[VersionTold, Identity, Mapping[str, Any]]]) -> None:
    versions = ModelVersion.objects.select_related("model__use_case", "author").in_bulk(
        [identity.record for _, identity, _ in rows]
    )
    told = {versions[identity.record]: (row, said) for row, identity, said in rows if identity.record in versions}
    before = {version.pk: values(version) for version in told}
    for version, (row, _) in told.items():
        _fill(work, version, row)
    links = _links(work, {version: row for version, (row, _) in told.items()})
    changes = {version.pk: changed(before[version.pk], version) for version in told}
    ModelVersion.objects.bulk_update(
        [version for version in told if changes[version.pk]], (*FIELDS, "registered_by"), batch_size=AT_ONCE
    )
    for version, (row, said) in told.items():
        what = dict(changes[version.pk])
        if said and said.get("status", "") != row.status:
            what["status"] = (said.get("status", ""), row.status)
            _guard(work, version, str(said.get("status", "")), row.status)
        if what or version.pk in links:
            own_links = links.get(version.pk, [])
            work.entry(_event(work, VERSION_CHANGED, version, what, own_links), version)


def _guard(work: Work, version: ModelVersion, before: str, after: str) -> None:
    """The approval status of a guarded model's version is changed through Tollgate, or it is an incident."""
    if not Guard.objects.filter(model=version.model_id, alias=APPROVAL).exists():
        return
    incidents.open_incident(
        work,
        kind=Incident.Kind.MOVED,
        key=f"{version.pk}:{APPROVAL}:{after}",
        model=version.model,
        sentence=f"The approval status of version {version.number} of {version.model} went from {before or 'none'} to"
        f" {after or 'none'} at {work.source.name}, outside of Tollgate."
        f" {work.source.title} does not tell who did it.",
    )


def _event(work: Work, action: str, version: ModelVersion, changes: dict[str, Any], links: Sequence[Any]) -> Event:
    author = version.author
    if author and "author_id" in changes:
        changes = changes | {"author": (None, author.email)}
    return Event(
        action, subject=version, team=work.team.pk, changes=changes, also=links, person=author.pk if author else None
    )
