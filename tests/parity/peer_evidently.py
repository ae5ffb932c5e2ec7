"""What evidently gives: argument is a task (JSON: reference, current, numbers, categories); prints JSON.

Nulls are dropped first, as its preset does. Runs in the peers' environment; imports nothing of Tollgate.
"""

import json
import sys

import evidently
import pandas as pd
from evidently.legacy.calculations import stattests
from evidently.legacy.core import ColumnType

NUMBERS = {
    "psi/evidently": stattests.psi_stat_test,
    "js/evidently": stattests.jensenshannon_stat_test,
    "ks p": stattests.ks_stat_test,
    "wasserstein/evidently": stattests.wasserstein_stat_test,
}
CATEGORIES = {
    "psi/evidently": stattests.psi_stat_test,
    "js/evidently": stattests.jensenshannon_stat_test,
    "chi2/evidently p": stattests.chi_stat_test,
}


def main() -> None:
    task = json.loads(sys.argv[1])
    reference, current = (pd.read_parquet(task[side]) for side in ("reference", "current"))
    figures = []
    for columns, tests, kind in (
        (task["numbers"], NUMBERS, ColumnType.Numerical),
        (task["categories"], CATEGORIES, ColumnType.Categorical),
    ):
        for column in columns:
            for variant, test in tests.items():
                found = test(reference[column].dropna(), current[column].dropna(), kind, 0.1)
                value = float(found.drift_score)
                figures.append({"variant": variant, "column": column, "window": "all", "value": value})
    print(json.dumps({"peer": f"evidently {evidently.__version__}", "figures": figures}))


if __name__ == "__main__":
    main()
