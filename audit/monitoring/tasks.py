"""The jobs: import a file, then measure each week that it touched, and compare its inputs with their reference.

A week that is much work has its days read by jobs of their own, side by side; the last of them has it measured.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.base.errors import InvalidInput
from audit.base.models import Record
from audit.catalogue import followers
from audit.catalogue.models import Model, ModelVersion
from audit.jobs.registry import job
from audit.jobs.run import Run
from audit.monitoring import quality_tasks, services
from audit.monitoring.input_models import Reference
from audit.monitoring.inputs import comparing, days, documents, referencing
from audit.monitoring.models import Kind, Source, Upload, Window
from audit.monitoring.outcomes import days as outcome_days
from audit.monitoring.outcomes import months
from audit.monitoring.starting import start_measuring


@job("monitoring.import", title="Import a prediction log", permanent=(InvalidInput,))
def import_upload(run: Run, *, upload: str) -> dict[str, Any]:
    """Imports the upload and starts the measuring of the weeks that it touched."""
    found = services.upload_for_job(upload)
    try:
        weeks = services.import_upload(actor=run.actor, upload=found, progress=run.progress)
    except InvalidInput:
        quality_tasks.after_refusal(run, found)
        raise
    for week in weeks:
        _read_outcomes(run, found.model, clock.week_of(week), cause=upload)
    if found.kind == Kind.PREDICTIONS:
        _read_inputs(run, found)
    quality_tasks.after_import(run, found)
    return {"rows": found.rows, "days": found.counts.get("days", 0), "weeks": len(weeks)}


@job("monitoring.measure", title="Measure a week", permanent=(InvalidInput,))
def measure(run: Run, *, model: str, week: str, cause: str = "") -> dict[str, Any]:
    """Measures a week of a model, and has its months merged; ``cause`` is the upload that asked for it."""
    found = services.model_for_job(model)
    monday = clock.week_of(date.fromisoformat(week))
    changed = services.measure_week(actor=run.actor, model=found, week=monday)
    for month in months.of_week(monday):
        if months.stale(found, month):
            run.start(
                "monitoring.month", args={"model": model, "month": month.isoformat()},
                key=f"{run.job.pk}:{month}", subject=found, team=found.use_case.team,
            )  # fmt: skip
    return {"changed": changed}


@job("monitoring.measure_all", title="Measure every week again")
def measure_all(run: Run, *, model: str) -> dict[str, Any]:
    """Measures each week that was logged, and merges its months; what judges new weeks is not asked about old ones."""
    found = services.model_for_job(model)
    weeks = outcome_days.weeks_of(found)
    changed = 0
    for at, week in enumerate(weeks):
        run.progress(at, len(weeks), f"the week of {week:%-d %B %Y}")
        changed += services.measure_week(actor=run.actor, model=found, week=week)
    for month in sorted({month for week in weeks for month in months.of_week(week)}):
        months.write(model=found, month=month)
    return {"weeks": len(weeks), "changed": changed}


def measure_again(records: Sequence[Record]) -> None:
    """Follows the catalogue: a model whose measured weeks were decided at another threshold has them measured again."""
    for row in records:
        if isinstance(row, Model):
            other = Window.objects.filter(version__model=row, superseded_at=None, source=Source.COMPUTED)
            if other.exclude(threshold=row.threshold).exists():
                start_measuring(actor=Actor.service("monitoring"), model=row, trigger="chain")


followers.follow(measure_again)


@job("monitoring.outcomes", title="Read days of outcomes")
def read_outcomes(run: Run, *, version: str, days_: list[str], week: str, cause: str = "") -> dict[str, Any]:
    """Reads the outcomes of these days of a version; the last of those that a week waits for has it measured."""
    of = services.version_for_job(version)
    for at, day in enumerate(days_):
        run.progress(at, len(days_), day)
        outcome_days.read(version=of, day=date.fromisoformat(day))
    monday = clock.week_of(date.fromisoformat(week))
    if not outcome_days.missing(of.model, monday.date(), (monday + WEEK).date()):
        _measure(run, of.model, monday, cause)
    return {"days": len(days_)}


@job("monitoring.month", title="Merge a month of outcomes")
def merge_month(run: Run, *, model: str, month: str) -> dict[str, Any]:
    """Merges the days of a month of each version."""
    return {"changed": months.write(model=services.model_for_job(model), month=date.fromisoformat(month))}


@job("monitoring.reference", title="Read what inputs are compared with")
def read_reference(run: Run, *, reference: str) -> dict[str, Any]:
    """Reads a reference, then has each day and week of its version read against it."""
    found = referencing.for_job(reference)
    if found.state != Reference.State.READY:
        columns = days.build_reference(found)
        error = "" if columns is not None else "There is no prediction in its time."
        found = referencing.finish(actor=run.actor, reference=found, columns=columns, error=error)
    if found.state != Reference.State.READY:
        return {"rows": 0}
    weeks = days.weeks_of(found.version)
    for week in weeks:
        _read_week(run, found, found.version, week)
    return {"rows": found.rows, "weeks": len(weeks)}


@job("monitoring.profile", title="Read days of inputs")
def profile(run: Run, *, reference: str, version: str, days_: list[str], week: str) -> dict[str, Any]:
    """Makes the profiles of these days of a version; the last of those that a week waits for has it compared."""
    found = referencing.for_job(reference)
    of = services.version_for_job(version)
    base = documents.read(found.path)
    for at, day in enumerate(days_):
        run.progress(at, len(days_), day)
        days.profile_day(reference=found, version=of, day=date.fromisoformat(day), base=base)
    _compare_when_whole(run, found, clock.week_of(date.fromisoformat(week)))
    return {"days": len(days_)}


@job("monitoring.compare", title="Compare a week of inputs")
def compare(run: Run, *, reference: str, week: str, cause: str = "") -> dict[str, Any]:
    """Compares a week of a version with its reference; ``cause`` seals the files that it follows from."""
    found = referencing.for_job(reference)
    monday = clock.week_of(date.fromisoformat(week))
    row = comparing.compare_week(actor=run.actor, reference=found, version=found.version, week=monday)
    quality_tasks.start_check(run, found.version, monday)
    if row:
        quality_tasks.start_shift(run, found, monday)
    return {"columns": row.columns, "moved": row.watch + row.bad} if row else {"columns": 0}


def _read_inputs(run: Run, upload: Upload) -> None:
    """Starts what an import of predictions asks for: the default reference of a version, or its weeks against one."""
    for version, weeks in days.touched(upload):
        reference = referencing.settle_default(actor=run.actor, version=version)
        if reference is None or reference.state == Reference.State.FAILED:
            for week in weeks:
                quality_tasks.start_check(run, version, week)
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
            key=f"{reference.pk}:{of.pk}:{days.digest_of(of, some)}:{week.date()}",
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


def _read_outcomes(run: Run, model: Model, week: datetime, *, cause: str) -> None:
    """Starts the reading of the week's days, where they are work for more than one job; or its measuring."""
    pieces = list(outcome_days.in_pieces(outcome_days.missing(model, week.date(), (week + WEEK).date())))
    if len(pieces) < 2:
        _measure(run, model, week, cause)
        return
    for version, some in pieces:
        run.start(
            "monitoring.outcomes",
            args={
                "version": str(version), "days_": [day.isoformat() for day in some],
                "week": week.date().isoformat(), "cause": cause,
            },
            key=f"{version}:{some[0]}:{cause}",
            subject=model,
            team=model.use_case.team,
        )  # fmt: skip


def _measure(run: Run, model: Model, week: datetime, cause: str) -> None:
    run.start(
        "monitoring.measure",
        args={"model": str(model.pk), "week": week.date().isoformat(), "cause": cause},
        key=f"{model.pk}:{week.date()}:{cause}",
        subject=model,
        team=model.use_case.team,
    )
