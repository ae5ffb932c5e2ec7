"""Whether two sets of rows differ taken as a whole: can a classifier tell which set a row is from?

It sees changes that no single column shows, such as two columns that stop going together. Half the area means that
nothing sets the rows apart. Variant name: "domain_classifier/hgb". The idea is that of Rabanser, Günnemann & Lipton
2019 (NeurIPS 32); nannyml's has LightGBM and pools the folds, so its figure is near this one, not equal to it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from audit.monitoring.domain.estimate import Estimate, Z

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

VARIANT: Final = "domain_classifier/hgb"

CAP: Final = 10_000
"""Rows taken from each side, at random with the seed given, when there are more."""

FOLDS: Final = 5
_ITERATIONS: Final = 30
_LEAVES: Final = 8
_CATEGORIES: Final = 254
"""The most frequent categories of a column are told apart; all others count as one. The learner takes 255."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How well the two sets are told apart.

    ``auc``: mean ROC AUC over the folds, each on rows its model has not seen, with the 95% interval. ``p``: one-sided,
    against no difference; None where the sets are too small. ``n_reference`` and ``n_current`` are the rows given,
    ``used_reference`` and ``used_current`` those used (at most ``CAP``).
    """

    auc: Estimate
    p: float | None
    n_reference: int
    n_current: int
    used_reference: int
    used_current: int


def domain_classifier(
    reference: Mapping[str, ArrayLike], current: Mapping[str, ArrayLike], *, seed: int, cap: int = CAP
) -> Shift:
    """Tells reference rows from current rows by gradient-boosted trees, five-fold, stratified.

    Both map column names to equally long arrays: numbers (NaN is null, and null is told apart; infinite values count as
    the largest that there is) or objects (None is null). Columns that either side lacks are left out. A row's order
    matters only for which rows ``seed`` takes and which fold they fall in. The two sets must not share rows: a row in
    both teaches the opposite of what it is tested for.

    The interval is that of a cross-validated AUC (LeDell, Petersen & van der Laan 2015, Electronic Journal of
    Statistics 9, p. 1583) with DeLong's variance in each fold, doubled. Where nothing differs, what fold A tells of
    fold B is what B tells of A, so the folds can repeat each other once: undoubled, 0.5 was in it 86 times of 100
    instead of 95; doubled it is slightly wide. Fewer than ten rows on a side: the AUC is unknown. Raises ValueError for
    no common column.
    """
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    names = [name for name in reference if name in current]
    if not names:
        raise ValueError("The reference and the current rows have no column in common.")
    rows = np.random.default_rng(seed)
    n_reference, n_current = len(np.asarray(reference[names[0]])), len(np.asarray(current[names[0]]))
    first, second = _sample(n_reference, cap, rows), _sample(n_current, cap, rows)
    if min(first.size, second.size) < 2 * FOLDS:
        unknown = Estimate(None, None, None, first.size + second.size)
        return Shift(unknown, None, n_reference, n_current, first.size, second.size)
    columns = [_column(np.asarray(reference[name])[first], np.asarray(current[name])[second]) for name in names]
    table = np.column_stack([values for values, _ in columns])
    categorical = [index for index, (_, is_category) in enumerate(columns) if is_category]
    is_current = np.r_[np.zeros(first.size, int), np.ones(second.size, int)]
    values, variances = [], []
    for learn, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(table, is_current):
        model = HistGradientBoostingClassifier(
            max_iter=_ITERATIONS,
            max_leaf_nodes=_LEAVES,
            early_stopping=False,
            categorical_features=categorical or None,
            random_state=seed,
        )
        # One thread, so that sums do not depend on how many cores the machine has; workers run beside each other.
        with threadpool_limits(limits=1):
            scores = model.fit(table[learn], is_current[learn]).predict_proba(table[test])[:, 1]
        value, variance = _auc(scores, is_current[test] == 1)
        values.append(value)
        variances.append(variance)
    auc, deviation = math.fsum(values) / FOLDS, math.sqrt(2 * math.fsum(variances)) / FOLDS
    interval = Estimate(auc, max(0.0, auc - Z * deviation), min(1.0, auc + Z * deviation), int(is_current.size))
    p = math.erfc((auc - 0.5) / deviation / math.sqrt(2)) / 2 if deviation else float(auc <= 0.5)
    return Shift(interval, p, n_reference, n_current, first.size, second.size)


def _sample(n: int, cap: int, rows: np.random.Generator) -> NDArray[np.int64]:
    import numpy as np

    return np.sort(rows.choice(n, cap, replace=False)) if n > cap else np.arange(n)


def _auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> tuple[float, float]:
    """The AUC and its variance (DeLong, DeLong & Clarke-Pearson 1988); both classes have two rows or more."""
    import numpy as np

    ones, zeros = np.sort(scores[positive]), np.sort(scores[~positive])
    beaten = (np.searchsorted(zeros, ones) + np.searchsorted(zeros, ones, side="right")) / 2 / zeros.size
    lost = (np.searchsorted(ones, zeros) + np.searchsorted(ones, zeros, side="right")) / 2 / ones.size
    return float(beaten.mean()), float(beaten.var(ddof=1) / ones.size + lost.var(ddof=1) / zeros.size)


def _column(reference: NDArray[Any], current: NDArray[Any]) -> tuple[NDArray[np.float64], bool]:
    """Both sides as one array of numbers, null as NaN, and whether they are codes of categories."""
    import numpy as np

    if reference.dtype.kind in "biuf" and current.dtype.kind in "biuf":
        values = np.concatenate([reference.astype(float), current.astype(float)])
        return _told(np.clip(values, np.finfo(float).min, np.finfo(float).max)), False
    names = [None if _is_null(value) else str(value) for value in (*reference.tolist(), *current.tolist())]
    counted = Counter(name for name in names if name is not None)
    kept = sorted(counted, key=lambda name: (-counted[name], name))[:_CATEGORIES]
    codes: dict[str | None, float] = {name: float(code) for code, name in enumerate(kept)}
    codes[None] = math.nan
    return _told(np.asarray([codes.get(name, float(_CATEGORIES)) for name in names])), True


def _told(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values; nulls alone become one value, which tells as little, and which the learner takes."""
    import numpy as np

    return np.zeros_like(values) if np.isnan(values).all() else values


def _is_null(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - only NaN and its kin differ from themselves
