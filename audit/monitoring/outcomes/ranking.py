"""Which groups a model does worse for: worst first, few rows never decide, and chance among many groups is allowed for.

A group counts as worse when the figure of all predictions lies outside its interval, which is widened so that it holds
for all groups at once (Dunn 1961, JASA 56, p. 52).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Final

from audit.monitoring.domain.estimate import Z
from audit.monitoring.domain.meaning import HIGHER_IS_BETTER
from audit.monitoring.outcome_models import SliceFigure

LEAST: Final = 100
"""A group with fewer labelled rows is shown and decides nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """A group, its figure of the metric, and how it stands: worse, ok, or unknown for too few rows."""

    row: SliceFigure
    value: float | None
    low: float | None
    high: float | None
    n: int
    error: float | None
    state: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """All predictions together, and each group, worst first; groups that do not decide come last."""

    whole: Line | None
    lines: list[Line]

    @property
    def worse(self) -> list[Line]:
        """The groups that it does worse for, beyond chance."""
        return [line for line in self.lines if line.state == "worse"]

    @property
    def deciding(self) -> int:
        """How many groups have enough rows."""
        return sum(line.state != "unknown" for line in self.lines)


def rank(rows: Iterable[SliceFigure], metric: str) -> Ranking:
    """The groups of one window by ``metric``."""
    told = list(rows)
    whole = next((_line(row, metric) for row in told if row.kind == SliceFigure.Kind.WHOLE), None)
    groups = [_line(row, metric) for row in told if row.kind != SliceFigure.Kind.WHOLE]
    enough = sum(map(_decides, groups))
    widen = NormalDist().inv_cdf(1 - 0.025 / enough) / Z if enough else 1.0
    up = HIGHER_IS_BETTER.get(metric)
    lines = [replace(line, state=_state(line, whole, widen, up)) for line in groups]

    def place(line: Line) -> tuple[bool, float, str, str]:
        value = line.value if line.value is not None else 0.0
        return line.state == "unknown", value if up else -value, line.row.column, line.row.words

    return Ranking(whole, sorted(lines, key=place))


def _line(row: SliceFigure, metric: str) -> Line:
    found: dict[str, Any] = row.figures.get("metrics", {}).get(metric) or {}
    return Line(
        row, found.get("value"), found.get("low"), found.get("high"), found.get("n", 0), found.get("error"), "ok"
    )


def _decides(line: Line) -> bool:
    return line.value is not None and line.n >= LEAST


def _state(line: Line, whole: Line | None, widen: float, up: bool | None) -> str:
    if not _decides(line) or line.value is None:
        return "unknown"
    end = line.high if up else line.low
    if whole is None or whole.value is None or up is None or end is None:
        return "ok"
    reach = line.value + (end - line.value) * widen
    return "worse" if (whole.value > reach if up else whole.value < reach) else "ok"
