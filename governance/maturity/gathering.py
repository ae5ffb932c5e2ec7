"""Reads the records of all slices once, in a number of queries that does not depend on how many models there are."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum

from audit.base import clock
from audit.base.actors import Actor
from audit.base.periods import end_of
from audit.catalogue import horizon
from audit.catalogue.models import AliasPeriod, Deployment, Model, ModelVersion, PipelineRun
from audit.catalogue.selectors import PRODUCTION
from audit.ledger.models import Entry
from audit.ledger.selectors import head, last_verification
from audit.ledger.verification import compute
from audit.monitoring.models import Window
from costs.allocation.models import DayCost
from governance.approvals.models import Decision, PromotionRequest
from governance.maturity.rows import (
    Deployed,
    Firing,
    Measured,
    Promotion,
    Records,
    Request,
    Run,
    Version,
    Watched,
)
from governance.retraining.models import Evaluation, Outcome, Retraining, Rule, State

SHORT_CHAIN = 20_000
READER = Actor.service("maturity")


def gather() -> Records:
    """All records, of every team."""
    versions = list(ModelVersion.objects.select_related("run__pipeline").prefetch_related("training_data"))
    promotions = _promotions()
    deployments = list(Deployment.objects.select_related("version"))
    subjects = tuple(
        [(one.model_id, f"catalogue.modelversion:{one.pk}") for one in versions]
        + [(one.version.model_id, f"catalogue.deployment:{one.pk}") for one in deployments]
    )
    return Records(
        now=clock.now(),
        anchor=end_of(horizon.last_data(READER)),
        models=tuple(Model.objects.values_list("pk", flat=True)),
        runs=_runs(promotions),
        versions=tuple(_version(one) for one in versions),
        deployments=tuple(
            Deployed(
                model=one.version.model_id,
                version=one.version_id,
                environment=one.environment,
                since=one.since,
                until=one.until,
                actor=one.actor_id,
                by_service="@" not in one.actor_id,
                has_run=one.version.run_id is not None,
            )
            for one in deployments
        ),
        promotions=promotions,
        requests=_requests(),
        windows=_windows(),
        rules=_rules(),
        firings=_firings(),
        chain_holds=_chain_holds(),
        told=_told(),
        subjects=subjects,
        costs=_costs(),
    )


def _promotions() -> tuple[Promotion, ...]:
    rows = AliasPeriod.objects.filter(alias=PRODUCTION).values_list("model", "version", "since")
    return tuple(Promotion(model, version, since) for model, version, since in rows)


def _runs(promotions: tuple[Promotion, ...]) -> tuple[Run, ...]:
    first: dict[UUID, datetime] = {}
    for one in promotions:
        first[one.model] = min(one.at, first.get(one.model, one.at))
    asked = set(Retraining.objects.filter(evaluation=None).values_list("run", flat=True))
    rows = PipelineRun.objects.select_related("pipeline").prefetch_related("inputs", "versions")
    result = []
    for run in rows:
        made = list(run.versions.all())
        until = max((data.data_until for data in run.inputs.all() if data.data_until), default=None)
        began = first.get(run.pipeline.model_id)
        metadata = (
            bool(run.environment),
            run.finished_at is not None,
            bool(run.pipeline.engine),
            bool(run.parameters),
            bool(made and all(one.artefact_digest for one in made)),
            began is None or began <= run.started_at or not made or all(one.number == 1 for one in made),
            bool(made and all(one.metrics for one in made)),
        )
        result.append(
            Run(
                model=run.pipeline.model_id,
                pipeline=run.pipeline_id,
                state=run.state,
                trigger="person" if run.pk in asked else run.trigger,
                started_at=run.started_at,
                code=run.code_version,
                inputs_until=until,
                metadata=metadata,
            )
        )
    return tuple(result)


def _version(one: ModelVersion) -> Version:
    data, run = list(one.training_data.all()), one.run
    named = bool(data) and run is not None and bool(run.code_version) and bool(run.environment)
    return Version(
        id=one.pk,
        model=one.model_id,
        registered_by=one.registered_by,
        created_at=one.created_at,
        data_until=one.data_until,
        resolves=named and bool(one.parameters or (run and run.parameters)),
        has_columns=bool(data) and all(part.columns for part in data),
        has_metrics=bool(one.metrics),
        kept=bool(one.artefact and one.artefact_digest),
    )


def _requests() -> tuple[Request, ...]:
    rows = PromotionRequest.objects.select_related("version__author").prefetch_related("votes", "retrainings")
    return tuple(
        Request(
            model=row.model_id,
            version=row.version_id,
            state=row.state,
            decided_at=row.decided_at,
            requester=str((row.on_behalf_of_id or row.requested_by_id) or row.requester_id),
            author=str(row.version.author_id or ""),
            approvers=tuple(str(vote.user_id) for vote in row.votes.all() if vote.decision == Decision.APPROVE),
            compared=bool(row.evidence),
            passed=_passed(row),
        )
        for row in rows
    )


def _passed(request: PromotionRequest) -> bool:
    """Whether a retraining's comparison, on which the request rests, came out for the candidate."""
    return any(one.outcome == Outcome.BETTER for one in request.retrainings.all())


def _windows() -> tuple[Measured, ...]:
    rows = Window.objects.filter(superseded_at=None).values_list("version__model", "start", "labelled")
    return tuple(Measured(model, start, labelled > 0) for model, start, labelled in rows)


def _rules() -> tuple[Watched, ...]:
    rows = Rule.objects.annotate(looked=Count("evaluations")).values_list("model", "enabled", "looked")
    return tuple(Watched(model, enabled, looked) for model, enabled, looked in rows)


def _firings() -> tuple[Firing, ...]:
    begun = {row.evaluation_id: row for row in Retraining.objects.exclude(evaluation=None)}
    result = []
    for row in Evaluation.objects.filter(fired=True).select_related("rule"):
        found = begun.get(row.pk)
        outcome = found.outcome or ("failed" if found.state == State.FAILED else "") if found else ""
        result.append(Firing(row.rule.model_id, row.at, found is not None, outcome))
    return tuple(result)


def _chain_holds() -> bool | None:
    """What the last walk over the ledger's chain found; a short chain that nobody walked is walked here."""
    last = last_verification()
    if last is not None:
        return last.broken_at is None
    return compute().broken_at is None if head().size <= SHORT_CHAIN else None


def _told() -> frozenset[str]:
    rows = Entry.objects.filter(subject_type__in=("catalogue.modelversion", "catalogue.deployment"))
    return frozenset(f"{kind}:{key}" for kind, key in rows.values_list("subject_type", "subject_id").distinct())


def _costs() -> tuple[tuple[UUID | None, float, int], ...]:
    """What each model was billed in the currency that most charges carry; amounts of two currencies are not added."""
    amounts: dict[str, dict[UUID | None, tuple[Decimal, int]]] = defaultdict(dict)
    rows = DayCost.objects.filter(split__superseded_at=None, split__statement__superseded_at=None)
    for model, currency, billed, charges in (
        rows.values_list("model", "currency").annotate(amount=Sum("billed"), rows=Sum("charges")).order_by()
    ):
        amounts[currency][model] = (billed or Decimal(0), charges or 0)
    if not amounts:
        return ()
    most = max(amounts.values(), key=lambda parts: sum(count for _, count in parts.values()))
    return tuple((model, float(amount), count) for model, (amount, count) in most.items())
