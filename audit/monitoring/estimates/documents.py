"""What an estimator learned, and each day's calibrated scores: gzipped JSON documents in the lake."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from audit.catalogue.models import ModelVersion
from audit.lake import store as lake

if TYPE_CHECKING:
    from audit.lake.store import Stored
    from audit.monitoring.domain.estimating import Fitted, Table


def keep(version: ModelVersion, found: Fitted | Table) -> Stored:
    """Writes either of them; the same content is one file."""
    content = json.dumps(found.to_dict(), separators=(",", ":"), allow_nan=False)
    return lake.put_bytes(
        f"estimates/{version.model.slug}", gzip.compress(content.encode(), mtime=0), suffix=".json.gz"
    )


def read_fit(path: str) -> Fitted:
    """What an estimator learned."""
    from audit.monitoring.domain.estimating import Fitted

    return Fitted.from_dict(_read(path))


def read_table(path: str) -> Table:
    """The calibrated scores of a day."""
    from audit.monitoring.domain.estimating import Table

    return Table.from_dict(_read(path))


def _read(path: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(gzip.decompress(lake.read_bytes(path)))
    return told
