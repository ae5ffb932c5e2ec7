"""The job that estimates a week before its labels come; it follows each measured week, and each new reference."""

from datetime import date
from typing import Any, Final

from audit.base import clock
from audit.catalogue.models import ModelVersion, Task
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.jobs.registry import follow, job
from audit.jobs.run import Run
from audit.monitoring import services
from audit.monitoring.estimates import fitting, weeks
from audit.monitoring.input_models import Reference
from audit.monitoring.inputs import days
from audit.monitoring.models import Window

ESTIMATE: Final = "monitoring.estimate"


@job(ESTIMATE, title="Estimate a week before its labels")
def estimate(run: Run, *, version: str, week: str, cause: str = "") -> dict[str, Any]:
    """Estimates a week of a version; with a new estimator also starts all weeks that it has not seen."""
    found = services.version_for_job(version)
    fit = fitting.settle(actor=run.actor, version=found)
    if fit is None:
        return {"metrics": 0}
    monday = clock.week_of(date.fromisoformat(week))
    rows = [] if weeks.learned_from(fit, monday) else weeks.estimate_week(fit=fit, week=monday)
    for other in weeks.open_weeks(fit):
        run.start(
            ESTIMATE, args={"version": version, "week": other.date().isoformat(), "cause": str(fit.pk)},
            key=f"{fit.pk}:{other.date()}", subject=found.model, team=found.model.use_case.team,
        )  # fmt: skip
    return {"metrics": len(rows)}


def after_measured(ended: Job) -> None:
    """Follows a measurement: its week is estimated of each version, and what its labels say is noted beside it."""
    if ended.state != State.SUCCEEDED:
        return
    monday = clock.week_of(date.fromisoformat(ended.args["week"]))
    of = Window.objects.filter(version__model=ended.args["model"], start=monday, superseded_at=None)
    versions = ModelVersion.objects.filter(pk__in=of.values("version"), model__task=Task.CLASSIFICATION)
    for version in versions.select_related("model__use_case__team").order_by("number"):
        _start(ended, version, monday.date())


def after_reference(ended: Job) -> None:
    """Follows a reference that was read: the version's estimator may have to learn from other weeks."""
    if ended.state != State.SUCCEEDED:
        return
    version = Reference.objects.select_related("version__model__use_case__team").get(pk=ended.args["reference"]).version
    known = days.weeks_of(version)
    if version.model.task == Task.CLASSIFICATION and known:
        _start(ended, version, known[-1].date())


def _start(ended: Job, version: ModelVersion, week: date) -> None:
    jobs.start(
        ESTIMATE,
        actor=jobs.actor_of(ended),
        trigger="chain",
        args={"version": str(version.pk), "week": week.isoformat(), "cause": str(ended.pk)},
        key=f"{version.pk}:{ended.pk}",
        subject=version.model,
        team=version.model.use_case.team,
        parent=ended,
    )


follow("monitoring.measure", after_measured)
follow("monitoring.reference", after_reference)
