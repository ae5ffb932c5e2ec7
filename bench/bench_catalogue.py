"""How long the server works at a page of the catalogue with 1,000 models and 20,000 versions, beside a real MLflow.

BENCH_MODELS=100 tries it on fewer; each has 20 versions.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.apart import DATABASES, figures
from bench.harness import Figure, bench
from bench.of_catalogue import VERSIONS, p95

MODELS = int(os.environ.get("BENCH_MODELS") or 1000)
ROUNDS, LIMIT, AT_ONCE = 120, 80, 25
PEER = 24
"""The limit holds for a machine on which MLflow's list takes so many ms, for 95 of 100; on a slower one it grows."""
DASHBOARD = 100
"""The limit of the page of all models by week."""
TOOK = {"first": 180, "again": 30}
"""Seconds at most until a source's 20,000 versions are taken in, and until the same is known to be known."""


@bench("audit.catalogue.pages")
def pages() -> Iterator[Figure]:
    """Each kind of page, as an owner, a manager and an auditor get it; the list for programs beside MLflow's."""
    median, slow = _peer()
    pace = max(1.0, slow / PEER)
    for database in DATABASES:
        name = "audit.catalogue.pages"
        found = figures("bench.of_catalogue:pages", database, models=MODELS, rounds=ROUNDS)
        for kind, one in found["pages"].items():
            limit = (DASHBOARD if kind == "monitoring" else LIMIT) * pace
            said = f"the most, 95 of 100; half take {one['median']:.0f} ms; this machine is {pace:.1f} times as slow"
            yield Figure(f"{name}.{kind}.{database}", one["p95"], "ms", said, limit)
        ours, listed = found["pages"]["api_models"], f"MLflow lists {AT_ONCE} models"
        yield Figure(f"{name}.beside_mlflow.median.{database}", ours["median"], "ms", listed, median)
        yield Figure(f"{name}.beside_mlflow.p95.{database}", ours["p95"], "ms", listed, slow)
        for told, limit in TOOK.items():
            said = f"the most, {MODELS * VERSIONS:,} versions taken in; work {found['fill'][f'{told}_work']:.0f} s"
            yield Figure(f"{name}.told_{told}.{database}", found["fill"][told], "s", said, limit)


def _peer() -> tuple[float, float]:
    """Milliseconds, at the median and for 95 of 100, of a real MLflow that lists so many of as many models."""
    from tests.support.mlflow_server import running

    with tempfile.TemporaryDirectory(prefix="tollgate-mlflow-") as folder, running(Path(folder)) as server:
        server.run("mlflow_fill.py", str(server.folder / "mlflow.db"), str(MODELS), str(MODELS * VERSIONS))
        times, token = [], ""
        with httpx.Client(base_url=f"{server.url}/api/2.0/mlflow") as client:
            for number in range(ROUNDS + 10):
                asked: dict[str, str | int] = {"max_results": AT_ONCE, **({"page_token": token} if token else {})}
                started = time.perf_counter()
                answer = client.get("/registered-models/search", params=asked).raise_for_status()
                if number >= 10:
                    times.append(1000 * (time.perf_counter() - started))
                token = answer.json().get("next_page_token", "")
    return statistics.median(times), p95(times)
