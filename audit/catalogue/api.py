"""Registers what exists and reads it back: use cases, models, data, pipelines, versions, aliases, deployments."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router
from pydantic import AwareDatetime, Field

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import comparing, data_page, production, selectors, services
from audit.catalogue import schemas as say
from audit.catalogue.describing import describe_dataset
from audit.catalogue.models import (
    DatasetVersion,
    Deployment,
    ModelVersion,
    PipelineRun,
    UseCase,
)
from audit.catalogue.process import process_of
from audit.catalogue.process_schemas import ProcessOut
from audit.people.models import Team, User
from audit.people.selectors import teams

router = Router()
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


def _team(actor: Actor, slug: str) -> Team:
    found = teams(viewer=actor).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no team {slug}, or you are not in it.")
    return found


def _user(actor: Actor, email: str | None) -> User:
    by = {"email": email.strip().lower()} if email else {"email": actor.on_behalf_of}
    found = User.objects.filter(is_active=True, **by).first()
    if found is None:
        raise InvalidInput(f"There is no user {email}.", where="email", mend="Add the person first.")
    return found


def _use_case(actor: Actor, slug: str) -> UseCase:
    found = selectors.use_cases(viewer=actor).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no use case {slug}, or it belongs to a team that you are not in.")
    return found


def _data_versions(actor: Actor, ids: list[UUID], where: str) -> list[DatasetVersion]:
    found = list(selectors.data(viewer=actor).filter(pk__in=ids))
    missing = set(ids) - {version.pk for version in found}
    if missing:
        raise InvalidInput(f"There is no dataset version {sorted(map(str, missing))[0]}.", where=where)
    return found


def _run(actor: Actor, run_id: UUID) -> PipelineRun:
    found = selectors.runs(viewer=actor).filter(pk=run_id).first()
    if found is None:
        raise NotFound("There is no such run, or it belongs to a team that you are not in.")
    return found


def _versions(actor: Actor) -> QuerySet[ModelVersion]:
    return selectors.versions(viewer=actor).prefetch_related("training_data")


def _version(actor: Actor, version_id: UUID) -> ModelVersion:
    found = selectors.versions(viewer=actor).filter(pk=version_id).first()
    if found is None:
        raise InvalidInput(f"There is no version {version_id}.", where="body.derived_from")
    return found


def _deployment(actor: Actor, deployment_id: UUID) -> Deployment:
    found = selectors.deployments(viewer=actor).filter(pk=deployment_id).first()
    if found is None:
        raise NotFound("There is no such deployment, or it belongs to a team that you are not in.")
    return found


@router.get("/use-cases", response=answers(ok=Page[say.UseCaseOut]), summary="Use cases")
def use_cases(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    return page(selectors.use_cases(viewer=request.actor), cursor=cursor, limit=limit)


@router.post("/use-cases", response=answers(404, created=say.UseCaseOut), summary="Register a use case")
def register_use_case(request: HttpRequest, body: say.UseCaseIn) -> Any:
    """A business problem that models are built for; its team owns everything below it."""
    data = body.dict(exclude={"team"})
    return 201, services.register_use_case(actor=request.actor, team=_team(request.actor, body.team), **data)


@router.get("/use-cases/{slug:slug}", response=answers(404, ok=say.UseCaseOut), summary="One use case")
def use_case(request: HttpRequest, slug: str) -> Any:
    """By its short name."""
    return _use_case(request.actor, slug)


@router.get("/models", response=answers(ok=Page[say.ModelOut]), summary="Models")
def models(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    return page(selectors.models(viewer=request.actor), cursor=cursor, limit=limit)


@router.post("/models", response=answers(404, created=say.ModelOut), summary="Register a model")
def register_model(request: HttpRequest, body: say.ModelIn) -> Any:
    """A model of a use case; its versions are registered below it."""
    data = body.dict(exclude={"use_case", "owner"})
    use_case = _use_case(request.actor, body.use_case)
    return 201, services.register_model(
        actor=request.actor, use_case=use_case, owner=_user(request.actor, body.owner), **data
    )


@router.get("/models/{slug:slug}", response=answers(404, ok=say.ModelOut), summary="One model")
def model(request: HttpRequest, slug: str) -> Any:
    """By its short name."""
    return selectors.model(viewer=request.actor, slug=slug)


@router.get(
    "/models/{slug:slug}/versions", response=answers(404, ok=Page[say.VersionOut]), summary="Versions of a model"
)
def versions(request: HttpRequest, slug: str, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    found = selectors.model(viewer=request.actor, slug=slug)
    return page(_versions(request.actor).filter(model=found), cursor=cursor, limit=limit, by="-number")


@router.post(
    "/models/{slug:slug}/versions", response=answers(404, created=say.VersionOut), summary="Register a version"
)
def register_version(request: HttpRequest, slug: str, body: say.VersionIn) -> Any:
    """The model's next version. A run that has registered one gets that one again."""
    data = body.dict(exclude={"author", "run", "training_data", "derived_from"})
    version = services.register_version(
        actor=request.actor,
        model=selectors.model(viewer=request.actor, slug=slug),
        author=_user(request.actor, body.author),
        run=_run(request.actor, body.run) if body.run else None,
        training_data=_data_versions(request.actor, body.training_data, "body.training_data"),
        derived_from=_version(request.actor, body.derived_from) if body.derived_from else None,
        **data,
    )
    return 201, version


@router.get(
    "/models/{slug:slug}/versions/{int:number}", response=answers(404, ok=say.VersionOut), summary="One version"
)
def version(request: HttpRequest, slug: str, number: int) -> Any:
    """By its number."""
    return selectors.version(viewer=request.actor, slug=slug, number=number)


@router.get(
    "/models/{slug:slug}/aliases", response=answers(404, ok=Page[say.AliasOut]), summary="Aliases, with their history"
)
def aliases(request: HttpRequest, slug: str, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Where each name pointed, from when until when; a null until is the present."""
    found = selectors.model(viewer=request.actor, slug=slug)
    return page(selectors.aliases(viewer=request.actor).filter(model=found), cursor=cursor, limit=limit)


@router.get(
    "/models/{slug:slug}/production",
    response=answers(404, ok=say.ProductionOut),
    summary="What was in production on a day",
)
def in_production(request: HttpRequest, slug: str, on: date | None = None, known: date | None = None) -> Any:
    """On the day ``on`` (UTC; today, when left out): as is known now, or was known at the end of the day ``known``."""
    found = selectors.model(viewer=request.actor, slug=slug)
    day = on or clock.now().date()
    return say.ProductionOut.of(production.on_day(model=found, viewer=request.actor, day=day, known=known))


@router.get(
    "/models/{slug:slug}/compare", response=answers(404, ok=say.ComparisonOut), summary="Two versions side by side"
)
def compare(request: HttpRequest, slug: str, a: VersionNumber = 1, b: VersionNumber | None = None) -> Any:
    """What changed from version ``a`` (the first, when left out) to version ``b`` (the newest)."""
    found = selectors.model(viewer=request.actor, slug=slug)
    b = b or selectors.newest(viewer=request.actor, model=found)
    return say.ComparisonOut.of(comparing.compared(viewer=request.actor, model=found, a=a, b=b))


@router.get("/models/{slug:slug}/process", response=answers(404, ok=ProcessOut), summary="The way to production")
def model_process(request: HttpRequest, slug: str) -> Any:
    """Each step of the model's process: its state, who answers for it, when it last ran, and how far by itself."""
    found = selectors.model(viewer=request.actor, slug=slug)
    return ProcessOut.of(process_of(viewer=request.actor, model=found))


@router.put(
    "/models/{slug:slug}/aliases/{slug:alias}", response=answers(404, 409, ok=say.AliasOut), summary="Move an alias"
)
def move_alias(request: HttpRequest, slug: str, alias: str, body: say.AliasIn) -> Any:
    """The name points at this version from now, or from the stated moment, on."""
    if len(alias) > 40:
        raise InvalidInput("An alias has at most 40 characters.", where="alias", mend="Choose a shorter one.")
    version = selectors.version(viewer=request.actor, slug=slug, number=body.version)
    return services.move_alias(actor=request.actor, version=version, alias=alias, since=body.since, reason=body.reason)


@router.get(
    "/models/{slug:slug}/deployments",
    response=answers(404, ok=Page[say.DeploymentOut]),
    summary="Deployments of a model",
)
def deployments(
    request: HttpRequest, slug: str, cursor: str = "", limit: int = DEFAULT, at: AwareDatetime | None = None
) -> Any:
    """Newest first; with ``at``, those that ran at that moment."""
    found = selectors.model(viewer=request.actor, slug=slug)
    rows = selectors.deployments(viewer=request.actor, at=at).filter(version__model=found)
    return page(rows, cursor=cursor, limit=limit)


@router.post(
    "/models/{slug:slug}/deployments", response=answers(404, created=say.DeploymentOut), summary="Register a deployment"
)
def deploy(request: HttpRequest, slug: str, body: say.DeploymentIn) -> Any:
    """A version runs in an environment. The same again changes nothing."""
    version = selectors.version(viewer=request.actor, slug=slug, number=body.version)
    return 201, services.deploy(actor=request.actor, version=version, **body.dict(exclude={"version"}))


@router.get("/deployments/{uuid:deployment_id}", response=answers(404, ok=say.DeploymentOut), summary="One deployment")
def deployment(request: HttpRequest, deployment_id: UUID) -> Any:
    """By its id."""
    return _deployment(request.actor, deployment_id)


@router.post(
    "/deployments/{uuid:deployment_id}/end",
    response=answers(404, 409, ok=say.DeploymentOut),
    summary="End a deployment",
)
def end_deployment(request: HttpRequest, deployment_id: UUID, body: say.DeploymentEnd) -> Any:
    """The version stopped running there."""
    found = _deployment(request.actor, deployment_id)
    return services.end_deployment(actor=request.actor, deployment=found, until=body.until, reason=body.reason)


@router.get("/datasets", response=answers(ok=Page[say.DatasetOut]), summary="Datasets")
def datasets(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    return page(selectors.datasets(viewer=request.actor), cursor=cursor, limit=limit)


@router.post("/datasets", response=answers(404, created=say.DatasetOut), summary="Register a dataset")
def register_dataset(request: HttpRequest, body: say.DatasetIn) -> Any:
    """A named collection of data; its contents are registered as versions."""
    data = body.dict(exclude={"team", "owner"})
    owner = _user(request.actor, body.owner) if body.owner else None
    return 201, services.register_dataset(
        actor=request.actor, team=_team(request.actor, body.team), owner=owner, **data
    )


@router.get("/datasets/{slug:slug}", response=answers(404, ok=say.DatasetOut), summary="One dataset")
def dataset(request: HttpRequest, slug: str) -> Any:
    """By its short name."""
    return data_page.dataset(viewer=request.actor, slug=slug)


@router.patch("/datasets/{slug:slug}", response=answers(404, ok=say.DatasetOut), summary="Describe a dataset")
def change_dataset(request: HttpRequest, slug: str, body: say.DatasetChange) -> Any:
    """Who answers for it, how sensitive it is, and what it holds. The same again changes nothing."""
    found = data_page.dataset(viewer=request.actor, slug=slug)
    said: dict[str, Any] = {"owner": found.owner, "sensitivity": found.sensitivity, "description": found.description}
    said |= body.dict(exclude_unset=True)
    if "owner" in body.model_fields_set:
        said["owner"] = _user(request.actor, body.owner) if body.owner else None
    return describe_dataset(actor=request.actor, dataset=found, **said)


@router.get(
    "/datasets/{slug:slug}/versions",
    response=answers(404, ok=Page[say.DatasetVersionOut]),
    summary="Versions of a dataset",
)
def dataset_versions(request: HttpRequest, slug: str, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    rows = selectors.data(viewer=request.actor).filter(dataset=data_page.dataset(viewer=request.actor, slug=slug))
    return page(rows, cursor=cursor, limit=limit, by="-number")


@router.post(
    "/datasets/{slug:slug}/versions", response=answers(404, created=say.DatasetVersionOut), summary="Register data"
)
def register_dataset_version(request: HttpRequest, slug: str, body: say.DatasetVersionIn) -> Any:
    """The dataset's version with this content: a new one, or the one that was registered before."""
    found = data_page.dataset(viewer=request.actor, slug=slug)
    return 201, services.register_dataset_version(actor=request.actor, dataset=found, **body.dict())


@router.get(
    "/datasets/{slug:slug}/versions/{int:number}",
    response=answers(404, ok=say.DatasetVersionOut),
    summary="One version of a dataset",
)
def dataset_version(request: HttpRequest, slug: str, number: int) -> Any:
    """By its number."""
    own = data_page.dataset(viewer=request.actor, slug=slug)
    found = selectors.data(viewer=request.actor).filter(dataset=own, number=number).first()
    if found is None:
        raise NotFound(f"There is no version {number} of {slug}.")
    return found


@router.get(
    "/models/{slug:slug}/pipelines", response=answers(404, ok=Page[say.PipelineOut]), summary="Pipelines of a model"
)
def pipelines(request: HttpRequest, slug: str, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    found = selectors.model(viewer=request.actor, slug=slug)
    return page(selectors.pipelines(viewer=request.actor).filter(model=found), cursor=cursor, limit=limit)


@router.post(
    "/models/{slug:slug}/pipelines", response=answers(404, created=say.PipelineOut), summary="Register a pipeline"
)
def register_pipeline(request: HttpRequest, slug: str, body: say.PipelineIn) -> Any:
    """A way to train versions; one of the same name is changed to this."""
    found = selectors.model(viewer=request.actor, slug=slug)
    return 201, services.register_pipeline(actor=request.actor, model=found, **body.dict())


@router.post("/pipelines/{uuid:pipeline_id}/runs", response=answers(404, created=say.RunOut), summary="Start a run")
def start_run(request: HttpRequest, pipeline_id: UUID, body: say.RunIn) -> Any:
    """A run of the pipeline begins; the same key begins it once."""
    found = selectors.pipelines(viewer=request.actor).filter(pk=pipeline_id).first()
    if found is None:
        raise NotFound("There is no such pipeline, or it belongs to a team that you are not in.")
    return 201, services.start_run(actor=request.actor, pipeline=found, **body.dict())


@router.get(
    "/models/{slug:slug}/runs", response=answers(404, ok=Page[say.RunOut]), summary="Runs of a model's pipelines"
)
def runs(request: HttpRequest, slug: str, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    found = selectors.model(viewer=request.actor, slug=slug)
    return page(selectors.runs(viewer=request.actor).filter(pipeline__model=found), cursor=cursor, limit=limit)


@router.get("/runs/{uuid:run_id}", response=answers(404, ok=say.RunOut), summary="One run")
def run(request: HttpRequest, run_id: UUID) -> Any:
    """By its id."""
    return _run(request.actor, run_id)


@router.post("/runs/{uuid:run_id}/finish", response=answers(404, ok=say.RunOut), summary="Finish a run")
def finish_run(request: HttpRequest, run_id: UUID, body: say.RunEnd) -> Any:
    """The run ended, well or badly; ending it again changes nothing."""
    inputs = _data_versions(request.actor, body.inputs, "body.inputs")
    return services.finish_run(
        actor=request.actor, run=_run(request.actor, run_id), inputs=inputs, **body.dict(exclude={"inputs"})
    )
