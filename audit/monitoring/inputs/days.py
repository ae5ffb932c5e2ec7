"""A day of a version's inputs becomes one profile: the only time that its rows are read for drift."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Sum

from audit.base import clock
from audit.base.clock import week_of
from audit.catalogue.models import Model, ModelVersion, Task
from audit.lake import store as lake
from audit.monitoring import pieces, profiling
from audit.monitoring.input_models import ColumnWeek, DayProfile, Reference
from audit.monitoring.inputs import documents
from audit.monitoring.inputs.referencing import prefix_of
from audit.monitoring.models import Kind, Partition, Upload

if TYPE_CHECKING:
    from audit.monitoring.domain.columns import Column

SCORE: Final = "score"
PREDICTION: Final = "prediction"


def kinds_of(model: Model) -> dict[str, str]:
    """Each column of the model's log that is watched, and whether it holds a "number" or a "category"."""
    own = {PREDICTION: "number" if model.task == Task.REGRESSION else "category"}
    if model.task == Task.CLASSIFICATION:
        own[SCORE] = "number"
    return {**model.inputs, **own}


def role_of(model: Model, column: str) -> str:
    """What the column is to the model."""
    if column in model.features:
        return ColumnWeek.Role.FEATURE
    return ColumnWeek.Role.SCORE if column == SCORE else ColumnWeek.Role.PREDICTION


def partitions(
    model: Model, first: date, end: date, version: ModelVersion | None = None
) -> dict[tuple[Any, date], list[Partition]]:
    """The logged predictions of [first, end) by version (its id) and day, in the order of their imports."""
    rows = Partition.objects.filter(model=model, kind=Kind.PREDICTIONS, day__gte=first, day__lt=end)
    if version is not None:
        rows = rows.filter(version=version)
    found: dict[tuple[Any, date], list[Partition]] = {}
    for row in rows.order_by("day", "sequence", "pk"):
        found.setdefault((row.version_id, row.day), []).append(row)
    return found


def evidence_of(parts: Iterable[Partition]) -> str:
    """The SHA-256 in hex of the files that a profile is made from."""
    return sealed(part.digest for part in parts)


def sealed(digests: Iterable[str]) -> str:
    """The SHA-256 in hex of digests in their order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _paths(parts: Iterable[Partition]) -> list[Path]:
    return [lake.local(part.path) for part in parts]


def build_reference(reference: Reference) -> dict[str, Column] | None:
    """The profile of a reference's rows, of all versions that predicted in its time; None where there are none."""
    model = reference.version.model
    parts = [part for own in partitions(model, *bounds_of(reference)).values() for part in own]
    return profiling.of_reference(_paths(parts), kinds_of(model)) if parts else None


def bounds_of(reference: Reference) -> tuple[date, date]:
    """The days of a reference's rows; the end, of which it has a part at most, is exclusive.

    Raises:
        ValueError: it is a profile that was sent.
    """
    since, until = reference.since, reference.until
    if since is None or until is None:
        raise ValueError("A profile that was sent has no rows here.")
    return since.date(), (until - timedelta(microseconds=1)).date() + timedelta(days=1)


def profile_day(
    *, reference: Reference, version: ModelVersion, day: date, base: Mapping[str, Column] | None = None
) -> DayProfile | None:
    """The profile of the day at the reference's edges: new, or the one that was made from the same files.

    None when nothing was predicted on it. It follows from files whose imports are entries, so it writes none. ``base``
    are the reference's columns, where the caller has read them.
    """
    parts = partitions(version.model, day, day + timedelta(days=1), version).get((version.pk, day))
    if not parts:
        return None
    evidence = evidence_of(parts)
    known = DayProfile.objects.filter(reference=reference, version=version, day=day).first()
    if known is not None and known.evidence == evidence:
        return known
    base = documents.read(reference.path) if base is None else base
    # A column that the reference does not have cannot be compared.
    kinds = {name: kind for name, kind in kinds_of(version.model).items() if name in base}
    columns = profiling.of_files(_paths(parts), kinds, base)
    stored = documents.keep(prefix_of(version), columns, edges=False)
    rows = sum(part.rows for part in parts)
    with transaction.atomic():
        found, _ = DayProfile.objects.update_or_create(
            reference=reference, version=version, day=day,
            defaults={
                "source": DayProfile.Source.ROWS, "evidence": evidence, "rows": rows, "path": stored.path,
                "digest": stored.digest, "computed_at": clock.now(),
            },
        )  # fmt: skip
    return found


def touched(upload: Upload) -> Iterator[tuple[ModelVersion, list[datetime]]]:
    """The versions whose predictions an import brought, with the Mondays (00:00 UTC) of their weeks."""
    found: dict[Any, set[datetime]] = {}
    for version, day in Partition.objects.filter(upload=upload).values_list("version", "day"):
        found.setdefault(version, set()).add(week_of(day))
    versions = ModelVersion.objects.select_related("model__use_case__team").filter(pk__in=found)
    for one in versions.order_by("number"):
        yield one, sorted(found[one.pk])


def weeks_of(version: ModelVersion) -> list[datetime]:
    """The Mondays (00:00 UTC) of all weeks with logged predictions of the version, oldest first."""
    rows = Partition.objects.filter(version=version, kind=Kind.PREDICTIONS).order_by("day")
    return sorted({week_of(day) for day in rows.values_list("day", flat=True).distinct()})


def in_pieces(missing: Iterable[tuple[ModelVersion, date]]) -> Iterator[tuple[ModelVersion, list[date]]]:
    """Days of one version in pieces for one job each."""
    by_version: dict[Any, tuple[ModelVersion, list[date]]] = {}
    for version, day in missing:
        by_version.setdefault(version.pk, (version, []))[1].append(day)
    for version, some in by_version.values():
        rows = dict(
            Partition.objects.filter(version=version, kind=Kind.PREDICTIONS, day__in=some)
            .order_by()
            .values("day")
            .annotate(sum=Sum("rows"))
            .values_list("day", "sum")
        )
        for piece in pieces.in_pieces({day: rows.get(day, 0) for day in some}):
            yield version, piece


def digest_of(version: ModelVersion, some: Iterable[date]) -> str:
    """The SHA-256 in hex of the files of these days: with other files they are read again."""
    rows = Partition.objects.filter(version=version, kind=Kind.PREDICTIONS, day__in=list(some))
    return evidence_of(rows.order_by("day", "sequence", "pk"))
