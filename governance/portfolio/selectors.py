"""Gathers the front page from rollups alone, in as many queries for two models as for two thousand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.base.periods import Period
from audit.catalogue import listing
from audit.catalogue import selectors as catalogue
from audit.catalogue.listing import ModelRow
from audit.catalogue.models import UseCase
from audit.catalogue.states import State
from costs.allocation import selectors as allocation
from costs.allocation.domain import RESIDUE
from costs.returns import selectors as returns
from costs.returns.selectors import WeekReturn
from governance.portfolio.domain import Sums, total

SPARK_WEEKS = 13


@dataclass(frozen=True, slots=True)
class Line:
    """A model with its money in the period."""

    row: ModelRow
    money: Sums
    others: tuple[str, ...]

    @property
    def series(self) -> list[float | None]:
        """The main measure of the newest weeks, oldest first."""
        return [week.value for week in self.row.weeks]


@dataclass(frozen=True, slots=True)
class Group:
    """A use case with the lines of its models."""

    use_case: UseCase
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Overview:
    """All figures of the front page, in one currency; ``other_currencies`` are never added to it.

    ``comparable``: the data reach back over the whole of the time before.
    """

    period: Period
    currency: str
    other_currencies: tuple[str, ...]
    groups: list[Group]
    residue: Sums
    now: Sums
    before: Sums
    weeks: list[tuple[date, Sums]]
    comparable: bool
    simulated: bool

    @property
    def lines(self) -> list[Line]:
        """The lines of all groups."""
        return [line for group in self.groups for line in group.lines]

    def outside(self) -> list[Line]:
        """The models outside their threshold."""
        return [line for line in self.lines if line.row.standing.state is State.BELOW]


SORTS = {
    "name": lambda line: line.row.model.name,
    "state": lambda line: ("below", "watch", "unknown", "healthy").index(line.row.standing.state),
    "value": lambda line: (line.money.value is None, -(line.money.value or 0)),
    "cost": lambda line: -line.money.cost,
    "net": lambda line: (line.money.net is None, -(line.money.net or 0)),
    "age": lambda line: (line.row.data_age is None, -(line.row.data_age or 0)),
}


def drawn_weeks(period: Period) -> int:
    """How many weeks the small drawings show: those of the period, and at least 13."""
    return max(SPARK_WEEKS, -((period.start - period.end) // WEEK))


def overview(*, viewer: Actor, period: Period, as_of: datetime | None = None, sort: str = "net") -> Overview:
    """What the viewer's models did in the period, against the same length before, and week by week."""
    models = list(catalogue.models(viewer=viewer))
    drawn = drawn_weeks(period)
    first = min(period.before().start, period.end - drawn * WEEK)
    weeks = returns.by_model(viewer=viewer, models=models, since=first, until=period.end)
    untied: dict[str, dict[date, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for cost in allocation.weekly_costs(viewer=viewer, since=first, until=period.end):
        if cost.evidence == RESIDUE:
            untied[cost.currency][cost.week] += Sums(cost=cost.effective)
    used = Counter(week.currency for own in weeks.values() for week in own if week.currency)
    used.update(currency for currency, own in untied.items() for _ in own)
    currency = used.most_common(1)[0][0] if used else ""
    known = listing.rows(viewer=viewer, models=models, weeks=drawn, as_of=as_of)
    lines = [
        Line(row, _within(weeks[row.model.pk], currency, period), _others(weeks[row.model.pk], currency))
        for row in known
    ]
    residue = _residue(untied[currency], period)
    before = period.before()
    shown = period.end - drawn * WEEK
    past = total([_within(own, currency, before) for own in weeks.values()]) + _residue(untied[currency], before)
    return Overview(
        period=period,
        currency=currency or "USD",
        other_currencies=tuple(sorted(set(used) - {currency})),
        groups=_groups(lines, sort),
        residue=residue,
        now=total(line.money for line in lines) + residue,
        before=past,
        weeks=_by_week(weeks, untied[currency], currency, shown.date(), period.end.date()),
        comparable=any(
            week.week < (before.start + WEEK).date() and (week.predictions or week.cost)
            for own in weeks.values()
            for week in own
        ),
        simulated=bool(used) and allocation.simulated(viewer=viewer, since=first.date(), until=period.end.date()),
    )  # fmt: skip


def _sums(week: WeekReturn) -> Sums:
    measured = 1 if week.predictions else 0
    return Sums(week.value, week.cost, week.predictions, week.labelled, measured, int(week.value is not None))


def _within(weeks: Sequence[WeekReturn], currency: str, period: Period) -> Sums:
    first, end = period.start.date(), period.end.date()
    return total(_sums(week) for week in weeks if week.currency in {currency, ""} and first <= week.week < end)


def _residue(weeks: dict[date, Sums], period: Period) -> Sums:
    return total(own for week, own in weeks.items() if period.start.date() <= week < period.end.date())


def _others(weeks: Iterable[WeekReturn], currency: str) -> tuple[str, ...]:
    return tuple(sorted({week.currency for week in weeks} - {currency, ""}))


def _groups(lines: list[Line], sort: str) -> list[Group]:
    grouped: dict[UUID, list[Line]] = defaultdict(list)
    use_cases = {}
    for line in lines:
        use_cases[line.row.model.use_case_id] = line.row.model.use_case
        grouped[line.row.model.use_case_id].append(line)
    key = SORTS.get(sort, SORTS["net"])
    return [
        Group(use_cases[pk], sorted(own, key=key))
        for pk, own in sorted(grouped.items(), key=lambda item: use_cases[item[0]].name)
    ]


def _by_week(
    weeks: dict[UUID, list[WeekReturn]], untied: dict[date, Sums], currency: str, first: date, end: date
) -> list[tuple[date, Sums]]:
    """Each week from ``first`` until ``end``, oldest first, from the first week that has anything."""
    found: dict[date, Sums] = defaultdict(Sums)
    for own in weeks.values():
        for week in own:
            if week.currency in {currency, ""} and first <= week.week < end:
                found[week.week] += _sums(week)
    for day, money in untied.items():
        if first <= day < end:
            found[day] += money
    if not found:
        return []
    days = [min(found)]
    while days[-1] + WEEK <= max(found):
        days.append(days[-1] + WEEK)
    return [(day, found[day]) for day in days]
