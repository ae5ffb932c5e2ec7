"""The course of a budget's period as a chart: spent by each day, against the amount, and where that is heading."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from config.ui import charts
from config.ui import format as say
from costs.budgets.domain.periods import Span
from costs.budgets.domain.standing import MONEY
from costs.budgets.models import Budget, BudgetState
from costs.budgets.selectors import amount_words


def course(budget: Budget, state: BudgetState, span: Span, days: Mapping[date, Decimal]) -> dict[str, Any]:
    """Figure, table and title of the period's course until the state's day; the forecast stands on its last day."""
    sums: list[tuple[date, Decimal, Decimal]] = []
    total, day = Decimal(0), span.first
    while day <= state.day:
        amount = days.get(day, Decimal(0))
        total += amount
        sums.append((day, amount, total))
        day += timedelta(days=1)
    series = [charts.Series("Spent", [at.isoformat() for at, _, _ in sums], [float(spent) for _, _, spent in sums])]
    coming = state.coming
    if coming is not None:
        start = float(total)
        series.append(
            charts.Series(
                "Forecast",
                [state.day.isoformat(), span.last.isoformat()],
                [start, float(coming.value)],
                [start, float(coming.low)],
                [start, float(coming.high)],
                dashed=True,
            )
        )
    money = budget.measure == MONEY
    prefix = ("$" if budget.currency == "USD" else f"{budget.currency} ") if money else ""
    places = 2 if money else 1
    return {
        "figure": charts.lines(
            series,
            threshold=float(budget.amount),
            threshold_label="Budget,",
            y_format=",.0f" if budget.amount >= 20 else ",.2f",
            y_prefix=prefix,
            y_suffix="" if money else " h",
            from_zero=True,
        ),
        "table": (
            ["Day", "That day", "In the period so far"],
            [[say.day(at), say.number(one, places), say.number(spent, places)] for at, one, spent in reversed(sums)],
        ),
        "title": (
            f"{amount_words(budget, total)} of {amount_words(budget, budget.amount)} was spent by {say.day(state.day)}"
        ),
    }
