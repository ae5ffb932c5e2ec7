"""What MLflow's answers become. The recorded ones are a real MLflow 3.17.2's, after one scikit-learn run."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.sources.domain.told import Variant
from audit.sources.mlflow import mapping

BASE = "https://mlflow.example.org"
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MODEL_ID = "m-f22d4fc8fdba4179b4e4ad53ed416dbf"
TRAIN = "iris-train@/srv/mlflow#883e1818"
EVAL = "iris-test@/srv/mlflow#7e66b598"


def answer(folder: Path, name: str) -> dict[str, Any]:
    """The body of a recorded answer."""
    found: dict[str, Any] = json.loads((folder / "mlflow" / f"{name}.json").read_text())["body"]
    return found


def version_of(row: dict[str, Any], **more: Any) -> Any:
    """The version that a row tells, with its problems."""
    problems: list[str] = []
    given_: dict[str, Any] = {"logged": None, "run": None, "derived_from": "", "base": BASE, **more}
    return mapping.version_told(row, problems=problems, **given_), problems


def test_recorded_model_has_its_names_and_runs_in_production(shared_data: Path) -> None:
    (row,) = answer(shared_data, "registered_models_search")["registered_models"]
    told = mapping.model_told(row, base=BASE)
    assert (told.id, told.name, told.aliases, told.tags) == (
        "credit-scorer",
        "credit-scorer",
        {"champion": "credit-scorer/2"},
        {},
    )
    assert told.url == "https://mlflow.example.org/#/models/credit-scorer"
    (endpoint,) = mapping.endpoints_told(row, production=["Champion", "live"], mode="batch", at=AT, base=BASE)
    assert (endpoint.id, endpoint.environment, endpoint.mode) == (
        "alias:credit-scorer:champion",
        "production",
        "batch",
    )
    assert endpoint.variants == (Variant(name="champion", version="credit-scorer/2", share=1.0),)
    assert mapping.endpoints_told(row, production=[""], mode="online", at=AT, base=BASE) == ()


def test_recorded_version_leads_to_its_run_data_and_logged_model(shared_data: Path) -> None:
    row = answer(shared_data, "model_versions_search")["model_versions"][0]
    run, logged = answer(shared_data, "runs_get")["run"], answer(shared_data, "logged_models_get")["model"]
    assert (mapping.logged_model_of(row), mapping.run_of({}, logged)) == (MODEL_ID, row["run_id"])
    told, problems = version_of(row, logged=logged, run=run)
    assert problems == []
    assert (told.id, told.model, told.number, told.run) == (
        "credit-scorer/2",
        "credit-scorer",
        2,
        "60d6ac78fa25445ba01b9eedc62f4490",
    )
    assert told.created == datetime(2026, 11, 21, 4, 59, 29, 230000, tzinfo=UTC)
    assert told.parameters == {"C": "1.0", "max_iter": "300"}
    assert told.metrics == {"accuracy": 0.9736842105263158}
    assert (told.author, told.data, told.status, told.digest) == ("root", (TRAIN,), "", "")
    assert told.artefact == f"models:/{MODEL_ID}"


def test_recorded_run_has_code_parameters_and_both_data_sets(shared_data: Path) -> None:
    run = answer(shared_data, "runs_get")["run"]
    problems: list[str] = []
    told = mapping.run_told(run, experiment="credit", base=BASE, problems=problems)
    assert told is not None
    assert problems == []
    assert (told.key, told.pipeline, told.state) == ("mlflow:60d6ac78fa25445ba01b9eedc62f4490", "credit", "succeeded")
    assert (told.commit, told.repository) == (
        "e9fb61817d4070ae500c4039ff8c523abde9cc0a",
        "https://github.com/example/credit.git",
    )
    assert told.inputs == (TRAIN, EVAL)
    assert told.finished is not None
    assert (told.finished - told.started).total_seconds() == 6.827
    (train, context), _ = mapping.inputs(run)
    assert (train.id, train.digest, train.rows, train.location, context) == (
        TRAIN,
        "883e1818",
        112,
        "/srv/mlflow",
        "training",
    )
    assert train.columns["target"] == "long"


def test_logged_models_found_by_search_and_alone_say_the_same(shared_data: Path) -> None:
    alone = answer(shared_data, "logged_models_get")["model"]
    assert alone in answer(shared_data, "logged_models_search")["models"]


def test_secrets_in_addresses_are_not_told() -> None:
    assert mapping.public("https://robot:hidden@host.example/a/b?X-Amz-Signature=abc#x") == "https://host.example/a/b"
    assert mapping.public("git@github.com:example/credit.git") == "git@github.com:example/credit.git"
    assert mapping.location("s3", {"uri": "https://u:p@h/x?sig=1"}) == "https://h/x"


def test_data_made_by_code_lies_at_the_code() -> None:
    source = {"tags": {"mlflow.source.name": "make.py", "mlflow.source.git.repoURL": "https://g.example/r.git"}}
    assert mapping.location("code", source) == "code: https://g.example/r.git make.py"
    assert mapping.location("code", {}) == ""


def test_sets_of_one_name_at_two_places_are_two() -> None:
    def data(uri: str) -> Any:
        row = {"dataset": {"name": "dataset", "digest": "1", "source": json.dumps({"uri": uri})}}
        return mapping.inputs({"inputs": {"dataset_inputs": [row]}})[0][0]

    assert data("s3://a").dataset != data("s3://b").dataset
    assert len(data("s3://" + "x" * 5000).id) < 600


def test_metric_of_several_data_sets_is_kept_for_each_and_no_number_is_left_out() -> None:
    rows = [
        {"key": "accuracy", "value": 0.9, "timestamp": 1, "dataset_name": "train"},
        {"key": "accuracy", "value": 0.8, "timestamp": 1, "dataset_name": "test"},
        {"key": "loss", "value": 2.0, "timestamp": "1", "step": "0"},
        {"key": "loss", "value": 1.0, "timestamp": "2", "step": "1"},
        {"key": "f1", "value": "NaN"},
        {"key": "auc", "value": "Infinity"},
    ]
    assert mapping.metrics({"metrics": rows}, "m/1", []) == {
        "accuracy (test)": 0.8,
        "accuracy (train)": 0.9,
        "loss": 1.0,
    }


def test_run_of_mlflow_2_tells_its_environment() -> None:
    history = [
        {
            "artifact_path": "model",
            "flavors": {"python_function": {"python_version": "3.11.7"}, "sklearn": {"sklearn_version": "1.6.1"}},
        }
    ]
    tags = [
        {"key": "mlflow.log-model.history", "value": json.dumps(history)},
        {"key": "mlflow.docker.image.uri", "value": "trainer:7"},
    ]
    run = {"info": {"run_id": "r1"}, "data": {"tags": tags}}
    assert mapping.environment(run) == {
        "docker.image.uri": "trainer:7",
        "python": "3.11.7",
        "sklearn": "1.6.1",
    }


def test_stage_is_the_status_and_a_copy_knows_its_origin() -> None:
    row = {"name": "m", "version": "1", "creation_timestamp": 1, "current_stage": "Production", "source": "models:/n/4"}
    assert version_of(row)[0].status == "Production"
    assert mapping.copied_from(row) == "n/4"
    assert mapping.copied_from({"source": f"models:/{MODEL_ID}"}) == ""
    assert version_of(row | {"current_stage": "None", "status": "FAILED_REGISTRATION"})[0].status == (
        "FAILED_REGISTRATION"
    )


def test_thousands_of_parameters_are_kept_in_part_and_said() -> None:
    params = [{"key": f"p{number:05}", "value": "1"} for number in range(10_000)]
    run = {"info": {"run_id": "r", "start_time": 1, "status": "FINISHED"}, "data": {"params": params}}
    problems: list[str] = []
    told = mapping.run_told(run, experiment="e", base=BASE, problems=problems)
    assert told is not None
    assert (len(told.parameters), problems) == (1000, ["Of 10,000 parameters of the run r the first 1,000 are kept."])


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", None, [], "99999999999999"])
def test_version_without_a_number_is_left_out_and_said(number: Any) -> None:
    told, problems = version_of({"name": "m", "version": number, "creation_timestamp": 1})
    assert told is None
    assert problems == ["A version of m came without its number or its time and is left out."]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)
VERSION_KEYS = ("name", "version", "creation_timestamp", "source", "run_id", "tags", "status", "current_stage", "data")
RUN_KEYS = ("run_id", "start_time", "end_time", "status", "experiment_id", "metrics", "params", "tags")


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(VERSION_KEYS, JSON)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(RUN_KEYS, JSON)),
    JSON,
)
def test_no_field_of_another_type_breaks_the_reading(row: dict[str, Any], run: dict[str, Any], inputs: Any) -> None:
    whole = {"info": run, "data": run, "inputs": {"dataset_inputs": inputs}}
    told, problems = version_of({"name": "m", **row}, logged={"info": run, "data": run}, run=whole)
    assert (told is None) == bool(problems) or told is not None
    mapping.run_told({**whole, "info": {"run_id": "r", "start_time": 1, **run}}, experiment="", base="", problems=[])
    mapping.model_told(row, base=BASE)
    mapping.columns({"mlflow_colspec": inputs, "mlflow_tensorspec": {"features": inputs, "targets": run}})
