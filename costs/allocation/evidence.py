"""What bundles of evidence tell about costs: what each model cost by month and stage, as the bills were known then."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from audit.base.actors import Actor
from audit.exports import sections
from audit.exports.domain.scope import ALL, Scope
from audit.exports.report import Cell, Claim, Headings, Section, Table, number, table
from audit.exports.words import count, day
from config.ui.format import money
from costs.allocation import selectors
from costs.allocation.domain import EVIDENCE, REASONS, STAGES
from costs.allocation.selectors import MonthCost

CLAIMS: Final = {"costs": "costs of each model"}


def register() -> None:
    """Adds the section to every report."""
    sections.register(section, claims=CLAIMS)


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """Costs in the scope's period; what belongs to no model is told with everything."""
    rows = selectors.monthly_costs(viewer=viewer, since=scope.since, until=scope.end, at=as_of)
    costs = [row for row in rows if row.model_id in scope.models or (row.model_id is None and scope.kind == ALL)]
    paid = {row.model_id for row in costs} & set(scope.models)
    return Section(
        key="costs",
        title="What it cost",
        order=70,
        sentences=_sentences(costs),
        tables=tuple(_tables(costs)),
        claims=(
            Claim(
                "costs",
                len(paid),
                len(scope.models),
                f"{len(paid):,} of {count(len(scope.models), 'model')} with costs",
            ),
        ),
        lede=_lede(costs),
    )


def _lede(costs: Sequence[MonthCost]) -> str:
    if not costs:
        return ""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in costs:
        totals[row.currency] += row.effective
    told = " and ".join(money(amount, currency) for currency, amount in sorted(totals.items()))
    first, last = min(row.month for row in costs), max(row.month for row in costs)
    period = _month(first) if first == last else f"{_month(first)} to {_month(last)}"
    made_up = {row.simulated for row in costs}
    simulated = (
        f" {'Part' if False in made_up else 'All'} of it comes from a simulated bill." if True in made_up else ""
    )
    return f"The bills come to {told} of effective cost, {period}.{simulated}"


def _sentences(costs: Sequence[MonthCost]) -> tuple[str, ...]:
    if not costs:
        return ("What it cost in this period is unknown: no bill of these days has been read.",)
    return (
        _lede(costs),
        (
            "Effective cost spreads what was paid up front over the days for which it was paid (FOCUS). “Found” says "
            "by what a charge was tied to its model."
        ),
    )


def _tables(costs: Sequence[MonthCost]) -> list[Table]:
    if not costs:
        return []
    totals: dict[tuple[str, UUID | None, str, str], Decimal] = defaultdict(Decimal)
    for row in costs:
        totals[row.name or "no model", row.model_id, row.stage, row.currency] += row.effective
    stages: list[list[Cell]] = [
        [name, STAGES[stage], money(amount, currency)]
        for (name, _, stage, currency), amount in sorted(
            totals.items(), key=lambda item: (item[0][1] is None, item[0][0], str(item[0][1]), -item[1], item[0][2:])
        )
    ]
    rows: list[list[Cell]] = [
        [
            _month(row.month),
            row.name or REASONS[row.residue],
            STAGES[row.stage],
            EVIDENCE[row.evidence],
            money(row.billed, row.currency),
            money(row.effective, row.currency),
            "simulated bill" if row.simulated else "bill",
        ]
        for row in costs
    ]
    headings: Headings = ["Month", "Model", "Stage", "Found", number("Billed"), number("Effective"), "From a"]
    return [
        table("By stage", ["Model", "Stage", number("Effective cost")], stages),
        table("By month and stage", headings, rows, long=len(rows) > 20),
    ]


def _month(first: date) -> str:
    return day(first).partition(" ")[2]
