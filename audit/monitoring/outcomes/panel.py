"""What a model's monitoring shows of groups: those that it does worse for, and gaps between groups of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue.models import Model, Task
from audit.catalogue.panels import MONITORING, Context, Panel, register
from audit.catalogue.words import MAIN_METRIC, count_of, metric_name, metric_value
from audit.monitoring.domain.fairness import ODDS, SELECTION
from audit.monitoring.domain.meaning import explain
from audit.monitoring.models import Window
from audit.monitoring.outcome_models import FairnessWeek, SliceFigure
from audit.monitoring.outcomes import ranking, selectors
from audit.monitoring.outcomes.ranking import Line, Ranking

SHOWN = 12
QUESTION = "Which groups does it do worse for?"
ALIKE = "Does it treat groups of people alike?"
RATES = {
    "selection_rate": "share flagged", "true_positive_rate": "share of positive cases that were flagged",
    "false_positive_rate": "share of negative cases that were flagged",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A group as a table shows it: what it is, its figure in words, and how it stands."""

    column: str
    words: str
    value: str | None
    interval: str | None
    n: int
    predictions: int
    state: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people: its rates in words with their intervals and rows, and whether it is too small to decide."""

    words: str
    predictions: int
    rates: tuple[tuple[str | None, str | None, int], ...]
    small: bool


def shown(line: Line, metric: str, unit: str) -> Shown:
    """The line in words."""
    value = None if line.value is None else metric_value(metric, line.value, unit)
    interval = _interval(metric, line.low, line.high)
    row = line.row
    return Shown(row.column, row.words, value, interval, line.n, row.predictions, line.state)


def _interval(metric: str, low: float | None, high: float | None) -> str | None:
    if low is None or high is None:
        return None
    return f"{metric_value(metric, low)} to {metric_value(metric, high)}"


def conclusion(found: Ranking, model: Model, metric: str) -> str:
    """Which groups are worse, in a sentence; a question while nothing says it."""
    whole = found.whole
    if whole is None or whole.value is None or not found.deciding:
        return QUESTION
    if not found.worse:
        return f"No group of {count_of(found.deciding, 'group')} fares worse than all, beyond chance"
    first = found.worse[0]
    assert first.value is not None, "a group that is worse has a figure"
    more = f", and for {count_of(len(found.worse) - 1, 'group')} more" if len(found.worse) > 1 else ""
    return (
        f"It does worse for {first.row.column} {first.row.words}{more}: {metric_name(metric)} "
        f"{metric_value(metric, first.value)}, {metric_value(metric, whole.value, model.unit)} for all"
    )


def _slices(model: Model, viewer: Actor, period: Period) -> Context | None:
    window = selectors.cut(viewer=viewer, model=model, since=period.start, until=period.end).first()
    if window is None:
        return None
    metric = MAIN_METRIC[model.task]
    found = ranking.rank(selectors.groups_of(window=window), metric)
    return context_of(model, window, found, metric, most=SHOWN)


def context_of(model: Model, window: Window, found: Ranking, metric: str, *, most: int) -> Context:
    """What the section and the page of groups show of a window."""
    return {
        "title": conclusion(found, model, metric),
        "window": window,
        "metric": metric_name(metric),
        "means": explain(metric),
        "whole": shown(found.whole, metric, model.unit) if found.whole else None,
        "lines": [shown(line, metric, model.unit) for line in found.lines[:most]],
        "total": len(found.lines),
        "least": ranking.LEAST,
    }


def _fairness(model: Model, viewer: Actor, period: Period) -> Context | None:
    if model.task != Task.CLASSIFICATION:
        return None
    rows = list(selectors.gaps(viewer=viewer, model=model, since=period.start, until=period.end))
    if not rows:
        return None
    newest = [row for row in rows if row.window_id == rows[0].window_id]
    columns = sorted({row.column for row in newest})
    groups = selectors.groups_of(window=rows[0].window).filter(column__in=columns)
    return gaps_of(newest, list(groups))


def gaps_of(newest: Sequence[FairnessWeek], groups: Sequence[SliceFigure]) -> Context:
    """What the section and the page of gaps show of a week: each gap, and the groups of each attribute."""
    first = newest[0]
    return {
        "title": _gap_words(newest),
        "window": first.window,
        "version": first.version,
        "gaps": [gap(row) for row in newest],
        "columns": [
            (column, [_group(row, first.minimum) for row in groups if row.column == column])
            for column in dict.fromkeys(row.column for row in newest)
        ],
        "minimum": first.minimum,
    }


def gap(row: FairnessWeek) -> dict[str, Any]:
    """A gap in words; without an interval above 0 it may be chance."""
    deciding = ODDS if row.metric == "equalised_odds_difference" else (SELECTION,)
    small = sorted({name for rate in deciding for name in row.too_small.get(rate, ())})
    apart = row.low is not None and row.low > 0
    return {
        "column": row.column,
        "name": metric_name(row.metric),
        "means": explain(row.metric),
        "value": None if row.value is None else f"{row.value:.3f}",
        "interval": None if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}",
        "n": row.n,
        "between": f"{row.highest} and {row.lowest}" if row.highest else "",
        "rate": RATES.get(row.rate, ""),
        "state": "unknown" if row.value is None else "watch" if apart else "" if row.low is None else "ok",
        "small": ", ".join(small),
    }


def _gap_words(rows: Sequence[FairnessWeek]) -> str:
    told = [row for row in rows if row.low is not None and row.value is not None]
    if not told:
        return ALIKE
    widest = max(told, key=lambda row: (row.low or 0, row.value or 0))
    if not widest.low:
        return "No group of people is told apart from the others, beyond chance"
    return (
        f"{widest.column}: the {RATES[widest.rate]} differs by {widest.value:.3f} "
        f"({widest.low:.3f} to {widest.high:.3f}) between {widest.highest} and {widest.lowest}"
    )


def _group(row: SliceFigure, minimum: int) -> Group:
    told = row.figures.get("metrics", {})
    rates = tuple(
        _rate(told.get(name) or {}, turned=turned)
        for name, turned in (("positive_rate", False), ("recall", False), ("specificity", True))
    )
    decides = row.kind == SliceFigure.Kind.VALUE and rates[0][2] >= minimum
    return Group(row.words, row.predictions, rates, not decides)


def _rate(told: dict[str, Any], *, turned: bool) -> tuple[str | None, str | None, int]:
    """A share in words; ``turned`` is that of the others."""
    value, low, high = (told.get(name) for name in ("value", "low", "high"))
    if value is None:
        return None, None, told.get("n", 0)
    if turned:
        value, low, high = 1 - value, None if high is None else 1 - high, None if low is None else 1 - low
    interval = None if low is None or high is None else f"{low:.1%} to {high:.1%}"
    return f"{value:.1%}", interval, told.get("n", 0)


def _classes(model: Model, viewer: Actor, period: Period) -> Context | None:
    if model.task != Task.MULTICLASS:
        return None
    window = selectors.cut(viewer=viewer, model=model, since=period.start, until=period.end).first()
    whole = selectors.groups_of(window=window).filter(kind=SliceFigure.Kind.WHOLE).first() if window else None
    if whole is None:
        return None
    told = whole.figures["classes"]
    worst = min(
        ((one["recall"]["value"], name) for name, one in told.items() if one["recall"]["value"] is not None),
        default=None,
    )
    return {
        "title": f"It recognises {worst[1]} least: {worst[0]:.1%} of its rows" if worst else "How does each class do?",
        "window": window,
        "classes": [(name, _share(one["precision"]), _share(one["recall"])) for name, one in sorted(told.items())],
    }


def _share(told: dict[str, Any]) -> dict[str, Any]:
    value, interval, n = _rate(told, turned=False)
    return {"value": value, "interval": interval, "n": n}


def register_own() -> None:
    """Adds the sections."""
    register(Panel(11, "classes", "Classes", "monitoring/panels/classes.html", _classes, parts=(MONITORING,)))
    register(Panel(18, "slices", "Groups", "monitoring/panels/slices.html", _slices, parts=(MONITORING,)))
    register(Panel(19, "fairness", "Fairness", "monitoring/panels/fairness.html", _fairness, parts=(MONITORING,)))
