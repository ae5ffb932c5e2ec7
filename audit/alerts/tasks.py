"""The job that weighs a week, and what starts it: a comparison, a measurement or a check that ended. Ids in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from audit.alerts import gathering, services
from audit.alerts.models import Weighing
from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.models import Model, ModelVersion
from audit.jobs import registry
from audit.jobs import services as jobs
from audit.jobs.models import OPEN, Job
from audit.jobs.registry import job
from audit.jobs.run import Run
from audit.monitoring.input_models import Reference

WEIGH: Final = "alerts.weigh"
FOLLOWED: Final = (
    "monitoring.compare", "monitoring.measure", "monitoring.check", "monitoring.shift", "monitoring.estimate",
)  # fmt: skip


@job(WEIGH, title="Look for what stands out")
def weigh(run: Run, *, version: str, week: str, cause: str = "") -> dict[str, Any]:
    """Weighs a week of a version; ``cause`` seals the rows that it follows from."""
    found = ModelVersion.objects.select_related("model").get(pk=version)
    done = services.weigh_due(actor=run.actor, version=found, week=clock.week_of(date.fromisoformat(week)))
    return {"weeks": len(done), "signs": sum(row.signs for row in done)}


def weigh_after(ended: Job) -> None:
    """Follows what writes rows about a week, when the last of it ended: it is weighed, once for the same rows."""
    for version, week in _weeks(ended.args):
        if _is_awaited(version.model, week):
            continue
        evidence = gathering.gather(version, week).evidence()
        if Weighing.objects.filter(model=version.model, start=week, evidence=evidence).exists():
            continue
        jobs.start(
            WEIGH,
            actor=Actor.service("alerts", origin=f"job {ended.pk}", on_behalf_of=ended.actor_id),
            trigger="chain",
            args={"version": str(version.pk), "week": week.date().isoformat(), "cause": evidence},
            key=f"{version.pk}:{week.date()}:{evidence}",
            subject=version.model,
            team=version.model.use_case.team,
            parent=ended,
        )


def _is_awaited(model: Model, week: datetime) -> bool:
    """Whether more rows about the week are being written: what stands out is told once all of them are there."""
    rows = Job.objects.filter(kind__in=FOLLOWED, state__in=OPEN, subject_id=str(model.pk))
    return rows.filter(args__week=week.date().isoformat()).exists()


def _weeks(args: dict[str, Any]) -> Iterator[tuple[ModelVersion, datetime]]:
    """The week that a job was about, with the version that served in it, where that is the job's."""
    if "week" not in args:
        return
    week = clock.week_of(date.fromisoformat(args["week"][:10]))
    reference = Reference.objects.filter(pk=args["reference"]).first() if "reference" in args else None
    version = reference.version_id if reference else args.get("version")
    rows = Model.objects.filter(pk=args["model"]) if "model" in args else Model.objects.filter(versions=version)
    model = rows.first()
    served = gathering.served(model, week) if model is not None else None
    if served is not None and (version is None or str(version) == str(served.pk)):
        yield served, week


for _kind in FOLLOWED:
    registry.follow(_kind, weigh_after)
