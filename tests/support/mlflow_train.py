"""Runs in MLflow's own environment: trains, logs its data, registers, gives a name; prints what it made as JSON.

Arguments: the model's name; optionally ``base=<id of a logged model>``, which the run then reads; ``alias=<name>``.
"""

import json
import sys

import mlflow  # type: ignore[import-not-found]
import mlflow.sklearn  # type: ignore[import-not-found]
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

TAGS = {
    "mlflow.source.git.commit": "e9fb61817d4070ae500c4039ff8c523abde9cc0a",
    "mlflow.source.git.repoURL": "https://robot:hidden@github.com/example/credit.git",
    "mlflow.source.name": "train.py",
    "mlflow.user": "owner@example.org",
}


def main(name: str, options: dict[str, str]) -> dict[str, str]:
    """Trains and registers one version; returns its number, run, and (MLflow 3) logged model."""
    frame = load_iris(as_frame=True).frame
    train, test = train_test_split(frame, random_state=0)
    mlflow.set_experiment("credit")
    with mlflow.start_run(tags=TAGS) as run:
        if base := options.get("base"):
            MlflowClient().log_inputs(run.info.run_id, models=[mlflow.entities.LoggedModelInput(base)])
        for context, part in (("training", train), ("eval", test)):
            data = mlflow.data.from_pandas(part, source=f"s3://lake/{context}/iris.parquet", name=f"iris-{context}")
            mlflow.log_input(data, context=context)
        mlflow.log_params({"C": 0.5, "max_iter": 300})
        fitted = LogisticRegression(C=0.5, max_iter=300).fit(train.drop(columns="target"), train["target"])
        mlflow.log_metric("accuracy", 0.75)
        given = {"name": "model"} if mlflow.__version__ >= "3" else {"artifact_path": "model"}
        made = mlflow.sklearn.log_model(fitted, **given, registered_model_name=name)
    client = MlflowClient()
    newest = max(client.search_model_versions(f"name = '{name}'"), key=lambda one: int(one.version))
    if alias := options.get("alias"):
        client.set_registered_model_alias(name, alias, newest.version)
    return {
        "version": str(newest.version),
        "run": run.info.run_id,
        "logged": str(getattr(made, "model_id", None) or ""),
        "source": newest.source,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], dict(one.split("=", 1) for one in sys.argv[2:]))))
