"""The jobs that check a week of data, follow a version's errors, and tell a week from its reference as a whole."""

from datetime import date, datetime
from typing import Any

from audit.base.clock import WEEK, week_of
from audit.catalogue.models import ModelVersion
from audit.jobs.registry import job
from audit.jobs.run import Run
from audit.monitoring import services
from audit.monitoring.domain.quality import REFUSED
from audit.monitoring.input_models import Reference
from audit.monitoring.inputs import referencing
from audit.monitoring.models import Kind, Partition, Upload
from audit.monitoring.quality import facts, following, shifting, weekly
from audit.monitoring.quality_models import QualityWeek


@job("monitoring.check", title="Check a week of data")
def check(run: Run, *, version: str, week: str, cause: str = "") -> dict[str, Any]:
    """Checks a week of a version; ``cause`` seals what it follows from."""
    of = services.version_for_job(version)
    row = weekly.check_week(actor=run.actor, version=of, week=week_of(date.fromisoformat(week)))
    return {"checks": row.checks, "faults": row.faults} if row else {"checks": 0}


@job("monitoring.concept", title="Follow errors")
def follow_errors(run: Run, *, version: str, cause: str = "") -> dict[str, Any]:
    """Follows the errors of a version's days that became mature; ``cause`` is the upload that brought labels."""
    signs = following.follow(actor=run.actor, version=services.version_for_job(version))
    return {"changes": len(signs)}


@job("monitoring.shift", title="Compare inputs as a whole")
def measure_shift(run: Run, *, reference: str, week: str, cause: str = "") -> dict[str, Any]:
    """Tells a week's inputs from their reference's; ``cause`` seals the files that it follows from."""
    found = referencing.for_job(reference)
    monday = week_of(date.fromisoformat(week))
    row = shifting.measure_shift(actor=run.actor, reference=found, version=found.version, week=monday)
    return {"rows": row.n_current} if row else {"rows": 0}


def start_check(run: Run, version: ModelVersion, week: datetime) -> None:
    """Has the week checked, and the one before it if it was: its last day is known to be whole only now."""
    _check(run, version, week)
    if QualityWeek.objects.filter(version=version, start=week - WEEK).exists():
        _check(run, version, week - WEEK)


def _check(run: Run, version: ModelVersion, week: datetime) -> None:
    cause = facts.of(version, week).evidence
    run.start(
        "monitoring.check",
        args={"version": str(version.pk), "week": week.date().isoformat(), "cause": cause},
        key=f"{version.pk}:{week.date()}:{cause}",
        subject=version.model,
        team=version.model.use_case.team,
    )


def start_shift(run: Run, reference: Reference, week: datetime) -> None:
    """Has the week's inputs told from their reference's, where rows of both are there."""
    if not shifting.has_rows(reference):
        return
    version = reference.version
    cause = shifting.evidence_of(reference=reference, version=version, week=week)
    run.start(
        "monitoring.shift",
        args={"reference": str(reference.pk), "week": week.date().isoformat(), "cause": cause},
        key=f"{reference.pk}:{week.date()}:{cause}",
        subject=version.model,
        team=version.model.use_case.team,
    )


def after_import(run: Run, upload: Upload) -> None:
    """Has errors followed where labels came, and weeks checked again whose refused file is mended by this one."""
    labels = Partition.objects.filter(upload=upload, kind=Kind.LABELS)
    if labels.exists():
        for version in ModelVersion.objects.filter(partitions__model=upload.model_id).distinct().order_by("number"):
            run.start(
                "monitoring.concept",
                args={"version": str(version.pk), "cause": str(upload.pk)},
                key=f"{version.pk}:{upload.pk}",
                subject=upload.model,
                team=upload.model.use_case.team,
            )
    faulty = QualityWeek.objects.filter(
        version__model=upload.model_id, findings__check_name=REFUSED, findings__is_fault=True
    )
    for row in faulty.select_related("version__model__use_case__team").distinct():
        _check(run, row.version, row.start)


def after_refusal(run: Run, upload: Upload) -> None:
    """Has the week in which it came checked, of the version that it was for, or of the one that predicted last."""
    versions = ModelVersion.objects.select_related("model__use_case__team").filter(model=upload.model_id)
    if upload.version is not None:
        found = versions.filter(number=upload.version).first()
    else:
        found = versions.filter(partitions__isnull=False).order_by("-partitions__day", "-number").first()
    if found is not None:
        _check(run, found, week_of(upload.created_at))
