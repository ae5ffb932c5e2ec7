"""What the pages of a model and of a use case say of its return."""

from typing import Any

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue.models import Model, UseCase
from config.ui import charts
from config.ui import format as say
from costs.allocation import report
from costs.allocation import selectors as allocation
from costs.allocation.domain import STAGES
from costs.returns import selectors, services
from costs.returns.figures import sources

ANCHOR = "cost"
TITLE = "What did it cost, and what did it return?"


def cost_panel(model: Model, viewer: Actor, period: Period) -> dict[str, Any]:
    """Value, cost and net value of the period, cost by week and stage, and where the value comes from."""
    costs = allocation.weekly_costs(viewer=viewer, models=[model], since=period.start, until=period.end)
    weeks = selectors.weekly(viewer=viewer, model=model, since=period.start, until=period.end, costs=costs)
    known = report.currencies(costs)
    currency = known[0] if known else ""
    found = report.spend(costs, [], currency=currency)
    totals = selectors.total_of(model, weeks)
    row = next((row for row in totals if row.currency == currency), totals[0] if totals else None)
    team = model.use_case.team_id
    return {
        "row": row,
        "currency": row.currency if row else currency,
        "others": [other for other in totals if row and other.currency != row.currency],
        "stages": [(STAGES[stage], found.total.stages[stage]) for stage in found.stages],
        "simulated": bool(costs)
        and allocation.simulated(viewer=viewer, since=period.first_day, until=period.end.date(), models=[model]),
        "sources": sources(weeks),
        "title": _title(row),
        "chart": _figure(found),
        "why_not": "" if viewer.may(services.RIGHT, team) else viewer.why_not(services.RIGHT),
    }


def use_case_panel(use_case: UseCase, viewer: Actor) -> dict[str, Any]:
    """The newest statement and promise, and the way to what they make of the measured outcomes."""
    return {
        "statement": selectors.statements(viewer=viewer).filter(use_case=use_case).first(),
        "promise": selectors.promises(viewer=viewer).filter(use_case=use_case).first(),
    }


def _title(row: selectors.TotalReturn | None) -> str:
    """The conclusion, where there is one."""
    if row is None:
        return "Nothing is known of its costs or outcomes in this period"
    cost = say.money(row.cost, row.currency)
    if row.net is None:
        return f"It cost {cost}; what it returned is unknown"
    return f"It cost {cost} and returned {say.money(row.value, row.currency)}: {say.money(row.net, row.currency)} net"


def _figure(found: report.Spend) -> dict[str, Any]:
    weeks = list(found.weeks)
    order = list(STAGES)
    parts = [
        charts.Part(
            STAGES[stage], [float(found.weeks[week].get(stage, 0)) for week in weeks], colour=order.index(stage)
        )
        for stage in found.stages
    ]
    if not parts:
        return {"figure": None, "swatches": [], "table": None}
    sums = [say.number(found.total.stages[stage], 2) for stage in found.stages]
    prefix = "$" if found.currency == "USD" else f"{found.currency} "
    rows = [
        [say.day(week), *(say.number(found.weeks[week].get(stage, report.ZERO), 2) for stage in found.stages)]
        for week in reversed(weeks)
    ]
    return {
        "figure": charts.stacked_bars([week.isoformat() for week in weeks], parts, y_prefix=prefix),
        "swatches": charts.swatches(parts, sums),
        "table": (["Week from", *(part.name for part in parts)], rows),
    }
