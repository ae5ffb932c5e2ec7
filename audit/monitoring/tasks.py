"""The jobs: import a file, then measure each week that it touched, and compare its inputs with their reference."""

from datetime import date, datetime
from typing import Any

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.catalogue.models import ModelVersion
from audit.jobs.registry import job
from audit.jobs.run import Run
from audit.monitoring import services
from audit.monitoring.input_models import Reference
from audit.monitoring.inputs import comparing, days, referencing
from audit.monitoring.models import Kind, Upload


@job("monitoring.import", title="Import a prediction log", permanent=(InvalidInput,))
def import_upload(run: Run, *, upload: str) -> dict[str, Any]:
    """Imports the upload and starts the measuring of the weeks that it touched."""
    found = services.upload_for_job(upload)
    weeks = services.import_upload(actor=run.actor, upload=found, progress=run.progress)
    for week in weeks:
        run.start(
            "monitoring.measure",
            args={"model": str(found.model_id), "week": week.isoformat(), "cause": upload},
            key=f"{found.model_id}:{week}:{upload}",
            subject=found.model,
            team=found.model.use_case.team,
        )
    if found.kind == Kind.PREDICTIONS:
        _read_inputs(run, found)
    return {"rows": found.rows, "days": found.counts.get("days", 0), "weeks": len(weeks)}


@job("monitoring.measure", title="Measure a week", permanent=(InvalidInput,))
def measure(run: Run, *, model: str, week: str, cause: str = "") -> dict[str, Any]:
    """Measures a week of a model; ``cause`` is the upload that asked for it."""
    found = services.model_for_job(model)
    monday = clock.week_of(date.fromisoformat(week))
    return {"changed": services.measure_week(actor=run.actor, model=found, week=monday)}


@job("monitoring.reference", title="Read what inputs are compared with")
def read_reference(run: Run, *, reference: str) -> dict[str, Any]:
    """Reads a reference, then has each day and week of its version read against it."""
    found = referencing.for_job(reference)
    columns = days.build_reference(found) if found.state != Reference.State.READY else {}
    if columns is None:
        referencing.finish(actor=run.actor, reference=found, columns=None, error="There is no prediction in its time.")
        return {"rows": 0}
    found = referencing.finish(actor=run.actor, reference=found, columns=columns)
    weeks = days.weeks_of(found.version)
    for week in weeks:
        _read_week(run, found, found.version, week)
    return {"rows": found.rows, "weeks": len(weeks)}


@job("monitoring.profile", title="Read days of inputs")
def profile(run: Run, *, reference: str, version: str, days_: list[str], week: str) -> dict[str, Any]:
    """Makes the profiles of these days of a version; the last of those that a week waits for has it compared."""
    found = referencing.for_job(reference)
    of = services.version_for_job(version)
    for at, day in enumerate(days_):
        run.progress(at, len(days_), day)
        days.profile_day(reference=found, version=of, day=date.fromisoformat(day))
    _compare_when_whole(run, found, clock.week_of(date.fromisoformat(week)))
    return {"days": len(days_)}


@job("monitoring.compare", title="Compare a week of inputs")
def compare(run: Run, *, reference: str, week: str, cause: str = "") -> dict[str, Any]:
    """Compares a week of a version with its reference; ``cause`` seals the files that it follows from."""
    found = referencing.for_job(reference)
    monday = clock.week_of(date.fromisoformat(week))
    row = comparing.compare_week(actor=run.actor, reference=found, version=found.version, week=monday)
    return {"columns": row.columns, "moved": row.watch + row.bad} if row else {"columns": 0}


def _read_inputs(run: Run, upload: Upload) -> None:
    """Starts what an import of predictions asks for: the default reference of a version, or its weeks against one."""
    for version, weeks in days.touched(upload):
        reference = referencing.settle_default(actor=run.actor, version=version)
        if reference is None or reference.state == Reference.State.FAILED:
            continue
        if reference.state == Reference.State.BUILDING:
            team = version.model.use_case.team
            run.start(
                "monitoring.reference", args={"reference": str(reference.pk)}, key=str(reference.pk),
                subject=version.model, team=team,
            )  # fmt: skip
            continue
        for week in weeks:
            _read_week(run, reference, version, week)


def _read_week(run: Run, reference: Reference, version: ModelVersion, week: datetime) -> None:
    """Starts the reading of the days that the week needs, in pieces of about equal work; or its comparison."""
    missing = comparing.missing_days(reference=reference, version=version, week=week)
    for of, some in days.in_pieces(missing):
        run.start(
            "monitoring.profile",
            args={
                "reference": str(reference.pk), "version": str(of.pk), "week": week.date().isoformat(),
                "days_": [day.isoformat() for day in some],
            },
            key=f"{reference.pk}:{of.pk}:{days.state_of(of, some)}:{week.date()}",
            subject=version.model,
            team=version.model.use_case.team,
        )  # fmt: skip
    if not missing:
        _compare_when_whole(run, reference, week)


def _compare_when_whole(run: Run, reference: Reference, week: datetime) -> None:
    version = reference.version
    if comparing.missing_days(reference=reference, version=version, week=week):
        return
    cause = comparing.evidence_of(reference=reference, version=version, week=week)
    run.start(
        "monitoring.compare",
        args={"reference": str(reference.pk), "week": week.date().isoformat(), "cause": cause},
        key=f"{reference.pk}:{week.date()}:{cause}",
        subject=version.model,
        team=version.model.use_case.team,
    )
