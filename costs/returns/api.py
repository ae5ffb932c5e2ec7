"""Values and returns through the API."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from audit.base import periods
from audit.base.errors import InvalidInput, NotFound
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import horizon
from audit.catalogue import selectors as catalogue
from costs.returns import selectors, services
from costs.returns.case import case_of

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


class RangeText(Schema):
    """A worth as far as it is known: amounts as text."""

    low: str
    likely: str | None = None
    high: str


class BaselineText(Schema):
    """What the process without the model gives; shares and amount as text.

    "rates" takes ``caught`` and ``flagged`` (shares of positives and negatives, 0 to 1), "per_prediction" takes
    ``amount``.
    """

    kind: Literal["none", "negative", "positive", "rates", "per_prediction"] = "none"
    caught: str | None = None
    flagged: str | None = None
    amount: str | None = None


class ValuesIn(Schema):
    """What outcomes are worth: amounts as text or ranges of them, by tp, fp, fn, tn, prediction or unit_of_error."""

    currency: str = Field(max_length=3)
    values: dict[str, str | RangeText]
    valid_from: date
    valid_until: date | None = None
    reason: str
    owner: str = Field("", max_length=200, description="Who answers for the values; without one, who states them")
    source: str = Field("", max_length=2000)
    baseline: BaselineText = BaselineText()
    discount_rate: Decimal | None = Field(None, ge=0, lt=10, description="A share per year: 0.08 is 8 percent")


class ValuesOut(Schema):
    """A statement of values; after ``valid_until`` a return is unsupported."""

    id: UUID
    currency: str
    values: dict[str, str | RangeText]
    valid_from: date
    valid_until: date | None
    owner: str
    source: str
    baseline: BaselineText
    discount_rate: str | None
    stated_by: str
    reason: str
    created_at: datetime

    @staticmethod
    def resolve_discount_rate(row: Any) -> str | None:
        """As text, like all that is exact."""
        return _text(row.discount_rate)


class PromiseIn(Schema):
    """A net value a month, promised from one day to another inclusive."""

    currency: str = Field(max_length=3)
    monthly: str
    since: date
    until: date | None = None
    reason: str


class PromiseOut(Schema):
    """A promise."""

    id: UUID
    currency: str
    monthly: str
    since: date
    until: date | None
    promised_by: str
    reason: str
    created_at: datetime

    @staticmethod
    def resolve_monthly(row: Any) -> str | None:
        """As text, like all that is exact."""
        return _text(row.monthly)


class IntervalOut(Schema):
    """The quantiles 0.05, 0.5 and 0.95 of what such weeks bring; null where there is no bound."""

    low: float | None
    middle: float | None
    high: float | None


class CaseOut(Schema):
    """What a use case returned in ``weeks`` weeks: exact sums as text, estimates as numbers, all in ``currency``.

    ``unsupported_since`` is the last day with stated values, where they have run out; ``last_supported_week`` the
    Monday of the last week that they valued. ``intervals`` holds net, value, cost, each (prediction), break_even (a
    week), and roi and npv where they are defined. ``paid_back`` are Mondays, from early to late; null is not yet.
    """

    use_case: str
    currency: str
    since: date | None
    weeks: int
    predictions: int
    labelled: int
    value: str | None
    cost: str | None
    net: str | None
    roi: str | None
    unsupported_since: date | None
    last_supported_week: date | None
    intervals: dict[str, IntervalOut]
    gain: float | None
    paid_back: list[date | None]
    promised: str | None
    simulated: bool


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


@router.get("/use-cases/{slug}/promises", response=answers(404, ok=Page[PromiseOut]), summary="What was promised")
def promises(request: HttpRequest, slug: str, cursor: str = "", limit: int = DEFAULT) -> Any:
    """The promises of a use case, newest first."""
    rows = selectors.promises(viewer=request.actor).filter(use_case=_use_case(request, slug))
    return page(rows, cursor=cursor, limit=limit)


@router.post("/use-cases/{slug}/promises", response=answers(404, created=PromiseOut), summary="Promise a value")
def promise(request: HttpRequest, slug: str, said: PromiseIn) -> Any:
    """A new promise; the same as the last one changes nothing."""
    try:
        monthly = Decimal(said.monthly)
    except InvalidOperation:
        raise InvalidInput(f"“{said.monthly}” is no amount.", where="monthly", mend="Write it like 1200.00.") from None
    given = said.dict() | {"monthly": monthly}
    return 201, services.promise_value(actor=request.actor, use_case=_use_case(request, slug), **given)


@router.get(
    "/use-cases/{slug}/returns", response=answers(404, ok=CaseOut), summary="What a use case returned, with intervals"
)
def case(
    request: HttpRequest,
    slug: str,
    since: date | None = None,
    until: date | None = None,
    rate: Annotated[float | None, Query(ge=0, lt=10)] = None,
) -> Any:
    """The weeks from ``since`` to ``until`` (its last day); without them the 13 newest.

    ``rate`` is the discount rate a year of the net present value, 0.08 for 8 percent; without it that of the statement
    that holds.
    """
    use_case = _use_case(request, slug)
    asked = {name: day.isoformat() for name, day in (("from", since), ("until", until)) if day}
    period = periods.chosen(asked, last=horizon.last_data(request.actor), default="q")
    found = case_of(viewer=request.actor, use_case=use_case, period=period)
    result = found.result(rate=None if rate is None else Decimal(str(rate)))
    names = ("net", "value", "cost", "roi", "npv", "each", "break_even")
    known = {name: getattr(result, name) for name in names} if result else {}
    sums, paid = found.sums, found.payback
    return {
        "use_case": slug,
        "currency": found.currency,
        "since": found.weeks[0] if found.weeks else None,
        "weeks": len(found.weeks),
        "predictions": sums.predictions if sums else 0,
        "labelled": sums.labelled if sums else 0,
        "value": _text(sums.value) if sums else None,
        "cost": _text(sums.cost) if sums else None,
        "net": _text(sums.net) if sums else None,
        "roi": None if sums is None or sums.roi is None or found.expired else format(round(sums.roi, 6), "f"),
        "unsupported_since": found.expired,
        "last_supported_week": found.last_supported,
        "intervals": {
            name: {"low": one.low, "middle": one.middle, "high": one.high} for name, one in known.items() if one
        },
        "gain": result.gain if result else None,
        "paid_back": [paid.first, paid.middle, paid.last] if paid else [],
        "promised": _text(found.promised.due) if found.promised and sums else None,
        "simulated": found.simulated,
    }


def _use_case(request: HttpRequest, slug: str) -> Any:
    found = catalogue.use_cases(viewer=request.actor).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no use case {slug}, or it belongs to a team that you are not in.")
    return found
