"""How much a model's answers rest on each column, and drift weighed by it: what moves and matters comes first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

REPEATS: Final = 5


@dataclass(frozen=True, slots=True)
class Importance:
    """How much worse the metric gets when a column's values are shuffled: mean and sd over ``repeats`` shuffles.

    ``mean`` is in the metric's unit, above 0 where the column helps; ``sd`` (n - 1) is None for one shuffle.
    """

    mean: float
    sd: float | None
    repeats: int


def permutation(
    predict: Callable[[dict[str, NDArray[Any]]], ArrayLike],
    columns: Mapping[str, ArrayLike],
    truth: ArrayLike,
    metric: Callable[[NDArray[Any], NDArray[Any]], float],
    *,
    seed: int,
    repeats: int = REPEATS,
    higher_is_better: bool = True,
) -> dict[str, Importance]:
    """Permutation importance of each column (Breiman 2001, Machine Learning 45, section 10; Fisher, Rudin & Dominici
    2019, JMLR 20/177, as a difference).

    ``predict`` takes columns of equal length by name and answers one figure a row; ``metric(truth, answers)`` gives one
    figure, such as an ROC AUC. A column's shuffles follow from ``seed`` and its name, so that other columns do not
    change its figure. Columns that say the same share their importance and each may look unimportant.
    """
    import numpy as np

    table = {name: np.asarray(values) for name, values in columns.items()}
    true = np.asarray(truth)
    sign = 1.0 if higher_is_better else -1.0
    whole = metric(true, np.asarray(predict(dict(table))))
    found = {}
    for name, values in table.items():
        generator = np.random.default_rng([seed, crc32(name.encode())])
        lost = []
        for _ in range(repeats):
            shuffled = values[generator.permutation(len(values))]
            lost.append(sign * (whole - metric(true, np.asarray(predict(table | {name: shuffled})))))
        found[name] = Importance(fmean(lost), stdev(lost) if repeats > 1 else None, repeats)
    return found


def weights(importance: Mapping[str, float]) -> dict[str, float]:
    """Shares of importance that add to 1; what is below 0 counts as 0. Empty where no column helps."""
    total = math.fsum(value for value in importance.values() if value > 0)
    return {name: max(0.0, value) / total for name, value in importance.items()} if total > 0 else {}


def weighted(drift: Mapping[str, float], importance: Mapping[str, float]) -> dict[str, float]:
    """Each column's drift times its share of importance, the largest first; their sum is that of the whole input.

    All drifts are of one variant. A column whose drift or importance is unknown is left out, and its share of
    importance is not given to the others: the sum is then a lower bound. Empty where no column helps.
    """
    shares = weights(importance)
    found = {name: value * shares[name] for name, value in drift.items() if name in shares}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
