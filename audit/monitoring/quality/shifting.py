"""Whether a week's inputs, taken together, are told apart from the reference's: once a week, from samples of rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.catalogue.models import Model, ModelVersion
from audit.lake import engine
from audit.lake.engine import quoted
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.monitoring import lakehouse, ledger_actions
from audit.monitoring.input_models import Reference
from audit.monitoring.inputs import comparing, days
from audit.monitoring.models import Partition
from audit.monitoring.quality_models import ShiftWeek

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST: Final = 2_000
"""Rows that are read of either side: the interval of the area is then about 0.05 wide where nothing differs."""
SEED: Final = 0
KINDS: Final = {"number": "DOUBLE", "category": "VARCHAR"}


def has_rows(reference: Reference) -> bool:
    """Whether rows of the reference lie in the lake; a profile that was sent has none."""
    return reference.kind != Reference.Kind.SENT and reference.since is not None


def _sides(reference: Reference, version: ModelVersion, week: datetime) -> tuple[list[Partition], list[Partition]]:
    """Files of the reference without those of the week's own days, and files of the week."""
    model, first, end = version.model, week.date(), (week + WEEK).date()
    since, until = days.bounds_of(reference)
    if reference.kind == Reference.Kind.SEASON:
        since, until = comparing.season_of(week)
    told = days.partitions(model, since, until)
    beside = [part for (_, day), parts in told.items() if not first <= day < end for part in parts]
    own = days.partitions(model, first, end, version)
    return beside, [part for parts in own.values() for part in parts]


def evidence_of(*, reference: Reference, version: ModelVersion, week: datetime) -> str:
    """The SHA-256 in hex of the files that the week's figure follows from."""
    beside, own = _sides(reference, version, week)
    return _evidence(version, beside, own)


def _evidence(version: ModelVersion, beside: Iterable[Partition], own: Iterable[Partition]) -> str:
    names = ",".join(version.model.inputs)
    return days.sealed([names, *(part.digest for part in beside), "week", *(part.digest for part in own)])


def measure_shift(*, actor: Actor, reference: Reference, version: ModelVersion, week: datetime) -> ShiftWeek | None:
    """The figure of the week from Monday ``week`` (UTC); None without rows on either side, or without features.

    The same files again change nothing.
    """
    from audit.monitoring.domain.shift import VARIANT, domain_classifier

    beside, own = _sides(reference, version, week)
    features = version.model.inputs
    if not beside or not own or not features:
        return None
    evidence = _evidence(version, beside, own)
    known = ShiftWeek.objects.filter(reference=reference, version=version, start=week).first()
    if known is not None and known.evidence == evidence:
        return known
    found = domain_classifier(_sample(beside, features), _sample(own, features), seed=SEED, cap=MOST)
    with transaction.atomic():
        Model.objects.select_for_update().get(pk=version.model_id)
        row = ShiftWeek.objects.filter(reference=reference, version=version, start=week).first()
        was = values(row) if row else None
        row = row or ShiftWeek(reference=reference, version=version, start=week, end=week + WEEK)
        row.variant, row.p, row.columns = VARIANT, found.p, len(features)
        row.value, row.low, row.high = found.auc.value, found.auc.low, found.auc.high
        row.n_reference, row.n_current = (sum(part.rows for part in parts) for parts in (beside, own))
        row.used = max(found.used_reference, found.used_current)
        row.evidence, row.computed_at = evidence, clock.now()
        row.save(force_insert=was is None)
        record(
            actor=actor,
            action=ledger_actions.SHIFT_MEASURED,
            subject=row,
            subject_name=f"the inputs of the week of {week:%-d %B %Y} of {version}",
            team=version.model.use_case.team_id,
            changes=created(row) if was is None else changed(was, row),
        )
    return row


def _sample(parts: list[Partition], features: dict[str, str]) -> dict[str, NDArray[Any]]:
    """At most ``MOST`` rows of the files by the hash of their ids: the same files give the same rows."""
    import numpy as np

    with engine.database() as db:
        source = lakehouse.files(parts)
        there = {row[0] for row in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        columns = ", ".join(
            f"{quoted(name) if name in there else 'NULL'}::{KINDS[kind]} AS {quoted(name)}"
            for name, kind in features.items()
        )
        table = db.sql(
            f"SELECT {columns} FROM {source} ORDER BY hash(prediction_id), prediction_id LIMIT {MOST}"
        ).to_arrow_table()
    return {
        name: np.array(
            [np.nan if value is None else value for value in table.column(name).to_pylist()], dtype=float
        )
        if kind == "number"
        else np.array(table.column(name).to_pylist(), dtype=object)
        for name, kind in features.items()
    }  # fmt: skip
