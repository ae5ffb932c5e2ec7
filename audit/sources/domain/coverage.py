"""When a source was read, kept by the hour: what is told of an hour is told once, and a stretch between is a hole.

A stretch [since, until) was read by pulls of which each came in time after the one before; it is complete, partial
(something that came could not be used) or failed (the source could not be read). Times are aware.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

COMPLETE, PARTIAL, FAILED = "complete", "partial", "failed"
WORSE: Final = (COMPLETE, PARTIAL, FAILED)
HOUR: Final = timedelta(hours=1)
MOST_STRETCHES: Final = 60
NEVER: Final = "it had not reported since it was connected or switched on"
OFF: Final = "the source was switched off"
STOPPED: Final = "nothing read it"
COULD_NOT: Final = "it could not be read"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``since`` until, not including, ``until``: in which state, and how many items came."""

    since: datetime
    until: datetime
    state: str
    items: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """What has not been told yet. ``reach`` is how far it was told, or when the source was connected or switched on.

    ``hour`` is the hour (UTC) to which ``stretches`` belong; ``reason`` says why the last that was not complete is not.
    """

    reach: datetime | None = None
    hour: datetime | None = None
    stretches: tuple[Stretch, ...] = ()
    reason: str = ""

    def grown(self, pull: Stretch, *, patience: timedelta, reason: str = "") -> "Open":
        """With one pull more. What lies between it and the last one was read by it when it came in time."""
        last = self.stretches[-1] if self.stretches else None
        reach = last.until if last else self.reach
        if reach is not None and pull.since - reach <= patience:
            pull = replace(pull, since=min(reach, pull.until))
        told = list(self.stretches)
        joins = last is not None and last.until == pull.since
        if last is not None and joins and (last.state == pull.state or len(told) >= MOST_STRETCHES):
            told[-1] = joined(last, pull)
        else:
            told.append(pull)
        return Open(self.reach, self.hour or hour_of(pull.until), tuple(told), reason or self.reason)

    def due(self, at: datetime) -> bool:
        """Whether it is to be told: its hour is over."""
        return bool(self.stretches) and self.hour is not None and at >= self.hour + HOUR

    def told(self) -> "Open":
        """Once it has been told."""
        return Open(reach=self.stretches[-1].until if self.stretches else self.reach)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "reach": self.reach.isoformat() if self.reach else None,
            "hour": self.hour.isoformat() if self.hour else None,
            "stretches": rows_of(self.stretches),
            "reason": self.reason,
        }


def opened(value: Mapping[str, Any]) -> Open:
    """What ``plain`` wrote; of an empty mapping, nothing."""
    return Open(
        reach=_moment(value.get("reach")),
        hour=_moment(value.get("hour")),
        stretches=stretches_of(value.get("stretches") or ()),
        reason=str(value.get("reason") or ""),
    )


def rows_of(stretches: Iterable[Stretch]) -> list[list[Any]]:
    """As entries keep them: [since, until, state, items]."""
    return [[one.since.isoformat(), one.until.isoformat(), one.state, one.items] for one in stretches]


def stretches_of(rows: Iterable[Sequence[Any]]) -> tuple[Stretch, ...]:
    """What ``rows_of`` wrote."""
    return tuple(
        Stretch(datetime.fromisoformat(since), datetime.fromisoformat(until), state, items)
        for since, until, state, items in rows
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def hour_of(at: datetime) -> datetime:
    """The beginning of its hour, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def worst(stretches: Iterable[Stretch]) -> str:
    """The worst state among them."""
    return max((one.state for one in stretches), key=WORSE.index)


def joined(one: Stretch, other: Stretch) -> Stretch:
    """Both as one, in the worse state."""
    state = worst((one, other))
    return Stretch(min(one.since, other.since), max(one.until, other.until), state, one.items + other.items)


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In the order of time, with neighbours of the same state as one."""
    found: list[Stretch] = []
    for one in sorted(stretches, key=lambda one: (one.since, one.until)):
        last = found[-1] if found else None
        if last is not None and last.state == one.state and one.since <= last.until:
            found[-1] = joined(last, one)
        else:
            found.append(one)
    return found


@dataclass(frozen=True, slots=True)
class Hole:
    """A time in which nothing was collected, and why, as the end of a sentence."""

    since: datetime
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Span:
    """A time, without more."""

    since: datetime
    until: datetime


def holes(
    stretches: Iterable[Stretch],
    *,
    since: datetime,
    until: datetime,
    off: Sequence[Span],
    failures: Mapping[datetime, str],
    patience: timedelta,
    waits: timedelta,
) -> list[Hole]:
    """What of [since, until) nobody collected.

    ``off`` are the times in which the source was switched off. ``failures`` maps the beginning of a failed stretch to
    why it failed. At the end ``waits`` may pass before a time that nobody has told of is a hole.
    """
    ever = merged(one for one in stretches if one.state != FAILED)
    read = [one for one in ever if one.until > since and one.since < until]
    found: list[Hole] = []
    begins = since
    for one in [*read, Stretch(until, until, COMPLETE)]:
        last = one.since == one.until == until
        if one.since > begins and not (last and not _off(off, until) and one.since - begins <= waits):
            gap = Span(begins, one.since)
            why = STOPPED if any(before.since < gap.until for before in ever) else NEVER
            found += _named(gap, stretches, off, failures, patience, why)
        begins = max(begins, one.until)
    return found


def _off(off: Sequence[Span], at: datetime) -> bool:
    return any(span.since < at <= span.until for span in off)


def _named(
    gap: Span,
    stretches: Iterable[Stretch],
    off: Sequence[Span],
    failures: Mapping[datetime, str],
    patience: timedelta,
    else_: str,
) -> list[Hole]:
    """The gap, cut where the reason changes; a piece shorter than ``patience`` goes to the one beside it."""
    tried = merged(one for one in stretches if one.state == FAILED)
    why = {one.since: failures.get(one.since, "") for one in tried}
    known = [Hole(span.since, span.until, OFF) for span in off]
    known += [
        Hole(one.since, one.until, f"{COULD_NOT}: {why[one.since]}" if why[one.since] else COULD_NOT) for one in tried
    ]
    inside = [
        Hole(max(one.since, gap.since), min(one.until, gap.until), one.why)
        for one in sorted(known, key=lambda one: one.since)
        if one.since < gap.until and one.until > gap.since
    ]
    pieces: list[Hole] = []
    at = gap.since
    for one in inside:
        if one.since > at:
            pieces.append(Hole(at, one.since, else_))
        if one.until > at:
            pieces.append(Hole(max(at, one.since), one.until, one.why))
            at = one.until
    if at < gap.until:
        pieces.append(Hole(at, gap.until, else_))
    return _without_slivers(pieces, patience)


def _without_slivers(pieces: list[Hole], patience: timedelta) -> list[Hole]:
    kept: list[Hole] = []
    for at, one in enumerate(pieces):
        behind = pieces[at + 1] if at + 1 < len(pieces) else None
        if kept and (one.why == kept[-1].why or one.until - one.since <= patience):
            kept[-1] = replace(kept[-1], until=one.until)
        elif not kept and behind is not None and one.until - one.since <= patience:
            pieces[at + 1] = replace(behind, since=one.since)
        else:
            kept.append(one)
    return kept
