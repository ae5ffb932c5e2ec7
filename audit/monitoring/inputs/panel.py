"""What the page of a model's monitoring shows of inputs: each column by week, what moved and matters first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model
from audit.catalogue.panels import MONITORING, Context, Panel, register
from audit.catalogue.words import count_of
from audit.monitoring.domain.importance import weighted, weights
from audit.monitoring.grid import weeks_of
from audit.monitoring.input_models import ColumnWeek, Reference
from audit.monitoring.inputs import selectors
from audit.monitoring.quality import selectors as quality
from audit.monitoring.quality.shifting import has_rows
from audit.monitoring.quality_models import FeatureImportance, ShiftWeek
from config.ui import heat
from config.ui.format import number

MOST_WEEKS = 13
SHOWN = 25
WORDS = {"ok": "", "watch": "watch", "bad": "drifted", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Line:
    """A column with its weeks, oldest first."""

    column: str
    role: str
    weeks: tuple[ColumnWeek | None, ...]
    """None stands for a week in which nothing came."""
    importance: float | None = None
    """Its share of the importance of all columns; None where unknown."""

    @property
    def newest(self) -> ColumnWeek | None:
        """The newest week that it has."""
        return next((row for row in reversed(self.weeks) if row), None)

    @property
    def cells(self) -> list[heat.Cell]:
        """The weeks as the page draws them."""
        return [_cell(row) for row in self.weeks]


def _cell(row: ColumnWeek | None) -> heat.Cell:
    if row is None:
        return heat.NO_DATA
    calm = row.state == "ok"
    shown = "unknown" if row.value is None else number(row.value, 2)
    return heat.Cell(shown, "" if calm else row.state, WORDS[row.state], "" if calm else row.state)


def lines(
    rows: Iterable[ColumnWeek], mondays: Sequence[datetime], importance: FeatureImportance | None = None
) -> list[Line]:
    """Each column over these weeks: what moved and matters comes first, unknown ones last.

    Where the importance of the columns is known, they are in the order of their newest drift times their share of it,
    and those without importance (the answers themselves) follow; else in the order of drift.
    """
    by_column: dict[str, dict[datetime, ColumnWeek]] = {}
    for row in rows:
        by_column.setdefault(row.column, {})[row.week.start] = row
    means = {name: told["mean"] for name, told in importance.columns.items()} if importance else {}
    shares = weights(means)
    found = [
        Line(
            column,
            next(iter(own.values())).get_role_display(),
            tuple(map(own.get, mondays)),
            shares.get(column),
        )
        for column, own in by_column.items()
    ]
    drifts = {line.column: line.newest.value for line in found if line.newest and line.newest.value is not None}
    counted = weighted(drifts, means)

    def rank(line: Line) -> tuple[bool, bool, float, float, str]:
        drift = drifts.get(line.column)
        weight = counted.get(line.column)
        return drift is None, weight is None, -(weight or 0), -(drift or 0), line.column

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
    names = [row.column for row in moved or close]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{listed} {'drifted' if moved else 'moved a little'} in the newest week"


def _panel(model: Model, viewer: Actor, period: Period) -> Context | None:
    newest = selectors.watched(viewer=viewer, model=model)
    if newest is None:
        return _without(model, viewer)
    version, mondays = newest.version, weeks_of(period)[-MOST_WEEKS:]
    importance = getattr(version, "importance", None)
    rows = selectors.columns(viewer=viewer, version=version, since=mondays[0], until=period.end)
    found = lines(rows, mondays, importance)
    return {
        "version": version,
        "reference": newest.reference,
        "weeks": mondays,
        "lines": found[:SHOWN],
        "total": len(found),
        "title": conclusion(found),
        "importance": importance,
        "shift": as_a_whole(newest.reference, quality.shifts(viewer=viewer, version=version).filter(
            start__gte=mondays[0], start__lt=period.end).last()),
    }  # fmt: skip


def _without(model: Model, viewer: Actor) -> Context | None:
    """Nothing is compared yet: what is missing, for the newest version."""
    if not model.features:
        return None
    version = catalogue.versions(viewer=viewer).filter(model=model).order_by("-number").first()
    if version is None:
        return None
    reference: Reference | None = selectors.reference_of(viewer=viewer, version=version)
    return {"version": version, "reference": reference, "lines": [], "title": "Do the inputs look as they did?"}


def as_a_whole(reference: Reference | None, row: ShiftWeek | None) -> str:
    """What a classifier that sees all columns says of the newest week, in words; empty without a reference."""
    if reference is None:
        return ""
    if not has_rows(reference):
        return "All columns together: unknown, since a profile that was sent holds no rows."
    if row is None:
        return "All columns together: not compared in this period."
    week = f"{row.start.day} {row.start:%B %Y}"
    if row.value is None or row.low is None or row.high is None:
        return f"All columns together: unknown, since the week of {week} has too few rows."
    told = "told" if row.low > 0.5 else "not told"
    area = f"area {row.value:.2f} ({row.low:.2f} to {row.high:.2f}), where 0.50 is chance"
    return (
        f"All {count_of(row.columns, 'column')} together: a classifier has {told} the week of {week} apart "
        f"from the reference ({area}; {row.n_current:,} rows beside {row.n_reference:,})."
    )


def register_own() -> None:
    """Adds the section."""
    register(Panel(22, "inputs", "Inputs", "monitoring/panels/inputs.html", _panel, parts=(MONITORING,)))
