"""What series of the expressions make of an hour; which is which is told by their labels."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from audit.monitoring.domain.service import HOUR, QUANTILES, RESOURCES, Histogram, Hour
from audit.sources.domain.told import ServiceTold
from audit.sources.prometheus.client import Series

FINE: Final = 300
"""Seconds of the periods by which it is told how much of an hour was seen."""
SLOTS: Final = 3600 // FINE
STATUS: Final = ("class", "code", "status", "status_code", "http_response_status_code")
CLASSES: Final = {"4": "client_errors", "5": "server_errors"}
NUMBER: Final = re.compile(r"v?(\d{1,9})", re.IGNORECASE)
OF_QUANTILE: Final = {share: name for name, share in QUANTILES.items()}


class Place(NamedTuple):
    """Whom a series is of: the value of the label, and that of the label of the version (empty without one)."""

    name: str
    version: str


@dataclass(slots=True)
class _Figures:
    """What was told of a place in an hour, before it is put together."""

    requests: list[float] = field(default_factory=list)
    errors: list[tuple[str, float]] = field(default_factory=list)
    buckets: dict[float, float] = field(default_factory=lambda: defaultdict(float))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    loads: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    slots: int = 0


class Hours:
    """Collects answers, then gives the hours. A value that an expression has at the end of an hour is that hour's."""

    def __init__(self, label: str, version_label: str = "") -> None:
        self.label, self.version_label = label, version_label
        self._found: dict[tuple[Place, datetime], _Figures] = defaultdict(_Figures)
        self.nameless = 0
        self.unused: set[str] = set()

    def traffic(self, series: Iterable[Series]) -> None:
        """Requests; several series of one place are added."""
        for figures, _, value in self._points(series):
            figures.requests.append(value)

    def failures(self, series: Iterable[Series]) -> None:
        """Requests that failed, as 4xx or 5xx where a label of the status says so; together they are all errors."""
        for figures, labels, value in self._points(series):
            status = next((labels[name] for name in STATUS if labels.get(name)), "")
            figures.errors.append((CLASSES.get(status[:1], ""), value))

    def latency(self, series: Iterable[Series]) -> None:
        """Seconds: buckets of a histogram (label ``le``), quantiles (label ``quantile``), and the mean (neither)."""
        for figures, labels, value in self._points(series):
            if "le" in labels:
                bound = _number(labels["le"])
                if not math.isnan(bound):
                    figures.buckets[bound] += value
            elif "quantile" in labels:
                name = OF_QUANTILE.get(_number(labels["quantile"]))
                if name:
                    figures.times[name].append(value)
                else:
                    self.unused.add(f"quantile {labels['quantile'][:20]}")
            else:
                figures.times["mean"].append(value)

    def saturation(self, series: Iterable[Series]) -> None:
        """Percent of the resource that the label ``resource`` names; of several series the highest."""
        for figures, labels, value in self._points(series):
            name = labels.get("resource", "")
            if name in RESOURCES:
                figures.loads[name].append(value)
            else:
                self.unused.add(f"resource {name[:20] or 'without a name'}")

    def presence(self, series: Iterable[Series]) -> None:
        """Traffic by five minutes: a period with a value was seen."""
        seen: dict[tuple[Place, datetime], set[datetime]] = defaultdict(set)
        for one in series:
            place = self.place(one.labels)
            if place is None:
                continue
            for at in one.points:
                begun = datetime.fromtimestamp(at.timestamp() - FINE, at.tzinfo)
                seen[place, begun.replace(minute=0, second=0, microsecond=0)].add(begun)
        for key, slots in seen.items():
            self._found[key].slots = len(slots)

    def place(self, labels: Mapping[str, str]) -> Place | None:
        """Whom a series with these labels is of; None where the label is missing."""
        name = labels.get(self.label, "")
        return Place(name, labels.get(self.version_label, "") if self.version_label else "") if name else None

    def names(self) -> set[str]:
        """The values of the label."""
        return {place.name for place, _ in self._found}

    def told(self, names: frozenset[str], *, counted: bool, partial: bool) -> list[ServiceTold]:
        """The hours of these names. ``counted``: presence was asked for, so what was not seen is 0 and not unknown."""
        found = []
        for (place, start), figures in sorted(self._found.items()):
            if place.name in names:
                hour = _hour(start, figures, counted=counted, partial=partial)
                number = NUMBER.fullmatch(place.version)
                found.append(
                    ServiceTold(
                        endpoint=place.name,
                        variant=place.version,
                        number=int(number[1]) if number else None,
                        hour=hour,
                    )
                )
        return found

    def _points(self, series: Iterable[Series]) -> Iterable[tuple[_Figures, Mapping[str, str], float]]:
        for one in series:
            place = self.place(one.labels)
            if place is None:
                self.nameless += 1
                continue
            for at, value in one.points.items():
                yield self._found[place, at - HOUR], one.labels, value


def _hour(start: datetime, figures: _Figures, *, counted: bool, partial: bool) -> Hour:
    histogram = Histogram.of_cumulative(figures.buckets.items())
    times: dict[str, Any] = {name: _only(values) for name, values in figures.times.items()}
    if histogram is not None:
        times |= {name: histogram.quantile(share) for name, share in QUANTILES.items()}
    split = {
        name: math.fsum(value for found, value in figures.errors if found == name)
        for name in CLASSES.values()
        if any(found == name for found, _ in figures.errors)
    }
    return Hour(
        start=start,
        requests=math.fsum(figures.requests) if figures.requests else None,
        errors=math.fsum(value for _, value in figures.errors) if figures.errors else None,
        n=histogram.n if histogram is not None else None,
        histogram=histogram,
        seen=figures.slots / SLOTS if counted else None,
        partial=partial,
        **times,
        **split,
        **{name: max(values) for name, values in figures.loads.items()},
    )


def _only(values: list[float]) -> float | None:
    """Quantiles and means of several series cannot be put together."""
    return values[0] if len(values) == 1 else None


def _number(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        return math.nan
