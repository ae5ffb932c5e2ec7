"""Budgets through the API. Overrides are not among them: a person who is signed in answers for one."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from audit.base.errors import InvalidInput, NotFound
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import selectors as catalogue
from audit.people.models import User
from audit.people.selectors import teams
from costs.budgets import selectors, services
from costs.budgets.domain.standing import MONEY, UNKNOWN
from costs.budgets.selectors import Line

router = Router()


class BudgetIn(Schema):
    """A budget of a team, or of one of its use cases or models (short names); the amount as text.

    ``owner`` is the e-mail address of somebody of the team; without it, whoever asks.
    """

    name: str = Field(max_length=120)
    team: str
    use_case: str | None = None
    model: str | None = None
    stage: str = ""
    measure: str = MONEY
    currency: str = ""
    amount: str
    period: str
    hard: bool = False
    thresholds: list[int] = list(services.ALL)
    valid_from: date
    valid_until: date | None = None
    owner: str | None = None
    reason: str


class BudgetOut(Schema):
    """A budget, and how it stood by the end of ``known_until`` (UTC): amounts are text, null where unknown.

    ``state`` is exceeded, heading (the forecast lies above the amount), possible (its 90 % interval reaches beyond),
    within or unknown. Of ``held_back_months`` the forecast's interval held ``inside``.
    """

    id: UUID
    name: str
    team: str
    use_case: str | None
    model: str | None
    stage: str
    measure: str
    currency: str
    amount: str
    period: str
    hard: bool
    thresholds: list[int]
    valid_from: date
    valid_until: date | None
    reason: str
    created_at: datetime
    closed_at: datetime | None
    state: str
    known_until: date | None
    period_start: date | None
    spent: str | None
    forecast: str | None
    low: str | None
    high: str | None
    held_back_months: int | None
    inside: int | None
    overridden_until: date | None


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _out(line: Line) -> dict[str, Any]:
    row, known = line.budget, line.state
    names = (
        "id", "name", "stage", "measure", "currency", "period", "hard", "thresholds", "valid_from", "valid_until",
        "reason", "created_at", "closed_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "team": row.team.slug,
        "use_case": row.use_case.slug if row.use_case else None,
        "model": row.model.slug if row.model else None,
        "amount": format(row.amount, "f"),
        "state": known.standing if known else UNKNOWN,
        "known_until": known.day if known else None,
        "period_start": known.period_start if known else None,
        "spent": _text(known.spent) if known else None,
        "forecast": _text(known.forecast) if known else None,
        "low": _text(known.low) if known else None,
        "high": _text(known.high) if known else None,
        "held_back_months": known.months if known else None,
        "inside": known.inside if known else None,
        "overridden_until": line.override.until if line.override else None,
    }


@router.get("/budgets", response=answers(ok=Page[BudgetOut]), summary="Budgets, and how they stand")
def budgets(request: HttpRequest, closed: bool = False, cursor: str = "", limit: int = DEFAULT) -> Any:
    """The budgets of the viewer's teams, newest first; with ``closed`` those that were closed too."""
    found = page(selectors.budgets(viewer=request.actor, closed=closed), cursor=cursor, limit=limit)
    return {"items": [_out(one) for one in selectors.lines(viewer=request.actor, of=found.items)], "next": found.next}


@router.post("/budgets", response=answers(404, created=BudgetOut), summary="State a budget")
def state(request: HttpRequest, said: BudgetIn) -> Any:
    """A new budget; the same as an open one gives that one."""
    viewer = request.actor
    fields = said.dict(exclude={"team", "use_case", "model", "owner"})
    team = teams(viewer=viewer).filter(slug=said.team).first()
    if team is None:
        raise NotFound(f"There is no team {said.team}, or you are not in it.")
    use_case = catalogue.use_cases(viewer=viewer).filter(slug=said.use_case).first() if said.use_case else None
    if said.use_case and use_case is None:
        raise NotFound(f"There is no use case {said.use_case}, or it belongs to a team that you are not in.")
    model = catalogue.model(viewer=viewer, slug=said.model) if said.model else None
    people = User.objects.filter(is_active=True)
    owner = people.filter(Q(email__iexact=said.owner) if said.owner else Q(pk=viewer.user_id)).first()
    if owner is None:
        raise InvalidInput("Nobody with this address has an account here.", where="owner")
    made = services.state_budget(actor=viewer, team=team, use_case=use_case, model=model, owner=owner, **fields)
    (line,) = selectors.lines(viewer=viewer, of=[made])
    return 201, _out(line)


@router.get("/budgets/{budget_id}", response=answers(404, ok=BudgetOut), summary="A budget, and how it stands")
def budget(request: HttpRequest, budget_id: UUID) -> Any:
    """One budget."""
    found = selectors.budget(viewer=request.actor, budget_id=budget_id)
    (line,) = selectors.lines(viewer=request.actor, of=[found])
    return _out(line)
