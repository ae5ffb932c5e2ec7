"""Data sets and their versions. Two sets are the same when name and place are: sources call many of them "dataset"."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Max

from audit.catalogue.ledger_actions import DATASET_REGISTERED, DATASET_VERSION_REGISTERED
from audit.catalogue.models import Dataset, DatasetVersion
from audit.ledger.audited import created
from audit.ledger.services import Event
from audit.sources.domain.told import DataTold, Kind
from audit.sources.models import Identity, Incident
from audit.sources.taking import incidents
from audit.sources.taking.models import free_slug, slug_of
from audit.sources.taking.work import AT_ONCE, Work


def take(work: Work, rows: Sequence[DataTold]) -> None:
    """Makes data sets and versions that are new; a version is found again by its digest."""
    if not rows:
        return
    work.look_up(Kind.DATA, (row.id for row in rows))
    new = []
    for row in rows:
        noted = work.note(Kind.DATA, row)
        if noted is not None and noted[0].record is None:
            new.append((row, noted[0]))
    if new:
        sets = _sets(work, [row for row, _ in new])
        _versions(work, new, sets)


def link(work: Work, through: Any, rows: Mapping[Any, Iterable[str]]) -> dict[UUID, list[Any]]:
    """Links each record to the versions of data whose ids are told with it; returns the new links of each, by its id.

    ``through`` holds the links; ``look_up`` of these ids comes first.
    """
    owner = next(one for one in through._meta.fields if one.is_relation and one.related_model is not DatasetVersion)
    wanted = {record: work.records_of(Kind.DATA, ids) for record, ids in rows.items()}
    data = DatasetVersion.objects.select_related("dataset").in_bulk({one for ids in wanted.values() for one in ids})
    known = through.objects.filter(**{f"{owner.name}__in": list(rows)})
    there = set(known.values_list(owner.attname, "datasetversion_id"))
    links = [
        through(**{owner.name: record}, datasetversion=data[one])
        for record, ids in wanted.items()
        for one in sorted(ids)
        if (record.pk, one) not in there
    ]
    through.objects.bulk_create(links, batch_size=AT_ONCE)
    found: dict[UUID, list[Any]] = {}
    for one in links:
        found.setdefault(getattr(one, owner.attname), []).append(one)
    return found


def _sets(work: Work, rows: Sequence[DataTold]) -> dict[str, Dataset]:
    """The data set of each id of a set."""
    work.look_up(Kind.DATASET, (row.dataset for row in rows))
    ids = [work.record_of(Kind.DATASET, row.dataset) for row in rows]
    by_id = {one.pk: one for one in Dataset.objects.filter(pk__in=[one for one in ids if one])}
    found: dict[str, Dataset] = {}
    made: list[Dataset] = []
    taken: set[str] = set()
    for row in rows:
        if row.dataset in found:
            continue
        record = work.record_of(Kind.DATASET, row.dataset)
        if record is not None:
            found[row.dataset] = by_id[record]
            continue
        same = _same(work, row)
        if same is None:
            slug = free_slug(Dataset, slug_of(row.name), taken)
            same = Dataset(team=work.team, slug=slug, name=row.name[:200] or "unnamed")
            made.append(same)
            merged_by = ""
        else:
            merged_by = "the same name and place"
        work.plainly(Kind.DATASET, row.dataset, name=row.name, record=same.pk, merged_by=merged_by)
        found[row.dataset] = same
    Dataset.objects.bulk_create(made, batch_size=AT_ONCE)
    for one in made:
        work.entry(Event(DATASET_REGISTERED, subject=one, team=work.team.pk, changes=created(one)))
    return found


def _same(work: Work, row: DataTold) -> Dataset | None:
    """A set of the team that has this name, and a version at this place."""
    if not row.location:
        return None
    there = Dataset.objects.filter(team=work.team, name=row.name, versions__location=row.location[:500])
    return there.first()


def _versions(work: Work, rows: Sequence[tuple[DataTold, Identity]], sets: dict[str, Dataset]) -> None:
    ids = {one.pk for one in sets.values()}
    known = {
        (one.dataset_id, one.digest): one
        for one in DatasetVersion.objects.filter(dataset__in=ids, digest__in={_digest(row) for row, _ in rows})
    }
    numbers = dict(
        DatasetVersion.objects.filter(dataset__in=ids)
        .order_by()
        .values("dataset")
        .annotate(top=Max("number"))
        .values_list("dataset", "top")
    )
    made: list[DatasetVersion] = []
    for row, identity in rows:
        dataset = sets[row.dataset]
        found = known.get((dataset.pk, _digest(row)))
        if found is None:
            numbers[dataset.pk] = numbers.get(dataset.pk, 0) + 1
            found = DatasetVersion(
                dataset=dataset,
                number=numbers[dataset.pk],
                digest=_digest(row),
                location=row.location[:500],
                rows=row.rows,
                columns=dict(row.columns),
                data_from=row.since,
                data_until=row.until,
            )
            made.append(found)
            known[dataset.pk, found.digest] = found
        else:
            identity.merged_by = "the same digest"
            _conflict(work, row, found)
        identity.record = found.pk
    DatasetVersion.objects.bulk_create(made, batch_size=AT_ONCE)
    for one in made:
        work.entry(Event(DATASET_VERSION_REGISTERED, subject=one, team=work.team.pk, changes=created(one)), one)


def _digest(row: DataTold) -> str:
    return row.digest[:64]


def _conflict(work: Work, row: DataTold, found: DatasetVersion) -> None:
    """A short digest may stand for two contents: other columns, or another number of rows, show that it does."""
    columns = bool(row.columns) and bool(found.columns) and dict(row.columns) != found.columns
    rows = row.rows is not None and found.rows is not None and row.rows != found.rows
    if columns or rows:
        what = "other columns" if columns else "another number of rows"
        incidents.open_incident(
            work,
            kind=Incident.Kind.CONFLICT,
            key=f"{work.source.pk}:{row.id}",
            sentence=f"{row.name} has the digest {row.digest} twice, with {what}: it stands for two contents.",
        )
