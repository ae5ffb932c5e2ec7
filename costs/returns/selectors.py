"""Puts measured outcomes, stated values and costs together, week by week; every read is the same number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.base.clock import start_of, week_of
from audit.base.scoping import visible
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Environment, Model
from audit.monitoring import selectors as monitoring
from audit.monitoring.models import Window
from costs.allocation import selectors as allocation
from costs.allocation.domain import RESIDUE
from costs.allocation.selectors import Cost
from costs.returns import domain
from costs.returns.domain import ZERO, Counts, Part, Stated
from costs.returns.models import Promise, ValueStatement


@dataclass(frozen=True, slots=True)
class WeekReturn:
    """One model's week (a Monday) in one currency. ``value`` and ``net`` are None where they are unknown.

    ``parts`` are the terms of the value and ``outcomes`` what they were counted from, where it is known; ``versions``
    the numbers of those that were in production. ``expired``: the last day for which values were stated, where they
    had run out by this week.
    """

    week: date
    predictions: int
    labelled: int
    value: Decimal | None
    cost: Decimal
    net: Decimal | None
    currency: str
    parts: list[Part] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    statement: UUID | None = None
    outcomes: tuple[Counts, ...] = ()
    expired: date | None = None

    @property
    def roi(self) -> Decimal | None:
        """(value - cost) / cost; None when unknown."""
        return domain.roi(self.value, self.cost)


@dataclass(frozen=True, slots=True)
class TotalReturn:
    """A period in one currency: of a model, of what belongs to no model, or of all (``kind`` model, residue, total).

    ``value`` adds up the weeks whose value is known: ``weeks_valued`` of ``weeks`` with production predictions. Cost is
    that of the whole period, so net value is what is known to be left. ``expired``: the last day for which values were
    stated, where they ran out before the last of these weeks; the return is then unsupported.
    """

    kind: str
    model: Model | None
    currency: str
    predictions: int
    labelled: int
    value: Decimal | None
    cost: Decimal
    weeks: int
    weeks_valued: int
    expired: date | None = None

    @property
    def net(self) -> Decimal | None:
        """Value minus cost; None when unknown."""
        return domain.net(self.value, self.cost)

    @property
    def roi(self) -> Decimal | None:
        """(value - cost) / cost; None when unknown."""
        return domain.roi(self.value, self.cost)

    @property
    def labelled_share(self) -> float | None:
        """The share of predictions whose outcome is known, 0 to 1."""
        return self.labelled / self.predictions if self.predictions else None


def statements(*, viewer: Actor) -> QuerySet[ValueStatement]:
    """Statements about use cases of the viewer's teams, newest first."""
    rows = ValueStatement.objects.select_related("use_case__team")
    return visible(rows, viewer=viewer, team="use_case__team", use_case="use_case", at="created_at")


def promises(*, viewer: Actor) -> QuerySet[Promise]:
    """Promises about use cases of the viewer's teams, newest first."""
    rows = Promise.objects.select_related("use_case__team")
    return visible(rows, viewer=viewer, team="use_case__team", use_case="use_case", at="created_at")


def never_in_production(*, viewer: Actor, models: Iterable[Model]) -> list[Model]:
    """Those of ``models`` of which no version ever ran in production."""
    rows = catalogue.deployments(viewer=viewer).filter(environment=Environment.PRODUCTION)
    ran = set(rows.values_list("version__model_id", flat=True))
    return [model for model in models if model.pk not in ran]


def weekly(
    *,
    viewer: Actor,
    model: Model,
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    costs: Iterable[Cost] | None = None,
) -> list[WeekReturn]:
    """The model's weeks from ``since`` until, not including, ``until`` (UTC), in order."""
    return by_model(viewer=viewer, models=[model], since=since, until=until, costs=costs).get(model.pk, [])


def by_model(
    *,
    viewer: Actor,
    models: Sequence[Model],
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    costs: Iterable[Cost] | None = None,
) -> dict[UUID, list[WeekReturn]]:
    """The weeks of several models, in five queries whatever their number. Models must be the viewer's to see.

    ``costs`` are those of the models and the time, where the caller has them already.
    """
    if costs is None:
        costs = allocation.weekly_costs(viewer=viewer, models=models, since=since, until=until)
    windows, paid_for = _windows(viewer, models, since, until), list(costs)
    if not windows and not paid_for:
        return {model.pk: [] for model in models}
    produced = _produced(models, windows)
    stated: dict[UUID, list[Stated]] = defaultdict(list)
    for statement in ValueStatement.objects.filter(use_case__in={model.use_case_id for model in models}):
        stated[statement.use_case_id].append(statement.stated())
    spent: dict[UUID, dict[date, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(Decimal)))
    for cost in paid_for:
        if cost.model_id is not None:
            spent[cost.model_id][cost.week][cost.currency] += cost.effective
    result = {}
    for model in models:
        own, paid = produced.get(model.pk, {}), spent[model.pk]
        rows: list[WeekReturn] = []
        for week in sorted({*own, *paid}):
            rows += _week(week, own.get(week, []), stated[model.use_case_id], paid.get(week, {}))
        result[model.pk] = rows
    return result


def _week(
    week: date, windows: Sequence[Window], stated: Sequence[Stated], costs: dict[str, Decimal]
) -> list[WeekReturn]:
    """The week in each of its currencies: the value stands in the one in which it was stated, and in no other."""
    statement = domain.in_force(stated, week)
    terms: list[Part] = []
    valued: list[Counts] = []
    for window in windows if statement else ():
        counts = _counts(window)
        found = domain.parts(counts, statement.values, statement.baseline) if statement else None
        if found:
            terms += found
            valued.append(counts)
    value = domain.value_of(terms or None)
    used = dict(costs)
    if value is not None and statement is not None:
        used.setdefault(statement.currency, ZERO)
    elif not used:
        used[statement.currency if statement else ""] = ZERO
    rows = []
    for currency, cost in sorted(used.items()):
        known = value is not None and statement is not None and currency == statement.currency
        rows.append(
            WeekReturn(
                week,
                sum(window.predictions for window in windows),
                sum(window.labelled for window in windows),
                value if known else None,
                cost,
                domain.net(value if known else None, cost),
                currency,
                terms if known else [],
                sorted({window.version.number for window in windows}),
                statement.id if statement else None,
                tuple(valued) if known else (),
                domain.expired_before(stated, week) if windows else None,
            )
        )
    return rows


def _counts(window: Window) -> Counts:
    return Counts(
        window.predictions,
        window.labelled,
        window.tp,
        window.fp,
        window.fn,
        window.tn,
        window.absolute_error_sum,
        window.squared_error_sum,
    )


def _windows(
    viewer: Actor, models: Iterable[Model], since: date | datetime | None, until: date | datetime | None
) -> list[Window]:
    """Whole weeks that Tollgate measured and that count now."""
    rows = monitoring.windows(
        viewer=viewer,
        since=start_of(since) if since is not None and not isinstance(since, datetime) else since,
        until=start_of(until) if until is not None and not isinstance(until, datetime) else until,
    )
    rows = rows.filter(version__model__in=[model.pk for model in models]).prefetch_related(None)
    return list(rows.order_by("start", "version__number"))


def _produced(models: Sequence[Model], windows: Iterable[Window]) -> dict[UUID, dict[date, list[Window]]]:
    """The windows that earned: of versions in production in that week, by model and week.

    A version that ran as a shadow in a part of the week earned nothing there, and its window does not say which part;
    it counts only where no other version was in production.
    """
    periods: dict[UUID, list[tuple[str, datetime, datetime | None]]] = defaultdict(list)
    service = Actor.service("returns")
    rows = catalogue.deployments(viewer=service).filter(
        Q(environment=Environment.PRODUCTION) | Q(environment=Environment.SHADOW),
        version__model__in=[m.pk for m in models],
    )
    for version, environment, start, end in rows.values_list("version_id", "environment", "since", "until"):
        periods[version].append((environment, start, end))

    def ran(window: Window, environment: str) -> bool:
        return any(
            kind == environment and start < window.end and (end is None or end > window.start)
            for kind, start, end in periods[window.version_id]
        )

    found: dict[UUID, dict[date, list[Window]]] = defaultdict(lambda: defaultdict(list))
    for window in windows:
        if ran(window, Environment.PRODUCTION):
            found[window.version.model_id][week_of(window.start).astimezone(UTC).date()].append(window)
    for weeks in found.values():
        for week, own in weeks.items():
            pure = [window for window in own if not ran(window, Environment.SHADOW)]
            if pure:
                weeks[week] = pure
    return found


def totals(
    *, viewer: Actor, since: date | datetime | None = None, until: date | datetime | None = None
) -> list[TotalReturn]:
    """Each model's period, then what belongs to no model, then all, in each currency; dearest model first."""
    models = list(catalogue.models(viewer=viewer))
    weeks = by_model(viewer=viewer, models=models, since=since, until=until)
    rows = [row for model in models for row in total_of(model, weeks[model.pk])]
    rows.sort(key=lambda row: (row.currency, -row.cost, row.model.slug if row.model else ""))
    residue: dict[str, Decimal] = defaultdict(Decimal)
    for cost in allocation.weekly_costs(viewer=viewer, since=since, until=until):
        if cost.evidence == RESIDUE:
            residue[cost.currency] += cost.effective
    result = list(rows)
    for currency in sorted({*(row.currency for row in rows), *residue} - {""}):
        own = [row for row in rows if row.currency == currency]
        untied = TotalReturn("residue", None, currency, 0, 0, None, residue.get(currency, ZERO), 0, 0)
        result += [untied, _sum(currency, own, untied.cost)]
    return result


def total_of(model: Model, weeks: Sequence[WeekReturn]) -> list[TotalReturn]:
    """The weeks of one model added up, in each of their currencies."""
    rows = []
    for currency in sorted({week.currency for week in weeks}):
        own = [week for week in weeks if week.currency == currency]
        rows.append(
            TotalReturn(
                "model",
                model,
                currency,
                sum(week.predictions for week in own),
                sum(week.labelled for week in own),
                _known(week.value for week in own),
                sum((week.cost for week in own), ZERO),
                sum(1 for week in own if week.predictions),
                sum(1 for week in own if week.value is not None),
                next((week.expired for week in reversed(own) if week.predictions), None),
            )
        )
    return rows


def _sum(currency: str, rows: Sequence[TotalReturn], residue: Decimal) -> TotalReturn:
    return TotalReturn(
        "total",
        None,
        currency,
        sum(row.predictions for row in rows),
        sum(row.labelled for row in rows),
        _known(row.value for row in rows),
        sum((row.cost for row in rows), residue),
        sum(row.weeks for row in rows),
        sum(row.weeks_valued for row in rows),
    )


def _known(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known, ZERO) if known else None


def statements_about(model: Model, viewer: Actor) -> list[ValueStatement]:
    """The statements whose ledger entries belong on the model's timeline."""
    return list(statements(viewer=viewer).filter(use_case=model.use_case_id)[:50])
