"""Alerts for programs: what stands out, what people did about it, and when a model raises one."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from audit.alerts import gathering, selectors, services
from audit.alerts.models import Alert, AlertPolicy
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import selectors as catalogue

router = Router()


class AlertOut(Schema):
    """An alert. Weeks are Mondays, 00:00 UTC."""

    id: UUID
    model: str = Field(description="Short name")
    version: int
    cause: str = Field(
        description="data_fault, covariate_shift, prior_shift, concept_shift, unknown, service or fairness"
    )
    state: str = Field(description="open, acknowledged, explained or closed")
    first_week: datetime
    last_week: datetime
    sentence: str
    evidence: list[str]
    starts_retraining: bool
    holder: str = Field(description="Who has it; empty for nobody")
    reason: str
    closed_at: AwareDatetime | None

    @staticmethod
    def resolve_model(row: Alert) -> str:
        """The model's short name."""
        return row.model.slug

    @staticmethod
    def resolve_version(row: Alert) -> int:
        """The version's number."""
        return row.version.number

    @staticmethod
    def resolve_holder(row: Alert) -> str:
        """The person's name."""
        return row.holder.name if row.holder else ""


class SignOut(Schema):
    """One thing that stood out in the week from ``start``."""

    start: datetime
    what: str
    name: str
    variant: str
    value: float | None
    bound: float | None
    n: int
    sentence: str


class AlertWithSigns(AlertOut):
    """An alert with its signs, newest first, 500 at most."""

    signs: list[SignOut]

    @staticmethod
    def resolve_signs(row: Alert) -> Any:
        """What stood out."""
        return row.signs.all()[:500]


class ActIn(Schema):
    """What is done about an alert; explaining and closing need a reason."""

    action: Literal["acknowledge", "explain", "close"]
    reason: str = ""


class BoundIn(Schema):
    """From where on a column's population stability index has moved."""

    kind: Literal["fixed", "difference", "ratio", "learned"]
    direction: Literal["above"] = "above"
    value: float
    windows: Literal[1] = 1


class PolicyIn(Schema):
    """When a model raises an alert; what is left out stays as it is."""

    alarms: float | None = Field(None, description="At most so many false alarms ...")
    months: int | None = Field(None, description="... in so many months")
    drift: BoundIn | None = None
    least_effect: float | None = None
    least_rows: int | None = None
    calm_weeks: int | None = None
    p99_seconds: float | None = Field(None, description="null: latency is not judged")
    error_share: float | None = Field(None, description="null: failed requests are not judged")
    fairness_gap: float | None = Field(None, description="null: gaps between groups are not judged")
    reason: str = ""


class PolicyOut(Schema):
    """When a model raises an alert."""

    alarms: float
    months: int
    drift: BoundIn
    least_effect: float
    least_rows: int
    calm_weeks: int
    p99_seconds: float | None
    error_share: float | None
    fairness_gap: float | None


class AlertsQuery(Schema):
    """Which alerts."""

    state: str = Field("active", description="active, open, acknowledged, explained, closed or all")
    model: str = Field("", description="Short name")
    cursor: str = ""
    limit: int = DEFAULT


@router.get("/alerts", response=answers(ok=Page[AlertOut]), summary="Alerts")
def alerts(request: HttpRequest, query: Query[AlertsQuery]) -> Any:
    """Alerts of your models, newest first."""
    rows = selectors.in_state(selectors.alerts(viewer=request.actor), query.state)
    if query.model:
        rows = rows.filter(model__slug=query.model)
    return page(rows.order_by("-pk"), cursor=query.cursor, limit=query.limit)


@router.get("/alerts/{alert_id}", response=answers(404, ok=AlertWithSigns), summary="An alert")
def alert(request: HttpRequest, alert_id: UUID) -> Alert:
    """One alert with its signs."""
    return selectors.alert(viewer=request.actor, alert_id=alert_id)


@router.post("/alerts/{alert_id}", response=answers(404, 409, ok=AlertOut), summary="Act on an alert")
def act(request: HttpRequest, alert_id: UUID, body: ActIn) -> Alert:
    """Takes it on, explains it, or closes it."""
    found = selectors.alert(viewer=request.actor, alert_id=alert_id)
    if body.action == "acknowledge":
        services.acknowledge(actor=request.actor, alert=found)
    elif body.action == "explain":
        services.explain(actor=request.actor, alert=found, reason=body.reason)
    else:
        services.close(actor=request.actor, alert=found, reason=body.reason)
    return selectors.alert(viewer=request.actor, alert_id=alert_id)


@router.get("/models/{slug}/alert-policy", response=answers(404, ok=PolicyOut), summary="When it raises an alert")
def policy(request: HttpRequest, slug: str) -> AlertPolicy:
    """What the model keeps to; what is usual where nobody has set it."""
    return gathering.policy_of(catalogue.model(viewer=request.actor, slug=slug))


@router.patch("/models/{slug}/alert-policy", response=answers(404, ok=PolicyOut), summary="Set when it raises an alert")
def set_policy(request: HttpRequest, slug: str, body: PolicyIn) -> AlertPolicy:
    """Changes what is sent; it holds for weeks that are weighed from now on."""
    model = catalogue.model(viewer=request.actor, slug=slug)
    changes = body.dict(exclude_unset=True, exclude={"reason"})
    return services.set_policy(actor=request.actor, model=model, changes=changes, reason=body.reason)
