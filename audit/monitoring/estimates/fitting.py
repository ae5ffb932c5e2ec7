"""What a version's estimator learns from: labelled weeks of its reference, or else its first labelled ones.

An estimator is made once from the same files, and anew when these, the reference or the threshold change. Each is an
entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.models import Model, ModelVersion, Task
from audit.lake import engine
from audit.ledger.audited import created
from audit.ledger.services import record
from audit.monitoring import lakehouse, ledger_actions
from audit.monitoring.domain.estimating import VARIANT, WINDOWS, Bounds, Fitted, fit
from audit.monitoring.domain.signs import usual
from audit.monitoring.estimate_models import EstimateFit
from audit.monitoring.estimates import documents
from audit.monitoring.input_models import Reference
from audit.monitoring.inputs import referencing
from audit.monitoring.inputs.days import sealed
from audit.monitoring.models import Kind, Measurement, Partition, Source

SCORED: Final = "roc_auc"
"""A week whose labels and scores give this metric can be learned from."""
MOST: Final = 1_000_000
"""With more rows than so many, every second (third, ...) is learned from, chosen by the digest of its id."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The weeks to learn from (Mondays, UTC), of the reference or (None) the version's first; or why there are none."""

    weeks: tuple[datetime, ...]
    reference: Reference | None
    why: str


def level_of(model: Model) -> float:
    """From which score on a row is decided to be 1."""
    return 0.5 if model.threshold is None else model.threshold


def current(version: ModelVersion) -> EstimateFit | None:
    """The estimator that counts."""
    return EstimateFit.objects.filter(version=version, replaced_at=None).first()


def labelled_weeks(version: ModelVersion) -> list[datetime]:
    """The Mondays of weeks in which at least half of the predictions have labels, and scores, oldest first."""
    rows = Measurement.objects.filter(
        window__version=version, window__source=Source.COMPUTED, window__superseded_at=None, metric=SCORED,
        value__isnull=False, window__labelled__gte=F("window__predictions") / 2.0,
    )  # fmt: skip
    return list(rows.order_by("window__start").values_list("window__start", flat=True))


def ground_of(version: ModelVersion) -> Ground:
    """What the version's estimator is to learn from now."""
    if version.model.task != Task.CLASSIFICATION:
        return Ground((), None, "Only models that decide between two classes can be estimated before labels come.")
    known = labelled_weeks(version)
    reference = referencing.current(version)
    if reference is not None and reference.since and reference.until and reference.state == Reference.State.READY:
        first, last = clock.week_of(reference.since), reference.until
        own = tuple(week for week in known if first <= week < last)
        if len(own) >= WINDOWS:
            return Ground(own, reference, "")
    if len(known) >= WINDOWS:
        return Ground(tuple(known[:WINDOWS]), None, "")
    words = f"{len(known)} of {WINDOWS} weeks with scores and labels are there; fewer would make bounds a guess."
    return Ground((), None, words)


def settle(*, actor: Actor, version: ModelVersion) -> EstimateFit | None:
    """The version's estimator as today's files give it, made if it is not there; None while too few are labelled."""
    while True:
        version = _fresh(version)
        ground = ground_of(version)
        if not ground.weeks:
            return None
        predictions, labels = _parts(version, ground.weeks)
        evidence = _evidence(version, ground, predictions, labels)
        known = current(version)
        if known is not None and known.evidence == evidence:
            return known
        learned = _learn(version, ground, predictions, labels)
        with transaction.atomic():
            Model.objects.select_for_update().get(pk=version.model_id)
            now = _fresh(version)
            again = ground_of(now)
            if _evidence(now, again, *_parts(now, again.weeks)) != evidence:
                continue
            known = current(version)
            if known is not None and known.evidence == evidence:
                return known
            return _keep(actor, version, ground, evidence, learned, known)


def _fresh(version: ModelVersion) -> ModelVersion:
    return ModelVersion.objects.select_related("model__use_case__team").get(pk=version.pk)


def _keep(
    actor: Actor,
    version: ModelVersion,
    ground: Ground,
    evidence: str,
    learned: tuple[Fitted, dict[str, Bounds]],
    before: EstimateFit | None,
) -> EstimateFit:
    fitted, ordinary = learned
    stored = documents.keep(version, fitted)
    touched = []
    if before is not None:
        before.replaced_at = clock.now()
        before.save(update_fields=("replaced_at",))
        touched.append(before)
    row = EstimateFit(
        version=version, reference=ground.reference, variant=VARIANT, threshold=level_of(version.model), n=fitted.n,
        weeks=[week.date().isoformat() for week in ground.weeks], bounds=_plain(fitted.bounds), usual=_plain(ordinary),
        evidence=evidence, path=stored.path, digest=stored.digest,
    )  # fmt: skip
    row.save(force_insert=True)
    record(
        actor=actor,
        action=ledger_actions.ESTIMATOR_FITTED,
        subject=row,
        subject_name=str(version),
        team=version.model.use_case.team_id,
        reason=f"From {fitted.n:,} labelled predictions of {len(ground.weeks)} weeks.",
        changes=created(row),
        also=touched,
    )
    return row


def _plain(bounds: Mapping[str, Bounds]) -> dict[str, list[float | int | None]]:
    return {metric: [one.low, one.high, one.windows] for metric, one in bounds.items()}


def _parts(version: ModelVersion, weeks: Sequence[datetime]) -> tuple[list[Partition], list[Partition]]:
    """The version's predictions in these weeks, and the labels of these days.

    A label beyond their ends (of an id that another version predicted a day later) is left out: otherwise each new week
    would have the estimator made anew.
    """
    if not weeks:
        return [], []
    wanted = {week.date() + timedelta(days=day) for week in weeks for day in range(7)}
    rows = Partition.objects.filter(model=version.model_id, day__gte=min(wanted), day__lte=max(wanted))
    rows = rows.order_by("day", "sequence", "pk")
    predictions = [row for row in rows.filter(kind=Kind.PREDICTIONS, version=version) if row.day in wanted]
    return predictions, [row for row in rows.filter(kind=Kind.LABELS) if row.day in wanted]


def _evidence(
    version: ModelVersion, ground: Ground, predictions: Sequence[Partition], labels: Sequence[Partition]
) -> str:
    told = [
        VARIANT,
        repr(level_of(version.model)),
        str(ground.reference.pk) if ground.reference else "first",
        *(week.date().isoformat() for week in ground.weeks),
        *(row.digest for row in predictions),
        *(row.digest for row in labels),
    ]
    return sealed(told)


def _learn(
    version: ModelVersion, ground: Ground, predictions: Sequence[Partition], labels: Sequence[Partition]
) -> tuple[Fitted, dict[str, Bounds]]:
    """The estimator, and where its estimates of the weeks that it learned from lay."""
    import numpy as np

    step = max(1, -(-sum(row.rows for row in predictions) // MOST))
    with engine.database() as db:
        table = db.sql(
            "SELECT coalesce(score, 'nan'::DOUBLE) AS score, coalesce(prediction, 'nan'::DOUBLE) AS prediction, "
            "coalesce(label, 'nan'::DOUBLE) AS label, epoch(date_trunc('week', \"at\"))::BIGINT AS week "
            f"FROM {lakehouse.files(predictions)} AS told JOIN {lakehouse.labels(labels)} AS truth "
            f"USING (prediction_id) WHERE {step} = 1 OR md5_number_lower(prediction_id) % {step} = 0 "
            "ORDER BY prediction_id"
        ).fetchnumpy()
    scores, predicted, truth, week = (np.asarray(table[name]) for name in ("score", "prediction", "label", "week"))
    decided = decide(scores, predicted, level_of(version.model))
    fitted = fit(scores, decided, truth, week)
    return fitted, usual(fitted, scores, decided, week)


def decide(scores: Any, predicted: Any, level: float) -> Any:
    """Where there is a score the threshold decides; a class that came without one stands as sent."""
    import numpy as np

    return np.where(np.isnan(scores), predicted, (scores >= level).astype(float))
