"""The documents of the slices below: uploads, the days made of them, artefacts, and the data that versions learned from.

The clock of an artefact runs from the end of its last use (EU AI Act, Article 18: ten years after it was put into
service), that of data from the end of the last use of what was trained on them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.catalogue.models import AliasPeriod, DatasetVersion, Deployment, ModelVersion
from audit.monitoring.models import Partition, Upload
from audit.retention.documents import Document, Provider, in_lake, register

MODEL = "model__use_case"


def _of_model(row: Any) -> dict[str, Any]:
    model = row.model
    return {"model": model.pk, "use_case": model.use_case_id, "team": model.use_case.team_id}


def _uploads(rows: "QuerySet[Upload]") -> Iterator[Document]:
    for row in rows.select_related(MODEL).iterator(chunk_size=2000):
        who = (row.actor_name,)
        yield Document("upload", str(row), row.path, row.digest, row.created_at, **_of_model(row), people=who)


def _partitions(rows: "QuerySet[Partition]") -> Iterator[Document]:
    for row in rows.select_related(MODEL).iterator(chunk_size=2000):
        yield Document("partition", str(row), row.path, row.digest, row.created_at, **_of_model(row))


def _ends(versions: Iterable[ModelVersion]) -> dict[UUID, datetime | None]:
    """When each version was last in use, None while it still is; one never used counts from its registration."""
    ends: dict[UUID, list[datetime | None]] = defaultdict(list)
    ids = [one.pk for one in versions]
    for kind in (AliasPeriod, Deployment):
        for version, until in kind.objects.filter(version__in=ids).values_list("version_id", "until"):
            ends[version].append(until)
    return {
        one.pk: None if None in ends[one.pk] else max([one.created_at, *(end for end in ends[one.pk] if end)])
        for one in versions
    }


def _artefacts(rows: "QuerySet[ModelVersion]") -> Iterator[Document]:
    found = [row for row in rows.select_related(MODEL, "author") if in_lake(row.artefact)]
    ends = _ends(found)
    for row in found:
        who = (str(row.author_id), row.registered_by)
        own = _of_model(row)
        yield Document("artefact", str(row), row.artefact, row.artefact_digest, ends[row.pk], **own, people=who)


def _data(rows: "QuerySet[DatasetVersion]") -> Iterator[Document]:
    found = rows.select_related("dataset").prefetch_related("trained", "used_by__versions")
    for row in found:
        if not in_lake(row.location):
            continue
        learned = {*row.trained.all(), *(one for run in row.used_by.all() for one in run.versions.all())}
        ends = _ends(learned)
        used = [end for end in ends.values() if end]
        at = None if None in ends.values() else max([row.created_at, *used])
        yield Document("dataset", str(row), row.location, row.digest, at, team=row.dataset.team_id)


def _provider(kind: str, title: str, rows: Any, path: str, read: Any) -> Provider:
    def before(at: datetime) -> Iterable[Document]:
        return (one for one in read(rows.filter(created_at__lt=at)) if one.at is not None and one.at < at)

    def at_paths(paths: Sequence[str]) -> Iterable[Document]:
        return read(rows.filter(Q(**{f"{path}__in": paths})))

    return Provider(kind, title, before, at_paths)


def register_own() -> None:
    """Adds them."""
    register(_provider("upload", "Files of predictions and labels", Upload.objects, "path", _uploads))
    register(_provider("partition", "Days of predictions and labels", Partition.objects, "path", _partitions))
    register(_provider("artefact", "Artefacts of versions", ModelVersion.objects, "artefact", _artefacts))
    register(_provider("dataset", "Data that versions learned from", DatasetVersion.objects, "location", _data))
