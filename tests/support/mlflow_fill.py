"""Runs in MLflow's own environment: fills the database of a stopped or idle server, each table in one go.

Arguments: the path of its SQLite database, how many models, how many versions in all. Each version has a run with
parameters, a metric, a commit, and one of ten data sets, and a logged model; the newest of each model is "champion".
"""

import json
import sqlite3
import sys
from collections.abc import Iterable
from typing import Any

BEGIN = 1_790_000_000_000
MINUTE = 60_000
SCHEMA = json.dumps({"mlflow_colspec": [{"type": "double", "name": "age", "required": True}]})


def fill(path: str, models: int, versions: int) -> None:
    """Writes the rows; a minute lies between two versions."""
    base = sqlite3.connect(path)
    columns = {table: _columns(base, table) for (table,) in base.execute("SELECT name FROM sqlite_master")}

    def put(table: str, rows: Iterable[dict[str, Any]]) -> None:
        there = columns[table]
        told = [{name: value for name, value in row.items() if name in there} for row in rows]
        names = list(told[0])
        marks = ", ".join(f":{name}" for name in names)
        base.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", told)

    each = versions // models
    names = [f"model-{number:04}" for number in range(models)]
    every = [(name, number, place * each + number) for place, name in enumerate(names) for number in range(1, each + 1)]
    times = {count: BEGIN + count * MINUTE for _, _, count in every}
    runs = {count: f"{count:032x}" for count in times}
    logged = {count: f"m-{count:032x}" for count in times}
    work = {"workspace": "default"}
    put(
        "registered_models",
        ({"name": name, "creation_time": BEGIN, "last_updated_time": BEGIN + (place + 1) * each * MINUTE, **work}
         for place, name in enumerate(names)),
    )  # fmt: skip
    put(
        "model_versions",
        ({"name": name, "version": number, "creation_time": times[count], "last_updated_time": times[count],
          "current_stage": "None", "source": f"models:/{logged[count]}", "run_id": runs[count], "status": "READY",
          **work} for name, number, count in every),
    )  # fmt: skip
    put("registered_model_aliases", ({"alias": "champion", "version": each, "name": name, **work} for name in names))
    put(
        "runs",
        ({"run_uuid": runs[count], "name": f"run-{count}", "source_type": "LOCAL", "source_name": "train.py",
          "entry_point_name": "", "user_id": "owner", "status": "FINISHED", "start_time": at - 30_000, "end_time": at,
          "source_version": "", "lifecycle_stage": "active", "artifact_uri": "mlflow-artifacts:/0", "experiment_id": 0}
         for count, at in times.items()),
    )  # fmt: skip
    put(
        "params",
        ({"key": key, "value": str(count % 7), "run_uuid": run} for count, run in runs.items() for key in "abc"),
    )
    put(
        "latest_metrics",
        ({"key": "accuracy", "value": 0.9, "timestamp": times[count], "step": 0, "is_nan": 0, "run_uuid": run}
         for count, run in runs.items()),
    )  # fmt: skip
    put(
        "tags",
        ({"key": key, "value": value, "run_uuid": run}
         for count, run in runs.items()
         for key, value in (("mlflow.source.git.commit", f"{count:040x}"), ("mlflow.user", "owner"))),
    )  # fmt: skip
    put(
        "datasets",
        ({"dataset_uuid": f"d{one}", "experiment_id": 0, "name": "people", "digest": f"{one:08x}",
          "dataset_source_type": "s3", "dataset_source": json.dumps({"uri": "s3://lake/people"}),
          "dataset_schema": SCHEMA, "dataset_profile": json.dumps({"num_rows": 10 + one})} for one in range(10)),
    )  # fmt: skip
    put(
        "inputs",
        ({"input_uuid": f"i{count}", "source_type": "DATASET", "source_id": f"d{count % 10}", "destination_type": "RUN",
          "destination_id": run, "step": 0} for count, run in runs.items()),
    )  # fmt: skip
    put(
        "input_tags",
        ({"input_uuid": f"i{count}", "name": "mlflow.data.context", "value": "training"} for count in runs),
    )
    put(
        "logged_models",
        ({"model_id": logged[count], "experiment_id": 0, "name": "model", "artifact_location": "mlflow-artifacts:/0/m",
          "creation_timestamp_ms": at, "last_updated_timestamp_ms": at, "status": 2, "lifecycle_stage": "active",
          "model_type": "", "source_run_id": runs[count]} for count, at in times.items()),
    )  # fmt: skip
    base.commit()
    base.close()


def _columns(base: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in base.execute(f"PRAGMA table_info({table})")}


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"models": int(sys.argv[2]), "versions": int(sys.argv[3])}))
