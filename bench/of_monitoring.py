"""What the benchmark of drift runs, each in a process of its own, so that its memory is its own too."""

import resource
from pathlib import Path
from typing import Any

from bench.harness import best

NUMBERS = [f"n{column}" for column in range(14)]
NAMES = {"k0": 2, "k1": 5, "k2": 12, "k3": 50, "k4": 200, "k5": 1000}
"""Columns of names, and how many different ones each has."""
FILES = ("reference.parquet", "current.parquet")
BINS = 64


def write(folder: str, rows: int) -> None:
    """A reference and a current file, which has moved a little; one value in a hundred is null. Fixed seeds."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file, shift in zip(FILES, (0.0, 0.05), strict=True):
        random = np.random.default_rng(int(shift * 100))
        columns = {
            name: pa.array(_numbers(random, at % 4, shift, rows), mask=random.random(rows) < 0.01)
            for at, name in enumerate(NUMBERS)
        }
        for name, size in NAMES.items():
            weights = 1 / np.arange(1, size + 1)
            drawn = random.choice(size, rows, p=weights / weights.sum()).astype("int32")
            words = pa.array([f"value {value}" for value in range(size)])
            columns[name] = pa.DictionaryArray.from_arrays(drawn, words, mask=random.random(rows) < 0.01).cast("string")
        pq.write_table(pa.table(columns), Path(folder) / file, compression="zstd")


def _numbers(random: Any, kind: int, shift: float, rows: int) -> Any:
    if kind == 0:
        return random.normal(shift, 1, rows)
    if kind == 1:
        return random.lognormal(shift, 0.8, rows)
    if kind == 2:
        return random.gamma(2 + shift, 1, rows)
    return random.poisson(30 * (1 + shift), rows).astype(float)


def drift(folder: str, tries: int) -> dict[str, float]:
    """Both profiles and every variant of every column, from the files: the best time, and the most memory."""
    from audit.monitoring import profiling
    from audit.monitoring.domain.drift import of_columns

    first, second = ([Path(folder) / file] for file in FILES)
    kinds = dict.fromkeys(NUMBERS, "number") | dict.fromkeys(NAMES, "category")

    def once() -> None:
        reference = profiling.of_reference(first, kinds)
        current = profiling.of_files(second, kinds, reference)
        found = {name: of_columns(reference[name], current[name]) for name in kinds}
        assert all(found[name]["psi/evidently"].value is not None for name in kinds)
        assert all(found[name]["ks"].p is not None and found[name]["wasserstein"].value for name in NUMBERS)

    return {"seconds": best(once, tries), "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def histograms(folder: str, tries: int) -> dict[str, float]:
    """The counts alone, in plain SQL: equal bins between the least and the most of both, and each name."""
    import duckdb

    paths = [str(Path(folder) / file) for file in FILES]
    base = duckdb.connect(config={"threads": 2, "memory_limit": "512MB"})
    both = ", ".join(f"min({name}), max({name})" for name in NUMBERS)

    def once() -> None:
        ends: Any = base.execute(f"SELECT {both} FROM read_parquet({paths})").fetchone()
        for path in paths:
            for at, name in enumerate(NUMBERS):
                least, most = ends[2 * at : 2 * at + 2]
                place = f"least({BINS - 1}, floor(({name} - ({least})) * {BINS / (most - least)}))::INTEGER"
                base.execute(f"SELECT {place} AS bin, count(*) FROM read_parquet('{path}') GROUP BY bin").fetchall()
            for name in NAMES:
                base.execute(f"SELECT {name}, count(*) FROM read_parquet('{path}') GROUP BY {name}").fetchall()

    return {"seconds": best(once, tries)}
