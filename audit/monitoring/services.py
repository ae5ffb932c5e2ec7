"""Each change to what is monitored: a file received, imported or refused, a week measured, a metric sent.

An import writes its files into the lake first and then books all of them, with the ledger entry, in one transaction:
before that nothing of it counts, and a second run of the same job finds it done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.catalogue.models import Model, ModelVersion
from audit.lake import engine
from audit.lake import store as lake
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.monitoring import ledger_actions, matching, measuring, serving, staging, writing
from audit.monitoring.domain.meaning import VARIANTS
from audit.monitoring.inputs import sending
from audit.monitoring.models import Kind, Measurement, Partition, Source, State, Upload, Window
from audit.monitoring.outcome_models import OutcomeDay
from audit.monitoring.outcomes import groups

if TYPE_CHECKING:
    from audit.monitoring.writing import Written

RIGHT = "monitoring.write"
STATES = ("state", "error", "rows", "counts", "tries", "filename", "imported_at")
Progress = Callable[[int, int, str], None]


def _silent(done: int, total: int, message: str) -> None:
    """Progress that nobody watches."""


def receive_upload(
    *, actor: Actor, model: Model, kind: str, filename: str, chunks: Iterable[bytes], version: int | None = None
) -> Upload:
    """Stores a file of predictions or labels as it is; importing it is the job ``monitoring.import``.

    The same content again (for the same model, kind and version) gives the first upload; if that had failed, it is
    open for another try. ``version`` is the version number for rows that do not say it.

    Raises:
        NotPermitted: the actor may not send for the model's team.
        InvalidInput: the kind or the version is unknown, or what the model predicts.
    """
    team = model.use_case.team_id
    actor.check(RIGHT, team)
    if not model.task:
        words = f"What {model} predicts is unknown."
        raise InvalidInput(words, where="model", mend="Say it on the model's page first.")
    if kind not in Kind.values:
        raise InvalidInput(f"{kind!r} is not a kind of file.", where="kind", mend="Use predictions or labels.")
    if kind == Kind.LABELS:
        version = None
    if version is not None and not ModelVersion.objects.filter(model=model, number=version).exists():
        raise InvalidInput(f"{model.slug} has no version {version}.", where="version", mend="Register it first.")
    filename = (filename.replace("\\", "/").rsplit("/", 1)[-1] or kind)[-200:]
    stored = lake.put_chunks(f"uploads/{model.slug}/{kind}", chunks)
    with transaction.atomic():
        upload, made = Upload.objects.get_or_create(
            model=model,
            kind=kind,
            version=version,
            digest=stored.digest,
            defaults={
                "filename": filename,
                "path": stored.path,
                "bytes": stored.size,
                "actor_name": actor.name,
            },
        )
        if not made:
            upload = Upload.objects.select_for_update(of=("self",)).select_related("model__use_case").get(pk=upload.pk)
        again = not made and upload.state == State.FAILED
        changes = created(upload)
        if again:
            before = values(upload)
            upload.state, upload.error, upload.tries = State.RECEIVED, "", upload.tries + 1
            upload.filename = filename
            upload.save(update_fields=("state", "error", "tries", "filename"))
            changes = changed(before, upload)
        if made or again:
            record(actor=actor, action=ledger_actions.RECEIVED, subject=upload, team=team, changes=changes)
    return upload


def import_upload(*, actor: Actor, upload: Upload, progress: Progress = _silent) -> list[date]:
    """Imports an upload; returns the Mondays of the weeks that it touched. Done twice it takes effect once.

    Raises:
        InvalidInput: the file cannot be used. The upload then says why, and nothing of it is imported.
    """
    if upload.state == State.IMPORTED:
        return [date.fromisoformat(week) for week in upload.counts.get("weeks", [])]
    progress(0, 0, "reading the file")
    try:
        if upload.kind == Kind.PREDICTIONS:
            return _import_predictions(actor, upload, progress)
        return _import_labels(actor, upload, progress)
    except InvalidInput as error:
        _refuse(actor, upload, error.sentence)
        raise


@transaction.atomic
def _refuse(actor: Actor, upload: Upload, sentence: str) -> None:
    refused = Upload.objects.filter(pk=upload.pk, state=State.RECEIVED).update(state=State.FAILED, error=sentence)
    Upload.objects.filter(pk=upload.pk, state=State.FAILED).update(error=sentence)
    upload.refresh_from_db(fields=STATES)
    if refused:
        record(
            actor=actor,
            action=ledger_actions.REFUSED,
            subject=upload,
            team=upload.model.use_case.team_id,
            reason=sentence,
            changes={"state": (State.RECEIVED, State.FAILED)},
        )


def _import_predictions(actor: Actor, upload: Upload, progress: Progress) -> list[date]:
    model = upload.model
    versions = {version.number: version for version in ModelVersion.objects.filter(model=model)}
    with engine.database(apart=True) as db:
        source, rows = staging.stage(
            db, lake.local(upload.path), upload.filename, model=model, kind=upload.kind, version=upload.version
        )
        matching.check_versions(db, source, known=set(versions), given=upload.version)
        staging.check_repeats(db, source, rows=rows, labels=False)
        seen = matching.newest(model)
        matching.check_new(db, source, matching.partitions(model, Kind.PREDICTIONS))
        written = writing.write(
            db,
            'SELECT * EXCLUDE ("#wrong") FROM staged',
            order=("at", "prediction_id"),
            prefix=f"predictions/{model.slug}",
            versioned=True,
            rows=rows,
            progress=progress,
        )
        _bound(written)

        def still_new(since: int) -> None:
            matching.check_new(db, source, matching.partitions(model, Kind.PREDICTIONS, after=since))

        weeks = sorted({clock.week_of(part.day).date() for part in written})
        return _book(actor, upload, written, versions, weeks, {"rows": rows}, seen, still_new)


def _import_labels(actor: Actor, upload: Upload, progress: Progress) -> list[date]:
    model = upload.model
    with engine.database(apart=True) as db:
        source, rows = staging.stage(
            db, lake.local(upload.path), upload.filename, model=model, kind=upload.kind, version=None
        )
        staging.check_repeats(db, source, rows=rows, labels=True)
        days = matching.find_days(db, source, matching.partitions(model, Kind.PREDICTIONS), rows=rows)
        corrected = matching.count_labelled(db, matching.partitions(model, Kind.LABELS), days=set(days))
        placed = 'SELECT prediction_id, label, "at", found.day AS "#day" FROM staged JOIN found USING (prediction_id)'
        written = writing.write(
            db,
            engine.settled(db, placed, "placed"),
            order=("prediction_id",),
            prefix=f"labels/{model.slug}",
            versioned=False,
            rows=rows,
            progress=progress,
        )
        _bound(written)
        weeks = sorted({clock.week_of(day).date() for day in days})
        told = {"rows": rows, "first": rows - corrected, "corrected": corrected}
        return _book(actor, upload, written, {}, weeks, told, 0, None)


def _bound(written: list[Written]) -> None:
    if len(written) > writing.MOST_PARTITIONS:
        raise InvalidInput(
            f"This file holds {len(written):,} different days and versions; {writing.MOST_PARTITIONS:,} are the most.",
            where="file",
            mend="Check the times, or send it in parts.",
        )


@transaction.atomic
def _book(
    actor: Actor,
    upload: Upload,
    written: list[Written],
    versions: dict[int, ModelVersion],
    weeks: list[date],
    told: dict[str, int],
    seen: int,
    still_new: Callable[[int], None] | None,
) -> list[date]:
    """Books all partitions of an import at once, unless another run of it has. ``told`` counts its rows.

    Imports of a model take turns here; what another one booked meanwhile is looked at once more (``still_new``).
    """
    model = Model.objects.select_for_update().get(pk=upload.model_id)
    current = Upload.objects.select_for_update(of=("self",)).select_related("model__use_case").get(pk=upload.pk)
    if current.state == State.IMPORTED:
        return weeks
    newest = matching.newest(model)
    if still_new is not None and newest > seen:
        still_new(seen)
    sending.check_rows(model, ((versions[one.version].pk, one.day) for one in written if one.version is not None))
    Partition.objects.bulk_create(
        Partition(
            upload=upload,
            model=model,
            version=versions[part.version] if part.version is not None else None,
            kind=upload.kind,
            day=part.day,
            path=part.path,
            digest=part.digest,
            rows=part.rows,
            bytes=part.bytes,
            sequence=newest + 1,
            first_id=part.first_id,
            last_id=part.last_id,
        )
        for part in written
    )
    counts = {
        **told,
        "days": len({part.day for part in written}),
        "versions": sorted({part.version for part in written if part.version is not None}),
        "weeks": [week.isoformat() for week in weeks],
    }
    before = values(current)
    current.state, current.error, current.rows, current.counts = State.IMPORTED, "", told["rows"], counts
    current.imported_at = clock.now()
    current.save(update_fields=("state", "error", "rows", "counts", "imported_at"))
    record(
        actor=actor,
        action=ledger_actions.IMPORTED,
        subject=current,
        team=model.use_case.team_id,
        changes=changed(before, current) | {"days": (None, [f"{written[0].day}", f"{written[-1].day}"])},
    )
    upload.refresh_from_db(fields=STATES)
    return weeks


def measure_week(*, actor: Actor, model: Model, week: datetime) -> int:
    """Measures what each version of ``model`` did in the week from Monday ``week`` (UTC); returns how many changed.

    A window that changed supersedes the one before; one that did not is left alone.
    """
    while True:
        found = measuring.measure(model, week)
        with transaction.atomic():
            Model.objects.select_for_update().get(pk=model.pk)
            if measuring.evidence(model, week) != found.evidence:
                continue
            OutcomeDay.objects.bulk_update(found.days, ["figures"])
            new, touched = _replace_all(found.measured)
            groups.replace(model, found.measured)
            if new:
                record(
                    actor=actor,
                    action=ledger_actions.MEASURED,
                    subject=new[0].window,
                    subject_name=f"the week of {week:%-d %B %Y} of {model.name}",
                    team=model.use_case.team_id,
                    reason=measuring.sentence(model, new),
                    changes={
                        f"v{one.window.version.number} {metric}": (None, estimate.value)
                        for one in new
                        for metric, estimate in one.estimates.items()
                    },
                    also=touched,
                )
                serving.roll_up({model.pk: week})
            return len(new)


def _replace_all(found: list[measuring.Measured]) -> tuple[list[measuring.Measured], list[Any]]:
    """Those of ``found`` that tell something new, now stored; and every row that this touched."""
    new, touched = [], []
    for one in found:
        rows = _replace(one)
        if rows:
            new.append(one)
            touched += rows
    return new, touched


def _replace(told: measuring.Measured) -> list[Any]:
    """The rows touched when ``told`` is something new: its window, its figures, and the one that it supersedes."""
    window, figures = told.window, []
    for metric, found in told.estimates.items():
        figures.append(
            Measurement(
                window=window, metric=metric, value=found.value, low=found.low, high=found.high, n=found.n,
                variant=VARIANTS.get(metric, "") if window.source == Source.COMPUTED else "",
                error=told.doubts.get(metric),
            )
        )  # fmt: skip
    current = (
        Window.objects.filter(
            version=window.version, source=window.source, start=window.start, end=window.end, superseded_at=None
        )
        .prefetch_related("measurements")
        .first()
    )
    if current is not None:
        known = {row.metric: _figure(row) for row in current.measurements.all()}
        same = all(getattr(current, name) == getattr(window, name) for name in measuring.COUNTS)
        if same and known == {row.metric: _figure(row) for row in figures}:
            return []
        current.superseded_at = window.recorded_at
        current.save(update_fields=("superseded_at",))
    window.save(force_insert=True)
    figures = Measurement.objects.bulk_create(figures)
    return [window, *figures, *([current] if current else [])]


def _figure(row: Measurement) -> tuple[Any, ...]:
    return row.value, row.low, row.high, row.n, row.variant, row.error


@transaction.atomic
def send_metric(
    *,
    actor: Actor,
    version: ModelVersion,
    start: datetime,
    end: datetime,
    metric: str,
    value: float,
    n: int,
    low: float | None = None,
    high: float | None = None,
) -> Window:
    """Keeps a metric that someone else worked out, apart from what Tollgate computes.

    ``start`` and ``end`` are aware. Sending the same again changes nothing; another value supersedes the one before.

    Raises:
        NotPermitted: the actor may not send for the model's team.
        InvalidInput: the window is empty or has no zone, or the interval does not hold the value.
    """
    from audit.monitoring.domain.estimate import Estimate

    team = version.model.use_case.team_id
    actor.check(RIGHT, team)
    measuring.check_sent(start=start, end=end, value=value, low=low, high=high, n=n)
    Model.objects.select_for_update().get(pk=version.model_id)
    rows = Window.objects.filter(version=version, source=Source.SENT, start=start, end=end, superseded_at=None)
    known = {
        row.metric: Estimate(row.value, row.low, row.high, row.n) for row in Measurement.objects.filter(window__in=rows)
    }
    before = known.get(metric)
    window = Window(version=version, source=Source.SENT, start=start, end=end, predictions=n, labelled=n)
    touched = _replace(measuring.Measured(window, {**known, metric: Estimate(value, low, high, n)}))
    if touched:
        record(
            actor=actor,
            action=ledger_actions.METRIC_SENT,
            subject=version,
            team=team,
            changes={metric: (before.value if before else None, value), "window": (None, [start, end]), "n": (None, n)},
            also=touched,
        )
        return window
    return rows.get()


def upload_for_job(upload_id: str) -> Upload:
    """The upload with its model; a job's arguments name it."""
    return Upload.objects.select_related("model__use_case__team").get(pk=UUID(upload_id))


def version_for_job(version_id: str) -> ModelVersion:
    """The version with its model and team; a job's arguments name it."""
    return ModelVersion.objects.select_related("model__use_case__team").get(pk=UUID(version_id))


def model_for_job(model_id: str) -> Model:
    """The model with its team; a job's arguments name it."""
    return Model.objects.select_related("use_case__team").get(pk=UUID(model_id))
