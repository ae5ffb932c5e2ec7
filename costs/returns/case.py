"""Gathers what one use case returned: exact sums, how sure they are, what was promised, and whether it is supported.

The weeks are those of the period up to the last one whose value is known: a week whose labels are still to come, or
whose values have run out, is left out with its cost, and said.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from audit.base.actors import Actor
from audit.base.clock import WEEK, week_of
from audit.base.periods import Period
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model, UseCase
from costs.allocation import selectors as allocation
from costs.allocation.selectors import Cost
from costs.returns import domain, selectors
from costs.returns.domain import ZERO, Counts, Evidence, Measured, PaidWeek, Payback, Result, Stated
from costs.returns.models import Promise, ValueStatement
from costs.returns.selectors import WeekReturn

VARIABLE: Final = frozenset({"serve_online", "serve_batch"})
"""Stages whose cost is taken to grow with the number of predictions; all others are fixed."""
DAYS_A_MONTH: Final = Decimal("30.4375")
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sums:
    """Exact sums over the weeks that count, in the case's currency."""

    value: Decimal
    cost: Decimal
    predictions: int
    labelled: int
    valued: int
    measured: int

    @property
    def net(self) -> Decimal:
        """Value minus cost."""
        return self.value - self.cost

    @property
    def roi(self) -> Decimal | None:
        """(value - cost) / cost; None without cost."""
        return domain.roi(self.value, self.cost)

    @property
    def labelled_share(self) -> float | None:
        """The share of predictions whose outcome is known, 0 to 1."""
        return self.labelled / self.predictions if self.predictions else None


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise and what it says of the weeks that count: ``due`` by its amount a month, for the days it covers."""

    promise: Promise
    due: Decimal


@dataclass(frozen=True, slots=True)
class Case:
    """One use case in one currency.

    ``weeks`` (Mondays) are those that count, ``rows`` what each model did in them. ``expired`` is the last day with
    stated values where they have run out by the end of the period: the return is then unsupported. ``left_out`` are
    measured weeks of the period without a known value after the last that counts. ``others`` are costs in other
    currencies, never added.
    """

    use_case: UseCase
    models: list[Model]
    statements: list[ValueStatement]
    current: ValueStatement | None
    currency: str
    weeks: list[date]
    rows: list[tuple[Model, WeekReturn]]
    sums: Sums | None
    evidence: Evidence | None
    expired: date | None
    left_out: int
    others: dict[str, Decimal]
    promised: Promised | None
    payback: Payback | None
    simulated: bool

    @property
    def last_supported(self) -> date | None:
        """The Monday of the last week that values were stated for, where they have run out."""
        return None if self.expired is None else week_of(self.expired).date()

    @property
    def rate(self) -> Decimal | None:
        """The discount rate a year of the statement that holds."""
        return self.current.discount_rate if self.current else None

    def result(self, *, evidence: Evidence | None = None, rate: Decimal | None = None) -> Result | None:
        """Its intervals; of other ``evidence`` and at another ``rate`` where given."""
        known = evidence or self.evidence
        used = self.rate if rate is None else rate
        return domain.simulate(known, rate=None if used is None else float(used)) if known else None


def case_of(*, viewer: Actor, use_case: UseCase, period: Period) -> Case:
    """What the use case returned in ``period``; payback is of all weeks up to its end. Ten queries at most."""
    models = list(catalogue.models(viewer=viewer).filter(use_case=use_case))
    statements = list(selectors.statements(viewer=viewer).filter(use_case=use_case))
    costs = allocation.weekly_costs(viewer=viewer, models=models, until=period.end)
    by_model = selectors.by_model(viewer=viewer, models=models, until=period.end, costs=costs)
    stated = {one.pk: one.stated() for one in statements}
    last_week = (period.end - WEEK).date()
    history = [(model, row) for model in models for row in by_model[model.pk]]
    inside = [(model, row) for model, row in history if row.week >= period.first_day]
    currency = _currency(inside, stated.values(), last_week)
    own = [(model, row) for model, row in inside if row.currency == currency]
    valued = [row.week for _, row in own if row.value is not None]
    end = max(valued, default=None)
    rows = [(model, row) for model, row in own if end is not None and row.week <= end]
    weeks = _mondays(min((row.week for _, row in rows), default=None), end)
    paid = {row.week for _, row in inside if row.predictions and (end is None or row.week > end)}
    others: dict[str, Decimal] = defaultdict(Decimal)
    for _, row in inside:
        if row.currency not in {currency, ""}:
            others[row.currency] += row.cost
    held = domain.in_force(stated.values(), last_week)
    promise = selectors.promises(viewer=viewer).filter(use_case=use_case)
    return Case(
        use_case=use_case,
        models=models,
        statements=statements,
        current=next((one for one in statements if held and one.pk == held.id), None),
        currency=currency,
        weeks=weeks,
        rows=rows,
        sums=_sums(rows) if weeks else None,
        evidence=_evidence(rows, weeks, stated, costs, currency) if weeks else None,
        expired=domain.expired_before(stated.values(), last_week),
        left_out=len(paid),
        others=dict(others),
        promised=_promised(promise, weeks, currency),
        payback=domain.payback(_history(history, stated, currency, end)) if end else None,
        simulated=bool(costs)
        and allocation.simulated(viewer=viewer, since=period.first_day, until=period.end.date(), models=models),
    )


def _currency(rows: Sequence[tuple[Model, WeekReturn]], stated: Iterable[Stated], on: date) -> str:
    """That of the newest week with a value, else of the statement that holds, else of the costs."""
    newest = max((row for _, row in rows if row.value is not None), key=lambda row: row.week, default=None)
    if newest:
        return newest.currency
    held = domain.in_force(stated, on)
    return held.currency if held else max((row.currency for _, row in rows), default="")


def _mondays(first: date | None, last: date | None) -> list[date]:
    if first is None or last is None:
        return []
    return [first + number * WEEK for number in range((last - first) // WEEK + 1)]


def _sums(rows: Sequence[tuple[Model, WeekReturn]]) -> Sums:
    own = [row for _, row in rows]
    return Sums(
        sum((row.value for row in own if row.value is not None), ZERO),
        sum((row.cost for row in own), ZERO),
        sum(row.predictions for row in own),
        sum(row.labelled for row in own),
        len({row.week for row in own if row.value is not None}),
        len({row.week for row in own if row.predictions}),
    )


def _evidence(
    rows: Sequence[tuple[Model, WeekReturn]],
    weeks: Sequence[date],
    stated: dict[UUID, Stated],
    costs: Iterable[Cost],
    currency: str,
) -> Evidence:
    at = {week: number for number, week in enumerate(weeks)}
    groups: dict[tuple[UUID, UUID], list[WeekReturn]] = defaultdict(list)
    for model, row in rows:
        if row.statement is not None and row.outcomes:
            groups[model.pk, row.statement].append(row)
    measured = []
    for (_, statement), own in sorted(groups.items()):
        labelled = [0.0] * len(weeks)
        for row in own:
            labelled[at[row.week]] += sum(counts.labelled for counts in row.outcomes)
        together = _together([counts for row in own for counts in row.outcomes])
        measured.append(Measured(stated[statement], together, tuple(labelled)))
    fixed, variable = [0.0] * len(weeks), [0.0] * len(weeks)
    for cost in costs:
        if cost.currency == currency and cost.week in at:
            (variable if cost.stage in VARIABLE else fixed)[at[cost.week]] += float(cost.effective)
    return Evidence(tuple(measured), tuple(fixed), tuple(variable))


def _together(counts: Sequence[Counts]) -> Counts:
    """The sums of one model's counts; what one of them lacks is unknown of all."""

    def total(name: str) -> float | None:
        values = [getattr(one, name) for one in counts]
        return None if None in values else sum(values)

    return Counts(**{field.name: total(field.name) for field in fields(Counts)})  # type: ignore[arg-type]


def _history(
    rows: Iterable[tuple[Model, WeekReturn]], stated: dict[UUID, Stated], currency: str, end: date
) -> list[PaidWeek]:
    costs: dict[date, Decimal] = defaultdict(Decimal)
    outcomes: dict[date, list[tuple[Stated, Counts]]] = defaultdict(list)
    for _, row in rows:
        if row.currency == currency and row.week <= end:
            costs[row.week] += row.cost
            if row.statement is not None:
                outcomes[row.week] += [(stated[row.statement], counts) for counts in row.outcomes]
    return [PaidWeek(week, float(costs[week]), tuple(outcomes[week])) for week in sorted(costs)]


def _promised(promises: Iterable[Promise], weeks: Sequence[date], currency: str) -> Promised | None:
    """The newest promise in the currency that speaks of a day of these weeks; unknown weeks promise nothing yet."""
    for one in promises:
        if one.currency != currency:
            continue
        if not weeks:
            return Promised(one, ZERO)
        first, last = max(weeks[0], one.since), weeks[-1] + WEEK - ONE_DAY
        last = min(last, one.until) if one.until else last
        if first <= last:
            return Promised(one, one.monthly * ((last - first).days + 1) / DAYS_A_MONTH)
    return None
