"""The figures of merged outcomes as they are stored: what was counted, and each metric with how far it may be off."""

from __future__ import annotations

from typing import Any, Final

from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.multiclass import Multiclass
from audit.monitoring.domain.outcomes import Binary, Part

LEVEL: Final = 0.5
"""Scores are decided here where a model has no threshold of its own."""


def level_of(threshold: float | None) -> float:
    """The score from which a row is flagged."""
    return LEVEL if threshold is None else threshold


def told(part: Part, threshold: float | None) -> dict[str, Any]:
    """The figures as JSON, as ``outcome_models`` describes them; the threshold of today decides."""
    level = level_of(threshold)
    doubts = part.doubts(level)
    found: dict[str, Any] = {
        "threshold": threshold,
        "counts": counts(part, level),
        "metrics": {name: _plain(one, doubts.get(name)) for name, one in part.metrics(level).items()},
    }
    if isinstance(part, Multiclass):
        found["classes"] = {
            name: {metric: _plain(one, None) for metric, one in told.items()} for name, told in part.by_class().items()
        }
    return found


def counts(part: Part, level: float) -> dict[str, int]:
    """tp, fp, fn, tn and flagged of a model that answers yes or no; nothing of others."""
    if not isinstance(part, Binary):
        return {}
    found = part.confusion(level)
    return {"tp": found.tp, "fp": found.fp, "fn": found.fn, "tn": found.tn, "flagged": part.flagged(level)}


def _plain(found: Estimate, error: float | None) -> dict[str, float | int | None]:
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n, "error": error}
