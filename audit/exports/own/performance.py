"""How well each version works, week by week, with the number of cases and a 95% interval; undefined is not zero."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from audit.base.actors import Actor
from audit.catalogue.selectors import PRODUCTION
from audit.catalogue.words import IN_UNITS, MAIN_METRIC, metric_name, metric_value
from audit.exports.domain.scope import Scope
from audit.exports.facts import Measured, ModelFacts, Standing, WeekFacts, models_at, standing_at, weeks_at
from audit.exports.report import (
    UNKNOWN,
    Cell,
    Claim,
    Headings,
    Line,
    Lines,
    Point,
    Section,
    Table,
    known,
    number,
    table,
)
from audit.exports.words import count, day
from audit.monitoring.domain.meaning import EXPLAINED, METRICS

CLAIMS: Final = {"performance": "measured performance with numbers of cases and intervals"}
Serving = Mapping[UUID, Sequence[Standing]]
WEEKS_UP_TO: Final = 5
"""Of more models than these a report shows each version's last week only; export one model to see its weeks."""


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """The measured weeks of the scope's models in its period."""
    models = models_at(scope=scope, viewer=viewer, as_of=as_of)
    weeks = weeks_at(scope=scope, viewer=viewer, as_of=as_of)
    of: dict[UUID, list[WeekFacts]] = defaultdict(list)
    for week in weeks:
        of[week.model_id].append(week)
    held = sum(any(_measured(week, model) for week in of[model.id]) for model in models)
    serving = _serving(standing_at(scope=scope, viewer=viewer, as_of=as_of))
    tables, figures = [], []
    if weeks:
        tables.append(_last_weeks(models, of))
    if len(models) <= WEEKS_UP_TO:
        for model in models:
            if of[model.id]:
                figures += _figure(model, of[model.id])
                tables += [_all_metrics(model, of[model.id], serving), _each_week(model, of[model.id])]
    return Section(
        key="performance",
        title="How well they work",
        order=40,
        sentences=_sentences(models, of, serving, scope),
        tables=tuple(tables),
        figures=tuple(figures),
        claims=(
            Claim(
                "performance",
                held,
                len(models),
                f"{held:,} of {count(len(models), 'model')} with measured weeks, cases and intervals",
            ),
        ),
        lede=_lede(models, of, serving),
    )


def _main(model: ModelFacts) -> str:
    return MAIN_METRIC.get(model.task, "")


def _measured(week: WeekFacts, model: ModelFacts) -> bool:
    found = week.metrics.get(_main(model))
    return found is not None and found.value is not None and found.low is not None and found.n > 0


def _newest(weeks: Sequence[WeekFacts], model: ModelFacts) -> WeekFacts | None:
    return next((week for week in reversed(weeks) if _measured(week, model)), None)


def _serving(standing: Iterable[Standing]) -> Serving:
    """Which versions were in production, and until when."""
    found: dict[UUID, list[Standing]] = defaultdict(list)
    for one in standing:
        if one.what == "deployment" and one.where == PRODUCTION:
            found[one.version_id].append(one)
    return found


def _served(week: WeekFacts, serving: Serving) -> bool:
    periods = serving.get(week.version_id, ())
    return any(one.since < week.end and (one.until is None or one.until > week.start) for one in periods)


def _lede(models: Sequence[ModelFacts], of: Mapping[UUID, Sequence[WeekFacts]], serving: Serving) -> str:
    if len(models) > 2:
        held = sum(_newest(of.get(model.id, ()), model) is not None for model in models)
        return f"Of {held:,} of {len(models):,} models performance was measured in this period."
    return " ".join(_said(model, of.get(model.id, ()), serving) for model in models)


def _telling(weeks: Sequence[WeekFacts], model: ModelFacts, serving: Serving) -> WeekFacts | None:
    """The last measured week of a version that was in production in it, or else of any version."""
    return _newest([week for week in weeks if _served(week, serving)], model) or _newest(weeks, model)


def _said(model: ModelFacts, weeks: Sequence[WeekFacts], serving: Serving) -> str:
    newest = _telling(weeks, model, serving)
    if newest is None:
        return f"How well {model.name} worked in this period is unknown: no week of it has labels."
    name, found = _main(model), newest.metrics[_main(model)]
    where = ", which ran in production then," if _served(newest, serving) else ""
    return (
        f"In the last measured week, that of {day(newest.start)}, the {metric_name(name)} of {model.name} "
        f"v{newest.number}{where} was {_value(name, found.value, model)} (95% interval "
        f"{_interval(name, found, model)}, {found.n:,} cases)."
    )


def _sentences(
    models: Sequence[ModelFacts], of: Mapping[UUID, Sequence[WeekFacts]], serving: Serving, scope: Scope
) -> tuple[str, ...]:
    if not models:
        return ("There is no model whose work could be measured.",)
    if len(models) <= 2:
        told = [_said(model, of.get(model.id, ()), serving) for model in models]
    else:
        told = [_lede(models, of, serving)]
    if len(models) > WEEKS_UP_TO:
        told.append("Export a single model to see each of its weeks.")
    if scope.since or scope.until:
        told.append("Weeks are those that begin in the period of this bundle.")
    mains = sorted({_main(model) for model in models} & set(EXPLAINED))
    told += [f"{metric_name(name)}: {EXPLAINED[name]}" for name in mains]
    told.append("Intervals are 95%. A week that was measured again, because labels came later, counts as known then.")
    return tuple(told)


def _last_weeks(models: Sequence[ModelFacts], of: Mapping[UUID, Sequence[WeekFacts]]) -> Table:
    rows: list[list[Cell]] = []
    for model in models:
        numbers = sorted({(week.number, week.sent) for week in of.get(model.id, ())})
        for version, sent in numbers:
            mine = [week for week in of[model.id] if (week.number, week.sent) == (version, sent)]
            newest = _newest(mine, model) or mine[-1]
            found = newest.metrics.get(_main(model))
            rows.append(
                [
                    f"{model.name} v{version}",
                    metric_name(_main(model)),
                    _value(_main(model), found.value if found else None, model) or UNKNOWN,
                    known(_interval(_main(model), found, model) if found else ""),
                    f"{found.n:,}" if found else UNKNOWN,
                    day(newest.start),
                    f"{len(mine):,}",
                    "someone else, who sent it" if sent else "Tollgate, from predictions and labels",
                ]
            )
    headings: Headings = [
        "Version",
        "Metric",
        number("Value"),
        "95% interval",
        number("Cases"),
        "Week of",
        number("Weeks"),
        "Worked out by",
    ]
    return table("The last measured week of each version", headings, rows)


def _all_metrics(model: ModelFacts, weeks: Sequence[WeekFacts], serving: Serving) -> Table:
    newest = _telling(weeks, model, serving) or weeks[-1]
    own = METRICS.get(model.task, ())
    names = [*(name for name in own if name in newest.metrics), *(name for name in newest.metrics if name not in own)]
    rows = []
    for name in names:
        found = newest.metrics[name]
        value: Cell = _value(name, found.value, model) or UNKNOWN
        interval = known(_interval(name, found, model))
        rows.append(
            [metric_name(name), value, interval, f"{found.n:,}", EXPLAINED.get(name, "As its sender defines it.")]
        )
    title = f"All metrics of {model.name} v{newest.number} in the week of {day(newest.start)}"
    return table(title, ["Metric", number("Value"), "95% interval", number("Cases"), "What it says"], rows)


def _each_week(model: ModelFacts, weeks: Sequence[WeekFacts]) -> Table:
    name = _main(model)
    rows: list[list[Cell]] = []
    for week in reversed(weeks):
        found = week.metrics.get(name)
        rows.append(
            [
                day(week.start),
                f"v{week.number}" + (" (sent)" if week.sent else ""),
                f"{week.predictions:,}" if not week.sent else UNKNOWN,
                f"{week.labelled:,}" if not week.sent else UNKNOWN,
                _value(name, found.value if found else None, model) or UNKNOWN,
                known(_interval(name, found, model) if found else ""),
                f"{found.n:,}" if found else UNKNOWN,
            ]
        )
    headings: Headings = ["Week of", "Version", number("Predictions"), number("Labelled"), number(metric_name(name)),
                "95% interval", number("Cases")]  # fmt: skip
    return table(f"{model.name}, week by week", headings, rows, long=True)


def _figure(model: ModelFacts, weeks: Sequence[WeekFacts]) -> list[Lines]:
    name = _main(model)
    lines = []
    for version in sorted({week.number for week in weeks if not week.sent}):
        points = tuple(
            Point(week.start.astimezone(UTC).date(), found.value, found.low, found.high)
            for week in weeks
            if week.number == version and not week.sent and (found := week.metrics.get(name)) is not None
        )
        if any(point.value is not None for point in points):
            lines.append(Line(f"v{version}", points))
    if not lines:
        return []
    values = [(point.value, point.at, line.label) for line in lines for point in line.points if point.value is not None]
    low, high = min(values), max(values)
    title = (
        f"{metric_name(name)} of {model.name} was between {_value(name, low[0], model)} ({low[2]}, week of "
        f"{day(low[1])}) and {_value(name, high[0], model)} ({high[2]}, week of {day(high[1])})"
    )
    unit = f", in {model.unit}" if name in IN_UNITS and model.unit else ""
    sub = f"{metric_name(name)} by week of prediction{unit}, with its 95% interval. A gap is a week without labels."
    return [Lines(title, sub, tuple(lines), 1 if name in IN_UNITS else 3)]


def _value(name: str, value: float | None, model: ModelFacts) -> str:
    return "" if value is None else metric_value(name, value, model.unit)


def _interval(name: str, found: Measured, model: ModelFacts) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{metric_value(name, found.low)} to {_value(name, found.high, model)}"
