"""What the catalogue's own records tell of a model's process: its data, its training, its versions, its deployments."""

from django.db.models import QuerySet
from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue import ledger_actions, selectors
from audit.catalogue.doers import MOST, doings_of
from audit.catalogue.domain.automation import by_trigger
from audit.catalogue.models import DatasetVersion, Deployment, Environment, Model, ModelVersion, PipelineRun, RunState
from audit.catalogue.process import NOBODY, StepFacts, StepState, counted_since, owner_of, register

STATES = {
    RunState.RUNNING: StepState.RUNNING,
    RunState.SUCCEEDED: StepState.DONE,
    RunState.FAILED: StepState.FAILED,
}


def register_own() -> None:
    """Adds the four steps."""
    register("data", data)
    register("train", train)
    register("register", registered)
    register("deploy", deployed)


def data(viewer: Actor, model: Model) -> StepFacts | None:
    """The versions of data that the model's versions and runs name."""
    rows = _data(viewer, model)
    newest = rows.select_related("dataset__owner").first()
    if newest is None:
        if selectors.versions(viewer=viewer).filter(model=model).exists():
            return None
        return StepFacts(StepState.NEVER, "No version is registered, so it has learned from nothing yet.")
    done = doings_of(ledger_actions.DATASET_VERSION_REGISTERED, rows.filter(created_at__gte=counted_since())[:MOST])
    owner = newest.dataset.owner
    return StepFacts(
        StepState.DONE,
        f"The newest data that it learned from are {newest}.",
        by=owner.name if owner else NOBODY,
        last=newest.created_at,
        automatic=done.automatic,
        by_hand=done.by_hand,
        evidence=((str(newest.dataset), reverse("catalogue:dataset", args=[newest.dataset.slug])),),
    )


def _data(viewer: Actor, model: Model) -> QuerySet[DatasetVersion]:
    named = ModelVersion.training_data.through.objects.filter(modelversion__model=model)
    read = PipelineRun.inputs.through.objects.filter(pipelinerun__pipeline__model=model)
    ids = {*named.values_list("datasetversion", flat=True), *read.values_list("datasetversion", flat=True)}
    return selectors.data(viewer=viewer).filter(pk__in=ids).order_by("-created_at", "-pk")


def train(viewer: Actor, model: Model) -> StepFacts | None:
    """The runs of its pipelines, by what started them."""
    rows = selectors.runs(viewer=viewer).prefetch_related(None).filter(pipeline__model=model).order_by("-started_at")
    newest = rows.first()
    if newest is None:
        if selectors.versions(viewer=viewer).filter(model=model).exists():
            return None
        return StepFacts(StepState.NEVER, "No run of a pipeline is on record, and no version.", by=owner_of(model))
    recent = rows.filter(started_at__gte=counted_since())[:MOST]
    done = by_trigger([run.trigger for run in recent])
    said = {
        RunState.RUNNING: "A run is under way",
        RunState.SUCCEEDED: "The newest run succeeded",
        RunState.FAILED: "The newest run failed",
    }[RunState(newest.state)]
    return StepFacts(
        STATES[RunState(newest.state)],
        f"{said}; it was started by {newest.trigger or 'nobody known'}.",
        by=owner_of(model),
        last=newest.finished_at or newest.started_at,
        automatic=done.automatic,
        by_hand=done.by_hand,
        evidence=((str(newest.pipeline), f"{_url('model', model)}#versions"),),
    )


def registered(viewer: Actor, model: Model) -> StepFacts:
    """The versions that are registered."""
    rows = selectors.versions(viewer=viewer).filter(model=model)
    newest = rows.order_by("-number").first()
    if newest is None:
        return StepFacts(StepState.NEVER, "No version is registered.", by=owner_of(model))
    done = doings_of(ledger_actions.VERSION_REGISTERED, rows.filter(created_at__gte=counted_since())[:MOST])
    return StepFacts(
        StepState.DONE,
        f"The newest is version {newest.number}.",
        by=owner_of(model),
        last=newest.created_at,
        automatic=done.automatic,
        by_hand=done.by_hand,
        evidence=((f"v{newest.number}", reverse("catalogue:version", args=[model.slug, newest.number])),),
    )


def deployed(viewer: Actor, model: Model) -> StepFacts:
    """Where versions run, and who brought them there."""
    rows = selectors.deployments(viewer=viewer).filter(version__model=model).order_by("-since", "-pk")
    newest = rows.first()
    if newest is None:
        return StepFacts(StepState.NEVER, "No version was deployed yet, as far as records say.", by=owner_of(model))
    done = doings_of(ledger_actions.DEPLOYED, rows.filter(since__gte=counted_since())[:MOST])
    return StepFacts(
        StepState.DONE,
        _running(newest, rows.filter(environment=Environment.PRODUCTION, until=None)),
        by=owner_of(model),
        last=newest.since,
        automatic=done.automatic,
        by_hand=done.by_hand,
        evidence=(("What was in production when", _url("history", model)),),
    )


def _url(page: str, model: Model) -> str:
    return reverse(f"catalogue:{page}", args=[model.slug])


def _running(newest: Deployment, live: QuerySet[Deployment]) -> str:
    """What is in production now, and the newest deployment where that is another."""
    numbers = sorted(set(live.order_by().values_list("version__number", flat=True)))
    said = f"In production now: {', '.join(f'v{number}' for number in numbers) or 'none'}."
    if newest.environment == Environment.PRODUCTION and newest.until is None:
        return said
    where = newest.get_environment_display().lower()
    ended = ", and has ended" if newest.until else ""
    return f"{said} The newest deployment is v{newest.version.number} in {where}{ended}."
