"""A week's estimate is the merge of its days; what its labels later say stands beside it, and makes the record.

The record decides whether the estimator has a say: one that missed raises no alarm, and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import reduce
from typing import TYPE_CHECKING, Final

from django.db import transaction

from audit.base import clock
from audit.base.clock import WEEK
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.words import count_of
from audit.lake import engine
from audit.monitoring import lakehouse
from audit.monitoring.domain.estimating import METRICS, WINDOWS, Bounds, Expected, Fitted, Table
from audit.monitoring.domain.hits import Record, hits
from audit.monitoring.domain.signs import is_sign
from audit.monitoring.estimate_models import EstimateDay, EstimateFit, EstimateWeek
from audit.monitoring.estimates import documents
from audit.monitoring.estimates.fitting import decide
from audit.monitoring.inputs import days
from audit.monitoring.models import Source, Window

if TYPE_CHECKING:
    from audit.monitoring.domain.estimate import Estimate
    from audit.monitoring.models import Partition

PIECE: Final = 500_000
"""So many rows of a day are in memory at once."""
RIPE: Final = 0.5
"""A week counts as labelled when so large a share of its predictions is."""


def open_weeks(fit: EstimateFit) -> list[datetime]:
    """The Mondays with predictions that the estimator did not learn from and has not estimated, oldest first."""
    known = set(EstimateWeek.objects.filter(fit=fit).values_list("start", flat=True))
    return [week for week in days.weeks_of(fit.version) if week not in known and not learned_from(fit, week)]


def learned_from(fit: EstimateFit, week: datetime) -> bool:
    """Whether the week is one of those that the estimator learned from."""
    return week.date().isoformat() in fit.weeks


def estimate_week(*, fit: EstimateFit, week: datetime) -> list[EstimateWeek]:
    """The week from Monday ``week`` (UTC) as the estimator sees it, beside what labels say; empty without predictions.

    The same files and labels again change nothing. It follows from audited files and an audited estimator, so it
    writes no entry.
    """
    version = fit.version
    fitted = documents.read_fit(fit.path)
    while True:
        for day, parts in _missing(fit, week):
            _tabulate(fit, fitted, day, parts)
        with transaction.atomic():
            Model.objects.select_for_update().get(pk=version.model_id)
            if _missing(fit, week):
                continue
            tables = list(EstimateDay.objects.filter(fit=fit, day__gte=week.date(), day__lt=(week + WEEK).date()))
            if not tables:
                return []
            return _write(fit, fitted, week, sorted(tables, key=lambda row: row.day))


def _missing(fit: EstimateFit, week: datetime) -> list[tuple[date, list[Partition]]]:
    """The days of the week without a table, or without one of today's files, and their files."""
    known = dict(EstimateDay.objects.filter(fit=fit).values_list("day", "evidence"))
    parts = days.partitions(fit.version.model, week.date(), (week + WEEK).date(), fit.version)
    return [(day, own) for (_, day), own in parts.items() if known.get(day) != days.evidence_of(own)]


def _tabulate(fit: EstimateFit, fitted: Fitted, day: date, parts: Sequence[Partition]) -> None:
    from audit.monitoring.domain.estimating import table

    found: Table | None = None
    with engine.database() as db:
        reader = db.sql(
            "SELECT coalesce(score, 'nan'::DOUBLE) AS score, coalesce(prediction, 'nan'::DOUBLE) AS prediction "
            f"FROM {lakehouse.files(parts)}"
        ).to_arrow_reader(PIECE)
        for batch in reader:
            scores, predicted = (batch.column(name).to_numpy(zero_copy_only=False) for name in ("score", "prediction"))
            piece = table(fitted, scores, decide(scores, predicted, fit.threshold))
            found = piece if found is None else found.merged(piece)
    if found is None:
        return
    stored = documents.keep(fit.version, found)
    EstimateDay.objects.update_or_create(
        fit=fit, day=day,
        defaults={
            "evidence": days.evidence_of(parts), "rows": sum(part.rows for part in parts), "path": stored.path,
            "digest": stored.digest,
        },
    )  # fmt: skip


def _write(fit: EstimateFit, fitted: Fitted, week: datetime, tables: Sequence[EstimateDay]) -> list[EstimateWeek]:
    from audit.monitoring.domain.estimating import estimate_table

    evidence = days.sealed([fit.digest, *(row.digest for row in tables)])
    whole = reduce(Table.merged, (documents.read_table(row.path) for row in tables))
    said = estimate_table(fitted, whole)
    truth = realised(fit.version, week)
    rows = list(EstimateWeek.objects.filter(fit=fit))
    before = {row.metric: row for row in rows if row.start == week}
    found = []
    for metric in METRICS:
        row = before.get(metric) or EstimateWeek(
            fit=fit, version=fit.version, start=week, end=week + WEEK, metric=metric, evidence=""
        )
        if row.evidence != evidence:
            others = [one for one in rows if one.metric == metric and one.start != week]
            _say(row, said[metric], fit, record_of(others, bounds_of(fit, metric)))
            row.evidence = evidence
        _confirm(row, truth.get(metric))
        row.save()
        found.append(row)
    return found


def _say(row: EstimateWeek, said: Expected, fit: EstimateFit, record: Record) -> None:
    """Fills in the estimate, and what follows from it while the estimator has this record."""
    interval = said.estimate()
    row.value, row.low, row.high = interval.value, interval.low, interval.high
    row.sampling_error, row.error, row.n = said.sampling_error, said.error, said.n
    row.sign = is_sign(said.value, usual_of(fit, row.metric))
    row.outside = bounds_of(fit, row.metric).alarms(said.value)
    row.why = why_silent(record)
    row.alarm = None if row.why else row.outside
    row.computed_at = clock.now()


def _confirm(row: EstimateWeek, truth: Estimate | None) -> None:
    told = (truth.value, truth.low, truth.high, truth.n) if truth else (None, None, None, 0)
    if told != (row.realised, row.realised_low, row.realised_high, row.realised_n):
        row.realised, row.realised_low, row.realised_high, row.realised_n = told
        row.realised_at = clock.now() if truth else None


def realised(version: ModelVersion, week: datetime) -> dict[str, Estimate]:
    """Each metric of the week by its labels; empty while less than ``RIPE`` of its predictions has one."""
    from audit.monitoring.domain.estimate import Estimate, wilson

    window = (
        Window.objects.filter(version=version, source=Source.COMPUTED, start=week, superseded_at=None)
        .prefetch_related("measurements")
        .first()
    )
    if window is None or not window.labelled or window.labelled < RIPE * window.predictions:
        return {}
    found = {
        row.metric: Estimate(row.value, row.low, row.high, row.n)
        for row in window.measurements.all()
        if row.metric in METRICS
    }
    if window.tn is not None and window.fp is not None and window.tn + window.fp:
        found["specificity"] = wilson(window.tn, window.tn + window.fp)
    return {metric: one for metric, one in found.items() if one.value is not None}


def bounds_of(fit: EstimateFit, metric: str) -> Bounds:
    """Where the metric lay in the weeks that were learned from."""
    return Bounds(*fit.bounds[metric])


def usual_of(fit: EstimateFit, metric: str) -> Bounds:
    """Where its estimates lay in them."""
    return Bounds(*fit.usual[metric])


def record_of(rows: Iterable[EstimateWeek], bounds: Bounds) -> Record:
    """How the estimates of one metric did in the weeks whose labels came."""
    known = [row for row in rows if row.realised is not None]
    expected = [Expected(row.value, row.sampling_error, row.error, row.n) for row in known]
    return hits(expected, [row.realised for row in known], bounds)


def why_silent(record: Record) -> str:
    """Why the estimator may raise no alarm; empty when it may."""
    if record.may_alarm():
        return ""
    if record.windows < WINDOWS:
        return f"Its record is too short: {record.windows} of {WINDOWS} weeks have labels."
    if record.realised_alarms or record.estimated_alarms:
        return (
            f"Its record is too poor: of {count_of(record.realised_alarms, 'real alarm')} it raised "
            f"{record.agreed_alarms}, and it raised {record.estimated_alarms} in all."
        )
    return f"Its record is too poor: {record.inside} of {record.windows} weeks lay where it said."
