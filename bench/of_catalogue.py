"""What the benchmarks of the catalogue run: a source that told of 1,000 models, and people who look at their pages."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

VERSIONS, AT_ONCE, SHARED = 20, 10, 10
"""Versions of each model; models in a piece; data sets that the runs of a tenth of the models each read besides."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = 13
EVERY = 10
"""One model of so many is a classification that was measured for ``WEEKS`` weeks."""


def _piece(models: range) -> Any:
    """What the source tells of these models: data, runs, versions, names, and where the newest version runs."""
    from audit.sources.domain import told

    both = [(model, number) for model in models for number in range(1, VERSIONS + 1)]

    def at(model: int, number: int) -> datetime:
        return BEGIN + timedelta(days=number, minutes=model)

    def data(model: int, number: int) -> told.DataTold:
        columns = {f"column_{column}": "double" for column in range(20)}
        return told.DataTold(
            id=f"d{model}-{number}", dataset=f"set{model}", name=f"Set {model}", digest=f"{model:04x}{number:04x}",
            location=f"s3://lake/{model}", rows=1000 + number, columns=columns,
        )  # fmt: skip

    def shared(number: int) -> told.DataTold:
        return told.DataTold(
            id=f"s{number}", dataset=f"shared{number // VERSIONS}", name=f"Shared {number // VERSIONS}",
            digest=f"ffff{number:04x}", location=f"s3://lake/shared/{number // VERSIONS}", rows=5,
        )  # fmt: skip

    def read(model: int, number: int) -> str:
        return f"s{model % SHARED * VERSIONS + number - 1}"

    def run(model: int, number: int) -> told.RunTold:
        return told.RunTold(
            id=f"r{model}-{number}", key=f"mlflow:r{model}-{number}", pipeline="train", engine="mlflow",
            state="succeeded", started=at(model, number) - timedelta(minutes=3), finished=at(model, number),
            parameters={"depth": "7", "rate": "0.1", "seed": str(model)}, commit=f"{model:020x}{number:020x}",
            repository="https://git.example.org/models", inputs=(f"d{model}-{number}", read(model, number)),
        )  # fmt: skip

    def version(model: int, number: int) -> told.VersionTold:
        return told.VersionTold(
            id=f"m{model}/{number}", model=f"m{model}", number=number, created=at(model, number),
            run=f"r{model}-{number}", artefact=f"models:/m{model}/{number}", author="somebody",
            digest=f"{model:032x}{number:032x}", data=(f"d{model}-{number}",),
            metrics={"roc_auc": 0.9, "f1": 0.8, "accuracy": 0.85},
        )  # fmt: skip

    def endpoint(model: int) -> told.EndpointTold:
        serves = told.Variant(name="all", version=f"m{model}/{VERSIONS}", share=1.0)
        return told.EndpointTold(
            id=f"e{model}", name=f"endpoint-{model}", environment="production", mode="online",
            at=at(model, VERSIONS), variants=(serves,),
        )  # fmt: skip

    def named(model: int) -> told.ModelTold:
        newest, before = f"m{model}/{VERSIONS}", f"m{model}/{VERSIONS - 1}"
        return told.ModelTold(
            id=f"m{model}", name=f"Model {model}", aliases={"production": newest, "fallback": before},
            tags={"domain": f"domain {model % 50}"},
        )  # fmt: skip

    reads = sorted({int(read(*one)[1:]) for one in both})
    return told.Told(
        models=tuple(map(named, models)),
        data=(*(data(*one) for one in both), *map(shared, reads)),
        runs=tuple(run(*one) for one in both),
        versions=tuple(version(*one) for one in both),
        endpoints=tuple(map(endpoint, models)),
    )


def fill(models: int) -> dict[str, Any]:
    """Takes in what the source tells, and the same again: seconds of both, by the clock and of this process's work."""
    from django.db import transaction

    from audit.base.actors import Actor, Role
    from audit.people import services as people
    from audit.sources import services as sources
    from audit.sources.taking.piece import take_in

    actor = Actor.service("bench")
    team = people.create_team(actor=actor, slug="bench", name="Bench")
    for role, of in ((Role.OWNER, team), (Role.VIEWER, team), (Role.AUDITOR, None)):
        user = people.create_user(actor=actor, email=f"{role}@example.org", name=role.title())
        people.grant_role(actor=actor, user=user, role=role, team=of)
    source = sources.add_source(actor=actor, kind="folder", name="Registry", team=team, settings={"path": ""})
    seconds: dict[str, Any] = {}
    for name in ("first", "again"):
        wall, work = time.perf_counter(), time.process_time()
        for start in range(0, models, AT_ONCE):
            piece = _piece(range(start, min(models, start + AT_ONCE)))
            with transaction.atomic():
                done = take_in(source=source, told=piece)
            if done.problems or (name == "again" and set(done.counts) != {"same"}):
                raise RuntimeError(f"{name}: {done}")
        seconds[name], seconds[f"{name}_work"] = time.perf_counter() - wall, time.process_time() - work
    _measured()
    _settled()
    return seconds


def _measured() -> None:
    """Some models have weeks behind them, as monitoring writes them, and rules that say what is enough."""
    from audit.catalogue.models import Model, ModelVersion, Pipeline, Task
    from audit.monitoring.models import Measurement, Window
    from audit.monitoring.serving import roll_up
    from governance.retraining.models import Rule

    some = Model.objects.filter(pk__in=list(Model.objects.order_by("pk").values_list("pk", flat=True))[::EVERY])
    some.update(task=Task.CLASSIFICATION)
    rows = [
        Window(
            version=version, start=MONDAY + timedelta(weeks=week), end=MONDAY + timedelta(weeks=week + 1),
            predictions=1000, labelled=900, threshold=0.5, tp=100, fp=50, fn=50, tn=700,
        )
        for version in ModelVersion.objects.filter(model__in=some, number__gt=VERSIONS - 2)
        for week in range(WEEKS)
    ]  # fmt: skip
    Window.objects.bulk_create(rows, batch_size=500)
    figures = [Measurement(window=row, metric="roc_auc", value=0.8, low=0.7, high=0.9, n=900) for row in rows]
    Measurement.objects.bulk_create(figures, batch_size=500)
    Rule.objects.bulk_create(
        Rule(model_id=pipeline.model_id, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.6)
        for pipeline in Pipeline.objects.filter(model__in=some)
    )
    roll_up({model.pk: None for model in some})


def _settled() -> None:
    """The sealer seals and the search's index follows, as they do in use; so does what the database knows of itself."""
    from django.db import connection

    from audit.ledger import indexing
    from audit.ledger.sealing import seal

    seal()
    indexing.catch_up()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def addresses(models: int) -> dict[str, Callable[[int], str]]:
    """The kinds of pages: each gives the address of its n-th page."""

    def slug(number: int) -> str:
        return f"model-{number * 7919 % models}"

    def version(number: int) -> str:
        return f"/models/{slug(number)}/versions/{1 + number % VERSIONS}/"

    pages = max(1, models // 25)
    return {
        "models": lambda number: "/models/",
        "models_page": lambda number: f"/models/?page={1 + number % pages}",
        "models_words": lambda number: f"/models/?q=model+{number}",
        "models_state": lambda number: f"/models/?state={('unknown', 'healthy')[number % 2]}",
        "model": lambda number: f"/models/{slug(number)}/",
        "version": version,
        "history": lambda number: f"/models/{slug(number)}/history/",
        "compare": lambda number: f"/models/{slug(number)}/compare/",
        "process": lambda number: f"/models/{slug(number)}/process/",
        "sources": lambda number: f"/models/{slug(number)}/sources/",
        "datasets": lambda number: f"/datasets/?page={1 + number % pages}",
        "datasets_words": lambda number: f"/datasets/?q=set+{number}",
        "dataset": lambda number: f"/datasets/set-{number * 7919 % models}/",
        "dataset_shared": lambda number: f"/datasets/shared-{number % SHARED}/",
        "monitoring": lambda number: f"/monitoring/?page={1 + number % pages}",
        "use_case": lambda number: "/use-cases/no-use-case-bench/",
        "api_models": lambda number: "/api/v1/models?limit=25",
    }


def pages(models: int, rounds: int) -> dict[str, Any]:
    """Fills, then asks: what ``ask`` gives, and the seconds of the taking in."""
    return {"fill": fill(models), "pages": ask(models, rounds)}


def ask(models: int, rounds: int, only: str = "") -> dict[str, dict[str, float]]:
    """Milliseconds of the server for each kind of page: the median and the 95th percentile over ``rounds`` requests.

    They go by turns to an owner, a manager and an auditor, warm, in this process; ``work`` is the 95th percentile of
    what this process itself worked.
    """
    from config.web import settle

    settle()
    found = {}
    clients = list(_clients())
    for kind, address in addresses(models).items():
        if not kind.startswith(only):
            continue
        for number in range(2 * len(clients)):
            _answer(clients[number % len(clients)], address(models - 1 - number))
        walls, works = [], []
        for number in range(rounds):
            wall, work = time.perf_counter(), time.thread_time()
            _answer(clients[number % len(clients)], address(number))
            works.append(1000 * (time.thread_time() - work))
            walls.append(1000 * (time.perf_counter() - wall))
        found[kind] = {"median": statistics.median(walls), "p95": p95(walls), "work": p95(works)}
    return found


def _clients() -> Iterator[Callable[[str], Any]]:
    from django.conf import settings
    from django.test import Client

    from audit.base.actors import Actor
    from audit.people import services as people
    from audit.people.models import User

    settings.ALLOWED_HOSTS, settings.API_REQUESTS_A_MINUTE = ["*"], 10**9
    for email in ("owner", "viewer", "auditor"):
        user = User.objects.get(email=f"{email}@example.org")
        _, token = people.issue_token(
            actor=Actor.service("bench"), user=user, name=f"bench {time.time()}", scopes=["read"], days=1
        )
        person, program = Client(), Client(headers={"Authorization": f"Bearer {token}"})
        person.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        yield partial(_get, person, program)


def _get(person: Any, program: Any, address: str) -> Any:
    return (program if address.startswith("/api/") else person).get(address)


def _answer(get: Callable[[str], Any], address: str) -> None:
    answer = get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.status_code != 200 or not content:
        raise RuntimeError(f"{address} answered {answer.status_code}")


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return sorted(values)[int(len(values) * 0.95)]
