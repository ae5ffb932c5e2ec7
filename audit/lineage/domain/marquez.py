"""What Marquez would say of jobs, datasets, runs and columns, shaped as its OpenAPI document has it.

Source: MarquezProject/marquez, spec/openapi.yml (Namespace, Dataset, DatasetVersion, Job, Run, LineageGraph,
SearchResultList) and web/src/types/api.ts for the fields that the document leaves out. Times are ISO 8601 in UTC. What
nobody said is null: ``currentVersion`` and ``jobVersion.version``, which Marquez makes up itself, are always.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from audit.lineage.domain.fold import STATE
from audit.lineage.domain.reading import Malformed, moment

Json = dict[str, Any]
ENDS: Final[Mapping[str, str]] = {"COMPLETE": "COMPLETED", "FAIL": "FAILED", "ABORT": "ABORTED"}
LISTS: Final = {"jobs": "job", "datasets": "dataset"}
PARTS: Final = {"jobs": "runs", "datasets": "versions"}


class Name(NamedTuple):
    """What identifies a job or a dataset."""

    namespace: str
    name: str

    def shaped(self) -> Json:
        """JobId or DatasetId."""
        return {"namespace": self.namespace, "name": self.name}


@dataclass(frozen=True, slots=True)
class Thing:
    """A job, a dataset, a version of one, or a run, as the graph has it: first and last time that is on record."""

    id: Name
    since: datetime
    last: datetime
    facets: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ran(Thing):
    """A run with its job and the versions (dataset, version) that it read and wrote; ``id.name`` is the run's id."""

    job: Name | None = None
    inputs: list[tuple[Name, str]] = field(default_factory=list)
    outputs: list[tuple[Name, str]] = field(default_factory=list)


class Asked(NamedTuple):
    """One way to read an address below /namespaces/: a name in a namespace, and which list of what it has.

    ``kind`` is "job", "dataset", or empty for the namespace itself; without ``name`` all of the kind are meant.
    """

    namespace: str
    kind: str = ""
    name: str = ""
    part: str = ""


def iso(at: datetime) -> str:
    """2020-12-28T19:52:00.001000Z."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def node_id(kind: str, name: Name) -> str:
    """ "dataset:s3://lake:flights"."""
    return f"{kind}:{name.namespace}:{name.name}"


def names_of(text: str) -> Iterator[Name]:
    """Every way to split "namespace:name", the longest namespace first: either may hold colons itself."""
    parts = text.split(":")
    for at in range(len(parts) - 1, 0, -1):
        if (namespace := ":".join(parts[:at])) and (name := ":".join(parts[at:])):
            yield Name(namespace, name)


def asked_of(place: str) -> Iterator[Asked]:
    """Every way to read an address below /namespaces/, for a server hands on slashes of names as those of the address.

    What names more comes first: the versions of a dataset before a dataset that is called so.
    """
    parts = place.split("/")
    for at in range(1, len(parts)):
        if (word := parts[at]) not in LISTS:
            continue
        namespace, rest = "/".join(parts[:at]), parts[at + 1 :]
        if len(rest) > 1 and rest[-1] == PARTS[word]:
            yield Asked(namespace, LISTS[word], "/".join(rest[:-1]), rest[-1])
        yield Asked(namespace, LISTS[word], "/".join(rest))
    yield Asked(place)


def dataset(thing: Thing) -> Json:
    """Dataset."""
    facets = own_facets(thing.facets)
    cycle = _text(facets, "lifecycleStateChange", "lifecycleStateChange")
    return {
        **_dataset(thing),
        "updatedAt": iso(thing.last),
        "lastModifiedAt": None,
        "lastLifecycleState": cycle or "",
        "columnLineage": list(_column_lineage(facets)),
        "currentVersion": None,
        "deleted": cycle == "DROP",
    }


def dataset_version(thing: Thing, of: Thing, version: str, by: Ran | None) -> Json:
    """DatasetVersion: ``thing`` is the version, ``of`` its dataset, ``by`` the run that wrote it."""
    return {
        **_dataset(of),
        "id": {**of.id.shaped(), "version": version},
        "createdAt": iso(thing.since),
        "version": version,
        "createdByRun": run(by) if by else None,
    }


def job(thing: Thing, inputs: Iterable[Name], outputs: Iterable[Name], latest: Ran | None) -> Json:
    """Job."""
    streams = _text(thing.facets, "jobType", "processingType") == "STREAMING"
    return {
        "id": thing.id.shaped(),
        "type": "STREAM" if streams else "BATCH",
        "name": thing.id.name,
        "simpleName": thing.id.name,
        "parentJobName": None,
        "createdAt": iso(thing.since),
        "updatedAt": iso(thing.last),
        "namespace": thing.id.namespace,
        "inputs": [name.shaped() for name in sorted(set(inputs))],
        "outputs": [name.shaped() for name in sorted(set(outputs))],
        "location": _text(thing.facets, "sourceCodeLocation", "url"),
        "description": _text(thing.facets, "documentation", "description"),
        "latestRun": run(latest) if latest else None,
        "facets": own_facets(thing.facets),
        "tags": [],
        "currentVersion": None,
    }


def run(thing: Ran) -> Json:
    """Run."""
    states = dict(_states(thing.facets))
    ended = max(((at, name) for name, at in states.items() if name in ENDS), default=None)
    started = states.get("START")
    nominal = thing.facets.get("nominalTime")
    nominal = nominal if isinstance(nominal, dict) else {}
    lasted = ended[0] - started if ended and started else None
    return {
        "id": thing.id.name,
        "createdAt": iso(thing.since),
        "updatedAt": iso(thing.last),
        "nominalStartTime": nominal.get("nominalStartTime"),
        "nominalEndTime": nominal.get("nominalEndTime"),
        "state": ENDS[ended[1]] if ended else "RUNNING" if states.keys() & {"START", "RUNNING"} else "NEW",
        "startedAt": iso(started) if started else None,
        "endedAt": iso(ended[0]) if ended else None,
        "durationMs": round(lasted.total_seconds() * 1000) if lasted else None,
        "args": {},
        "jobVersion": {**thing.job.shaped(), "version": None} if thing.job else None,
        "inputVersions": [{**name.shaped(), "version": version} for name, version in thing.inputs],
        "outputVersions": [{**name.shaped(), "version": version} for name, version in thing.outputs],
        "facets": own_facets(thing.facets),
    }


def graph(nodes: Mapping[str, tuple[str, Json]], edges: Iterable[tuple[str, str]]) -> Json:
    """LineageGraph of ``nodes`` ((type, data) by node id) and edges (origin, destination)."""
    chosen = sorted({(a, b) for a, b in edges if a in nodes and b in nodes})

    def ends(where: int, ident: str) -> list[Json]:
        return [{"origin": edge[0], "destination": edge[1]} for edge in chosen if edge[where] == ident]

    return {
        "graph": [
            {"id": ident, "type": kind, "data": data, "inEdges": ends(1, ident), "outEdges": ends(0, ident)}
            for ident, (kind, data) in sorted(nodes.items())
        ]
    }


def column(name: Name, sources: Sequence[Name]) -> Json:
    """ColumnLineageNodeData; a column's name is ``dataset#column``."""
    return {**_field(name), "fieldType": None, "inputFields": [_field(one) for one in sources]}


def column_id(name: Name) -> str:
    """ "datasetField:s3://lake:flights:delay"."""
    of, _, column_ = name.name.rpartition("#")
    return f"datasetField:{name.namespace}:{of}:{column_}"


def own_facets(facets: Mapping[str, Any]) -> Json:
    """The facets of the thing itself, without the states of a run and what was said of data as input or output."""
    return {
        name: body for name, body in facets.items() if not name.startswith((STATE, "inputFacets.", "outputFacets."))
    }


def _dataset(thing: Thing) -> Json:
    facets = own_facets(thing.facets)
    return {
        "id": thing.id.shaped(),
        "type": "DB_TABLE",
        "name": thing.id.name,
        "physicalName": thing.id.name,
        "createdAt": iso(thing.since),
        "namespace": thing.id.namespace,
        "sourceName": _text(facets, "dataSource", "name") or "default",
        "fields": list(_fields(facets)),
        "tags": [],
        "description": _text(facets, "documentation", "description"),
        "facets": facets,
    }


def _fields(facets: Mapping[str, Any]) -> Iterator[Json]:
    schema = facets.get("schema")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    for one in fields if isinstance(fields, list) else ():
        if isinstance(one, dict):
            yield {
                "name": one.get("name"),
                "type": one.get("type"),
                "tags": [],
                "description": one.get("description"),
            }


def _column_lineage(facets: Mapping[str, Any]) -> Iterator[Json]:
    said = facets.get("columnLineage")
    fields = said.get("fields") if isinstance(said, dict) else None
    for name, about in fields.items() if isinstance(fields, dict) else ():
        if not isinstance(about, dict):
            continue
        sources = about.get("inputFields")
        how = {key: about.get(key) for key in ("transformationDescription", "transformationType")}
        yield {
            "name": name,
            "inputFields": [
                {"namespace": one.get("namespace"), "dataset": one.get("name"), "field": one.get("field"), **how}
                for one in (sources if isinstance(sources, list) else ())
                if isinstance(one, dict)
            ],
            **how,
        }


def _field(name: Name) -> Json:
    of, _, column_ = name.name.rpartition("#")
    return {
        "namespace": name.namespace,
        "dataset": of,
        "datasetVersion": None,
        "field": column_,
        "transformationDescription": None,
        "transformationType": None,
    }


def _states(facets: Mapping[str, Any]) -> Iterator[tuple[str, datetime]]:
    for name, body in facets.items():
        if name.startswith(STATE) and isinstance(body, dict):
            try:
                yield name.removeprefix(STATE), moment(str(body.get("at")))
            except Malformed:
                continue


def _text(facets: Mapping[str, Any], name: str, key: str) -> str | None:
    body = facets.get(name)
    value = body.get(key) if isinstance(body, dict) else None
    return value if isinstance(value, str) else None
