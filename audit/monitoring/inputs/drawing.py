"""What the page of one column draws and says: its course, both distributions, and every figure with its variant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from audit.monitoring.input_models import ColumnWeek
from audit.monitoring.inputs.comparing import WATCH
from config.ui import charts

STATES: Final = {
    "ok": "stays within what its reference showed",
    "watch": "moved a little away from its reference",
    "bad": "drifted away from its reference",
    "unknown": "cannot be judged",
}
MEANS: Final = {
    "psi/credit": "Population stability index on tenths of the reference, nulls apart: from 0.10 it is worth a look",
    "psi/evidently": "Population stability index as Evidently 0.7 works it out",
    "js/evidently": "Jensen–Shannon distance as Evidently 0.7 works it out, in nats",
    "js/nannyml": "Jensen–Shannon distance as NannyML 0.13 works it out, in bits",
    "ks": "Largest gap of the cumulative distributions (Kolmogorov–Smirnov)",
    "wasserstein": "How far values moved on average, in the column's unit (Wasserstein)",
    "wasserstein/evidently": "The same in standard deviations of the reference, as Evidently 0.7 works it out",
    "chi2/contingency": "Chi-squared of both columns' counts (contingency table)",
    "chi2/evidently": "Chi-squared of the week against counts that the reference expects, as Evidently 0.7 does it",
    "l_infinity": "Largest change of any name's share",
}


def sentences(row: ColumnWeek) -> list[str]:
    """The week in words: the state, the figure, the rows it is from, and what was missing."""
    week = f"{row.week.start.day} {row.week.start:%B %Y}"
    if row.value is None:
        said = [f"In the week of {week} it {STATES[row.state]}: there are too few values."]
    else:
        said = [f"In the week of {week} it {STATES[row.state]}: its index is {row.value:.2f}."]
    if row.state == "unknown" and row.value is not None:
        said.append(f"With {row.n:,} rows beside {row.n_reference:,} that may be chance.")
    if row.nulls:
        said.append(f"{row.nulls:,} of {row.n:,} rows have no value ({row.nulls / row.n:.1%}).")
    if row.infinite:
        said.append(f"{row.infinite:,} are infinite.")
    return said


def course(rows: Sequence[ColumnWeek], name: str) -> dict[str, Any]:
    """The index by week with its bounds, and the table below it."""
    table = [
        [f"{row.week.start.day} {row.week.start:%B %Y}", None if row.value is None else f"{row.value:.3f}",
         f"{row.n:,}", f"{row.nulls:,}", STATES[row.state].capitalize()]
        for row in reversed(rows)
    ]  # fmt: skip
    drawn = [row for row in rows if row.value is not None]
    figure = None
    if drawn:
        line = charts.Series(
            "index", [f"{row.week.start:%Y-%m-%d}" for row in rows], [row.value for row in rows],
            note=[f" of {row.n:,} rows" for row in rows],
        )  # fmt: skip
        figure = charts.lines([line], threshold=WATCH, threshold_label="Worth a look", from_zero=True)
    last = drawn[-1] if drawn else None
    title = f"{name} by week"
    if last is not None and last.value is not None:
        states = [row.state for row in drawn]
        bad, watch = states.count("bad"), states.count("watch")
        title = f"{name}: drifted in {bad} of {len(drawn)} weeks" + (f", moved a little in {watch}" if watch else "")
    return {
        "figure": figure,
        "title": title,
        "sub": "Population stability index against the reference; weeks start on Monday, UTC.",
        "table": (("Week from", "Index", "Rows", "Without a value", "State"), table),
    }


def both(row: ColumnWeek) -> dict[str, Any]:
    """The week's distribution over that of the reference, and the table below it."""
    told = row.shape
    if not told:
        return {"figure": None, "title": "Both distributions", "sub": "", "table": None}
    names = _places(told["edges"]) if "edges" in told else [name or "all others" for name in told["names"]]
    week = f"the week of {row.week.start.day} {row.week.start:%B}"
    rows = [
        [name, f"{first:.1%}", f"{second:.1%}"]
        for name, first, second in zip(names, told["reference"], told["week"], strict=True)
    ]
    return {
        "figure": charts.distributions(names, told["reference"], told["week"], words=("Reference", "Week")),
        "title": _moved(names, told),
        "sub": f"Share of rows with a value. Bars: {week}. Outline: the reference.",
        "table": (("Value" if "names" in told else "Up to", "Reference", "Week"), rows),
    }


def _places(edges: Sequence[float]) -> list[str]:
    return [*(f"{edge:.4g}" for edge in edges), f"over {edges[-1]:.4g}"]


def _moved(names: Sequence[str], told: dict[str, Any]) -> str:
    changes = [second - first for first, second in zip(told["reference"], told["week"], strict=True)]
    at = max(range(len(changes)), key=lambda place: abs(changes[place]))
    points = abs(changes[at]) * 100
    if points < 0.5:
        return "Both distributions are alike"
    where = f"“{names[at]}”" if "names" in told else f"values up to {names[at]}" if at < len(names) - 1 else names[at]
    return f"The largest change: {where}, {points:.0f} points {'more' if changes[at] > 0 else 'less'} of the rows"


def variants(row: ColumnWeek) -> list[dict[str, Any]]:
    """Every figure of the week with its variant, the one that decides first."""
    names = sorted(row.statistics, key=lambda name: (name != row.variant, list(MEANS).index(name)))
    return [{"name": name, "means": MEANS[name], **row.statistics[name]} for name in names]
