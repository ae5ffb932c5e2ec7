"""What nannyml gives: argument is a task (JSON: reference, current, numbers, categories, cbpe); prints JSON.

KS and Wasserstein are asked for exactly: left alone, nannyml bins a reference of 10,000 rows or more. CBPE reads
``score``, ``decided`` and ``label``, in chunks of ``cbpe`` rows. Runs in the peers' environment; imports nothing of
Tollgate.
"""

import json
import logging
import sys
import warnings
from typing import Any

import nannyml
import pandas as pd
from nannyml.chunk import CountBasedChunker
from nannyml.drift.univariate import methods
from nannyml.thresholds import ConstantThreshold

NUMBERS: dict[str, tuple[Any, dict]] = {
    "js/nannyml": (methods.ContinuousJensenShannonDistance, {}),
    "ks": (methods.KolmogorovSmirnovStatistic, {"kolmogorov_smirnov": {}, "calculation_method": "exact"}),
    "wasserstein": (methods.WassersteinDistance, {"wasserstein": {}, "calculation_method": "exact"}),
}
CATEGORIES: dict[str, tuple[Any, dict]] = {
    "js/nannyml": (methods.CategoricalJensenShannonDistance, {}),
    "chi2/contingency": (methods.Chi2Statistic, {}),
    "l_infinity": (methods.LInfinityDistance, {}),
}
METRICS = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy"]


def drift(task: dict) -> list[dict]:
    reference, current = (pd.read_parquet(task[side]) for side in ("reference", "current"))
    figures = []
    for columns, known in ((task["numbers"], NUMBERS), (task["categories"], CATEGORIES)):
        for column in columns:
            for variant, (method, parameters) in known.items():
                made = method(
                    chunker=CountBasedChunker(chunk_number=1),
                    threshold=ConstantThreshold(upper=0.1),
                    computation_params=parameters,
                )
                value = float(made.fit(reference[column]).calculate(current[column]))
                figures.append({"variant": variant, "column": column, "window": "all", "value": value})
    return figures


def cbpe(task: dict) -> list[dict]:
    reference, current = (pd.read_parquet(task[side]) for side in ("reference", "current"))
    estimator = nannyml.CBPE(
        metrics=METRICS,
        y_pred_proba="score",
        y_pred="decided",
        y_true="label",
        problem_type="classification_binary",
        chunk_size=task["cbpe"],
    )
    found = estimator.fit(reference).estimate(current).filter(period="analysis").to_df()
    figures = []
    for metric in METRICS:
        for end in ("lower", "upper"):
            value = float(found[(metric, f"{end}_threshold")].iloc[0])
            figures.append(
                {"variant": f"cbpe {metric} {end} bound", "column": "", "window": "reference", "value": value}
            )
        for name, column in (("", "value"), (" sampling error", "sampling_error")):
            if column == "value" or metric not in {"roc_auc", "f1"}:
                for place, value in enumerate(found[(metric, column)], start=1):
                    window = f"chunk {place}"
                    figures.append(
                        {"variant": f"cbpe {metric}{name}", "column": "", "window": window, "value": float(value)}
                    )
    return figures


def main() -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    task = json.loads(sys.argv[1])
    figures = drift(task) + (cbpe(task) if task["cbpe"] else [])
    print(json.dumps({"peer": f"nannyml {nannyml.__version__}", "figures": figures}))


if __name__ == "__main__":
    main()
