"""Asks for promotions and reads them back. Nobody votes here: a decision needs a person who is signed in."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue.selectors import version as find_version
from governance.approvals import selectors, services
from governance.approvals.models import PromotionRequest

router = Router()


class PromotionIn(Schema):
    """A question to those who decide."""

    model: str = Field(description="The model's short name")
    version: int = Field(ge=1, description="The number of the version that should run")
    environment: Literal["production"] = "production"
    mode: Literal["online", "batch"] = "batch"
    reason: str = Field(min_length=1, max_length=10_000)
    evidence: dict[str, Any] = Field(
        default_factory=dict,
        description="The comparison: rows, since, until, and measures, each with metric, name, champion, candidate, "
        "difference, low, high, higher_is_better",
    )


class VoteOut(Schema):
    """What one person said."""

    name: str
    role: str
    decision: str
    comment: str
    at: datetime

    @staticmethod
    def resolve_name(vote: Any) -> str:
        """The voter's name."""
        return str(vote.user.name)


class PromotionOut(Schema):
    """A request with its policy, evidence and votes."""

    id: UUID
    model: str
    version: int
    replaces: int | None
    environment: str
    mode: str
    state: str
    requester: str
    on_behalf_of: str | None
    reason: str
    policy: dict[str, Any]
    evidence: dict[str, Any]
    digest: str
    opened_at: datetime
    decided_at: datetime | None
    votes: list[VoteOut]

    @staticmethod
    def resolve_model(row: PromotionRequest) -> str:
        """The model's short name."""
        return row.model.slug

    @staticmethod
    def resolve_version(row: PromotionRequest) -> int:
        """The version's number."""
        return row.version.number

    @staticmethod
    def resolve_replaces(row: PromotionRequest) -> int | None:
        """The number of the version that was in place when the request opened."""
        return row.replaces.number if row.replaces else None

    @staticmethod
    def resolve_requester(row: PromotionRequest) -> str:
        """Who asked, by name."""
        return row.requester_name

    @staticmethod
    def resolve_on_behalf_of(row: PromotionRequest) -> str | None:
        """The e-mail of the person on whose behalf a program asked."""
        return row.on_behalf_of.email if row.on_behalf_of else None

    @staticmethod
    def resolve_votes(row: PromotionRequest) -> list[Any]:
        """The votes in their order."""
        return list(row.votes.all())


@router.post("/promotion-requests", response=answers(404, 409, created=PromotionOut), summary="Ask for a promotion")
def ask(request: HttpRequest, body: PromotionIn) -> Any:
    """Opens a request on behalf of the token's owner; people decide on it, by the policy of the environment."""
    version = find_version(viewer=request.actor, slug=body.model, number=body.version)
    made = services.request_promotion(
        actor=request.actor,
        version=version,
        environment=body.environment,
        mode=body.mode,
        reason=body.reason,
        evidence=body.evidence,
    )
    return 201, selectors.request(viewer=request.actor, request_id=made.pk)


@router.get("/promotion-requests", response=answers(ok=Page[PromotionOut]), summary="Promotion requests")
def requests(request: HttpRequest, state: str = "", model: str = "", cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first; ``state`` and ``model`` narrow the list."""
    rows = selectors.requests(viewer=request.actor)
    if state:
        rows = rows.filter(state=state)
    if model:
        rows = rows.filter(model__slug=model)
    return page(rows, cursor=cursor, limit=limit)


@router.get("/promotion-requests/{request_id}", response=answers(404, ok=PromotionOut), summary="One promotion request")
def request_by_id(request: HttpRequest, request_id: UUID) -> Any:
    """With its votes so far."""
    return selectors.request(viewer=request.actor, request_id=request_id)
