"""The documents of the slices below: uploads, the days made of them, artefacts, data to learn from, and attachments.

The clock of an artefact runs from the end of its last use (EU AI Act, Article 18: ten years after it was put into
service), that of data and of attachments from the end of the last use of what they belong to. What a live deployment
came from by any way of the lineage (a version that another began with, data that data was made from) has no clock.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.catalogue.models import AliasPeriod, DatasetVersion, Deployment, ModelVersion
from audit.documents import services as attached
from audit.documents.models import Document as Attached
from audit.lineage import ancestors
from audit.lineage.models import Place
from audit.monitoring.models import Partition, Upload
from audit.retention.documents import Document, Provider, in_lake, register

MODEL = "model__use_case"


def _of_model(row: Any) -> dict[str, Any]:
    model = row.model
    return {"model": model.pk, "use_case": model.use_case_id, "team": model.use_case.team_id}


def _uploads(rows: "QuerySet[Upload]") -> Iterator[Document]:
    for row in rows.select_related(MODEL).iterator(chunk_size=2000):
        who = (row.actor_name,)
        yield Document("upload", row.pk, str(row), row.path, row.digest, row.created_at, **_of_model(row), people=who)


def _partitions(rows: "QuerySet[Partition]") -> Iterator[Document]:
    for row in rows.select_related(MODEL).iterator(chunk_size=2000):
        yield Document("partition", row.pk, str(row), row.path, row.digest, row.created_at, **_of_model(row))


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
    ends, kept = _ends(found), ancestors.of_live()[Place.VERSION] if found else set()
    for row in found:
        at = None if row.pk in kept else ends[row.pk]
        who = (str(row.author_id or ""), row.registered_by)
        own = _of_model(row)
        yield Document("artefact", row.pk, str(row), row.artefact, row.artefact_digest, at, **own, people=who)


def _data(rows: "QuerySet[DatasetVersion]") -> Iterator[Document]:
    some = rows.select_related("dataset").prefetch_related("trained", "used_by__versions")
    found = [row for row in some if in_lake(row.location)]
    kept = ancestors.of_live()[Place.DATA] if found else set()
    for row in found:
        learned = {*row.trained.all(), *(one for run in row.used_by.all() for one in run.versions.all())}
        ends = _ends(learned)
        used = [end for end in ends.values() if end]
        at = None if None in ends.values() or row.pk in kept else max([row.created_at, *used])
        yield Document("dataset", row.pk, str(row), row.location, row.digest, at, team=row.dataset.team_id)


def _attachments(rows: "QuerySet[Attached]") -> Iterator[Document]:
    found = list(
        rows.filter(content_removed_at=None)
        .exclude(path="")
        .select_related(MODEL, "use_case", "team")
        .prefetch_related("newer")
    )
    for row in found:
        model, use_case = row.within
        who = (row.actor_id, row.actor_name)
        own: dict[str, Any] = {"model": model, "use_case": use_case, "team": row.owner.pk, "people": who}
        yield Document("attachment", row.pk, str(row), row.path, row.digest, _over(row), **own)


def _over(row: Attached) -> datetime | None:
    """Since when a document serves nothing: its model or use case is not in use, or no team stands by it any more."""
    ended = [row.created_at, *([row.withdrawn_at] if row.withdrawn_at else [])]
    if row.team is not None:
        newer = [one.created_at for one in row.newer.all() if one.withdrawn_at is None]
        return max([*ended, *newer]) if row.withdrawn_at or newer else None
    scope = {"model": row.model} if row.model else {"model__use_case": row.use_case}
    ends = _ends(list(ModelVersion.objects.filter(**scope)))
    return None if None in ends.values() else max([*ended, *(end for end in ends.values() if end)])


def _let_go(actor: Actor, document: Document, reason: str) -> None:
    attached.remove_content(actor=actor, document=Attached.objects.get(pk=document.record), reason=reason)


def _provider(kind: str, title: str, rows: Any, path: str, read: Any, let_go: Any = None) -> Provider:
    def before(at: datetime) -> Iterable[Document]:
        return (one for one in read(rows.filter(created_at__lt=at)) if one.at is not None and one.at < at)

    def at_paths(paths: Sequence[str]) -> Iterable[Document]:
        found: Iterable[Document] = read(rows.filter(Q(**{f"{path}__in": paths})))
        return found

    return Provider(kind, title, before, at_paths, let_go)


def register_own() -> None:
    """Adds them."""
    register(_provider("upload", "Files of predictions and labels", Upload.objects, "path", _uploads))
    register(_provider("partition", "Days of predictions and labels", Partition.objects, "path", _partitions))
    register(_provider("artefact", "Artefacts of versions", ModelVersion.objects, "artefact", _artefacts))
    register(_provider("dataset", "Data that versions learned from", DatasetVersion.objects, "location", _data))
    register(_provider("attachment", "Attached documents", Attached.objects, "path", _attachments, _let_go))
