"""Labelled rows of a week and of what it is held against: they are read only where something stood out, to tell why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from audit.catalogue.models import Task
from audit.lake import engine
from audit.monitoring import lakehouse
from audit.monitoring.domain.causes import Band, Movement, given_scores, of_parts
from audit.monitoring.domain.columns import Numbers
from audit.monitoring.domain.drift import of_columns
from audit.monitoring.models import Kind, Partition, Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from audit.alerts.gathering import Seen

    Array = NDArray[np.float64]

DAY: Final = timedelta(days=1)
BANDS: Final = 10
PARTS: Final = 3
"""The outcomes of a regression are cut into so many parts, at the reference's quantiles, where classes have labels."""


def compared(seen: Seen) -> tuple[Movement | None, Movement | None]:
    """The score among rows of the same label, and the outcomes among rows of the same score; None: not known."""
    if seen.window is None or not seen.base or seen.model.task not in {Task.CLASSIFICATION, Task.REGRESSION}:
        return None, None
    old, new = _rows(seen.base), _rows([seen.window])
    if not old[0].size or not new[0].size:
        return None, None
    return _within_labels(old, new, seen.model.task), _given_scores(old, new, seen.model.task)


def _rows(windows: Iterable[Window]) -> tuple[Array, Array]:
    """Score (or prediction) and label of the labelled rows of these windows."""
    import numpy as np

    scores, labels = [], []
    with engine.database() as db:
        for window in windows:
            rows = Partition.objects.filter(model=window.version.model_id).order_by("day", "sequence", "pk")
            first, end = window.start.date(), window.end.date()
            told = list(rows.filter(kind=Kind.PREDICTIONS, version=window.version_id, day__gte=first, day__lt=end))
            truth = list(rows.filter(kind=Kind.LABELS, day__gte=first - DAY, day__lte=end))
            if not told or not truth:
                continue
            found: dict[str, Any] = db.sql(
                "SELECT coalesce(score, prediction) AS score, label "
                f"FROM {lakehouse.files(told)} AS told JOIN {lakehouse.labels(truth)} AS truth USING (prediction_id) "
                "WHERE label IS NOT NULL AND coalesce(score, prediction) IS NOT NULL ORDER BY prediction_id"
            ).fetchnumpy()
            scores.append(np.asarray(found["score"], dtype=float))
            labels.append(np.asarray(found["label"], dtype=float))
    if not scores:
        return np.array([]), np.array([])
    return np.concatenate(scores), np.concatenate(labels)


def _within_labels(old: tuple[Array, Array], new: tuple[Array, Array], task: str) -> Movement:
    import numpy as np

    cuts = np.array([0.5]) if task == Task.CLASSIFICATION else _quantiles(old[1], PARTS)
    parts = []
    for part in range(cuts.size + 1):
        before, after = (scores[np.searchsorted(cuts, labels) == part] for scores, labels in (old, new))
        if before.size and after.size:
            reference = Numbers.of(before)
            drifts = of_columns(reference, Numbers.of(after, reference.edges))
            parts.append(drifts["ks"])
    return of_parts("the score among rows of the same label", parts)


def _given_scores(old: tuple[Array, Array], new: tuple[Array, Array], task: str) -> Movement:
    import numpy as np

    if task == Task.CLASSIFICATION:
        cuts, unit = np.linspace(0, 1, BANDS + 1)[1:-1], 1.0
    else:
        cuts, unit = _quantiles(old[0], BANDS), float(old[1].std()) or 1.0
    return given_scores(_bands(old, cuts, unit), _bands(new, cuts, unit))


def _bands(rows: tuple[Array, Array], cuts: Array, unit: float) -> list[Band]:
    """What was missed by band of the score; of a regression in standard deviations of the reference's outcomes."""
    import numpy as np

    missed, band = (rows[1] - rows[0]) / unit, np.searchsorted(cuts, rows[0])
    return [
        Band(int(inside.sum()), float(missed[inside].sum()), float((missed[inside] ** 2).sum()))
        for inside in (band == place for place in range(cuts.size + 1))
    ]


def _quantiles(values: Array, parts: int) -> Array:
    import numpy as np

    return np.unique(np.quantile(values, np.linspace(0, 1, parts + 1)[1:-1]))
