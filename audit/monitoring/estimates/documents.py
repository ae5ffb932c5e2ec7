"""What an estimator learned, and each day's calibrated scores: gzipped JSON documents in the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.catalogue.models import ModelVersion
from audit.lake import store as lake

if TYPE_CHECKING:
    from audit.lake.store import Stored
    from audit.monitoring.domain.estimating import Fitted, Table


def keep(version: ModelVersion, found: Fitted | Table) -> Stored:
    """Writes either of them; the same content is one file."""
    return lake.put_json(f"estimates/{version.model.slug}", found.to_dict())


def read_fit(path: str) -> Fitted:
    """What an estimator learned."""
    from audit.monitoring.domain.estimating import Fitted

    return Fitted.from_dict(lake.read_json(path))


def read_table(path: str) -> Table:
    """The calibrated scores of a day."""
    from audit.monitoring.domain.estimating import Table

    return Table.from_dict(lake.read_json(path))
