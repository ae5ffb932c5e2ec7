"""What a version's answers rest on, as its training run told it; sent again it replaces what was known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.catalogue.models import Model, ModelVersion
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.monitoring import ledger_actions
from audit.monitoring.quality_models import FeatureImportance

if TYPE_CHECKING:
    from audit.monitoring.domain.importance import Importance

RIGHT: Final = "monitoring.write"
MOST: Final = 2_000
"""Columns."""


@transaction.atomic
def send_importance(
    *,
    actor: Actor,
    version: ModelVersion,
    columns: Mapping[str, Importance],
    metric: str,
    n: int,
    source: str,
) -> FeatureImportance:
    """Keeps how much worse ``metric`` gets, over ``n`` rows, when each column's values are shuffled.

    ``source`` says which run or program worked it out. The same again changes nothing.

    Raises:
        NotPermitted: the actor may not write for the model's team.
        InvalidInput: there is no column, one that the model does not have, or a figure is not finite.
    """
    actor.check(RIGHT, version.model.use_case.team_id)
    _check(version.model, columns, n)
    told = {
        "columns": {name: {"mean": one.mean, "sd": one.sd} for name, one in sorted(columns.items())},
        "metric": metric, "n": n, "source": source, "repeats": max(one.repeats for one in columns.values()),
    }  # fmt: skip
    Model.objects.select_for_update().get(pk=version.model_id)
    row = FeatureImportance.objects.filter(version=version).first()
    if row is not None and all(getattr(row, name) == value for name, value in told.items()):
        return row
    was = values(row) if row else None
    row = row or FeatureImportance(version=version)
    for name, value in told.items():
        setattr(row, name, value)
    row.computed_at = clock.now()
    row.save(force_insert=was is None)
    record(
        actor=actor,
        action=ledger_actions.IMPORTANCE_SENT,
        subject=row,
        subject_name=str(version),
        team=version.model.use_case.team_id,
        changes=created(row) if was is None else changed(was, row),
    )
    return row


def _check(model: Model, columns: Mapping[str, Importance], n: int) -> None:
    if not columns or len(columns) > MOST:
        raise InvalidInput(f"Send 1 to {MOST:,} columns.", where="columns", mend="Send each feature's importance.")
    unknown = sorted(set(columns) - set(model.features))
    if unknown:
        named = ", ".join(list(model.inputs)[:8])
        raise InvalidInput(f"{model} has no feature {unknown[0]}.", where="columns", mend=f"Features are {named}.")
    for name, one in columns.items():
        figures = [one.mean] if one.sd is None else [one.mean, one.sd]
        if not all(math.isfinite(figure) for figure in figures) or (one.sd or 0) < 0:
            raise InvalidInput("An importance is a finite number, its deviation 0 or more.", where=f"columns.{name}")
    if n < 1:
        raise InvalidInput("An importance is from one row at least.", where="n", mend="Send how many rows it is from.")
