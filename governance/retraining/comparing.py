"""Champion and challenger on the same labelled rows: each difference is paired, and has a 95% interval.

Differences are challenger minus champion. Arrays are one-dimensional, one entry for each row, in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from audit.monitoring.domain import HIGHER_IS_BETTER, LABELS, delong_paired, paired_bootstrap_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

DRAWS: Final = 2000
DELONG: Final = "DeLong, paired"
BOOTSTRAP: Final = "Bootstrap, paired"
HINTS: Final = {
    "roc_auc": "how well it ranks",
    "recall": "positives that were flagged",
    "precision": "flags that were right",
    "brier": "less is better",
    "mae": "less is better",
}


def classification(
    *, truth: Booleans, champion: Floats, challenger: Floats, threshold: float, seed: int
) -> list[dict[str, Any]]:
    """ROC AUC, recall and precision at ``threshold``, and Brier score; the first is the main measure.

    ``champion`` and ``challenger`` are probabilities. A measure that is undefined has None and is unknown.
    """
    auc = delong_paired(challenger, champion, truth)
    rows = int(truth.size)
    measures = [
        measure("roc_auc", auc.auc_b, auc.auc_a, (auc.difference, auc.low, auc.high), rows, DELONG)
        if auc
        else measure("roc_auc", None, None, None, rows, DELONG)
    ]
    measures += rates(truth=truth, champion=champion >= threshold, challenger=challenger >= threshold, seed=seed)
    before, after = (champion - truth) ** 2, (challenger - truth) ** 2
    return [*measures, _mean("brier", before, after, seed)]


def regression(*, truth: Floats, champion: Floats, challenger: Floats, seed: int) -> list[dict[str, Any]]:
    """The mean absolute error, which is the main measure, and how much the errors lean to one side (bias, in words)."""
    import numpy as np

    return [_mean("mae", np.abs(champion - truth), np.abs(challenger - truth), seed)]


def _mean(metric: str, before: Floats, after: Floats, seed: int) -> dict[str, Any]:
    found = paired_bootstrap_mean(after - before, seed=seed, draws=DRAWS)
    interval = None if found.value is None or found.low is None or found.high is None else (found.value, found.low, found.high)
    ends = (float(before.mean()), float(after.mean())) if found.n else (None, None)
    return measure(metric, *ends, interval, found.n, BOOTSTRAP)


def rates(*, truth: Booleans, champion: Booleans, challenger: Booleans, seed: int) -> list[dict[str, Any]]:
    """Recall and precision of two flags of the same rows, by a paired bootstrap that is stratified by the truth.

    Drawing rows with replacement is drawing how many fall in each of the four combinations of flags, so the draws are
    multinomial over these counts: the same distribution, without touching a row again.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    drawn, counted = {}, {}
    for name, chosen in (("positive", truth), ("negative", ~truth)):
        cells = np.bincount(2 * champion[chosen] + challenger[chosen], minlength=4)
        total = int(cells.sum())
        counted[name] = cells
        drawn[name] = generator.multinomial(total, cells / total, DRAWS) if total else np.zeros((DRAWS, 4), dtype=int)

    def both(cells: Any) -> tuple[Any, Any]:
        return cells[..., 2] + cells[..., 3], cells[..., 1] + cells[..., 3]

    found = []
    for metric in ("recall", "precision"):
        point, spread = [], []
        for index in (0, 1):
            hits, false = both(counted["positive"])[index], both(counted["negative"])[index]
            many, wrong = both(drawn["positive"])[index], both(drawn["negative"])[index]
            of = counted["positive"].sum() if metric == "recall" else hits + false
            of_drawn = drawn["positive"].sum(axis=1) if metric == "recall" else many + wrong
            point.append(float(hits / of) if of else None)
            spread.append(np.where(of_drawn > 0, many / np.maximum(of_drawn, 1), np.nan))
        n = int(counted["positive"].sum()) if metric == "recall" else int(truth.size)
        differences = spread[1] - spread[0]
        if point[0] is None or point[1] is None or np.isnan(differences).any():
            found.append(measure(metric, point[0], point[1], None, n, BOOTSTRAP))
            continue
        low, high = np.quantile(differences, (0.025, 0.975))
        found.append(measure(metric, *point, (point[1] - point[0], float(low), float(high)), n, BOOTSTRAP))
    return found


def measure(
    metric: str,
    champion: float | None,
    candidate: float | None,
    interval: tuple[float, float, float] | None,
    n: int,
    method: str,
) -> dict[str, Any]:
    """One line of the evidence of a promotion request. ``interval`` is (difference, low, high)."""
    difference, low, high = interval if interval else (None, None, None)
    return {
        "metric": metric,
        "name": LABELS[metric],
        "hint": HINTS.get(metric, ""),
        "champion": champion,
        "candidate": candidate,
        "difference": difference,
        "low": low,
        "high": high,
        "n": n,
        "method": method,
        "higher_is_better": HIGHER_IS_BETTER[metric],
    }


def confusion(truth: Booleans, flagged: Booleans) -> dict[str, int]:
    """The four counts, as a value model needs them."""
    return {
        "tp": int((truth & flagged).sum()),
        "fp": int((~truth & flagged).sum()),
        "fn": int((truth & ~flagged).sum()),
        "tn": int((~truth & ~flagged).sum()),
    }
