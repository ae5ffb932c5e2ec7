"""Two distributions of a column in the same few places, for drawing one over the other."""

from __future__ import annotations

from typing import Any, Final

from audit.monitoring.domain.columns import Categories, Column, Numbers

BARS: Final = 20
NAMES: Final = 15
TAIL: Final = 0.005
"""So much of the reference lies outside of the drawn bars on either side; the outermost ones hold what is beyond."""


def shape(reference: Column, column: Column) -> dict[str, Any]:
    """Shares of the reference and of the column in the same places, each adding up to 1 without nulls.

    Numbers: ``edges`` between the bars, about equally wide, all of them edges of the profiles; bar i lies above edge
    i-1 and up to edge i. Names: the most frequent of both, then all others. Empty where either has no rows.
    """
    if isinstance(reference, Numbers) and isinstance(column, Numbers):
        return _numbers(reference, column)
    if isinstance(reference, Categories) and isinstance(column, Categories):
        return _names(reference, column)
    return {}


def _numbers(reference: Numbers, column: Numbers) -> dict[str, Any]:
    import numpy as np

    if not reference.finite or not column.finite or not reference.edges.size:
        return {}
    below = np.cumsum(reference.counts)[:-1] / reference.finite
    inside = reference.edges[(below >= TAIL) & (below <= 1 - TAIL)]
    if not inside.size:
        inside = reference.edges
    wanted = np.linspace(inside[0], inside[-1], BARS - 1)
    places = np.clip(np.searchsorted(inside, wanted), 0, inside.size - 1)
    edges = np.unique(inside[places])
    return {
        "edges": edges.tolist(),
        "reference": (reference.cut(edges) / reference.finite).tolist(),
        "week": (column.cut(edges) / column.finite).tolist(),
    }


def _names(reference: Categories, column: Categories) -> dict[str, Any]:
    if not reference.named or not column.named:
        return {}
    both = {
        name: (reference.counts.get(name, 0) / reference.named, column.counts.get(name, 0) / column.named)
        for name in reference.counts.keys() | column.counts.keys()
    }
    ranked = sorted(both, key=lambda name: (-max(both[name]), name))[:NAMES]
    shares = [[both[name][side] for name in ranked] for side in (0, 1)]
    if len(both) > NAMES or reference.others or column.others:
        ranked.append("")
        for side in (0, 1):
            shares[side].append(max(0.0, 1 - sum(shares[side])))
    return {"names": ranked, "reference": shares[0], "week": shares[1]}
