"""Reads rules, evaluations and retrainings, and starts a retraining on demand."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from governance.retraining import selectors, starting
from governance.retraining.models import Evaluation, Retraining, Rule

router = Router()


class RuleOut(Schema):
    """When a model is retrained, and on which weeks."""

    id: UUID
    model: str
    metric: str
    comparison: str
    threshold: float
    windows: int
    min_n: int
    mode: str
    train_weeks: int
    compare_weeks: int
    cooldown_weeks: int
    shadow: bool
    enabled: bool

    @staticmethod
    def resolve_model(row: Rule) -> str:
        """The model's short name."""
        return row.model.slug


class EvaluationOut(Schema):
    """One judgement of a rule, with what it saw."""

    id: UUID
    rule: UUID
    week: date
    fired: bool
    code: str
    sentence: str
    inputs: dict[str, Any]
    at: datetime

    @staticmethod
    def resolve_rule(row: Evaluation) -> UUID:
        """The rule's id."""
        return row.rule_id


class RetrainingOut(Schema):
    """A retraining with its comparison and what followed."""

    id: UUID
    model: str
    rule: UUID
    week: date
    state: str
    started_by: str
    reason: str
    champion: int
    candidate: int | None
    outcome: str
    sentence: str
    comparison: dict[str, Any]
    promotion_request: UUID | None
    created_at: datetime
    finished_at: datetime | None

    @staticmethod
    def resolve_model(row: Retraining) -> str:
        """The model's short name."""
        return row.model.slug

    @staticmethod
    def resolve_rule(row: Retraining) -> UUID:
        """The rule's id."""
        return row.rule_id

    @staticmethod
    def resolve_champion(row: Retraining) -> int:
        """The number of the version that was in production."""
        return row.champion.number

    @staticmethod
    def resolve_candidate(row: Retraining) -> int | None:
        """The number of the version that came out."""
        return row.candidate.number if row.candidate else None

    @staticmethod
    def resolve_promotion_request(row: Retraining) -> UUID | None:
        """The request that it opened."""
        return row.request_id


class StartIn(Schema):
    """Why retraining should start now."""

    reason: str = Field(min_length=1, max_length=10_000)


@router.get("/retraining-rules", response=answers(ok=Page[RuleOut]), summary="Retraining rules")
def rules(request: HttpRequest, model: str = "", cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    rows = selectors.rules(viewer=request.actor)
    return page(rows.filter(model__slug=model) if model else rows, cursor=cursor, limit=limit)


@router.get(
    "/retraining-rules/{rule_id}/evaluations",
    response=answers(404, ok=Page[EvaluationOut]),
    summary="Evaluations of a rule",
)
def evaluations(request: HttpRequest, rule_id: UUID, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Each judgement, those that did not fire too; newest first."""
    rule = selectors.rule(viewer=request.actor, rule_id=rule_id)
    return page(selectors.evaluations(viewer=request.actor, rule=rule), cursor=cursor, limit=limit)


@router.post(
    "/retraining-rules/{rule_id}/retrainings",
    response=answers(404, 409, accepted=RetrainingOut),
    summary="Start retraining now",
)
def start(request: HttpRequest, rule_id: UUID, body: StartIn) -> Any:
    """On the newest labelled weeks, as the rule would do it; the same weeks are trained on once."""
    rule = selectors.rule(viewer=request.actor, rule_id=rule_id)
    made = starting.start(actor=request.actor, rule=rule, reason=body.reason, trigger="api")
    return 202, selectors.retraining(viewer=request.actor, retraining_id=made.pk)


@router.get("/retrainings", response=answers(ok=Page[RetrainingOut]), summary="Retrainings")
def retrainings(request: HttpRequest, model: str = "", cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    rows = selectors.retrainings(viewer=request.actor)
    return page(rows.filter(model__slug=model) if model else rows, cursor=cursor, limit=limit)


@router.get("/retrainings/{retraining_id}", response=answers(404, ok=RetrainingOut), summary="One retraining")
def retraining(request: HttpRequest, retraining_id: UUID) -> Any:
    """With its comparison."""
    return selectors.retraining(viewer=request.actor, retraining_id=retraining_id)
