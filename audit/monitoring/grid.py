"""All models at a glance: the state that each week left each of them in, and how many of those that run are watched."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.base.periods import Period
from audit.catalogue import selectors, states
from audit.catalogue.models import Environment, Model
from audit.catalogue.states import State
from audit.catalogue.words import count_of, metric_name, metric_value
from audit.monitoring.models import ServedWeek
from audit.monitoring.selectors import served_weeks
from config.ui import heat

FRESH: Final = 2 * WEEK
"""A model whose newest week with predictions began no longer ago than this, from the end of the data, is watched."""
MATURE: Final = 8 * WEEK
"""So long labels may take before their absence counts as a gap."""
MARKS: Final = {State.HEALTHY: "ok", State.WATCH: "watch", State.BELOW: "bad", State.UNKNOWN: "unknown"}
WORDS: Final = {
    State.BELOW: "Outside its threshold",
    State.WATCH: "Close to its threshold",
    State.HEALTHY: "Within its threshold",
    State.UNKNOWN: "Measured, without a threshold or labels",
}
WORST_FIRST: Final = (State.BELOW, State.WATCH, State.HEALTHY, State.UNKNOWN)
RANKS: Final = {state.value: rank for rank, state in enumerate(WORST_FIRST)}
LOOKS: Final = {state.value: (MARKS[state], WORDS[state]) for state in WORST_FIRST}
SHADES: Final = {"ok": ""}
"""Calm states have no colour."""
SHOWN: Final = (
    "model_id", "start", "state", "metric", "value", "low", "high", "labelled", "predictions", "version_number",
)  # fmt: skip
HEADINGS: Final = (
    "model", "use_case", "week_from", "state", "measure", "value", "low", "high", "labelled", "predictions", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A model with its weeks, oldest first; None stands for a week of which no prediction came."""

    model: Model
    weeks: tuple[ServedWeek | None, ...]

    @property
    def metric(self) -> str:
        """The name of its main measure; empty where nothing was measured."""
        return next((metric_name(week.metric) for week in self.weeks if week), "")

    @property
    def cells(self) -> list[heat.Cell]:
        """The weeks as the page draws them."""
        return [_cell(week) for week in self.weeks]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of watching: how many of the models in operation have it, and what share of them that is."""

    words: str
    means: str
    models: int
    share: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the models in operation, how many are watched, and what of watching they have."""

    running: int
    fresh: int
    labelled: int
    judged: int

    @property
    def share(self) -> float | None:
        """The share whose predictions come, 0 to 1; None when no model is in operation."""
        return self.fresh / self.running if self.running else None

    @property
    def completeness(self) -> float | None:
        """The mean share of predictions, labels and a judgement that the models in operation have; None without any."""
        return (self.fresh + self.labelled + self.judged) / (3 * self.running) if self.running else None

    @property
    def parts(self) -> list[Part]:
        """The parts of watching; empty when no model is in operation."""
        told = (
            ("Predictions of the last two weeks", "Their log comes, so what they answer is seen", self.fresh),
            ("Labels of the last eight weeks", "What was true is known of some predictions", self.labelled),
            ("A judgement of the last eight weeks", "A threshold says what is enough, and was held", self.judged),
        )
        return [Part(words, means, count, count / self.running) for words, means, count in told if self.running]


def weeks_of(period: Period) -> list[datetime]:
    """The Mondays (00:00 UTC) of the period, oldest first."""
    first = period.start - timedelta(days=period.start.weekday())
    return [first + number * WEEK for number in range(-(-(period.end - first) // WEEK))]


@dataclass(frozen=True, slots=True)
class Listed:
    """The ids of the models of a list, the worst first, then by name; and how many of all are in each state."""

    models: list[UUID]
    states: Counter[State]


def listed(*, viewer: Actor, found: QuerySet[Model], state: str = "") -> Listed:
    """The models of ``found`` whose newest week left them in ``state``, or all; the never measured last. One query.

    Its work is that of one look into an index a model; only the page that is shown reads more.
    """
    now = states.newest(viewer, unmeasured="")
    told = list(found.select_related(None).order_by("name", "pk").annotate(now=now).values_list("pk", "now"))
    counts = Counter(State(one or State.UNKNOWN) for _, one in told)
    wanted = [(RANKS.get(one, len(RANKS)), pk) for pk, one in told if not state or (one or State.UNKNOWN) == state]
    return Listed([pk for _, pk in sorted(wanted, key=itemgetter(0))], counts)


def rows(*, viewer: Actor, models: Sequence[UUID], period: Period) -> list[Row]:
    """The weeks of these models (their ids, of the viewer's) in the period, of the version that served: two queries."""
    of = selectors.models(viewer=viewer).in_bulk(models)
    wanted = served_weeks(viewer=viewer).filter(model__in=models, start__gte=period.start, start__lt=period.end)
    known: dict[UUID, dict[datetime, ServedWeek]] = {}
    for week in wanted.only(*SHOWN):
        known.setdefault(week.model_id, {})[week.start] = week
    mondays = weeks_of(period)
    return [Row(of[pk], tuple(map(known.get(pk, {}).get, mondays))) for pk in models if pk in of]


def _cell(week: ServedWeek | None) -> heat.Cell:
    if week is None:
        return heat.NO_DATA
    mark, word = LOOKS[week.state]
    shown = "no labels" if week.value is None else metric_value(week.metric, week.value)
    return heat.Cell(shown, mark, word, SHADES.get(mark, mark))


def coverage(*, viewer: Actor, end: datetime) -> Coverage:
    """Which of the models in operation are watched, where the data in view end at ``end`` (UTC); one query."""
    live = selectors.deployments(viewer=viewer).filter(environment=Environment.PRODUCTION, until=None)
    weeks = served_weeks(viewer=viewer).filter(model=OuterRef("pk"))
    running = (
        selectors.models(viewer=viewer)
        .select_related(None)
        .filter(pk__in=live.order_by().values("version__model"))
        .annotate(
            comes=Exists(weeks.filter(start__gte=end - FRESH)),
            labels=Exists(weeks.filter(start__gte=end - MATURE, labelled__gt=0)),
            held=Exists(weeks.filter(start__gte=end - MATURE).exclude(state=State.UNKNOWN)),
        )
    )
    found = running.order_by().aggregate(
        running=Count("pk"),
        fresh=Count("pk", filter=Q(comes=True)),
        labelled=Count("pk", filter=Q(labels=True)),
        judged=Count("pk", filter=Q(held=True)),
    )
    return Coverage(**found)


def sentences(found: Counter[State], watched: Coverage) -> list[str]:
    """The answer in words: what is outside its threshold, and how much of what runs is watched."""
    total = sum(found.values())
    if not total:
        return []
    bad, watch, unknown = (found[one] for one in (State.BELOW, State.WATCH, State.UNKNOWN))
    said = [
        f"{bad:,} of {count_of(total, 'model')} {'is' if bad == 1 else 'are'} outside the threshold."
        if bad
        else f"None of {count_of(total, 'model')} is known to be outside its threshold."
    ]
    if watch:
        said.append(f"{watch:,} {'is' if watch == 1 else 'are'} close to it.")
    if unknown:
        said.append(f"Of {unknown:,} nobody can say: predictions, labels or a threshold are missing.")
    if watched.share is None:
        return [*said, "No model is known to run in production."]
    words = f"{watched.fresh:,} of {count_of(watched.running, 'model')} in operation"
    return [*said, f"{words} {'is' if watched.fresh == 1 else 'are'} watched ({watched.share:.0%})."]


def cells(*, viewer: Actor, models: Sequence[UUID], period: Period) -> Iterator[list[object]]:
    """The rows of the downloaded table, under ``HEADINGS``: a line a model and week; weeks without data are named."""
    mondays = weeks_of(period)
    for at in range(0, len(models), 200):
        for row in rows(viewer=viewer, models=models[at : at + 200], period=period):
            for monday, week in zip(mondays, row.weeks, strict=True):
                own = [row.model.slug, row.model.use_case.slug, monday.date().isoformat()]
                if week is None:
                    yield [*own, "no data", "", None, None, None, None, None, None]
                else:
                    value = [week.metric, "unknown" if week.value is None else week.value, week.low, week.high]
                    yield [*own, week.state, *value, week.labelled, week.predictions, week.version_number]
