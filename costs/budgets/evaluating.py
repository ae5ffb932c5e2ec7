"""Keeps how each budget stands by the last day known; a threshold that is reached is noted and told once."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.urls import reverse

from audit.base import clock
from audit.base.actors import Actor
from audit.ledger.audited import created
from audit.ledger.services import record
from audit.notifications import kinds
from audit.notifications.services import notify
from costs.billing.amounts import plain
from costs.budgets import ledger_actions, selectors
from costs.budgets.domain import standing as rules
from costs.budgets.domain.forecast import coverage, forecast
from costs.budgets.domain.periods import Span
from costs.budgets.models import Budget, BudgetState, Crossing

TOLD = "budgets.reached"
NEWS = timedelta(days=35)
"""So long after its day a threshold is news: bills come late, and a year of history that is read today is none."""


def register_kind() -> None:
    """Adds the kind of message."""
    kinds.register(TOLD, "A budget reached a threshold", "What was spent, or the forecast, reached a part of a budget.")


def evaluate(*, actor: Actor, progress: Callable[[int, int], None] | None = None) -> dict[str, int]:
    """Looks at every open budget; returns how many, of how many nothing is known, and the thresholds newly reached."""
    actor.check(selectors.STATE)
    rows = list(Budget.objects.filter(closed_at=None).order_by("pk").values_list("pk", flat=True))
    unknown = new = 0
    for at, key in enumerate(rows):
        with transaction.atomic():
            budget = Budget.objects.select_for_update(of=("self",)).select_related("team", "model", "owner").get(pk=key)
            state, reached = look_at(actor=actor, budget=budget)
        unknown += state is None
        new += len(reached)
        if progress:
            progress(at + 1, len(rows))
    return {"budgets": len(rows), "unknown": unknown, "crossings": new}


def look_at(*, actor: Actor, budget: Budget) -> tuple[BudgetState | None, list[Crossing]]:
    """Keeps how the budget stands by the last day known, and what it reached. Days beyond are known no more."""
    last = selectors.last_known(of=budget)
    BudgetState.objects.filter(budget=budget, **({"day__gt": last} if last else {})).delete()
    if last is None or not budget.holds_on(last):
        return None, []
    span = budget.span(last)
    days = selectors.daily(viewer=Actor.service("budgets"), of=budget, last=last)
    series = selectors.series_of(days, last)
    spent = sum((amount for day, amount in days.items() if day >= span.first), Decimal(0))
    left = Span(last + timedelta(days=1), span.until)
    coming = forecast(series, left, spent=spent) if left.first < left.until else None
    held = coverage(series)
    state, _ = BudgetState.objects.update_or_create(
        budget=budget,
        day=last,
        defaults={
            "period_start": span.first,
            "spent": spent,
            "low": coming.low if coming else None,
            "forecast": coming.value if coming else None,
            "high": coming.high if coming else None,
            "months": held.months,
            "inside": held.inside,
            "evaluated_at": clock.now(),
        },
    )
    said = {rules.SPENT: spent, rules.FORECAST: coming.value if coming else None}
    new = [
        _cross(actor, budget, span, last, kind, percent, value)
        for kind, value in said.items()
        if value is not None
        for percent in rules.reached(budget.amount, budget.thresholds, value)
        if not budget.crossings.filter(period_start=span.first, kind=kind, threshold=percent).exists()
    ]
    return state, new


def _cross(actor: Actor, budget: Budget, span: Span, day: date, kind: str, percent: int, value: Decimal) -> Crossing:
    row = Crossing.objects.create(
        budget=budget, period_start=span.first, kind=kind, threshold=percent, day=day, value=Decimal(plain(value))
    )
    record(actor=actor, action=ledger_actions.CROSSED, subject=row, team=budget.team_id, changes=created(row))
    if clock.now().date() - day <= NEWS:
        words = selectors.amount_words
        what = "was spent" if kind == rules.SPENT else f"is the forecast for {span.words}"
        stops = " It is a quota: once exceeded, retraining and promotion wait for an override." if budget.hard else ""
        notify(
            kind=TOLD,
            team=budget.team,
            key=f"{TOLD}:{budget.pk}:{span.first}:{kind}:{percent}",
            title=f"{budget}: {percent}% {'spent' if kind == rules.SPENT else 'forecast'}",
            text=(
                f"{words(budget, value)} {what}, of {words(budget, budget.amount)} for {budget.scope}; known until "
                f"{day.day} {day:%B %Y}.{stops}"
            ),
            link=reverse("budgets:budget", args=[budget.pk]),
            to=[budget.owner],
        )
    return row
