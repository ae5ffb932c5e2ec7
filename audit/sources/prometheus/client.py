"""What is asked of a Prometheus-compatible server (HTTP API v1), and that its answers have the shape they should.

Protocol: https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.sources.contract import Settings, Unavailable
from audit.sources.domain.answers import number, part, rows, text
from audit.sources.http import Client, Missing

TIMEOUT: Final = "25s"
"""The server gives a query up before we do, and says so."""


@dataclass(frozen=True, slots=True)
class Series:
    """A series of an answer: its labels, and the values at their times (UTC); NaN and infinite ones are left out."""

    labels: Mapping[str, str]
    points: Mapping[datetime, float]


@dataclass(slots=True)
class Answer:
    """The series of an answer. ``warnings`` say that it is not whole; ``histograms`` counts native ones, not read."""

    series: list[Series] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    histograms: int = 0


class Prometheus:
    """One server. Use it as a context manager. All methods raise what ``Client.ask`` raises, but for Missing."""

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] | None = None) -> None:
        self._client = Client.of(settings, name="Prometheus", pause=pause)

    def __enter__(self) -> "Prometheus":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__()

    def at(self, expression: str, moment: datetime) -> Answer:
        """The values of an expression at one time."""
        said = self._asked("/api/v1/query", query=expression, time=moment.timestamp())
        return _read(said, lambda row: [row.get("value")])

    def over(self, expression: str, first: datetime, last: datetime, step: int) -> Answer:
        """The values of an expression from ``first`` to ``last``, both among them, each ``step`` seconds."""
        said = self._asked(
            "/api/v1/query_range", query=expression, start=first.timestamp(), end=last.timestamp(), step=step
        )
        return _read(said, lambda row: row.get("values"))

    def _asked(self, path: str, **params: Any) -> Mapping[str, Any]:
        try:
            said = self._client.get(path, {**params, "timeout": TIMEOUT})
        except Missing:
            raise InvalidInput(
                f"There is no {path} at this address.", where="url", mend="Enter the address without /api/v1."
            ) from None
        if (
            not isinstance(said, Mapping)
            or said.get("status") != "success"
            or not isinstance(said.get("data"), Mapping)
        ):
            raise Unavailable(f"Prometheus answered {path} with something that is no result. {_said(said)}".rstrip())
        return said


def _said(said: Any) -> str:
    error = text(part(said).get("error"), 300)
    return f"It says: {error}" if error else ""


def _read(said: Mapping[str, Any], points_of: Callable[[Mapping[str, Any]], Any]) -> Answer:
    data, warned = part(said.get("data")), said.get("warnings")
    found = Answer(warnings=[text(one, 300) for one in warned if one] if isinstance(warned, list) else [])
    for row in rows(data.get("result")):
        if "histogram" in row or "histograms" in row:
            found.histograms += 1
            continue
        labels = {str(name): text(value, 300) for name, value in part(row.get("metric")).items()}
        points = points_of(row)
        found.series.append(Series(labels, _points(points if isinstance(points, list) else [])))
    return found


def _points(pairs: list[Any]) -> dict[datetime, float]:
    found = {}
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not number(pair[0]):
            continue
        try:
            value, at = float(pair[1]), datetime.fromtimestamp(round(pair[0]), UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            continue
        if math.isfinite(value):
            found[at] = value
    return found
