"""When a message may go out: not in quiet hours, a digest once a day, and later after each try that failed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)
JITTER: Final = 0.2
ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class Quiet:
    """From ``start`` (within) to ``end`` (not within) by the clocks of ``zone``; over midnight when end is earlier."""

    start: time
    end: time
    zone: str

    def holds(self, at: time) -> bool:
        """Whether a clock that shows ``at`` shows a quiet time; equal ends hold nothing."""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


def after_quiet(at: datetime, quiet: Quiet | None) -> datetime:
    """``at`` (UTC) itself, or the end of the quiet hours that it lies in (UTC).

    When clocks go forward over the end, it is that much later by the clock; when the hour of the end comes twice, the
    first one counts, or the second for what lies between them.
    """
    if quiet is None:
        return at
    local = at.astimezone(ZoneInfo(quiet.zone))
    if not quiet.holds(local.time()):
        return at
    day = local.date() if local.time() < quiet.end else local.date() + timedelta(days=1)
    return moment(day, quiet.end, quiet.zone, after=at)


def moment(day: date, clock: time, zone: str, *, after: datetime) -> datetime:
    """When the clocks of ``zone`` show ``clock`` on ``day`` (UTC): the first time, or the second if that is later
    than ``after`` and the first is not.
    """
    first, second = (datetime.combine(day, clock, ZoneInfo(zone)).replace(fold=fold) for fold in (0, 1))
    found = first.astimezone(UTC)
    return found if found > after else second.astimezone(UTC)


def digest_days(at: datetime, clock: time, zone: str, count: int = 3) -> list[tuple[date, datetime]]:
    """The next ``count`` days on which a digest can still go out after ``at``, each with its moment (UTC)."""
    today = at.astimezone(ZoneInfo(zone)).date()
    days = [today + timedelta(days=number) for number in range(count + 1)]
    found = [(day, datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)) for day in days]
    return [pair for pair in found if pair[1] > at][:count]


def next_try(attempts: int, at: datetime, share: float, wait: timedelta | None = None) -> datetime:
    """When to try again after so many tries: 30 seconds, doubled each time, an hour at most, a fifth more or less.

    ``share`` (0 to 1) chooses within that fifth, so that many messages do not come at once. ``wait`` is what the
    receiver asked for: it is never tried earlier.
    """
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(max(attempts, 1) - 1, 10))
    spread = pause * (1 - JITTER + 2 * JITTER * share)
    return at + max(spread, wait or timedelta())
