"""How an endpoint answers: what is known of one hour, and what hours amount to. What nobody told is None, never zero.

Latencies are in seconds, saturation in percent (of one core or device: several may give more than 100), the highest in
the hour. Counts may have fractions: a Prometheus server extrapolates them.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
COUNTS: Final = ("requests", "errors", "client_errors", "server_errors")
LATENCIES: Final = ("mean", "p50", "p90", "p99", "overhead")
RESOURCES: Final = ("cpu", "memory", "gpu", "disk")
NUMBERS: Final = (*COUNTS, "n", *LATENCIES, *RESOURCES, "seen")
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many requests took how long: ``counts[i]`` up to ``bounds[i]`` seconds, the last one longer than all."""

    bounds: tuple[float, ...]
    counts: tuple[float, ...]

    @classmethod
    def of_cumulative(cls, buckets: Iterable[tuple[float, float]]) -> "Histogram | None":
        """From (upper bound, requests up to it) as Prometheus tells; None without a bucket +Inf or a finite one.

        A bucket that holds less than a narrower one (their scrapes differ) counts as the narrower one does.
        """
        rows = sorted(row for row in buckets if not math.isnan(row[0]) and math.isfinite(row[1]))
        if len(rows) < 2 or rows[-1][0] != math.inf:
            return None
        counts, before = [], 0.0
        for _, upto in rows:
            counts.append(max(upto - before, 0.0))
            before = max(upto, before)
        return cls(tuple(bound for bound, _ in rows[:-1]), tuple(counts))

    @property
    def n(self) -> float:
        """How many requests."""
        return math.fsum(self.counts)

    def quantile(self, share: float) -> float | None:
        """The time within which ``share`` of the requests were answered; None without requests.

        Linear within a bucket, and the highest finite bound for what lies beyond it, as ``histogram_quantile`` of
        Prometheus does (prometheus.io/docs, Querying, Functions). It may be wrong by the width of its bucket.
        """
        if not self.n:
            return None
        rank, below = share * self.n, 0.0
        for at, (bound, count) in enumerate(zip(self.bounds, self.counts, strict=False)):
            if below + count >= rank and count:
                if at == 0 and bound <= 0:
                    return bound
                lower = self.bounds[at - 1] if at else 0.0
                return lower + (bound - lower) * (rank - below) / count
            below += count
        return self.bounds[-1]

    def beyond(self, share: float) -> bool:
        """Whether that time lies beyond the highest finite bound: it is at least that."""
        return bool(self.n) and math.fsum(self.counts[:-1]) < share * self.n

    def merged(self, other: "Histogram") -> "Histogram | None":
        """Both together; None where their bounds differ."""
        if self.bounds != other.bounds:
            return None
        return Histogram(self.bounds, tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    def to_dict(self) -> dict[str, list[float]]:
        """Plain JSON."""
        return {"bounds": list(self.bounds), "counts": list(self.counts)}

    @classmethod
    def from_dict(cls, said: dict[str, list[float]]) -> "Histogram":
        """From what ``to_dict`` gave."""
        return cls(tuple(map(float, said["bounds"])), tuple(map(float, said["counts"])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What is known of [start, start + 1 h). ``start`` is a full hour in UTC.

    ``n`` is how many latencies were measured, ``overhead`` what the platform added on average. ``seen`` is the share
    of the hour of which there are figures, 0 to 1. ``partial``: the source says that its answer is not whole.
    """

    start: datetime
    requests: float | None = None
    errors: float | None = None
    client_errors: float | None = None
    server_errors: float | None = None
    n: float | None = None
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    overhead: float | None = None
    cpu: float | None = None
    memory: float | None = None
    gpu: float | None = None
    disk: float | None = None
    seen: float | None = None
    partial: bool = False
    histogram: Histogram | None = None

    @property
    def known(self) -> bool:
        """Whether anything but the time is known."""
        return self.histogram is not None or any(getattr(self, name) is not None for name in NUMBERS if name != "seen")


def plausible(hour: Hour) -> Hour:
    """The hour without numbers that cannot be (negative, NaN, infinite): these are unknown; ``seen`` is at most 1."""
    odd = {name: None for name in NUMBERS if not _can_be(getattr(hour, name))}
    found = replace(hour, **odd)  # type: ignore[arg-type]
    return replace(found, seen=min(found.seen, 1.0)) if found.seen is not None else found


def _can_be(value: float | None) -> bool:
    return value is None or (math.isfinite(value) and value >= 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What hours of one day amount to, in any order.

    Counts are sums over the hours that tell them, ``counted`` so many of ``hours``. ``judged`` are the requests of
    hours of which errors are known too. Quantiles are None unless histograms with the same bounds cover all hours that
    were timed; those of the whole lie between the least and the highest of its parts, so ``worst_p99`` bounds them.
    ``seen`` is in hours; None where a source does not tell. Resources are the highest.
    """

    hours: int
    partial: int
    counted: int
    seen: float | None
    requests: float | None
    judged: float | None
    errors: float | None
    client_errors: float | None
    server_errors: float | None
    n: float | None
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    worst_p99: float | None
    cpu: float | None
    memory: float | None
    gpu: float | None
    disk: float | None
    histogram: Histogram | None = None

    @property
    def error_share(self) -> float | None:
        """Errors among the requests of hours of which both are known, 0 to 1; None without such requests."""
        return min(self.errors / self.judged, 1.0) if self.judged and self.errors is not None else None


def day_of(hours: Sequence[Hour]) -> Day:
    """The day that these hours are of; the caller gives each hour once."""
    rows = sorted(hours, key=lambda hour: hour.start)
    judged = [row for row in rows if row.requests is not None and row.errors is not None]
    timed = [row for row in rows if row.mean is not None and row.n]
    whole = _whole(rows)
    return Day(
        hours=len(rows),
        partial=sum(row.partial for row in rows),
        counted=sum(row.requests is not None for row in rows),
        seen=_all(rows, "seen"),
        requests=_over(rows, "requests", math.fsum),
        judged=_over(judged, "requests", math.fsum),
        errors=_over(judged, "errors", math.fsum),
        client_errors=_over(rows, "client_errors", math.fsum),
        server_errors=_over(rows, "server_errors", math.fsum),
        n=_over(rows, "n", math.fsum),
        mean=_mean(timed),
        **{name: whole.quantile(share) if whole else None for name, share in QUANTILES.items()},
        worst_p99=_over(rows, "p99", max),
        **{name: _over(rows, name, max) for name in RESOURCES},
        histogram=whole,
    )


def _over(rows: Sequence[Hour], name: str, how: Callable[[list[float]], float]) -> float | None:
    values = [value for row in rows if (value := getattr(row, name)) is not None]
    return how(values) if values else None


def _all(rows: Sequence[Hour], name: str) -> float | None:
    """The sum where each row tells it."""
    values = [getattr(row, name) for row in rows]
    return None if not values or None in values else math.fsum(values)


def _mean(rows: Sequence[Hour]) -> float | None:
    weights = math.fsum(row.n or 0 for row in rows)
    return math.fsum((row.mean or 0) * (row.n or 0) for row in rows) / weights if weights else None


def _whole(rows: Sequence[Hour]) -> Histogram | None:
    """The histogram of all hours that were timed; None where one has none, or other bounds."""
    timed = [row for row in rows if row.n or row.p99 is not None or row.histogram is not None]
    if not timed or any(row.histogram is None or row.histogram.bounds != _bounds(timed[0]) for row in timed):
        return None
    columns = zip(*(row.histogram.counts for row in timed if row.histogram), strict=True)
    return Histogram(_bounds(timed[0]), tuple(math.fsum(column) for column in columns))


def _bounds(row: Hour) -> tuple[float, ...]:
    return row.histogram.bounds if row.histogram else ()


def covered(spans: Iterable[tuple[datetime, datetime]]) -> set[datetime]:
    """The full hours (their starts, UTC) that lie wholly in one of ``spans``, [since, until) each, both aware."""
    found = set()
    for since, until in spans:
        at = since.replace(minute=0, second=0, microsecond=0)
        at = at if at == since else at + HOUR
        while at + HOUR <= until:
            found.add(at)
            at += HOUR
    return found
