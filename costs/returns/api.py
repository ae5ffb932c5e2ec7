"""Values and returns through the API."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from audit.base.errors import NotFound
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import selectors as catalogue
from costs.returns import selectors, services

router = Router()


class WeekOut(Schema):
    """A model's week (a Monday, UTC) in one currency; amounts are text, and null where they are unknown."""

    week: date
    predictions: int
    labelled: int
    value: str | None
    cost: str
    net: str | None
    roi: str | None
    currency: str
    versions: list[int]


class ReturnsOut(Schema):
    """The weeks of a model in order."""

    model: str
    items: list[WeekOut]


class ValuesIn(Schema):
    """What outcomes are worth: amounts as text, by tp, fp, fn, tn, prediction or unit_of_error."""

    currency: str = Field(max_length=3)
    values: dict[str, str]
    valid_from: date
    valid_until: date | None = None
    reason: str


class ValuesOut(Schema):
    """A statement of values."""

    id: UUID
    currency: str
    values: dict[str, str]
    valid_from: date
    valid_until: date | None
    stated_by: str
    reason: str
    created_at: datetime


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


@router.get("/models/{slug}/returns", response=answers(404, ok=ReturnsOut), summary="Value, cost and net value by week")
def returns(request: HttpRequest, slug: str, since: date | None = None, until: date | None = None) -> Any:
    """The model's weeks from ``since`` until, not including, ``until``."""
    model = catalogue.model(viewer=request.actor, slug=slug)
    rows = selectors.weekly(viewer=request.actor, model=model, since=since, until=until)
    items = [
        {
            "week": row.week,
            "predictions": row.predictions,
            "labelled": row.labelled,
            "value": _text(row.value),
            "cost": format(row.cost, "f"),
            "net": _text(row.net),
            "roi": None if row.roi is None else format(round(row.roi, 6), "f"),
            "currency": row.currency,
            "versions": row.versions,
        }
        for row in rows
    ]
    return {"model": slug, "items": items}


@router.get("/use-cases/{slug}/values", response=answers(404, ok=Page[ValuesOut]), summary="What outcomes are worth")
def values(request: HttpRequest, slug: str, cursor: str = "", limit: int = DEFAULT) -> Any:
    """The statements of a use case, newest first; of those valid on a day the newest holds."""
    rows = selectors.statements(viewer=request.actor).filter(use_case=_use_case(request, slug))
    return page(rows, cursor=cursor, limit=limit)


@router.post(
    "/use-cases/{slug}/values", response=answers(404, created=ValuesOut), summary="State what outcomes are worth"
)
def state(request: HttpRequest, slug: str, said: ValuesIn) -> Any:
    """A new statement; the same as the last one changes nothing."""
    return 201, services.state_value(actor=request.actor, use_case=_use_case(request, slug), **said.dict())


def _use_case(request: HttpRequest, slug: str) -> Any:
    found = catalogue.use_cases(viewer=request.actor).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no use case {slug}, or it belongs to a team that you are not in.")
    return found
