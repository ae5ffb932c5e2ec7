"""What a model's answers rest on: how much worse a sibling of it does on rows it has not seen, column by column.

The model itself learns from all rows, so none is left to ask it. Its sibling is trained by the same order on the older
four fifths, and its columns are shuffled one by one in the newest fifth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from audit.catalogue.models import Task
from audit.monitoring.domain.importance import REPEATS, Importance, permutation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.retraining.engines import Engine, Order

HELD_OUT: Final = 0.2
LEAST: Final = 100
"""Fewer labelled rows on the newer side say too little."""
MOST: Final = 5_000
"""Of more rows on the newer side, so many are asked: every second (third, ...)."""
METRIC: Final = {Task.CLASSIFICATION: "roc_auc", Task.REGRESSION: "mae"}


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The importance of each column, by how much ``metric`` gets worse over ``n`` rows."""

    columns: dict[str, Importance]
    metric: str
    n: int
    source: str

    def told(self) -> dict[str, Any]:
        """As the API takes it."""
        columns = {name: {"mean": one.mean, "sd": one.sd} for name, one in self.columns.items()}
        return {
            "columns": columns, "metric": self.metric, "n": self.n, "repeats": REPEATS, "source": self.source
        }  # fmt: skip


def of_held_out(engine: Engine, order: Order) -> HeldOut | None:
    """The importance of the order's features. Rows are in the order of ``at``, where they have it, or as they came.

    None where there are too few labelled rows, or either part has rows of one class only.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = order.frame.filter(pc.is_valid(order.frame[order.target]))
    if "at" in rows.column_names:
        rows = rows.sort_by([("at", "ascending")])
    cut = len(rows) - int(len(rows) * HELD_OUT)
    older, newer = rows.slice(0, cut), rows.slice(cut)
    classes = order.task == Task.CLASSIFICATION
    one_class = classes and any(pc.count_distinct(part[order.target]).as_py() < 2 for part in (older, newer))
    if len(newer) < LEAST or one_class:
        return None
    asked = newer.take(pa.array(np.arange(0, len(newer), -(-len(newer) // MOST))))
    sibling = engine.train(replace(order, frame=older))

    def predict(columns: dict[str, NDArray[Any]]) -> Any:
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        return engine.predict(sibling.artefact, table, digest=sibling.digest)

    found = permutation(
        predict,
        {name: asked[name].to_numpy(zero_copy_only=False) for name in order.features},
        asked[order.target].to_numpy(zero_copy_only=False).astype(float),
        _auc if classes else _mae,
        seed=order.seed,
        higher_is_better=classes,
    )
    source = "its training run, of a sibling trained on the older four fifths, over the newest fifth"
    return HeldOut(found, METRIC[Task(order.task)], len(asked), source)


def _auc(truth: NDArray[Any], answers: NDArray[Any]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, answers))


def _mae(truth: NDArray[Any], answers: NDArray[Any]) -> float:
    import numpy as np

    return float(np.abs(truth - answers).mean())
