"""Run by the peers' Python, see tests/support/peers.py: how long Evidently's PSI takes on a folder's two files."""

import json
import sys
import time
from pathlib import Path

import evidently
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.legacy.calculations.stattests import psi_stat_test
from evidently.legacy.core import ColumnType
from evidently.presets import DataDriftPreset


def main(folder: str) -> None:
    """Prints the seconds of the report, and of the statistic alone on each column, nulls dropped."""
    frames = [pd.read_parquet(Path(folder) / file) for file in ("reference.parquet", "current.parquet")]
    numbers, names = ([str(name) for name in frames[0] if str(name)[0] == kind] for kind in "nk")

    start = time.perf_counter()
    for name in numbers + names:
        kind = ColumnType.Numerical if name in numbers else ColumnType.Categorical
        reference, current = (frame[name].dropna() for frame in frames)
        psi_stat_test(reference, current, kind, 0.1)
    statistics = time.perf_counter() - start

    definition = DataDefinition(numerical_columns=numbers, categorical_columns=names)
    reference, current = (Dataset.from_pandas(frame, data_definition=definition) for frame in frames)
    start = time.perf_counter()
    Report([DataDriftPreset(method="psi")]).run(current, reference).dict()
    report = time.perf_counter() - start
    print(json.dumps({"statistics": statistics, "report": report, "version": evidently.__version__}))


if __name__ == "__main__":
    main(sys.argv[1])
