"""A person decides that two things are one, or are not: versions move with the source that told of them.

What has grown on a version here (measurements, requests, costs) belongs to its model; such a version does not move.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.catalogue.followers import tell
from audit.catalogue.ledger_actions import MODEL_REGISTERED, RUN_CHANGED, VERSION_CHANGED
from audit.catalogue.models import AliasPeriod, Model, ModelVersion, Pipeline, PipelineRun
from audit.ledger.audited import changed, created, removed, values
from audit.ledger.services import Changes, record
from audit.sources import ledger_actions
from audit.sources.domain.told import Kind
from audit.sources.models import Identity
from audit.sources.taking.models import free_slug, slug_of, unassigned

RIGHT: Final = "catalogue.write"
OWN: Final = frozenset({"catalogue", "sources", "lineage"})
"""The apps whose records follow a version wherever it goes."""


@transaction.atomic
def separate(*, actor: Actor, identity: Identity, reason: str) -> Model:
    """The source's model becomes one of its own, with the versions that this source alone tells of.

    No rule joins it with anything again.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: there is no reason.
        Refused: it is no model, it stands alone already, or something has grown on one of its versions here.
    """
    held, model = _held(actor, identity, reason)
    moving = _moving(held)
    if not _shared(held, model, moving):
        raise Refused(f"{model} is what {held.source} tells, and nothing else: there is nothing to separate.")
    own = Model.objects.create(
        use_case=unassigned(held.source.team, actor),
        slug=free_slug(Model, slug_of(held.name), set()),
        name=held.name[:200],
        owner=model.owner,
        task=model.task,
    )
    record(actor=actor, action=MODEL_REGISTERED, subject=own, team=held.source.team_id, changes=created(own))
    _move(actor, moving, own)
    _point(actor, held, model, own, apart=True, action=ledger_actions.SEPARATED, reason=reason)
    return own


@transaction.atomic
def join(*, actor: Actor, identity: Identity, model: Model, reason: str) -> Model:
    """The source's model is ``model``: its versions go there, with the next numbers where theirs are taken.

    The model that it was, when nothing is left of it, is removed.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: there is no reason, or the model is another team's.
        Refused: it is no model, it is that one already, or something has grown on one of its versions here.
    """
    held, before = _held(actor, identity, reason)
    if model.use_case.team_id != held.source.team_id:
        raise InvalidInput(f"{model} is another team's.", where="model", mend="Choose a model of this team.")
    if before.pk == model.pk:
        raise Refused(f"{held.name} is {model} already.")
    _move(actor, _moving(held), model)
    _point(actor, held, before, model, apart=False, action=ledger_actions.JOINED, reason=reason)
    _remove_empty(actor, before)
    return model


def _held(actor: Actor, identity: Identity, reason: str) -> tuple[Identity, Model]:
    actor.check(RIGHT, identity.source.team_id)
    if not reason.strip():
        raise InvalidInput("Say why: the reason stands in the ledger.", where="reason")
    held = Identity.objects.select_for_update(of=("self",)).select_related("source__team").get(pk=identity.pk)
    if held.kind != Kind.MODEL or held.record is None:
        raise Refused("Only a model of a source can be joined or separated; its versions go with it.")
    return held, Model.objects.select_related("use_case__team", "owner").get(pk=held.record)


def _moving(held: Identity) -> list[ModelVersion]:
    """The versions that this source, and no other and nobody here, told of."""
    own = Identity.objects.filter(source=held.source, kind=Kind.VERSION, said__model=held.external, merged_by="")
    ids = [one.record for one in own if one.record]
    others = set(
        Identity.objects.filter(kind=Kind.VERSION, record__in=ids)
        .exclude(source=held.source)
        .values_list("record", flat=True)
    )
    versions = ModelVersion.objects.filter(pk__in=set(ids) - others).select_related("model__use_case", "run__pipeline")
    return list(versions.order_by("number"))


def _shared(held: Identity, model: Model, moving: list[ModelVersion]) -> bool:
    others = Identity.objects.filter(kind=Kind.MODEL, record=model.pk).exclude(pk=held.pk)
    return others.exists() or model.versions.exclude(pk__in=[one.pk for one in moving]).exists() or bool(held.merged_by)


def _move(actor: Actor, versions: list[ModelVersion], to: Model) -> None:
    for version in versions:
        _check_free(version)
    top = to.versions.aggregate(top=Max("number"))["top"] or 0
    taken, left = set(to.versions.values_list("number", flat=True)), set[Model]()
    for version in versions:
        before, was = values(version), version.model
        version.model = to
        if version.number in taken:
            top += 1
            version.number = top
        taken.add(version.number)
        top = max(top, version.number)
        version.save(update_fields=("model", "number"))
        periods = _periods(version, to)
        changes: Changes = {**changed(before, version), "model": (was.name, to.name)}
        record(
            actor=actor,
            action=VERSION_CHANGED,
            subject=version,
            team=to.use_case.team_id,
            changes=changes,
            also=periods,
        )
        _move_run(actor, version, to)
        left.add(was)
    tell([*versions, *left, to])


def _check_free(version: ModelVersion) -> None:
    for relation in version._meta.related_objects:
        related: Any = relation.related_model
        if related._meta.app_label in OWN:
            continue
        if related._base_manager.filter(**{relation.field.name: version.pk}).exists():
            what = related._meta.verbose_name_plural
            raise Refused(f"{version} has {what} here, which belong to its model. It stays where it is.")


def _periods(version: ModelVersion, to: Model) -> list[AliasPeriod]:
    rows = list(AliasPeriod.objects.filter(version=version).select_related("version__model__use_case"))
    for one in rows:
        one.model = to
        if one.until is None and AliasPeriod.objects.filter(model=to, alias=one.alias, until=None).exists():
            raise Refused(f"{to} has the name {one.alias} already. Take one of them away first.")
        one.save(update_fields=("model",))
    return rows


def _move_run(actor: Actor, version: ModelVersion, to: Model) -> None:
    """A run that made nothing else goes with it."""
    run = version.run
    if run is None or run.versions.exclude(pk=version.pk).exclude(model=to).exists() or run.pipeline.model_id == to.pk:
        return
    before = values(run)
    old = run.pipeline
    run.pipeline, _ = Pipeline.objects.get_or_create(
        model=to, name=old.name, defaults={"engine": old.engine, "parameters": old.parameters}
    )
    PipelineRun.objects.filter(pk=run.pk).update(pipeline=run.pipeline)
    record(
        actor=actor,
        action=RUN_CHANGED,
        subject=run,
        team=to.use_case.team_id,
        changes=changed(before, run),
        also=[run.pipeline],
    )


def _point(actor: Actor, held: Identity, before: Model, after: Model, *, apart: bool, action: str, reason: str) -> None:
    held.record, held.apart, held.merged_by = after.pk, apart, "" if apart else "a person"
    held.save(update_fields=("record", "apart", "merged_by"))
    record(
        actor=actor,
        action=action,
        subject=after,
        subject_name=f"{held.name} of {held.source} {'from' if apart else 'with'} {before if apart else after}",
        team=held.source.team_id,
        reason=reason,
        changes={"model": (before.slug, after.slug)},
    )


def _remove_empty(actor: Actor, model: Model) -> None:
    """A model of which nothing is left."""
    relations: Iterable[Any] = model._meta.related_objects
    for relation in relations:
        rows = relation.related_model._base_manager.filter(**{relation.field.name: model.pk})
        if relation.related_model is Pipeline:
            rows = rows.filter(runs__isnull=False)
        if rows.exists():
            return
    if Identity.objects.filter(kind=Kind.MODEL, record=model.pk).exists():
        return
    for pipeline in model.pipelines.all():
        record(
            actor=actor, action=ledger_actions.REMOVED, subject=pipeline, team=model.use_case.team_id,
            changes=removed(pipeline), gone=True,
        )  # fmt: skip
        pipeline.delete()
    record(
        actor=actor, action=ledger_actions.REMOVED, subject=model, team=model.use_case.team_id, changes=removed(model),
        gone=True,
    )  # fmt: skip
    model.delete()
