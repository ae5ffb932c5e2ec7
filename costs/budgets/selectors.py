"""Reads budgets, how they stand, and what an exceeded quota stops.

A budget of a team or a use case adds up several models, so who is limited to some models sees budgets of these alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import DurationField, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Subquery

from audit.base import clock
from audit.base.actors import Actor, who_may
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.catalogue.models import Model, PipelineRun
from config.ui import format as say
from costs.allocation import selectors as allocation
from costs.allocation.models import DayCost
from costs.billing.amounts import ExactSum
from costs.budgets.domain.forecast import Series
from costs.budgets.domain.standing import MONEY
from costs.budgets.models import Budget, BudgetState, Crossing, Override

HISTORY = timedelta(days=800)
"""So far back days are read: two years of months to hold back, and six weeks before them."""
TRAINING = "train"
STATE, OVERRIDE = "budgets.state", "budgets.override"
MICROSECOND, MICROSECONDS_AN_HOUR = timedelta(microseconds=1), 3_600_000_000
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """A budget with how it stands by the last day known (None: not known), and the override in force."""

    budget: Budget
    state: BudgetState | None
    override: Override | None


def budgets(*, viewer: Actor, closed: bool = False) -> QuerySet[Budget]:
    """The budgets that the viewer sees, newest first; those that were closed too when ``closed``."""
    rows = Budget.objects.select_related("team", "use_case", "model__use_case", "owner")
    rows = visible(rows, viewer=viewer, team="team", model="model")
    return rows if closed else rows.filter(closed_at=None)


def budget(*, viewer: Actor, budget_id: UUID) -> Budget:
    """One budget.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = budgets(viewer=viewer, closed=True).filter(pk=budget_id).first()
    if found is None:
        raise NotFound("There is no such budget, or it belongs to a team that you are not in.")
    return found


def states(*, viewer: Actor) -> QuerySet[BudgetState]:
    """How budgets stood, newest day first."""
    rows = BudgetState.objects.select_related("budget")
    return visible(rows, viewer=viewer, team="budget__team", model="budget__model", at="day")


def crossings(*, viewer: Actor) -> QuerySet[Crossing]:
    """Thresholds that were reached, newest first."""
    rows = Crossing.objects.select_related("budget")
    return visible(rows, viewer=viewer, team="budget__team", model="budget__model", at="day")


def overrides(*, viewer: Actor) -> QuerySet[Override]:
    """Overrides of quotas, newest first."""
    rows = Override.objects.select_related("budget", "given_by")
    return visible(rows, viewer=viewer, team="budget__team", model="budget__model", at="created_at")


def lines(*, viewer: Actor, of: Iterable[Budget] | None = None, on: date | None = None) -> list[Line]:
    """The viewer's open budgets (or those ``of``) with how they stand; three queries whatever their number."""
    rows = list(budgets(viewer=viewer) if of is None else of)
    keys = [row.pk for row in rows]
    known = {state.budget_id: state for state in _newest(states(viewer=viewer).filter(budget__in=keys))}
    live: dict[UUID, Override] = {}
    found = overrides(viewer=viewer).filter(budget__in=keys, until__gte=on or clock.now().date())
    for override in found.order_by("until"):
        live[override.budget_id] = override
    return [Line(row, known.get(row.pk), live.get(row.pk)) for row in rows]


def _newest(rows: QuerySet[BudgetState]) -> QuerySet[BudgetState]:
    """Of each budget the last day's."""
    last = BudgetState.objects.filter(budget=OuterRef("budget")).order_by().values("budget").annotate(day=Max("day"))
    return rows.filter(day=Subquery(last.values("day")))


def blocked_by(*, model: Model, stages: Collection[str], on: date | None = None) -> str:
    """The sentence of an exceeded quota that stops what costs of ``model`` at ``stages``; empty when none does.

    Only a quota whose period holds ``on`` (today, UTC) stops something, and only until it is overridden. It is a fact
    about the model, whoever asks: the sentence names the quota and its period, but not what others spent.
    """
    today = on or clock.now().date()
    mine = Q(model=model) | Q(use_case=model.use_case_id) | Q(team=model.use_case.team_id, use_case=None, model=None)
    rows = BudgetState.objects.select_related("budget").filter(
        Q(budget__stage="") | Q(budget__stage__in=stages),
        budget__in=Budget.objects.filter(mine, hard=True, closed_at=None),
    )
    rows = _newest(rows)
    passed = set(Override.objects.filter(budget__hard=True, until__gte=today).values_list("budget", flat=True))
    for row in rows.order_by("budget__created_at"):
        span = row.budget.span(today)
        if row.budget_id in passed or not row.budget.holds_on(today) or row.period_start != span.first:
            continue
        if row.spent > row.budget.amount:
            return (
                f"The quota “{row.budget}” for {span.words} is exceeded. "
                f"{who_may(OVERRIDE).capitalize()} of this team can override it, with a reason and an end."
            )
    return ""


def simulated(*, viewer: Actor, of: Budget, since: date, until: date) -> bool:
    """Whether any of the costs that the budget counts comes from a simulated bill."""
    if of.measure != MONEY:
        return False
    models = list(Model.objects.filter(_models(of, "")))
    return allocation.simulated(viewer=viewer, since=since, until=until, models=models)


def last_known(*, of: Budget) -> date | None:
    """The last day whose costs are known: of the bills for money, today for hours; None without a bill."""
    today = clock.now().date()
    if of.measure != MONEY:
        return today
    billed = allocation.last_day(Actor.service("budgets"))
    return min(billed, today) if billed else None


def daily(*, viewer: Actor, of: Budget, last: date) -> dict[date, Decimal]:
    """What counted on each day until ``last``, 800 days back; days without anything are left out. One query."""
    since = last - HISTORY
    if of.measure == MONEY:
        rows = _costs(viewer, of, since, last).filter(currency=of.currency)
        return dict(rows.values("day").annotate(sum=ExactSum("effective")).order_by("day").values_list("day", "sum"))
    return _hours(viewer, of, since, last)


def uncounted(*, viewer: Actor, of: Budget, since: date, last: date) -> list[tuple[str, Decimal]]:
    """What the scope spent from ``since`` to ``last`` in currencies that the budget does not count, by currency."""
    if of.measure != MONEY:
        return []
    rows = _costs(viewer, of, since, last).exclude(currency=of.currency).values("currency")
    return list(rows.annotate(sum=ExactSum("effective")).order_by("currency").values_list("currency", "sum"))


def _costs(viewer: Actor, of: Budget, since: date, last: date) -> QuerySet[DayCost]:
    rows = allocation.day_costs(viewer=viewer).filter(_models(of, "model__"), day__gte=since, day__lte=last)
    return rows.filter(stage=of.stage) if of.stage else rows


def _hours(viewer: Actor, of: Budget, since: date, last: date) -> dict[date, Decimal]:
    """Hours that runs took from start to end, on the day on which they started (UTC); open runs are not known yet."""
    path = "pipeline__model"
    runs = visible(
        PipelineRun.objects.all(), viewer=viewer, team=f"{path}__use_case__team", model=path, at="started_at"
    )
    ended = runs.filter(
        _models(of, f"{path}__"),
        finished_at__gt=F("started_at"),
        started_at__gte=clock.start_of(since),
        started_at__lt=clock.start_of(last + timedelta(days=1)),
    )
    found: dict[date, Decimal] = defaultdict(Decimal)
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    for start, length in ended.order_by("started_at").values_list("started_at", took):
        found[start.astimezone(UTC).date()] += Decimal(length // MICROSECOND) / MICROSECONDS_AN_HOUR
    return {day: hours.quantize(Decimal("0.0001")) for day, hours in found.items()}


def _models(of: Budget, path: str) -> Q:
    """The condition on models whose costs count; ``path`` leads to the model."""
    if of.model_id:
        return Q(**{f"{path}pk": of.model_id})
    if of.use_case_id:
        return Q(**{f"{path}use_case": of.use_case_id})
    return Q(**{f"{path}use_case__team": of.team_id})


def series_of(days: dict[date, Decimal], last: date) -> Series:
    """The days from the first with an amount until ``last``, with zero where nothing counted."""
    first = min((day for day, amount in days.items() if amount), default=last + timedelta(days=1))
    count = (last - first).days + 1
    return Series(first, [float(days.get(first + timedelta(days=at), ZERO)) for at in range(count)])


def amount_words(of: Budget, amount: Any) -> str:
    """An amount of the budget's measure: "$12.00", "12.0 hours"."""
    return say.money(amount, of.currency) if of.measure == MONEY else f"{say.number(amount, 1)} hours"


def evaluated_at(rows: Iterable[Line]) -> datetime | None:
    """When the first of these was looked at last; None when none was."""
    return min((row.state.evaluated_at for row in rows if row.state), default=None)
