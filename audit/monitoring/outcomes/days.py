"""A day of a version's outcomes is read once from its files; other files, labels or groupings have it read again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.catalogue.models import Model, ModelVersion
from audit.lake import engine
from audit.monitoring import pieces
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.models import Kind, Partition
from audit.monitoring.outcome_models import OutcomeDay
from audit.monitoring.outcomes import documents, figures, rows

if TYPE_CHECKING:
    import duckdb

DAY: Final = timedelta(days=1)
Key = tuple[UUID, date]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a day of a version follows from; ``evidence`` is the SHA-256 in hex of it."""

    predictions: tuple[Partition, ...]
    labels: tuple[Partition, ...]
    groupings: tuple[str, ...]
    evidence: str

    @property
    def rows(self) -> int:
        """How many predictions it has."""
        return sum(part.rows for part in self.predictions)


def wanted(model: Model, first: date, end: date) -> dict[Key, Wanted]:
    """What each day in [first, end) of each version (its id) follows from today: three queries.

    A label lies with the newest day on which its id was predicted, at most a day from where another version did.
    """
    found = Partition.objects.filter(model=model).order_by("day", "sequence", "pk")
    labels: dict[date, list[Partition]] = {}
    for part in found.filter(kind=Kind.LABELS, day__gte=first - DAY, day__lte=end):
        labels.setdefault(part.day, []).append(part)
    predictions: dict[Key, list[Partition]] = {}
    for part in found.filter(kind=Kind.PREDICTIONS, day__gte=first, day__lt=end):
        assert part.version_id is not None, "predictions have a version"
        predictions.setdefault((part.version_id, part.day), []).append(part)
    groupings = tuple(LogMapping.of(model).groupings)
    told = {}
    for (version, day), own in predictions.items():
        beside = [part for near in (day - DAY, day, day + DAY) for part in labels.get(near, ())]
        told[version, day] = Wanted(tuple(own), tuple(beside), groupings, _seal(model, own, beside, groupings))
    return told


def _seal(model: Model, predictions: Iterable[Partition], labels: Iterable[Partition], groupings: Sequence[str]) -> str:
    told = {
        "format": documents.FORMAT,
        "task": model.task,
        "groupings": list(groupings),
        "predictions": sorted(part.digest for part in predictions),
        "labels": [[part.sequence, part.digest] for part in labels],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def made(model: Model, first: date, end: date) -> dict[Key, OutcomeDay]:
    """The days in [first, end) that were read, from whatever they were read."""
    found = OutcomeDay.objects.filter(version__model=model, day__gte=first, day__lt=end)
    return {(row.version_id, row.day): row for row in found}


def missing(model: Model, first: date, end: date) -> dict[Key, Wanted]:
    """The days that were not read, or not from today's files."""
    known = made(model, first, end)
    return {
        key: one
        for key, one in wanted(model, first, end).items()
        if key not in known or known[key].evidence != one.evidence
    }


def read(*, version: ModelVersion, day: date) -> OutcomeDay | None:
    """The day's outcomes from today's files; None when nothing was predicted on it."""
    of = wanted(version.model, day, day + DAY).get((version.pk, day))
    if of is None:
        return None
    known = OutcomeDay.objects.filter(version=version, day=day, evidence=of.evidence).first()
    if known is not None:
        return known
    with engine.database() as db:
        return _read(db, version, day, of)


def _read(db: duckdb.DuckDBPyConnection, version: ModelVersion, day: date, of: Wanted) -> OutcomeDay:
    """Reads a day and keeps its outcomes, with the figures that the threshold of today gives.

    They follow from files whose imports are entries, so it writes none; the same files again change nothing.
    """
    whole, hours = rows.read(db, version.model, of.predictions, of.labels, of.groupings)
    stored = documents.keep(f"outcomes/{version.model.slug}/{day}", whole, hours)
    threshold = Model.objects.values_list("threshold", flat=True).get(pk=version.model_id)
    with transaction.atomic():
        found, _ = OutcomeDay.objects.update_or_create(
            version=version, day=day,
            defaults={
                "evidence": of.evidence, "rows": whole.whole.rows, "labelled": whole.whole.labelled,
                "figures": figures.told(whole.whole, threshold), "path": stored.path, "digest": stored.digest,
                "computed_at": clock.now(),
            },
        )  # fmt: skip
    return found


def settle(model: Model, first: date, end: date) -> dict[Key, tuple[str, OutcomeDay]]:
    """The days in [first, end), each with the evidence that it was read from; those that are missing are read now."""
    known, needed, told = made(model, first, end), wanted(model, first, end), {}
    versions = ModelVersion.objects.select_related("model").in_bulk({version for version, _ in needed})
    with ExitStack() as stack:
        db: duckdb.DuckDBPyConnection | None = None
        for key, one in needed.items():
            row = known.get(key)
            if row is None or row.evidence != one.evidence:
                db = db or stack.enter_context(engine.database())
                row = _read(db, versions[key[0]], key[1], one)
            told[key] = one.evidence, row
    return told


def weeks_of(model: Model) -> list[datetime]:
    """The Mondays (00:00 UTC) of all weeks with logged predictions, oldest first."""
    rows = Partition.objects.filter(model=model, kind=Kind.PREDICTIONS).order_by("day")
    return sorted({clock.week_of(day) for day in rows.values_list("day", flat=True).distinct()})


def in_pieces(of: Mapping[Key, Wanted]) -> Iterator[tuple[UUID, list[date]]]:
    """Days of one version in pieces for one job each."""
    by_version: dict[UUID, dict[date, int]] = {}
    for (version, day), one in of.items():
        by_version.setdefault(version, {})[day] = one.rows
    for version in sorted(by_version, key=str):
        for piece in pieces.in_pieces(by_version[version]):
            yield version, piece
