"""What fairlearn gives: argument is a task (JSON: current, sensitive); prints JSON.

Reads ``decided`` and ``label``. Runs in the peers' environment; imports nothing of Tollgate.
"""

import json
import sys

import fairlearn
import pandas as pd
from fairlearn import metrics

KNOWN = {
    "demographic parity difference": metrics.demographic_parity_difference,
    "demographic parity ratio": metrics.demographic_parity_ratio,
    "equalised odds difference": metrics.equalized_odds_difference,
}


def main() -> None:
    task = json.loads(sys.argv[1])
    rows = pd.read_parquet(task["current"])
    figures = []
    for column in task["sensitive"]:
        for variant, metric in KNOWN.items():
            value = float(metric(rows["label"], rows["decided"], sensitive_features=rows[column].astype(str)))
            figures.append({"variant": variant, "column": column, "window": "all", "value": value})
    print(json.dumps({"peer": f"fairlearn {fairlearn.__version__}", "figures": figures}))


if __name__ == "__main__":
    main()
