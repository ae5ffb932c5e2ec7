"""Registers what exists: one change, one entry in the ledger; the same thing again changes nothing."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.catalogue import ledger_actions
from audit.catalogue.domain.repository import holds_secret
from audit.catalogue.followers import tell
from audit.catalogue.models import (
    AliasPeriod,
    Dataset,
    DatasetVersion,
    Deployment,
    Environment,
    Mode,
    Model,
    ModelVersion,
    Pipeline,
    PipelineRun,
    RunState,
    Sensitivity,
    Task,
    UseCase,
)
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.people.models import Team, User

RIGHT = "catalogue.write"
FEATURE_KINDS = ("number", "category")


def _free(kind: type[UseCase] | type[Model] | type[Dataset], slug: str) -> None:
    if kind.objects.filter(slug=slug).exists():
        raise InvalidInput(f"{slug} is in use.", where="slug", mend="Choose another short name.")


@transaction.atomic
def register_use_case(
    *, actor: Actor, team: Team, slug: str, name: str, problem: str, value_hypothesis: str = ""
) -> UseCase:
    """A new use case of ``team``.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: the short name is in use.
    """
    actor.check(RIGHT, team.pk)
    _free(UseCase, slug)
    use_case = UseCase.objects.create(
        team=team, slug=slug, name=name, problem=problem, value_hypothesis=value_hypothesis
    )
    record(
        actor=actor,
        action=ledger_actions.USE_CASE_REGISTERED,
        subject=use_case,
        team=team.pk,
        changes=created(use_case),
    )
    return use_case


@transaction.atomic
def register_model(
    *,
    actor: Actor,
    use_case: UseCase,
    slug: str,
    name: str,
    task: str,
    owner: User,
    outcome: str,
    unit: str = "",
    features: dict[str, str] | None = None,
    threshold: float | None = None,
) -> Model:
    """A new model of ``use_case``.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: the short name is in use, a feature's kind is unknown, or a classification has no threshold.
    """
    actor.check(RIGHT, use_case.team_id)
    _free(Model, slug)
    for feature, kind in (features or {}).items():
        if kind not in FEATURE_KINDS:
            raise InvalidInput(f"{kind!r} is not a kind.", where=f"features.{feature}", mend="Use number or category.")
    if task == Task.CLASSIFICATION and threshold is None:
        raise InvalidInput(
            "A classification needs the score from which it counts as positive.",
            where="threshold",
            mend="Enter a number between 0 and 1.",
        )
    model = Model.objects.create(
        use_case=use_case,
        slug=slug,
        name=name,
        task=task,
        owner=owner,
        outcome=outcome,
        unit=unit,
        features=features or {},
        threshold=threshold,
    )
    record(
        actor=actor,
        action=ledger_actions.MODEL_REGISTERED,
        subject=model,
        team=use_case.team_id,
        changes=created(model) | {"owner": (None, owner.email)},
        person=owner.pk,
    )
    return model


@transaction.atomic
def register_dataset(
    *,
    actor: Actor,
    team: Team,
    slug: str,
    name: str,
    description: str = "",
    owner: User | None = None,
    sensitivity: str = "",
) -> Dataset:
    """A new dataset of ``team``; ``sensitivity`` is one of ``Sensitivity``, empty when unknown.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: the short name is in use, or there is no such sensitivity.
    """
    actor.check(RIGHT, team.pk)
    _free(Dataset, slug)
    if sensitivity and sensitivity not in Sensitivity.values:
        raise InvalidInput(
            f"{sensitivity!r} is not a sensitivity.", where="sensitivity", mend=f"Use {', '.join(Sensitivity.values)}."
        )
    dataset = Dataset.objects.create(
        team=team, slug=slug, name=name, description=description, owner=owner, sensitivity=sensitivity
    )
    record(
        actor=actor,
        action=ledger_actions.DATASET_REGISTERED,
        subject=dataset,
        team=team.pk,
        changes=created(dataset) | ({"owner": (None, owner.email)} if owner else {}),
        person=owner.pk if owner else None,
    )
    return dataset


@transaction.atomic
def register_dataset_version(
    *,
    actor: Actor,
    dataset: Dataset,
    digest: str,
    location: str,
    rows: int,
    columns: dict[str, str] | None = None,
    data_from: datetime | None = None,
    data_until: datetime | None = None,
) -> DatasetVersion:
    """The dataset's version with this content (SHA-256 in hex): a new one, or the one that was registered before.

    Raises:
        NotPermitted: the actor may not write for the team.
    """
    actor.check(RIGHT, dataset.team_id)
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    known = dataset.versions.filter(digest=digest).first()
    if known:
        return known
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=_next(dataset.versions),
        digest=digest,
        location=location,
        rows=rows,
        columns=columns or {},
        data_from=data_from,
        data_until=data_until,
    )
    record(
        actor=actor,
        action=ledger_actions.DATASET_VERSION_REGISTERED,
        subject=version,
        team=dataset.team_id,
        changes=created(version),
    )
    tell([version])
    return version


def _next(versions: Any) -> int:
    return (versions.aggregate(top=Max("number"))["top"] or 0) + 1


@transaction.atomic
def register_pipeline(*, actor: Actor, model: Model, name: str, engine: str, parameters: dict[str, Any]) -> Pipeline:
    """The model's pipeline of this name, new or with its engine and parameters changed to these.

    Raises:
        NotPermitted: the actor may not write for the team.
    """
    actor.check(RIGHT, model.use_case.team_id)
    pipeline = Pipeline.objects.select_for_update().filter(model=model, name=name).first()
    if pipeline and (pipeline.engine, pipeline.parameters) == (engine, parameters):
        return pipeline
    before = values(pipeline) if pipeline else None
    pipeline = pipeline or Pipeline(model=model, name=name)
    pipeline.engine, pipeline.parameters = engine, parameters
    pipeline.save()
    record(
        actor=actor,
        action=ledger_actions.PIPELINE_REGISTERED,
        subject=pipeline,
        team=model.use_case.team_id,
        changes=changed(before, pipeline) if before else created(pipeline),
    )
    return pipeline


@transaction.atomic
def start_run(
    *, actor: Actor, pipeline: Pipeline, key: str, trigger: str, parameters: dict[str, Any] | None = None
) -> PipelineRun:
    """The pipeline's run with this key: new, or the one that was started before.

    Raises:
        NotPermitted: the actor may not write for the team.
    """
    actor.check(RIGHT, pipeline.model.use_case.team_id)
    run, made = PipelineRun.objects.get_or_create(
        key=key,
        defaults={
            "pipeline": pipeline,
            "state": RunState.RUNNING,
            "trigger": trigger,
            "started_at": clock.now(),
            "parameters": parameters or {},
        },
    )
    if made:
        record(
            actor=actor,
            action=ledger_actions.RUN_STARTED,
            subject=run,
            team=pipeline.model.use_case.team_id,
            changes=created(run),
        )
        tell([run])
    return run


@transaction.atomic
def finish_run(
    *,
    actor: Actor,
    run: PipelineRun,
    state: str,
    inputs: list[DatasetVersion] | None = None,
    compute_seconds: float | None = None,
    code_version: str = "",
    repository: str = "",
    environment: dict[str, str] | None = None,
) -> PipelineRun:
    """Ends a run as succeeded or failed; ending it again changes nothing.

    ``code_version`` is the commit that ran, ``repository`` the address of the repository that it is in.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: a password stands in the address of the repository.
    """
    team = run.pipeline.model.use_case.team_id
    actor.check(RIGHT, team)
    if holds_secret(repository):
        raise InvalidInput(
            "A password stands in the address of the repository.", where="repository", mend="Send it without."
        )
    run = PipelineRun.objects.select_for_update().get(pk=run.pk)
    if run.state != RunState.RUNNING:
        return run
    before = values(run)
    run.state, run.finished_at = state, clock.now()
    run.compute_seconds, run.code_version, run.environment = compute_seconds, code_version, environment or {}
    run.repository = repository
    run.save()
    run.inputs.set(inputs or [])
    links = PipelineRun.inputs.through.objects.filter(pipelinerun=run) if inputs else ()
    record(
        actor=actor,
        action=ledger_actions.RUN_FINISHED,
        subject=run,
        team=team,
        changes=changed(before, run) | {"inputs": (None, [str(data) for data in inputs or []])},
        also=list(links),
    )
    tell([run])
    return run


@transaction.atomic
def register_version(
    *,
    actor: Actor,
    model: Model,
    artefact: str,
    artefact_digest: str,
    author: User | None,
    artefact_bytes: int = 0,
    run: PipelineRun | None = None,
    training_data: list[DatasetVersion] | None = None,
    derived_from: ModelVersion | None = None,
    parameters: dict[str, Any] | None = None,
    metrics: dict[str, float] | None = None,
    data_from: datetime | None = None,
    data_until: datetime | None = None,
    notes: str = "",
) -> ModelVersion:
    """The next version of ``model``; for a run that has registered one, that one.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: the digest is not a SHA-256 in hex.
    """
    actor.check(RIGHT, model.use_case.team_id)
    if len(artefact_digest) != 64 or set(artefact_digest) - set("0123456789abcdef"):
        raise InvalidInput("This is not a SHA-256 in lower-case hex.", where="artefact_digest")
    model = Model.objects.select_for_update().get(pk=model.pk)
    if run and (known := model.versions.filter(run=run).first()):
        return known
    version = ModelVersion.objects.create(
        model=model,
        number=_next(model.versions),
        artefact=artefact,
        artefact_digest=artefact_digest,
        artefact_bytes=artefact_bytes,
        author=author,
        registered_by=actor.id,
        run=run,
        derived_from=derived_from,
        parameters=parameters or {},
        metrics=metrics or {},
        data_from=data_from,
        data_until=data_until,
        notes=notes,
    )
    version.training_data.set(training_data or [])
    links = ModelVersion.training_data.through.objects.filter(modelversion=version) if training_data else ()
    record(
        actor=actor,
        action=ledger_actions.VERSION_REGISTERED,
        subject=version,
        team=model.use_case.team_id,
        changes=created(version)
        | ({"author": (None, author.email)} if author else {})
        | {"training_data": (None, [str(data) for data in training_data or []])}
        | ({"derived_from": (None, str(derived_from))} if derived_from else {}),
        also=list(links),
        person=author.pk if author else None,
    )
    tell([version])
    return version


@transaction.atomic
def move_alias(
    *, actor: Actor, version: ModelVersion, alias: str, since: datetime | None = None, reason: str = ""
) -> AliasPeriod:
    """``alias`` points at ``version`` from ``since`` (UTC; now, when left out) on; the period before ends there.

    Raises:
        NotPermitted: the actor may not write for the team.
        Refused: the present period starts after ``since``.
    """
    team, at = version.model.use_case.team_id, since or clock.now()
    actor.check(RIGHT, team)
    Model.objects.select_for_update().get(pk=version.model_id)
    current = (
        AliasPeriod.objects.filter(model=version.model_id, alias=alias, until=None).select_related("version").first()
    )
    if current and current.version_id == version.pk:
        return current
    if current:
        if current.since > at:
            raise Refused(f"{alias} has pointed at v{current.version.number} since {current.since:%d %B %Y %H:%M} UTC.")
        current.until, current.ended_recorded_at = at, clock.now()
        current.save(update_fields=("until", "ended_recorded_at"))
    period = AliasPeriod.objects.create(model=version.model, alias=alias, version=version, since=at)
    record(
        actor=actor,
        action=ledger_actions.ALIAS_MOVED,
        subject=period,
        team=team,
        reason=reason,
        changes=created(period) | {"version": (current.version.number if current else None, version.number)},
        also=[current] if current else [],
    )
    tell([period, *([current] if current else [])])
    return period


@transaction.atomic
def deploy(
    *,
    actor: Actor,
    version: ModelVersion,
    environment: str,
    mode: str,
    since: datetime | None = None,
    replace: bool = True,
    reason: str = "",
) -> Deployment:
    """``version`` runs in ``environment`` from ``since`` (UTC; now, when left out) on.

    With ``replace`` the model's other versions stop there at the same moment. Deploying again changes nothing.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: the environment or mode is unknown.
    """
    team, at = version.model.use_case.team_id, since or clock.now()
    actor.check(RIGHT, team)
    if environment not in Environment.values or mode not in Mode.values:
        raise InvalidInput("Name an environment (production, staging, shadow) and a mode (online, batch).")
    Model.objects.select_for_update().get(pk=version.model_id)
    live = Deployment.objects.filter(version__model=version.model_id, environment=environment, until=None)
    present = live.filter(version=version, mode=mode).first()
    if present:
        return present
    if replace:
        for old in live.select_related("version__model"):
            end_deployment(actor=actor, deployment=old, until=at, reason=reason)
    deployment = Deployment.objects.create(
        version=version, environment=environment, mode=mode, since=at, actor_id=actor.id
    )
    record(
        actor=actor,
        action=ledger_actions.DEPLOYED,
        subject=deployment,
        team=team,
        reason=reason,
        changes=created(deployment),
    )
    tell([deployment])
    return deployment


@transaction.atomic
def end_deployment(
    *, actor: Actor, deployment: Deployment, until: datetime | None = None, reason: str = ""
) -> Deployment:
    """The deployment ends at ``until`` (UTC; now, when left out).

    Raises:
        NotPermitted: the actor may not write for the team.
        Refused: it has ended before.
    """
    team, at = deployment.version.model.use_case.team_id, until or clock.now()
    actor.check(RIGHT, team)
    if not Deployment.objects.filter(pk=deployment.pk, until=None).update(until=at, ended_recorded_at=clock.now()):
        raise Refused("This deployment has ended before.")
    deployment.refresh_from_db(fields=("until", "ended_recorded_at"))
    record(
        actor=actor,
        action=ledger_actions.RETIRED,
        subject=deployment,
        team=team,
        reason=reason,
        changes={"until": (None, at), "ended_recorded_at": (None, deployment.ended_recorded_at)},
    )
    tell([deployment])
    return deployment
