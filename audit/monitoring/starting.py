"""How an edge hands a file over: it is received, and its import starts once, in the same transaction."""

from collections.abc import Iterable

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK, week_of
from audit.catalogue.models import Model
from audit.jobs import services as jobs
from audit.jobs.models import Job
from audit.monitoring import services
from audit.monitoring.input_models import DayProfile, Reference
from audit.monitoring.inputs import days
from audit.monitoring.models import Upload

IMPORT, REFERENCE, COMPARE = "monitoring.import", "monitoring.reference", "monitoring.compare"
AGAIN = "monitoring.measure_all"


def take(
    *,
    actor: Actor,
    model: Model,
    kind: str,
    filename: str,
    chunks: Iterable[bytes],
    version: int | None = None,
    trigger: str,
) -> tuple[Upload, Job]:
    """The upload and the job that imports it; the same file again gives the same two.

    Raises:
        NotPermitted: the actor may not send for the model's team.
        InvalidInput: the kind or the version is unknown.
    """
    upload = services.receive_upload(
        actor=actor, model=model, kind=kind, filename=filename, chunks=chunks, version=version
    )
    with transaction.atomic():
        job = jobs.start(
            IMPORT,
            actor=actor,
            trigger=trigger,
            args={"upload": str(upload.pk)},
            key=key_of(upload),
            subject=upload,
            team=model.use_case.team,
        )
    return upload, job


def key_of(upload: Upload) -> str:
    """What makes the import of this try of the upload one."""
    return f"{upload.pk}:{upload.tries}"


def job_of(upload: Upload) -> Job | None:
    """The upload's last import job."""
    return jobs_of([upload]).get(upload.pk)


def jobs_of(uploads: Iterable[Upload]) -> dict[object, Job]:
    """The last import job of each upload, by the upload's id."""
    ids = {str(upload.pk): upload.pk for upload in uploads}
    rows = Job.objects.filter(kind=IMPORT, subject_type="monitoring.upload", subject_id__in=ids).order_by("created_at")
    return {ids[job.subject_id]: job for job in rows}


def start_reading(*, actor: Actor, reference: Reference, trigger: str) -> Job:
    """The job that reads the reference, and has its weeks compared with it; the same reference starts it once."""
    with transaction.atomic():
        return jobs.start(
            REFERENCE,
            actor=actor,
            trigger=trigger,
            args={"reference": str(reference.pk)},
            key=str(reference.pk),
            subject=reference.version.model,
            team=reference.version.model.use_case.team,
        )


def start_comparing(*, actor: Actor, day: DayProfile, trigger: str) -> Job:
    """The job that compares the week of a day that was sent; once for each state of the week's days."""
    reference, week = day.reference, week_of(day.day)
    beside = DayProfile.objects.filter(
        reference=reference, version=day.version, day__gte=week.date(), day__lt=(week + WEEK).date()
    )
    came = [f"{digest} {at.isoformat()}" for digest, at in beside.order_by("day").values_list("digest", "computed_at")]
    cause = days.sealed(came)
    with transaction.atomic():
        return jobs.start(
            COMPARE,
            actor=actor,
            trigger=trigger,
            args={"reference": str(reference.pk), "week": week.date().isoformat(), "cause": cause},
            key=f"{reference.pk}:{week.date()}:{cause}",
            subject=day.version.model,
            team=day.version.model.use_case.team,
        )


def start_measuring(*, actor: Actor, model: Model, trigger: str) -> Job:
    """The job that measures every week of the model again: results are cut otherwise, or another threshold decides."""
    with transaction.atomic():
        return jobs.start(
            AGAIN,
            actor=actor,
            trigger=trigger,
            args={"model": str(model.pk)},
            key=f"{model.pk}:{clock.now().isoformat()}",
            subject=model,
            team=model.use_case.team,
        )
