"""Registers a demo model through the API, as its owner's program would: what it is, what made it, where it runs."""

from typing import TYPE_CHECKING, Any

from audit.catalogue.models import ModelVersion
from audit.lake.store import Stored
from governance.demo import flights, organisation, people
from governance.demo.client import Api, connected
from governance.demo.organisation import DemoModel

if TYPE_CHECKING:
    import pyarrow as pa

    from governance.retraining.engines import Trained
    from governance.retraining.importance import HeldOut

PIPELINE = "gradient boosting"
ENGINE = "local"


def register(
    *,
    demo: DemoModel,
    rows: "pa.Table",
    data: Stored,
    artefact: Stored,
    trained: "Trained",
    importance: "HeldOut | None",
) -> ModelVersion:
    """Version 1 of the model with all that it rests on, in production from the first replayed week on.

    What is there already is found again, so a second call changes nothing.
    """
    owner = people.user("owner")
    with connected(user=owner, purpose=f"demo training of {demo.slug}") as api:
        _model(api, demo)
        dataset = _dataset(api, rows, data)
        run = _run(api, demo, dataset["id"], trained)
        number = _version(api, demo, run["id"], dataset["id"], artefact, trained)["number"]
        if importance is not None:
            api.put(f"/models/{demo.slug}/versions/{number}/importance", importance.told())
        _into_production(api, demo, number)
    return ModelVersion.objects.select_related("model__use_case__team").get(model__slug=demo.slug, number=number)


def _model(api: Api, demo: DemoModel) -> None:
    about = organisation.load()
    use_case = {"team": about.team["slug"], **demo.use_case}
    api.ensure(f"/use-cases/{demo.use_case['slug']}", "/use-cases", use_case)
    model = {
        "use_case": demo.use_case["slug"],
        "slug": demo.slug,
        "name": demo.slug,
        "task": demo.task,
        "outcome": demo.outcome,
        "unit": demo.unit,
        "features": flights.FEATURES,
        "threshold": demo.threshold,
    }
    api.ensure(f"/models/{demo.slug}", "/models", model)


def _dataset(api: Api, rows: "pa.Table", data: Stored) -> Any:
    about = organisation.load()
    slug = about.dataset["slug"]
    api.ensure(f"/datasets/{slug}", "/datasets", {"team": about.team["slug"], **about.dataset})
    version = {
        "digest": data.digest,
        "location": data.path,
        "rows": len(rows),
        "columns": {field.name: str(field.type) for field in rows.schema},
        "data_from": about.training_from.isoformat(),
        "data_until": about.training_until.isoformat(),
    }
    return api.post(f"/datasets/{slug}/versions", version)


def _run(api: Api, demo: DemoModel, dataset: str, trained: "Trained") -> Any:
    pipeline = {"name": PIPELINE, "engine": ENGINE, "parameters": {"target": demo.target}}
    made = api.post(f"/models/{demo.slug}/pipelines", pipeline)
    run = api.post(f"/pipelines/{made['id']}/runs", {"key": f"demo:{demo.slug}:first", "trigger": "demo"})
    end = {
        "state": "succeeded",
        "inputs": [dataset],
        "compute_seconds": round(trained.compute_seconds, 3),
        "code_version": trained.code_version,
        "environment": trained.environment,
    }
    return api.post(f"/runs/{run['id']}/finish", end)


def _version(api: Api, demo: DemoModel, run: str, dataset: str, artefact: Stored, trained: "Trained") -> Any:
    about = organisation.load()
    version = {
        "artefact": artefact.path,
        "artefact_digest": trained.digest,
        "artefact_bytes": artefact.size,
        "run": run,
        "training_data": [dataset],
        "parameters": trained.parameters,
        "data_from": about.training_from.isoformat(),
        "data_until": about.training_until.isoformat(),
        "notes": "The first version, trained on January and February.",
    }
    return api.post(f"/models/{demo.slug}/versions", version)


def _into_production(api: Api, demo: DemoModel, number: int) -> None:
    """From the first replayed week on; a step that is run again, after a promotion, leaves production alone."""
    since = organisation.load().weeks[0].isoformat()
    present = api.get(f"/models/{demo.slug}/aliases")
    if present and present["items"]:
        return
    api.post(
        f"/models/{demo.slug}/deployments",
        {"version": number, "environment": "production", "mode": demo.mode, "since": since, "reason": "First version."},
    )
    api.put(f"/models/{demo.slug}/aliases/production", {"version": number, "since": since, "reason": "First version."})
