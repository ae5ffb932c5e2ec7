"""Whether scores have to be calibrated before they are chances, and the calibration: as nannyml 0.13.1 does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.monitoring.domain.classification import roc_auc

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def calibration_helps(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> bool:
    """Whether isotonic calibration lowers the expected calibration error, judged on rows it has not seen.

    Ten splits of 90% and 10% (stratified, seed 42), the held-out tenths put together, ten bins of equally many rows:
    `nannyml.calibration.needs_calibration`. Never for one class, an AUC above 0.999, or fewer than 20 rows.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedShuffleSplit

    positives = int(labels.sum())
    if scores.size < 20 or min(positives, scores.size - positives) < 2 or (roc_auc(scores, labels).value or 0) > 0.999:
        return False
    splits = StratifiedShuffleSplit(n_splits=10, test_size=0.1, random_state=42)
    raw, mended, truth = [], [], []
    for learn, test in splits.split(scores, labels):
        raw.append(scores[test])
        mended.append(np.interp(scores[test], *isotonic(scores[learn], labels[learn])))
        truth.append(labels[test])
    found = np.concatenate(truth)
    return _calibration_error(np.concatenate(raw), found) > _calibration_error(np.concatenate(mended), found)


def isotonic(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scores and the chances that rise with them (knots of an isotonic regression), straight lines between."""
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(out_of_bounds="clip", increasing=True).fit(scores, labels)
    return tuple(model.X_thresholds_.tolist()), tuple(model.y_thresholds_.tolist())


def _calibration_error(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    import numpy as np

    order = np.argsort(scores, kind="stable")
    bins = 10 if scores.size > 20 else scores.size // 2
    cuts = np.arange(0, scores.size + 1, scores.size // bins)
    cuts[-1] = scores.size
    gaps = np.abs(np.add.reduceat((scores - labels)[order], cuts[:-1]))
    return float(gaps.sum() / scores.size)
