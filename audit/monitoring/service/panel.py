"""Does it answer in time? Traffic, errors and latency of what answers for a model, and how much of that is unknown."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from audit.base import clock
from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue.models import Model
from audit.catalogue.panels import MONITORING, Context, Panel, register
from audit.monitoring.domain.service import RESOURCES, covered
from audit.monitoring.service import reading
from audit.monitoring.service.words import figure, latency, load, share
from audit.monitoring.service_models import ServiceDay
from config.ui import charts
from config.ui.format import number

QUESTION = "Does it answer in time?"
HEADER = (
    "Day", "What answers", "Requests", "Errors, 4xx", "Errors, 5xx", "Share of errors", "p50", "p90",
    "p99 of the day", "p99 of the worst hour", "Highest CPU", "Highest memory", "Highest GPU", "Fullest disk",
    "Hours told", "Told by",
)  # fmt: skip
LATE = timedelta(hours=2)
"""An hour is not called unknown before a source had this time to tell of it."""
NAMES = {"cpu": "CPU", "memory": "memory", "gpu": "GPU", "disk": "disk"}


def _service(model: Model, viewer: Actor, period: Period) -> Context | None:
    days = reading.days(viewer=viewer, model=model, since=period.start, until=period.end)
    until = min(period.end, clock.now() - LATE)
    online = covered(reading.online(viewer=viewer, model=model, since=period.start, until=until))
    if not days and not online:
        return None
    hours = reading.hours(viewer=viewer, model=model, since=period.start, until=period.end).exclude(requests=None)
    told = set(hours.values_list("start", flat=True)) if days else set()
    return {
        "question": QUESTION,
        "title": _conclusion(days),
        "said": _said(days),
        "unknown": len(online - told),
        "online": len(online),
        "partial": sum(day.partial for day in days),
        "latency": _lines(days, lambda day: _ms(day.worst_p99), ",.0f"),
        "traffic": _lines(days, lambda day: day.requests, ",.0f"),
        "table": (HEADER, [_row(day) for day in reversed(days)]),
        "days": len(days),
    }


def _conclusion(days: Sequence[ServiceDay]) -> str:
    """Traffic, share of errors and p99 in a sentence; what is not known is left out of it, and said below."""
    if not days:
        return QUESTION
    requests = _sum(days, "requests")
    parts = ["How much it was asked is unknown" if requests is None else f"It was asked {number(requests)} times"]
    failed = share(error_share(days))
    if failed is not None:
        parts.append(f"{failed} of the requests failed")
    worst = _worst(days)
    if worst is not None:
        parts.append(f"in its worst hour 99 of 100 answers came within {latency(worst)}")
    return ", ".join(parts)


def error_share(days: Sequence[ServiceDay]) -> float | None:
    """Errors among the requests of hours of which both are known, 0 to 1; None without such requests."""
    judged, errors = _sum(days, "judged"), _sum(days, "errors")
    return min(errors / judged, 1.0) if judged and errors is not None else None


def _said(days: Sequence[ServiceDay]) -> list[str]:
    """What else there is to say, a sentence each."""
    if not days:
        return []
    found = []
    client, server = _sum(days, "client_errors"), _sum(days, "server_errors")
    if client is not None or server is not None:
        found.append(f"Refused requests (4xx): {_count(client)}; failures of the service (5xx): {_count(server)}.")
    elif error_share(days) is None:
        found.append("How many requests failed is unknown.")
    if _worst(days) is None:
        found.append("How long answers take is unknown.")
    loads = [f"{NAMES[name]} {value}" for name in RESOURCES if (value := load(_most(days, name))) is not None]
    found.append(f"Highest load: {', '.join(loads)}." if loads else "How full its machines were is unknown.")
    return found


def _lines(
    days: Sequence[ServiceDay], value: Callable[[ServiceDay], float | None], y_format: str
) -> dict[str, Any] | None:
    """A line for each place; a day without a value is a gap. None without any value."""
    if all(value(day) is None for day in days):
        return None
    axis = sorted({day.start for day in days})
    places = sorted({(day.place, day.source) for day in days})
    lines = []
    for at, place in enumerate(places):
        own = {day.start: day for day in days if (day.place, day.source) == place}
        lines.append(
            charts.Series(
                place[0],
                [f"{start:%Y-%m-%d}" for start in axis],
                [value(own[start]) if start in own else None for start in axis],
                colour=at,
                note=[f" ({own[start].hours} of 24 hours told)" if start in own else "" for start in axis],
            )
        )
    return charts.lines(lines, y_format=y_format, from_zero=True)


def _row(row: ServiceDay) -> tuple[Any, ...]:
    day = row.day
    p99 = latency(day.p99)
    return (
        f"{row.start.day} {row.start:%B %Y}",
        row.place,
        figure(day.requests),
        figure(day.client_errors),
        figure(day.server_errors),
        share(day.error_share),
        latency(day.p50),
        latency(day.p90),
        f"at least {p99}" if day.histogram and day.histogram.beyond(0.99) else p99,
        latency(day.worst_p99),
        *(load(getattr(day, name)) for name in RESOURCES),
        f"{day.hours} of 24",
        row.source_name,
    )


def _sum(days: Sequence[ServiceDay], name: str) -> float | None:
    values = [value for day in days if (value := getattr(day, name)) is not None]
    return sum(values) if values else None


def _most(days: Sequence[ServiceDay], name: str) -> float | None:
    return max((value for day in days if (value := getattr(day, name)) is not None), default=None)


def _worst(days: Sequence[ServiceDay]) -> float | None:
    return _most(days, "worst_p99")


def _count(value: float | None) -> str:
    return "unknown" if value is None else number(value)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def register_own() -> None:
    """Adds the section."""
    register(Panel(28, "service", "Service", "monitoring/panels/service.html", _service, parts=(MONITORING,)))
