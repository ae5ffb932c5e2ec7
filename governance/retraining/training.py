"""Runs one retraining: learn from labelled weeks, compare on later ones, and hand the result to people.

Each step stores under the digest of its content or under the retraining's key, so running twice gives one version
and one request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import start_of
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
from audit.ledger.services import record
from audit.monitoring import frames
from governance.approvals import services as approvals
from governance.approvals.domain import words_of
from governance.retraining import comparing, domain, engines, ledger_actions, selectors, services
from governance.retraining.models import Retraining, Review, State

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

TARGET = "label"
SEED = 0
Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Spans:
    """Learn from [``train_from``, ``compare_from``), compare on [``compare_from``, ``until``); aware, UTC."""

    train_from: datetime
    compare_from: datetime
    until: datetime


def run(*, actor: Actor, retraining_id: str, report: Report, log: Callable[[str], None]) -> dict[str, Any]:
    """Runs the retraining; counts for the job's page.

    Raises:
        Refused, InvalidInput: the rows cannot be trained on; the sentence says why.
    """
    retraining = services.begin(retraining_id=retraining_id)
    if retraining is None:
        log("This retraining was finished by an earlier attempt.")
        return {}
    engine = engines.engine(retraining.rule.pipeline.engine)
    report(0, 4, "Reading labelled weeks")
    spans = spans_of(retraining)
    rows = _training_rows(retraining.model, spans)
    data = _keep(actor, retraining.model, rows, spans.train_from, spans.compare_from, "labelled", "labelled cases")
    log(f"Learns from {len(rows):,} labelled cases, {_words(spans.train_from, spans.compare_from)}: {data}.")
    report(1, 4, f"Training on {len(rows):,} cases")
    candidate, artefact = _train(actor, retraining, engine, rows, data, spans)
    log(f"Registered {candidate}.")
    report(2, 4, f"Comparing {candidate} with v{retraining.champion.number}")
    comparison = _compare(actor, retraining, engine, candidate, artefact, spans)
    report(3, 4, "Deciding what follows")
    done = conclude(actor=actor, retraining=retraining, candidate=candidate, comparison=comparison)
    log(done.sentence)
    report(4, 4, done.get_outcome_display())
    return {"learned from": len(rows), "compared on": comparison["rows"], "version": candidate.number}


def spans_of(retraining: Retraining) -> Spans:
    """The labelled weeks to compare on, the newest, and to learn from, those before.

    Raises:
        Refused: there are fewer labelled weeks than the rule asks for.
    """
    rule = retraining.rule
    known = selectors.weeks(version=retraining.champion, metric=rule.metric, until=retraining.week)
    complete = [week.start for week in known if week.complete(rule.min_n)]
    needed = rule.train_weeks + rule.compare_weeks
    if len(complete) < needed:
        raise Refused(f"{len(complete)} labelled weeks are there; {needed} are needed to train and to compare.")
    chosen = complete[-needed:]
    return Spans(
        start_of(chosen[0]), start_of(chosen[rule.train_weeks]), start_of(retraining.week) + timedelta(weeks=1)
    )


def _training_rows(model: Model, spans: Spans) -> "pa.Table":
    """One row a labelled case, in the order of time, whichever version served it: features, ``label``, id and time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = ["prediction_id", "at", TARGET, *model.features]
    found: pa.Table | None = None
    for version in selectors.served(model):
        rows = frames.labelled(model, version.number, spans.train_from, spans.compare_from).select(columns)
        if found is not None:
            new = pc.invert(pc.is_in(rows["prediction_id"], value_set=found["prediction_id"].combine_chunks()))
            rows = pa.concat_tables([found, rows.filter(new)], promote_options="permissive")
        found = rows
    if found is None or not len(found):
        raise Refused("No labelled case lies in the weeks to learn from.")
    return _typed(found, model).sort_by([("at", "ascending"), ("prediction_id", "ascending")])


def _typed(rows: "pa.Table", model: Model) -> "pa.Table":
    """``rows`` with the label as the pipeline takes it: true or false, or a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    label = rows[TARGET]
    if model.task == Task.CLASSIFICATION and not pa.types.is_boolean(label.type):
        label = pc.not_equal(label.cast(pa.float64()), 0.0)
    elif model.task == Task.REGRESSION:
        label = label.cast(pa.float64())
    return rows.set_column(rows.column_names.index(TARGET), TARGET, label)


def _keep(
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
    actor: Actor, retraining: Retraining, engine: engines.Engine, rows: "pa.Table", data: DatasetVersion, spans: Spans
) -> tuple[ModelVersion, bytes]:
    """The registered candidate and its artefact. An earlier attempt's candidate is taken up again."""
    model, pipeline = retraining.model, retraining.rule.pipeline
    parameters = {"seed": SEED, "settings": _settings(pipeline.parameters)}
    run = catalogue.start_run(
        actor=actor, pipeline=pipeline, key=_run_key(retraining), trigger="retraining", parameters=parameters
    )
    Retraining.objects.filter(pk=retraining.pk).update(run=run)
    known = run.versions.select_related("model__use_case").first()
    if known is not None:
        return known, store.read_bytes(known.artefact)
    order = engines.Order(rows, dict(model.features), TARGET, model.task, SEED, parameters["settings"])
    try:
        trained = engine.train(order)
    except TollgateError:
        catalogue.finish_run(actor=actor, run=run, state=RunState.FAILED)
        raise
    stored = store.put_bytes(f"artefacts/{model.slug}", trained.artefact)
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
            data_from=spans.train_from,
            data_until=spans.compare_from,
            notes=retraining.reason,
        )
    return version, trained.artefact


def _settings(parameters: dict[str, Any]) -> dict[str, Any]:
    """What of a pipeline's parameters goes to the library: those that are its own, without the names of columns."""
    from governance.retraining.pipelines import DEFAULTS

    return {name: value for name, value in parameters.items() if name in DEFAULTS}


def _run_key(retraining: Retraining) -> str:
    """One run for a retraining; a new one when a person retries after rows that could not be trained on."""
    key = f"retraining:{retraining.key}"
    failed = PipelineRun.objects.filter(key__startswith=key, state=RunState.FAILED).count()
    return f"{key}:{failed + 1}" if failed else key


def _compare(
    actor: Actor,
    retraining: Retraining,
    engine: engines.Engine,
    candidate: ModelVersion,
    artefact: bytes,
    spans: Spans,
) -> dict[str, Any]:
    """The evidence: both versions on the same labelled cases, as the champion met them."""
    import numpy as np
    import pyarrow as pa

    model, champion = retraining.model, retraining.champion
    rows = _typed(frames.labelled(model, champion.number, spans.compare_from, spans.until), model)
    rows = rows.sort_by([("at", "ascending"), ("prediction_id", "ascending")])
    column = "score" if model.task == Task.CLASSIFICATION else "prediction"
    before = rows[column].to_numpy().astype("float64")
    known = ~np.isnan(before)
    if not known.all():
        rows, before = rows.filter(pa.array(known)), before[known]
    truth = rows[TARGET].to_numpy()
    after = engine.predict(artefact, rows, digest=candidate.artefact_digest)
    kept = _keep(
        actor, model, rows.append_column("challenger", pa.array(after)), spans.compare_from, spans.until,
        "compared", "compared cases",
    )  # fmt: skip
    evidence: dict[str, Any] = {
        "champion": champion.number,
        "candidate": candidate.number,
        "rows": len(rows),
        "since": spans.compare_from.isoformat(),
        "until": spans.until.isoformat(),
        "data": {"name": str(kept), "digest": kept.digest},
        "learned": _learned(champion, spans.compare_from),
        "min_n": retraining.rule.min_n,
        "retraining": str(retraining.pk),
    }
    evidence["measures"] = _measures(model, truth, before, after) if len(rows) >= retraining.rule.min_n else []
    if model.task == Task.CLASSIFICATION and model.threshold is not None:
        evidence["threshold"] = model.threshold
        evidence["outcomes"] = {
            "champion": comparing.confusion(truth, before >= model.threshold),
            "candidate": comparing.confusion(truth, after >= model.threshold),
        }
    return evidence


def _measures(model: Model, truth: "np.ndarray", before: "np.ndarray", after: "np.ndarray") -> list[dict[str, Any]]:
    if model.task == Task.CLASSIFICATION:
        assert model.threshold is not None
        return comparing.classification(
            truth=truth, champion=before, challenger=after, threshold=model.threshold, seed=SEED
        )
    return comparing.regression(truth=truth, champion=before, challenger=after, seed=SEED)


def _learned(champion: ModelVersion, since: datetime) -> str:
    """Whether the comparison is fair: what the champion is known to have learned from."""
    if champion.data_until is None:
        return f"The challenger did not learn from them; what v{champion.number} learned from is unknown."
    if champion.data_until > since:
        return f"The challenger did not learn from them; v{champion.number} did, which favours it."
    return "Neither version learned from them."


@transaction.atomic
def conclude(
    *, actor: Actor, retraining: Retraining, candidate: ModelVersion, comparison: dict[str, Any]
) -> Retraining:
    """Ends the retraining: shadow deployment, and a request, a review or neither, by ``domain.OUTCOMES``."""
    locked = Retraining.objects.select_for_update(of=("self",)).select_related(
        selectors.TEAM, "model__owner", "rule", "champion"
    )
    row = locked.get(pk=retraining.pk)
    if row.state == State.FINISHED:
        return row
    main = comparison["measures"][0] if comparison["measures"] else None
    words = words_of(main) if main else "unknown"
    row.outcome, follows = domain.OUTCOMES[words]
    row.sentence = outcome_sentence(row, candidate, comparison, main)
    row.candidate, row.comparison = candidate, comparison
    row.state, row.finished_at = domain.RETRAINING.after(row.state, "finish"), clock.now()
    live = Deployment.objects.filter(version=row.champion, environment=Environment.PRODUCTION, until=None).first()
    mode = live.mode if live else Mode.BATCH
    if row.rule.shadow:
        catalogue.deploy(
            actor=actor, version=candidate, environment=Environment.SHADOW, mode=mode, reason=f"Challenger of {row.champion}."
        )
    if follows == domain.REQUEST_OPENS:
        _ask(actor, row, candidate, comparison, mode)
    row.save()
    if follows == domain.REVIEW_OPENS:
        _open_review(actor, row)
    record(
        actor=actor,
        action=ledger_actions.FINISHED,
        subject=row,
        team=row.model.use_case.team_id,
        reason=row.sentence,
        changes={"outcome": (None, row.outcome), "version": (None, str(candidate))},
    )
    return row


def outcome_sentence(
    row: Retraining, candidate: ModelVersion, comparison: dict[str, Any], main: dict[str, Any] | None
) -> str:
    """The comparison in one sentence."""
    cases = f"{comparison['rows']:,} labelled cases"
    if main is None or main["difference"] is None:
        return f"Undecided: {cases} do not suffice to tell {candidate} from v{row.champion.number}; that is not a pass."
    condition = row.rule.condition()
    metric = main["metric"]
    say = domain.Condition(metric, "", 0.0, 1, 1, condition.unit).say
    verdict = {
        domain.BETTER: f"{candidate} is better than v{row.champion.number}",
        domain.WORSE: f"{candidate} is worse than v{row.champion.number}",
    }.get(row.outcome, f"{candidate} does not differ from v{row.champion.number}")
    return (
        f"{verdict}: {main['name']} {say(main['candidate'])} against {say(main['champion'])} on the same {cases} "
        f"(difference {_signed(main['difference'])}, 95% interval {_signed(main['low'])} to {_signed(main['high'])})."
    )


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\u2212")


def _ask(actor: Actor, row: Retraining, candidate: ModelVersion, comparison: dict[str, Any], mode: str) -> None:
    try:
        row.request = approvals.request_promotion(
            actor=actor,
            version=candidate,
            mode=mode,
            reason=f"{row.sentence} {row.reason}",
            evidence=comparison,
            on_behalf_of=row.model.owner,
            requester=f"Retraining rule of {row.model}",
        )
    except Refused as refusal:
        row.sentence += f" No request was opened: {refusal.sentence}"


def _open_review(actor: Actor, row: Retraining) -> None:
    if Review.objects.filter(model=row.model, state=domain.OPEN).exists():
        return
    review = Review.objects.create(
        model=row.model,
        retraining=row,
        reason=f"Retraining did not help. {row.sentence}",
        opened_at=clock.now(),
    )
    record(
        actor=actor,
        action=ledger_actions.REVIEW_OPENED,
        subject=review,
        team=row.model.use_case.team_id,
        reason=review.reason,
    )


def _words(since: datetime, until: datetime) -> str:
    last: date = (until - timedelta(days=1)).date()
    return f"{domain.say_day(since.date())} to {domain.say_day(last)}"
