"""What was true at one time and known at another: an end that was recorded later was not known yet."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Span:
    """True from ``since`` until, not including, ``until`` (None: still); each end with when it was recorded. UTC."""

    since: datetime
    until: datetime | None
    recorded_at: datetime
    end_recorded_at: datetime | None

    def known_at(self, horizon: datetime | None) -> "Span | None":
        """The span as it was known just before ``horizon``; as it is known now without one; None when it was not."""
        if horizon is None:
            return self
        if self.recorded_at >= horizon:
            return None
        if self.end_recorded_at is not None and self.end_recorded_at >= horizon:
            return Span(self.since, None, self.recorded_at, None)
        return self

    def touches(self, begin: datetime, end: datetime) -> bool:
        """Whether it was true at some moment from ``begin`` until, not including, ``end``."""
        return self.since < end and (self.until is None or self.until > begin)
