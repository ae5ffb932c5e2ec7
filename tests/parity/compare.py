"""Runs every peer on every cut, puts ours beside it, and says for each figure whether the two are the same."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.parity import ours
from tests.parity.cuts import Cut
from tests.support import peers

HERE = Path(__file__).resolve().parent
SCRIPTS = ("peer_evidently.py", "peer_nannyml.py", "peer_fairlearn.py")
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Row:
    """One figure of a peer beside ours."""

    variant: str
    peer: str
    data: str
    column: str
    window: str
    theirs: float
    ours: float | None

    @property
    def said(self) -> bool:
        """Whether the peer gives a number at all; where it gives none there is nothing to compare."""
        return not math.isnan(self.theirs)

    @property
    def difference(self) -> float:
        """Relative for a p and for what is larger than 1, else absolute; infinite where ours is no number."""
        if self.theirs == self.ours:
            return 0.0
        scale = max(abs(self.theirs), 0.0 if self.variant.endswith(" p") else 1.0)
        return abs(self.theirs - self.ours) / scale if scale and self.ours is not None else math.inf

    @property
    def holds(self) -> bool:
        return self.difference <= TOLERANCE


def rows(cut: Cut) -> list[Row]:
    """Each figure that a peer gives on this cut, sorted by variant. One that we lack is a KeyError."""
    known = ours.figures(cut)
    found = []
    for script in SCRIPTS:
        said = peers.run(HERE / script, json.dumps(cut.task()))
        for figure in said["figures"]:
            key = (figure["variant"], figure["column"], figure["window"])
            found.append(Row(figure["variant"], said["peer"], cut.name, *key[1:], figure["value"], known[key]))
    return sorted(found, key=lambda row: (row.variant, row.peer))


def worst(found: Iterable[Row]) -> Iterator[tuple[Row, int, bool]]:
    """Of each variant, peer and data set: the figure that differs most, how many there are, whether all hold."""
    ordered = sorted(found, key=lambda row: (row.variant, row.peer, row.data))
    for _, group in groupby(ordered, key=lambda row: (row.variant, row.peer, row.data)):
        together = list(group)
        furthest = max(together, key=lambda row: row.difference)
        yield furthest, len(together), all(row.holds for row in together)


def unsaid(found: Iterable[Row]) -> str:
    """What the peers give no number for, and what we say, as Markdown; empty where there is none."""
    return "".join(
        f"- {row.peer} gives no number for {row.variant} of the column “{row.column}” ({row.data}); ours is "
        f"{_shown(row.ours)}.\n"
        for row in found
        if not row.said
    )


def table(found: Iterable[Row]) -> str:
    """As Markdown, one line for each variant, peer and data set."""
    lines = [
        "| variant | peer | data | figures | furthest apart at | peer's value | ours | difference | holds |",
        "|---|---|---|---:|---|---:|---:|---:|---|",
    ]
    for row, count, holds in worst(found):
        place = " ".join(part for part in (row.column, row.window) if part and part != "all")
        lines.append(
            f"| {row.variant} | {row.peer} | {row.data} | {count} | {place} | {_shown(row.theirs)} "
            f"| {_shown(row.ours)} | {row.difference:.1e} | {'yes' if holds else '**no**'} |"
        )
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.12g}"
