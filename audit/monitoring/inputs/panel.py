"""What the model page shows of inputs: each column by week, those that moved most first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.panels import MONITORING, Context, Panel, register
from audit.catalogue.words import count_of
from audit.monitoring.grid import weeks_of
from audit.monitoring.input_models import ColumnWeek, Reference
from audit.monitoring.inputs import selectors
from audit.monitoring.inputs.referencing import RIGHT

MOST_WEEKS = 13
SHOWN = 25
WORDS = {"ok": "", "watch": "watch", "bad": "drifted", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A column in a week; ``row`` is None when nothing came."""

    row: ColumnWeek | None

    @property
    def shade(self) -> str:
        """The class of its table cell; calm ones have none."""
        if self.row is None:
            return "plain"
        return "" if self.row.state == "ok" else self.row.state

    @property
    def word(self) -> str:
        """Its state for people; empty when it is calm."""
        return WORDS[self.row.state] if self.row else "no data"


@dataclass(frozen=True, slots=True)
class Line:
    """A column with its weeks, oldest first."""

    column: str
    role: str
    cells: tuple[Cell, ...]

    @property
    def newest(self) -> ColumnWeek | None:
        """The newest week that it has."""
        return next((cell.row for cell in reversed(self.cells) if cell.row), None)


def lines(rows: Iterable[ColumnWeek], mondays: Sequence[datetime]) -> list[Line]:
    """Each column over these weeks: those whose newest week moved most first, unknown ones last."""
    by_column: dict[str, dict[datetime, ColumnWeek]] = {}
    for row in rows:
        by_column.setdefault(row.column, {})[row.week.start] = row
    found = [
        Line(column, next(iter(own.values())).get_role_display(), tuple(Cell(own.get(monday)) for monday in mondays))
        for column, own in by_column.items()
    ]

    def rank(line: Line) -> tuple[bool, float, str]:
        value = line.newest.value if line.newest else None
        return value is None, -(value or 0), line.column

    return sorted(found, key=rank)


def conclusion(found: Sequence[Line]) -> str:
    """What moved in the newest week, as the section's title."""
    newest = [line.newest for line in found if line.newest]
    moved = [row for row in newest if row.state == "bad"]
    close = [row for row in newest if row.state == "watch"]
    if not newest:
        return "Do the inputs look as they did?"
    if not moved and not close:
        return f"None of {count_of(len(newest), 'input')} moved in its newest week"
    names = [row.column for row in sorted(moved or close, key=lambda row: -(row.value or 0))]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{listed} {'drifted' if moved else 'moved a little'} in the newest week"


def _panel(model: Model, viewer: Actor, period: Period) -> Context | None:
    version = selectors.watched(viewer=viewer, model=model)
    if version is None:
        return _without(model, viewer)
    mondays = weeks_of(period)[-MOST_WEEKS:]
    rows = selectors.columns(viewer=viewer, version=version, since=mondays[0], until=period.end)
    found = lines(rows, mondays)
    return {
        "version": version,
        "reference": selectors.reference_of(viewer=viewer, version=version),
        "weeks": mondays,
        "lines": found[:SHOWN],
        "total": len(found),
        "title": conclusion(found),
        "why_not": _why_not(model, viewer),
    }


def _without(model: Model, viewer: Actor) -> Context | None:
    """Nothing is compared yet: what is missing, for the newest version."""
    if not model.features:
        return None
    version = catalogue.versions(viewer=viewer).filter(model=model).order_by("-number").first()
    if version is None:
        return None
    reference: Reference | None = selectors.reference_of(viewer=viewer, version=version)
    return {
        "version": version, "reference": reference, "lines": [], "title": "Do the inputs look as they did?",
        "why_not": _why_not(model, viewer),
    }  # fmt: skip


def _why_not(model: Model, viewer: Actor) -> str:
    team = model.use_case.team_id
    return "" if viewer.may(RIGHT, team) else viewer.why_not(RIGHT)


def version_of(*, viewer: Actor, model: Model, number: int | None) -> ModelVersion | None:
    """The version of which inputs are asked: by number, or the one that the model's page shows."""
    if number is None:
        return selectors.watched(viewer=viewer, model=model)
    return catalogue.versions(viewer=viewer).filter(model=model, number=number).first()


def register_own() -> None:
    """Adds the section."""
    register(Panel(22, "inputs", "Inputs", "monitoring/panels/inputs.html", _panel, parts=(MONITORING,)))
