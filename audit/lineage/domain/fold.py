"""One event as parts of a graph: sets, so that neither the order of events nor their repetition matters.

An edge leads where data and code flow: what is downstream of a dataset was made from it. Runs read and write; a job
is upstream of its runs and not in the way of data, for another run of the same job need not have read the same.
The edges ``JOB_READ`` and ``JOB_WRITE`` say the same of jobs as a whole, in the manner of Marquez.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from audit.lineage.domain.reading import LONGEST_NAME, Reading, canonical, digest_of, run_id


class Kind(StrEnum):
    """What a node is."""

    DATASET = "dataset"
    DATASET_VERSION = "dataset_version"
    COLUMN = "column"
    JOB = "job"
    RUN = "run"
    COMMIT = "commit"
    MODEL_VERSION = "model_version"
    DEPLOYMENT = "deployment"


class Link(IntEnum):
    """What an edge says of its target: below 100 it leads a question on, from 100 it speaks of jobs as a whole."""

    READ = 1
    WRITE = 2
    RAN = 3
    PARENT = 4
    CODE = 5
    VERSION_OF = 6
    COLUMN = 7
    DEPLOYED = 8
    DERIVED = 9
    JOB_READ = 100
    JOB_WRITE = 101


OF_JOBS: Final = 100
STATE: Final = "@"
"""Before the name of the facet that holds when a run came into a state: "@START"."""


class Node(NamedTuple):
    """A thing, known by its kind, namespace and name; the namespace of a run whose id is a UUID is empty."""

    kind: Kind
    namespace: str
    name: str

    @property
    def key(self) -> str:
        """The SHA-256 of the three, in hex."""
        return digest_of("\x00".join((self.kind, self.namespace, self.name)))


class Edge(NamedTuple):
    """``target`` came from ``source``, as ``link`` says."""

    source: Node
    target: Node
    link: Link


class Facet(NamedTuple):
    """What was said of a node under a name: canonical JSON. Of several the latest holds, by (time, digest)."""

    node: Node
    name: str
    body: str
    digest: str


@dataclass(frozen=True, slots=True)
class Folded:
    """All that one event states, as of ``at`` (UTC)."""

    at: datetime
    nodes: frozenset[Node]
    edges: frozenset[Edge]
    facets: frozenset[Facet]


def fold(event: Reading) -> Folded:
    """The parts that a well-formed event states."""
    body, nodes, edges, facets = event.body, set[Node](), set[Edge](), set[Facet]()
    job = _node(Kind.JOB, body["job"]) if body.get("job") is not None else None
    run = run_node(body["run"]["runId"], job.namespace) if job is not None and body.get("run") is not None else None
    doer = run or job
    if job is not None:
        nodes.add(job)
        facets |= _facets(job, body["job"].get("facets"))
        if doer is not None:
            edges |= _code(doer, body["job"].get("facets"))
    if run is not None and job is not None:
        nodes.add(run)
        facets |= _facets(run, body["run"].get("facets"))
        edges |= {Edge(job, run, Link.RAN), *_parents(run, body["run"].get("facets"))}
        facets |= _facets(run, {f"{STATE}{body.get('eventType') or 'OTHER'}": {"at": event.at.isoformat()}})
    if body.get("dataset") is not None:
        dataset = _node(Kind.DATASET, body["dataset"])
        used, more = _dataset(dataset, body["dataset"], "", facets)
        nodes |= {dataset, used}
        edges |= more
    for side in ("inputs", "outputs"):
        for row in body.get(side) or ():
            dataset = _node(Kind.DATASET, row)
            used, more = _dataset(dataset, row, f"{side[:-1]}Facets", facets)
            nodes |= {dataset, used}
            edges |= more
            edges |= set(_flows(job, doer, dataset, used, reads=side == "inputs"))
    nodes |= {end for edge in edges for end in edge[:2]}
    return Folded(event.at, frozenset(nodes), frozenset(edges), frozenset(facets))


def _node(kind: Kind, said: Mapping[str, Any]) -> Node:
    return Node(kind, said["namespace"], said["name"])


def _flows(job: Node | None, doer: Node | None, dataset: Node, used: Node, *, reads: bool) -> Iterator[Edge]:
    """``used`` is the version that was read or written, where the event names one, and else the dataset."""
    if job is None or doer is None:
        return
    if reads:
        yield Edge(used, doer, Link.READ)
        yield Edge(dataset, job, Link.JOB_READ)
    else:
        yield Edge(doer, used, Link.WRITE)
        yield Edge(job, dataset, Link.JOB_WRITE)


def _dataset(node: Node, said: Mapping[str, Any], own: str, facets: set[Facet]) -> tuple[Node, set[Edge]]:
    """The dataset, or the version of it that the event names, and what its facets say of columns."""
    facets |= _facets(node, said.get("facets"))
    facets |= _facets(node, said.get(own), before=f"{own}.") if own else set()
    edges = set(_columns(node, _facet(said.get("facets"), "columnLineage")))
    version = _name(_facet(said.get("facets"), "version").get("datasetVersion"))
    if not version:
        return node, edges
    used = Node(Kind.DATASET_VERSION, node.namespace, f"{node.name}@{version}")
    return used, edges | {Edge(used, node, Link.VERSION_OF)}


def _columns(node: Node, said: Mapping[str, Any]) -> Iterator[Edge]:
    """Facet ColumnLineageDatasetFacet: each field, and the fields that it was made from."""
    fields = said.get("fields")
    for name, about in fields.items() if isinstance(fields, dict) else ():
        sources = about.get("inputFields") if isinstance(about, dict) else None
        for one in sources if isinstance(sources, list) else ():
            if isinstance(one, dict):
                namespace, dataset, field = (_name(one.get(key)) for key in ("namespace", "name", "field"))
                if namespace and dataset and field and _name(name):
                    yield Edge(
                        Node(Kind.COLUMN, namespace, f"{dataset}#{field}"),
                        Node(Kind.COLUMN, node.namespace, f"{node.name}#{name}"),
                        Link.COLUMN,
                    )


def _code(doer: Node, facets: Any) -> set[Edge]:
    """Facet SourceCodeLocationJobFacet: the commit that the run, or the job, was made from."""
    said = _facet(facets, "sourceCodeLocation")
    place, commit = _name(said.get("repoUrl")) or _name(said.get("url")), _name(said.get("version"))
    return {Edge(Node(Kind.COMMIT, place, commit), doer, Link.CODE)} if place and commit else set()


def _parents(run: Node, facets: Any) -> set[Edge]:
    """Facet ParentRunFacet: the run that started this one, and that run's job."""
    said = _facet(facets, "parent")
    own, job = _facet(said, "run"), _facet(said, "job")
    name, namespace, of = _name(own.get("runId")), _name(job.get("namespace")), _name(job.get("name"))
    if not name:
        return set()
    parent = run_node(name, namespace)
    edges = {Edge(parent, run, Link.PARENT)} if parent != run else set()
    return edges | {Edge(Node(Kind.JOB, namespace, of), parent, Link.RAN)} if namespace and of else edges


def run_node(name: str, namespace: str) -> Node:
    """A UUID is a run's name everywhere; another id is one only beside the namespace of the run's job."""
    known = run_id(name)
    return Node(Kind.RUN, "" if _is_uuid(known) else namespace, known)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _facet(facets: Any, name: str) -> Mapping[str, Any]:
    found = facets.get(name) if isinstance(facets, dict) else None
    return found if isinstance(found, dict) else {}


def _name(value: Any) -> str:
    """A name within a facet, whose schema nobody held it to: empty when it cannot be one."""
    return value if isinstance(value, str) and len(value) <= LONGEST_NAME and "\x00" not in value else ""


def _facets(node: Node, said: Any, before: str = "") -> set[Facet]:
    found = set()
    for name, value in (said or {}).items():
        text = canonical(value)
        found.add(Facet(node, before + name, text, digest_of(text)))
    return found
