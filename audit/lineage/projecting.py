"""The catalogue in the graph: what is registered there is written here in the same transaction, as its team's.

Each edge states one fact, since it was true: a run read its data and had its code since it started, and made a version
until it ended; a version was there since it was registered, a deployment since it ran. A fact holds at its earliest
time, so the same facts in any order give the same rows. Data that a version learned from was read by its run; where no
run is known, the version has it directly.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from audit.base import clock
from audit.base.models import Record
from audit.catalogue.models import DatasetVersion, Deployment, ModelVersion, PipelineRun
from audit.lineage.domain import naming
from audit.lineage.domain.fold import Edge, Folded, Link, Node, run_node
from audit.lineage.models import Node as Row
from audit.lineage.models import Place, Placed
from audit.lineage.storing import BATCH, store
from audit.people.models import Team


class Fact(NamedTuple):
    """What is true since ``at`` (UTC), as the records of ``team`` say: that nodes are there, or that an edge is."""

    team: UUID
    at: datetime
    nodes: tuple[Node, ...]
    edge: Edge | None = None


class Spot(NamedTuple):
    """A node tells of a record."""

    node: Node
    place: Place
    record: UUID


Said = Iterator[Fact | Spot]


def project(records: Sequence[Record]) -> None:
    """Writes what these records of the catalogue state; within the caller's transaction. Others are passed over.

    A run says all that its versions say but what they were derived from, so with it these are read once.
    """
    runs = {one.pk for one in records if isinstance(one, PipelineRun)}
    facts: set[Fact] = set()
    spots: set[Spot] = set()
    for kind, (read, say) in READING.items():
        ids = sorted({one.pk for one in records if isinstance(one, kind) and not _said_by_run(one, runs)})
        for start in range(0, len(ids), BATCH):
            for row in read(ids[start : start + BATCH]):
                for said in say(row):
                    if isinstance(said, Fact):
                        facts.add(said)
                    else:
                        spots.add(said)
    _write(facts, spots)


def _said_by_run(one: Record, runs: Container[UUID]) -> bool:
    return isinstance(one, ModelVersion) and one.run_id in runs and one.derived_from_id is None


def data_node(data: DatasetVersion) -> Node:
    """The node of a version of a dataset."""
    return naming.version_node(naming.dataset_node(data.location, data.dataset.slug), data.digest)


def _write(facts: Iterable[Fact], spots: set[Spot]) -> None:
    by_team: dict[UUID, dict[datetime, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    for fact in facts:
        by_team[fact.team][fact.at].append(fact)
    now = clock.now()
    for team in Team.objects.filter(pk__in=by_team).order_by("pk"):
        store(team=team, folded=[_folded(at, some) for at, some in by_team[team.pk].items()], received_at=now)
    ordered = sorted(spots, key=lambda one: (one.place, str(one.record), one.node))
    for start in range(0, len(ordered), BATCH):
        some = ordered[start : start + BATCH]
        ids = dict(Row.objects.filter(key__in={spot.node.key for spot in some}).values_list("key", "pk"))
        Placed.objects.bulk_create(
            [Placed(node_id=ids[spot.node.key], place=spot.place, record=spot.record) for spot in some],
            ignore_conflicts=True,
        )


def _folded(at: datetime, facts: Iterable[Fact]) -> Folded:
    some = list(facts)
    edges = frozenset(fact.edge for fact in some if fact.edge)
    return Folded(at, frozenset(node for fact in some for node in fact.nodes), edges, frozenset())


def _joined(team: UUID, at: datetime, source: Node, target: Node, link: Link) -> Fact:
    return Fact(team, at, (source, target), Edge(source, target, link))


def _data(team: UUID, row: DatasetVersion) -> Said:
    """A version of data, and the dataset that it is one of; for ``team``, whose it is or whose run read it."""
    dataset, version = naming.dataset_node(row.location, row.dataset.slug), data_node(row)
    yield _joined(team, row.created_at, version, dataset, Link.VERSION_OF)
    yield Spot(version, Place.DATA, row.pk)
    yield Spot(dataset, Place.DATASET, row.dataset_id)


def _of_data(row: DatasetVersion) -> Said:
    yield from _data(row.dataset.team_id, row)


def _read_by(team: UUID, data: Iterable[DatasetVersion], reader: Node, since: datetime) -> Said:
    for row in data:
        yield from _data(team, row)
        yield _joined(team, since, data_node(row), reader, Link.READ)


def _run(row: PipelineRun) -> Node:
    return run_node(row.key, naming.OWN)


def _made(row: ModelVersion, run: PipelineRun | None) -> Said:
    team, node = row.model.use_case.team_id, _version(row)
    yield Fact(team, row.created_at, (node,))
    yield Spot(node, Place.VERSION, row.pk)
    if run is None:
        yield from _read_by(team, row.training_data.all(), node, row.created_at)
        return
    since = min(row.created_at, run.finished_at or row.created_at)
    yield _joined(team, since, _run(run), node, Link.WRITE)
    yield from _read_by(team, row.training_data.all(), _run(run), run.started_at)


def _of_run(row: PipelineRun) -> Said:
    model = row.pipeline.model
    team, node = model.use_case.team_id, _run(row)
    yield Fact(team, row.started_at, (node,))
    yield Spot(node, Place.RUN, row.pk)
    yield from _read_by(team, row.inputs.all(), node, row.started_at)
    if row.code_version:
        commit = naming.commit_node(row.repository, row.code_version, model.slug)
        yield _joined(team, row.started_at, commit, node, Link.CODE)
    for version in row.versions.all():
        yield from _made(version, row)


def _version(row: ModelVersion) -> Node:
    return naming.model_version_node(row.model.slug, row.number)


def _of_version(row: ModelVersion) -> Said:
    yield from _made(row, row.run)
    if row.derived_from is not None:
        team = row.model.use_case.team_id
        yield _joined(team, row.created_at, _version(row.derived_from), _version(row), Link.DERIVED)


def _of_deployment(row: Deployment) -> Said:
    version = row.version
    node = naming.deployment_node(version.model.slug, version.number, row.environment, row.mode, str(row.pk))
    yield _joined(version.model.use_case.team_id, row.since, _version(version), node, Link.DEPLOYED)
    yield Spot(node, Place.DEPLOYMENT, row.pk)


def _read(kind: Any, related: Sequence[str], many: Sequence[str]) -> Callable[[Sequence[UUID]], Iterable[Any]]:
    def read(ids: Sequence[UUID]) -> Iterable[Any]:
        found: Iterable[Any] = kind.objects.filter(pk__in=ids).select_related(*related).prefetch_related(*many)
        return found

    return read


READING: dict[type[Record], tuple[Callable[[Sequence[UUID]], Iterable[Any]], Callable[[Any], Said]]] = {
    DatasetVersion: (_read(DatasetVersion, ["dataset"], []), _of_data),
    PipelineRun: (
        _read(
            PipelineRun,
            ["pipeline__model__use_case"],
            ["inputs__dataset", "versions__model__use_case", "versions__training_data__dataset"],
        ),
        _of_run,
    ),
    ModelVersion: (
        _read(ModelVersion, ["model__use_case", "run", "derived_from__model"], ["training_data__dataset"]),
        _of_version,
    ),
    Deployment: (_read(Deployment, ["version__model__use_case"], []), _of_deployment),
}
