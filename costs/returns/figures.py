"""What pages of returns draw: where a value comes from, and net value by week. An unknown week is a gap, never zero."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from audit.catalogue.models import Model
from config.ui import charts
from config.ui import format as say
from costs.returns.domain import OUTCOMES, Part
from costs.returns.selectors import WeekReturn


def sources(weeks: Iterable[WeekReturn]) -> list[tuple[str, Part, str]]:
    """Where the value of these weeks comes from: (outcome in words, its summed term, currency), one line a worth."""
    sums: dict[tuple[str, Decimal, str], Decimal] = defaultdict(Decimal)
    for week in weeks:
        for part in week.parts:
            sums[part.outcome, part.each, week.currency] += part.count
    order = list(OUTCOMES)
    keys = sorted(sums, key=lambda key: (order.index(key[0]), key[1:]))
    return [(OUTCOMES[key[0]], Part(key[0], sums[key], key[1]), key[2]) for key in keys]


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
