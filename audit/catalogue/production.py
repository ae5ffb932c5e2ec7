"""What was in production on a day, from names and deployments: as it was, or as it was known at the end of a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import start_of
from audit.base.errors import InvalidInput
from audit.catalogue import selectors
from audit.catalogue.answers import Asked, Line, answers_to
from audit.catalogue.domain.spans import Span
from audit.catalogue.models import AliasPeriod, Deployment, Environment, Model, ModelVersion
from config.ui import format as say


@dataclass(frozen=True, slots=True)
class Record:
    """A period of the name or a deployment that says so, as it was known."""

    what: str
    version: ModelVersion
    span: Span


@dataclass(frozen=True, slots=True)
class Held:
    """A version that was in production on the day.

    Of the records that name it, ``since`` is the first beginning and ``until`` the last end (UTC; None: no end was
    known). ``lines`` are what other slices say of it.
    """

    version: ModelVersion
    since: datetime
    until: datetime | None
    records: tuple[Record, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The versions in production on ``day``, in the order in which they began; none when nothing was."""

    model: Model
    day: date
    known: date | None
    held: tuple[Held, ...]

    @property
    def sentences(self) -> list[str]:
        """The answer in words."""
        known = f", as was known at the end of {say.day(self.known)}" if self.known else ""
        if not self.held:
            return [f"Nothing was in production on {say.day(self.day)}{known}."]
        said = [self._one(held, known) for held in self.held]
        named, ran = (
            {held.version.number for held in self.held for one in held.records if (one.what == _NAME) is is_name}
            for is_name in (True, False)
        )
        if named and ran and named != ran:
            said.append(f"The records disagree: the name points at {_versions(named)}, and {_versions(ran)} ran.")
        return said

    def _one(self, held: Held, known: str) -> str:
        end = f" until {_moment(held.until)}" if held.until else ", and no end of that was known" if known else ""
        day, since = say.day(self.day), _moment(held.since)
        return f"v{held.version.number} was in production on {day}{known}: since {since}{end}."


_NAME = "Named “production”"


def on_day(*, model: Model, viewer: Actor, day: date, known: date | None = None) -> Answer:
    """What was in production on ``day`` (UTC), as is known now, or was at the end of the day ``known``.

    A version was in production when the name "production" pointed at it or it was deployed there.

    Raises:
        InvalidInput: one of the days has not come yet.
    """
    check_has_come(day, "on")
    horizon, begin = horizon_of(known), start_of(day)
    end = begin + timedelta(days=1)
    found: dict[int, list[Record]] = {}
    for record in _records(model, viewer):
        span = record.span.known_at(horizon)
        if span is not None and span.touches(begin, end):
            found.setdefault(record.version.number, []).append(Record(record.what, record.version, span))
    held = [_held(model, viewer, day, horizon, records) for records in found.values()]
    return Answer(model, day, known, tuple(sorted(held, key=lambda one: (one.since, one.version.number))))


def check_has_come(day: date, where: str) -> None:
    """Nothing, when ``day`` is today (UTC) or before.

    Raises:
        InvalidInput: it has not come yet.
    """
    if day > clock.now().date():
        raise InvalidInput("This day has not come yet.", where=where, mend="Choose today or a day before.")


def horizon_of(known: date | None) -> datetime | None:
    """The moment (UTC) at which the day ``known`` ends; None without one.

    Raises:
        InvalidInput: it has not come yet.
    """
    if known is None:
        return None
    check_has_come(known, "known")
    return start_of(known + timedelta(days=1))


def _records(model: Model, viewer: Actor) -> Iterable[Record]:
    names = selectors.aliases(viewer=viewer).filter(model=model, alias=selectors.PRODUCTION)
    for period in names.select_related("version__model", "version__author").order_by("since"):
        yield Record(_NAME, period.version, span_of(period))
    runs = selectors.deployments(viewer=viewer).filter(version__model=model, environment=Environment.PRODUCTION)
    for one in runs.select_related("version__model", "version__author").order_by("since"):
        yield Record(f"Deployed in {one.place[0].lower()}{one.place[1:]}", one.version, span_of(one))


def span_of(row: AliasPeriod | Deployment) -> Span:
    """When the record was true, and when we learned of it."""
    return Span(row.since, row.until, row.created_at, row.ended_recorded_at)


def _held(model: Model, viewer: Actor, day: date, horizon: datetime | None, records: list[Record]) -> Held:
    ends = [record.span.until for record in records]
    version = records[0].version
    return Held(
        version=version,
        since=min(record.span.since for record in records),
        until=None if None in ends else max(end for end in ends if end is not None),
        records=tuple(records),
        lines=tuple(answers_to(Asked(model, version, day, horizon), viewer)),
    )


def _moment(moment: datetime) -> str:
    return f"{say.day(moment.date())}, {moment:%H:%M} UTC"


def _versions(numbers: Iterable[int]) -> str:
    return " and ".join(f"v{number}" for number in sorted(numbers))
