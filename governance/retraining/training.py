"""Trains a challenger on the newest labelled weeks, and puts it beside the version in production.

Each step stores under the digest of its content or under the retraining's key, so running twice gives one version.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from audit.base.actors import Actor
from audit.base.clock import WEEK, start_of
from audit.base.errors import Refused, TollgateError
from audit.catalogue import services as catalogue
from audit.catalogue.models import (
    Dataset,
    DatasetVersion,
    Deployment,
    Environment,
    Mode,
    Model,
    ModelVersion,
    PipelineRun,
    RunState,
    Task,
)
from audit.lake import store
from audit.ledger.audited import changed, values
from audit.ledger.services import record
from audit.monitoring import frames
from audit.monitoring.quality.importances import send_importance
from governance.retraining import domain, engines, ledger_actions, selectors, services
from governance.retraining.importance import of_held_out
from governance.retraining.models import Retraining, State

if TYPE_CHECKING:
    import pyarrow as pa

TARGET = "label"
SEED = 0
Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Span:
    """Learn from [``since``, ``until``); aware, UTC."""

    since: datetime
    until: datetime


def run(*, actor: Actor, retraining_id: str, report: Report, log: Callable[[str], None]) -> dict[str, Any]:
    """Runs the retraining; counts for the job's page.

    Raises:
        Refused, InvalidInput: the rows cannot be trained on; the sentence says why.
    """
    retraining = services.begin(actor=actor, retraining_id=retraining_id)
    if retraining is None:
        log("This retraining was finished by an earlier attempt.")
        return {}
    engine = engines.engine(retraining.rule.pipeline.engine)
    report(0, 2, "Reading labelled weeks")
    span = span_of(retraining)
    rows = _training_rows(retraining.model, span)
    data = keep(actor, retraining.model, rows, span.since, span.until, "labelled", "labelled cases")
    log(f"Learns from {len(rows):,} labelled cases, {words(span.since, span.until)}: {data}.")
    report(1, 2, f"Training on {len(rows):,} cases")
    candidate = _train(actor, retraining, engine, rows, data, span)
    wait(actor=actor, retraining=retraining, candidate=candidate)
    log(f"Registered {candidate}. It is compared when {retraining.rule.compare_weeks} later weeks are labelled.")
    report(2, 2, "Waiting for labelled weeks to compare on")
    return {"learned from": len(rows), "version": candidate.number}


def span_of(retraining: Retraining) -> Span:
    """The newest labelled weeks, as many as the rule asks for, that end with those that fired.

    Raises:
        Refused: there are fewer.
    """
    rule = retraining.rule
    known = selectors.weeks(version=retraining.champion, metric=rule.metric, until=retraining.week)
    complete = [week.start for week in known if week.complete(rule.min_n)]
    if len(complete) < rule.train_weeks:
        raise Refused(f"{len(complete)} labelled weeks are there; {rule.train_weeks} are needed to train.")
    return Span(start_of(complete[-rule.train_weeks]), start_of(retraining.week) + WEEK)


def _training_rows(model: Model, span: Span) -> "pa.Table":
    """One row a labelled case, in the order of time, whichever version served it: features, ``label``, id and time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = ["prediction_id", "at", TARGET, *model.inputs]
    found: pa.Table | None = None
    for version in selectors.served(model):
        rows = frames.labelled(model, version.number, span.since, span.until).select(columns)
        if found is not None:
            new = pc.invert(pc.is_in(rows["prediction_id"], value_set=found["prediction_id"].combine_chunks()))
            rows = pa.concat_tables([found, rows.filter(new)], promote_options="permissive")
        found = rows
    if found is None or not len(found):
        raise Refused("No labelled case lies in the weeks to learn from.")
    return typed(found, model).sort_by([("at", "ascending"), ("prediction_id", "ascending")])


def typed(rows: "pa.Table", model: Model) -> "pa.Table":
    """``rows`` with the label as the pipeline takes it: true or false, or a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    label = rows[TARGET]
    if model.task == Task.CLASSIFICATION and not pa.types.is_boolean(label.type):
        label = pc.not_equal(label.cast(pa.float64()), 0.0)
    elif model.task == Task.REGRESSION:
        label = label.cast(pa.float64())
    return rows.set_column(rows.column_names.index(TARGET), TARGET, label)


def keep(
    actor: Actor, model: Model, rows: "pa.Table", since: datetime, until: datetime, kind: str, name: str
) -> DatasetVersion:
    team, slug = model.use_case.team, f"{model.slug}-{kind}"
    stored = store.put_table(f"datasets/{slug}", rows)
    with transaction.atomic():
        Model.objects.select_for_update().get(pk=model.pk)
        dataset = Dataset.objects.filter(slug=slug).first() or catalogue.register_dataset(
            actor=actor, team=team, slug=slug, name=f"{model.name}, {name}", description="Made by retraining."
        )
        return catalogue.register_dataset_version(
            actor=actor,
            dataset=dataset,
            digest=stored.digest,
            location=stored.path,
            rows=len(rows),
            columns={field.name: str(field.type) for field in rows.schema},
            data_from=since,
            data_until=until,
        )


def _train(
    actor: Actor, retraining: Retraining, engine: engines.Engine, rows: "pa.Table", data: DatasetVersion, span: Span
) -> ModelVersion:
    """The registered candidate. An earlier attempt's candidate is taken up again."""
    model, pipeline = retraining.model, retraining.rule.pipeline
    settings = _settings(pipeline.parameters)
    parameters = {"seed": SEED, "settings": settings}
    run = catalogue.start_run(
        actor=actor, pipeline=pipeline, key=_run_key(retraining), trigger="retraining", parameters=parameters
    )
    Retraining.objects.filter(pk=retraining.pk).update(run=run)
    known = run.versions.select_related("model__use_case").first()
    if known is not None:
        return known
    order = engines.Order(rows, dict(model.inputs), TARGET, model.task, SEED, settings)
    try:
        trained = engine.train(order)
    except TollgateError:
        catalogue.finish_run(actor=actor, run=run, state=RunState.FAILED)
        raise
    stored = store.put_bytes(f"artefacts/{model.slug}", trained.artefact)
    importance = of_held_out(engine, order)
    with transaction.atomic():
        catalogue.finish_run(
            actor=actor,
            run=run,
            state=RunState.SUCCEEDED,
            inputs=[data],
            compute_seconds=round(trained.compute_seconds, 3),
            code_version=trained.code_version,
            environment=trained.environment,
        )
        version = catalogue.register_version(
            actor=actor,
            model=model,
            artefact=stored.path,
            artefact_digest=trained.digest,
            artefact_bytes=stored.size,
            author=model.owner,
            run=run,
            training_data=[data],
            parameters=trained.parameters,
            data_from=span.since,
            data_until=span.until,
            notes=retraining.reason,
        )
        if importance is not None:
            send_importance(
                actor=actor, version=version, columns=importance.columns, metric=importance.metric,
                n=importance.n, source=importance.source,
            )  # fmt: skip
        return version


def _settings(parameters: dict[str, Any]) -> dict[str, Any]:
    """What of a pipeline's parameters goes to the library: those that are its own, without the names of columns."""
    from governance.retraining.pipelines import DEFAULTS

    return {name: value for name, value in parameters.items() if name in DEFAULTS}


def _run_key(retraining: Retraining) -> str:
    """One run for a retraining; a new one when a person retries after rows that could not be trained on."""
    key = f"retraining:{retraining.key}"
    failed = PipelineRun.objects.filter(key__startswith=key, state=RunState.FAILED).count()
    return f"{key}:{failed + 1}" if failed else key


@transaction.atomic
def wait(*, actor: Actor, retraining: Retraining, candidate: ModelVersion) -> Retraining:
    """The challenger stands beside the champion, in shadow if the rule says so, until later weeks are labelled."""
    row = (
        Retraining.objects.select_for_update(of=("self",))
        .select_related(selectors.TEAM, "rule", "champion")
        .get(pk=retraining.pk)
    )
    if row.state in (State.WAITING, State.FINISHED):
        return row
    before = values(row)
    row.candidate, row.state = candidate, domain.RETRAINING.after(row.state, "wait")
    if row.rule.shadow:
        catalogue.deploy(
            actor=actor,
            version=candidate,
            environment=Environment.SHADOW,
            mode=mode_of(row.champion),
            since=candidate.data_until,
            reason=f"Challenger of {row.champion}.",
        )
    row.save()
    record(
        actor=actor,
        action=ledger_actions.TRAINED,
        subject=row,
        team=row.model.use_case.team_id,
        changes=changed(before, row) | {"version": (None, str(candidate))},
    )
    return row


def mode_of(version: ModelVersion) -> str:
    """How the version answers in production; batch when it does not."""
    live = Deployment.objects.filter(version=version, environment=Environment.PRODUCTION, until=None).first()
    return live.mode if live else Mode.BATCH


def words(since: datetime, until: datetime) -> str:
    """As in "4 March 2013 to 28 April 2013"; ``until`` is exclusive."""
    last: date = (until - timedelta(days=1)).date()
    return f"{domain.say_day(since.date())} to {domain.say_day(last)}"
