"""A small report with one of everything that a report can hold."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from audit.exports.report import (
    BAD,
    OFF,
    OK,
    UNKNOWN,
    WAITING,
    WATCH,
    Lane,
    Lanes,
    Line,
    Lines,
    Mark,
    Point,
    Report,
    Section,
    Span,
    code,
    number,
    table,
)

AS_OF = datetime(2013, 7, 8, 9, 0, 0, 250_000, tzinfo=UTC)
LINES = Lines(
    "ROC AUC fell from 0.72 to 0.64",
    "By week.",
    (
        Line("v1", tuple(Point(date(2013, 3, 4 + 7 * at), 0.72 - at * 0.04, 0.7 - at * 0.04, 0.75) for at in range(3))),
        Line("v2", (Point(date(2013, 3, 4), None), Point(date(2013, 3, 18), 0.7, 0.6, 0.8))),
    ),
)
LANES = Lanes(
    "v1 ran, v2 runs",
    "Each bar is a version.",
    (Lane("production", (Span(date(2013, 3, 4), date(2013, 5, 1), "v1"), Span(date(2013, 5, 1), None, "v2"))),),
    date(2013, 7, 8),
)
STATES = [Mark(state, f"word {state}") for state in (OK, WATCH, BAD, WAITING, OFF)] + [UNKNOWN]


def report(**changes: Any) -> Report:
    """The report; ``changes`` replace fields of it."""
    made = Report(
        title="Evidence on the model late-arrival",
        scope="The model late-arrival, of all time",
        as_of=AS_OF,
        lede=("This is what was known.", "One version runs."),
        sections=(
            Section(
                key="one",
                title="What it is for",
                order=1,
                sentences=("It says what lands late.",),
                tables=(
                    table(
                        "States",
                        ["State", number("Entries"), code("SHA-256")],
                        [[state, f"{at},{at}00", f"{at}" * 64] for at, state in enumerate(STATES, 1)],
                        note="A note below.",
                    ),
                    table("Long", ["Name"], [[f"Row {at}"] for at in range(60)], long=True),
                ),
                figures=(LINES, LANES),
            ),
            Section(key="two", title="What happened", order=2, sentences=("Nothing.",)),
        ),
        summary=(table("Shares", ["Regime", number("Share")], [["EU AI Act", "41%"]]),),
    )
    return replace(made, **changes)


def texts(value: Any) -> list[str]:
    """Every text for people in a report's JSON, keys and figures' drawings aside."""
    if isinstance(value, dict):
        inside = {"state", "kind", "key", "basis", "order", "as_of", "claims", "lines", "lanes", "until", "places"}
        return [text for name, item in value.items() if name not in inside for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) and value else []
