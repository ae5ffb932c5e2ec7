"""What pages of returns draw and say of figures: an unknown week is a gap, never zero; an estimate has its interval."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from audit.catalogue.models import Model
from config.ui import charts
from config.ui import format as say
from costs.returns.domain import BASELINE_WORDS, OUTCOMES, Interval, Part, Range
from costs.returns.models import ValueStatement
from costs.returns.selectors import TotalReturn, WeekReturn

WORDS = {**OUTCOMES, **BASELINE_WORDS}


def worth_of(known: Range, currency: str) -> str:
    """A stated value in words: "$3.20", or "$2.50 to $4.50, likely $3.20"."""
    if known.is_certain:
        return say.money(known.point, currency)
    words = f"{say.money(known.low, currency)} to {say.money(known.high, currency)}"
    return words if known.likely is None else f"{words}, likely {say.money(known.likely, currency)}"


def worth(statement: ValueStatement) -> list[tuple[str, str]]:
    """What a statement says each outcome is worth: (outcome, worth), both in words."""
    return [
        (OUTCOMES.get(outcome, outcome), worth_of(known, statement.currency))
        for outcome, known in statement.ranges.items()
    ]


def money_between(found: Interval, currency: str) -> str:
    """The ends of an interval of money, to the cent below 100 and to the unit above."""
    ends = [one for one in (found.low, found.high) if one is not None]
    places = places_of(ends)
    low, high = ("no bound" if one is None else say.money(one, currency, places) for one in (found.low, found.high))
    return f"{low} to {high}"


def money_about(amount: float | None, currency: str) -> str:
    """An estimated amount, to the cent below 100 and to the unit above."""
    return say.money(amount, currency, 0 if amount is None else places_of([amount]))


def places_of(amounts: Iterable[float]) -> int:
    """The decimals that estimates of this size are shown with."""
    return 0 if max((abs(one) for one in amounts), default=0.0) >= 100 else 2


def sources(weeks: Iterable[WeekReturn]) -> list[tuple[str, Part, str]]:
    """Where the value of these weeks comes from: (outcome in words, its summed term, currency), one line a worth."""
    sums: dict[tuple[str, Decimal, str], Decimal] = defaultdict(Decimal)
    for week in weeks:
        for part in week.parts:
            sums[part.outcome, part.each, week.currency] += part.count
    order = list(WORDS)
    keys = sorted(sums, key=lambda key: (order.index(key[0]), key[1:]))
    return [(WORDS[key[0]], Part(key[0], sums[key], key[1]), key[2]) for key in keys]


def chart_of(models: Sequence[Model], weeks: dict[Any, list[WeekReturn]]) -> dict[str, Any]:
    """Net value by week, one line a model, in the currency of most weeks; a week without a known value is a gap."""
    counts: dict[str, int] = defaultdict(int)
    for rows in weeks.values():
        for row in rows:
            counts[row.currency] += row.net is not None
    currency = max(counts, key=lambda code: (counts[code], code), default="")
    if not currency or not counts[currency]:
        return {"figure": None, "table": None, "title": "Net value by week is unknown"}
    by_week: dict[date, dict[Any, Decimal | None]] = defaultdict(dict)
    for key, rows in weeks.items():
        for row in rows:
            if row.currency == currency:
                by_week[row.week][key] = row.net
    shown = [model for model in models if any(of.get(model.pk) is not None for of in by_week.values())]
    order = sorted(by_week)
    series = [
        charts.Series(
            model.name,
            [week.isoformat() for week in order],
            [None if by_week[week].get(model.pk) is None else float(by_week[week][model.pk] or 0) for week in order],
            colour=number,
        )
        for number, model in enumerate(shown)
    ]
    prefix = "$" if currency == "USD" else f"{currency} "
    lines = [
        [say.day(week), *(say.number(by_week[week].get(model.pk), 2) for model in shown)] for week in reversed(order)
    ]
    figure = charts.lines(
        series, threshold=0.0, threshold_label="Nothing gained or lost,", y_format=",.0f", y_prefix=prefix
    )
    nets = [net for of in by_week.values() for net in of.values() if net is not None]
    gained = sum(net > 0 for net in nets)
    title = f"Outcomes were worth more than they cost in {gained} of {len(nets)} weeks of models"
    return {"figure": figure, "table": (["Week from", *(model.name for model in shown)], lines), "title": title}


def portfolio(rows: Iterable[TotalReturn]) -> dict[str, Any]:
    """Value against cost, a point a model, in the currency of most models; above the line it is worth its cost."""
    known = [row for row in rows if row.kind == "model" and row.model and row.value is not None]
    counts: dict[str, int] = defaultdict(int)
    for row in known:
        counts[row.currency] += 1
    currency = max(counts, key=lambda code: (counts[code], code), default="")
    own = [row for row in known if row.currency == currency]
    points = [
        charts.Point(row.model.name, float(row.cost), float(row.value))
        for row in own
        if row.model is not None and row.value is not None
    ]
    prefix = "$" if currency == "USD" else f"{currency} "
    worth_it = sum(row.net is not None and row.net > 0 for row in own)
    lines = [
        [row.model.name if row.model else "", say.number(row.cost, 2), say.number(row.value, 2), say.number(row.net, 2)]
        for row in own
    ]
    return {
        "figure": charts.scatter(points, x_title="Cost", y_title="Value", prefix=prefix) if points else None,
        "table": (["Model", f"Cost, {currency}", f"Value, {currency}", f"Net, {currency}"], lines) if own else None,
        "title": f"{worth_it} of {say.count(len(own), 'model')} with a known value earned more than it cost"
        if own
        else "No model has a known value in this period",
    }
