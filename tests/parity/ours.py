"""The same figures by Tollgate's own code, by (variant, column, window)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from audit.monitoring.domain import estimating, exact, fairness
from tests.parity.cuts import Cut

Key = tuple[str, str, str]
FAIRNESS = {
    "demographic_parity_difference": "demographic parity difference",
    "demographic_parity_ratio": "demographic parity ratio",
    "equalised_odds_difference": "equalised odds difference",
}
TESTS_BY_P = {"ks": "ks p", "chi2/evidently": "chi2/evidently p"}


def figures(cut: Cut) -> dict[Key, float | None]:
    """All of ours on this cut; None where we say that a figure is undefined."""
    reference, current = pd.read_parquet(cut.reference), pd.read_parquet(cut.current)
    return drift(cut, reference, current) | cbpe(cut, reference, current) | fair(cut, current)


def drift(cut: Cut, reference: pd.DataFrame, current: pd.DataFrame) -> dict[Key, float | None]:
    found: dict[Key, float | None] = {}
    for columns, measure, kind in ((cut.numbers, exact.numbers, float), (cut.categories, exact.categories, object)):
        for column in columns:
            one, two = (rows[column].astype(kind).to_numpy() for rows in (reference, current))
            for variant, figure in measure(one, two).items():
                found[variant, column, "all"] = figure.value
                if variant in TESTS_BY_P:
                    found[TESTS_BY_P[variant], column, "all"] = figure.p
    return found


def cbpe(cut: Cut, reference: pd.DataFrame, current: pd.DataFrame) -> dict[Key, float | None]:
    fitted = estimating.fit(
        reference["score"], reference["decided"], reference["label"], np.arange(len(reference)) // cut.cbpe
    )
    found: dict[Key, float | None] = {}
    for metric, bounds in fitted.bounds.items():
        for end, value in (("lower", bounds.low), ("upper", bounds.high)):
            found[f"cbpe {metric} {end} bound", "", "reference"] = value
    for place, start in enumerate(range(0, len(current), cut.cbpe), start=1):
        chunk = current.iloc[start : start + cut.cbpe]
        for metric, expected in estimating.estimate(fitted, chunk["score"], chunk["decided"]).items():
            found[f"cbpe {metric}", "", f"chunk {place}"] = expected.value
            found[f"cbpe {metric} sampling error", "", f"chunk {place}"] = expected.sampling_error
    return found


def fair(cut: Cut, current: pd.DataFrame) -> dict[Key, float | None]:
    """With every group deciding, however small: the peer knows no least size."""
    found: dict[Key, float | None] = {}
    decided, label = current["decided"] == 1, current["label"] == 1
    for column in cut.sensitive:
        groups = {
            str(name): fairness.Group(
                predictions=len(rows),
                flagged=int(decided[rows].sum()),
                tp=int((decided[rows] & label[rows]).sum()),
                fp=int((decided[rows] & ~label[rows]).sum()),
                fn=int((~decided[rows] & label[rows]).sum()),
                tn=int((~decided[rows] & ~label[rows]).sum()),
            )
            for name, rows in current.groupby(column).groups.items()
        }
        for metric, estimate in fairness.measure(groups, minimum=1).metrics().items():
            found[FAIRNESS[metric], column, "all"] = estimate.value
    return found
