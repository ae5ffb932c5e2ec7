"""A real MLflow's recorded answers, served again and pulled by a job: the whole origin stands in the catalogue."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.catalogue.models import AliasPeriod, Deployment, ModelVersion
from audit.jobs import services as jobs
from audit.jobs.models import State
from audit.ledger.models import Entry
from audit.sources import services
from audit.sources.models import Source
from tests.audit.sources.mlflow.fake import Fake, serving
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker


@pytest.fixture
def fake(shared_data: Path) -> Iterator[Fake]:
    """Answers as MLflow 3.17.2 did."""

    def body(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((shared_data / "mlflow" / f"{name}.json").read_text())["body"]
        return found

    def told(name: str) -> Any:
        return lambda asked: (200, body(name))

    answers = {
        "registered-models/search": told("registered_models_search"),
        "model-versions/search": told("model_versions_search"),
        "experiments/search": told("experiments_search"),
        "runs/search": told("runs_search"),
        "runs/get": told("runs_get"),
        "logged-models/search": told("logged_models_search"),
    }
    with serving(Fake(answers=answers)) as found:
        yield found


def pull(worker: Worker, source: Source) -> Any:
    """One pull."""
    job = jobs.start("sources.pull", actor=SYSTEM, trigger="person", args={"source": str(source.pk)}, subject=source)
    worker.run(job)
    source.refresh_from_db()
    return job


def test_pull_makes_model_versions_run_data_name_and_deployment_once(worker: Worker, cast: Cast, fake: Fake) -> None:
    settings = {"url": fake.url, "production_aliases": "champion", "mode": "online", "password": "hidden one"}
    source = services.add_source(
        actor=cast.actor("owner"), kind="mlflow", name="Registry", team=cast.team, settings=settings
    )
    assert "hidden one" not in json.dumps(source.settings)
    job = pull(worker, source)
    assert (job.state, source.problems) == (State.SUCCEEDED, [])
    first, second = ModelVersion.objects.order_by("number")
    assert (first.number, second.number, second.model.name) == (1, 2, "credit-scorer")
    assert second.run is not None
    assert (second.run.code_version, second.run.repository) == (
        "e9fb61817d4070ae500c4039ff8c523abde9cc0a",
        "https://github.com/example/credit.git",
    )
    assert {data.digest for data in second.run.inputs.all()} == {"883e1818", "7e66b598"}
    assert [data.digest for data in second.training_data.all()] == ["883e1818"]
    assert second.metrics == {"accuracy": 0.9736842105263158}
    assert AliasPeriod.objects.get(alias="champion", until=None).version == second
    assert (Deployment.objects.get().version, Deployment.objects.get().endpoint) == (second, "credit-scorer@champion")
    entries, asked = _entries(), len(fake.asked)
    again = pull(worker, source)
    assert (again.state, again.counts.get("new", 0), len(fake.asked) - asked) == (State.SUCCEEDED, 0, 2)
    assert (ModelVersion.objects.count(), _entries()) == (2, entries)


def _entries() -> int:
    return Entry.objects.filter(action__startswith="catalogue.").count()
