"""Reads a bill of materials that Tollgate wrote (CycloneDX 1.7, ``bom.render``) back: what it names, and their graph.

The graph is the one that the catalogue's records give (``audit.lineage.projecting``), but for deployments, of which a
bill does not speak: the same nodes, edges and times.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from audit.lineage.domain import naming
from audit.lineage.domain.fold import Edge, Folded, Link, Node, run_node
from audit.lineage.domain.reading import Malformed, moment

BEFORE = "tollgate:"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that the bill names: ``ref`` is its bom-ref, ``said`` what Tollgate's properties say of it."""

    ref: str
    name: str
    version: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bill:
    """All that a bill names, and what it says of how they depend on each other, by bom-ref."""

    models: Mapping[str, Part]
    data: Mapping[str, Part]
    software: Mapping[str, Part]
    runs: Mapping[str, Part]
    needs: Mapping[str, frozenset[str]]
    """What each model was made with: data and software."""
    read: Mapping[str, frozenset[str]]
    """What data each run read."""
    made: Mapping[str, frozenset[str]]
    """What models each run made."""


class _Fact(NamedTuple):
    at: datetime
    nodes: tuple[Node, ...]
    edge: Edge | None = None


def read(bill: Any) -> Bill:
    """The parts of a bill.

    Raises:
        Malformed: it is no CycloneDX 1.7, or not of the form that Tollgate writes.
    """
    if not isinstance(bill, dict) or bill.get("bomFormat") != "CycloneDX" or bill.get("specVersion") != "1.7":
        raise Malformed("This is no bill of materials in CycloneDX 1.7.")
    try:
        return _read(bill)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Malformed(f"The bill is not of the form that Tollgate writes: {error!r} is missing.") from None


def _read(bill: Mapping[str, Any]) -> Bill:
    kinds: dict[str, dict[str, Part]] = defaultdict(dict)
    for one in bill.get("components", ()):
        said = _said(one)
        for row in one.get("hashes", ()):
            said["digest"] = row["content"]
        for inside in one.get("data", ()):
            said |= _said(inside["contents"])
            said.setdefault("location", inside["contents"].get("url", ""))
        kinds[one["type"]][one["bom-ref"]] = Part(one["bom-ref"], one["name"], one["version"], said)
    flows = [flow for formula in bill.get("formulation", ()) for flow in formula["workflows"]]
    return Bill(
        models=kinds["machine-learning-model"],
        data=kinds["data"],
        software=kinds["library"],
        runs={flow["bom-ref"]: Part(flow["bom-ref"], flow["uid"], "", _said(flow) | _times(flow)) for flow in flows},
        needs={one["ref"]: frozenset(one.get("dependsOn", ())) for one in bill.get("dependencies", ())},
        read={flow["bom-ref"]: frozenset(_resources(flow.get("inputs", ()))) for flow in flows},
        made={flow["bom-ref"]: frozenset(_resources(flow.get("outputs", ()))) for flow in flows},
    )


def _said(thing: Mapping[str, Any]) -> dict[str, str]:
    return {row["name"].removeprefix(BEFORE): row["value"] for row in thing.get("properties", ())}


def _times(flow: Mapping[str, Any]) -> dict[str, str]:
    return {name: flow.get(field, "") for name, field in (("started", "timeStart"), ("finished", "timeEnd"))}


def _resources(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (row["resource"]["ref"] for row in rows if "resource" in row)


def graph(bill: Bill) -> list[Folded]:
    """What the bill states of the lineage, by the time since when it is true.

    Raises:
        Malformed: a part that another names is missing, or a time is none.
    """
    try:
        facts = set(_facts(bill))
    except (KeyError, ValueError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(f"The bill is not of the form that Tollgate writes: {error!r}.") from None
    by_time: dict[datetime, list[_Fact]] = defaultdict(list)
    for fact in facts:
        by_time[fact.at].append(fact)
    return [
        Folded(
            at,
            frozenset(node for fact in some for node in fact.nodes),
            frozenset(fact.edge for fact in some if fact.edge),
            frozenset(),
        )
        for at, some in sorted(by_time.items())
    ]


def _facts(bill: Bill) -> Iterator[_Fact]:
    for part in bill.data.values():
        yield _joined(part.said["registered"], _data(part), _dataset(part), Link.VERSION_OF)
    for run in bill.runs.values():
        node, started = run_node(run.name, naming.OWN), run.said["started"]
        yield _Fact(moment(started), (node,))
        for ref in bill.read[run.ref]:
            yield _joined(started, _data(bill.data[ref]), node, Link.READ)
        if run.said.get("code"):
            commit = naming.commit_node(run.said.get("repository", ""), run.said["code"], run.said["model"])
            yield _joined(started, commit, node, Link.CODE)
    made_by = {model: run for run, models in bill.made.items() for model in models}
    for model in bill.models.values():
        yield from _made(bill, model, bill.runs.get(made_by.get(model.ref, "")))


def _made(bill: Bill, model: Part, run: Part | None) -> Iterator[_Fact]:
    node, registered = _model(model.ref), model.said["registered"]
    data = [_data(bill.data[ref]) for ref in bill.needs.get(model.ref, ()) if ref in bill.data]
    yield _Fact(moment(registered), (node,))
    if model.said.get("derived_from"):
        yield _joined(registered, _model(model.said["derived_from"]), node, Link.DERIVED)
    if run is None:
        for one in data:
            yield _joined(registered, one, node, Link.READ)
        return
    maker = run_node(run.name, naming.OWN)
    since = min(moment(registered), moment(run.said["finished"] or registered))
    yield _Fact(since, (maker, node), Edge(maker, node, Link.WRITE))
    for one in data:
        yield _joined(run.said["started"], one, maker, Link.READ)


def _joined(since: str, source: Node, target: Node, link: Link) -> _Fact:
    return _Fact(moment(since), (source, target), Edge(source, target, link))


def _model(ref: str) -> Node:
    slug, _, number = ref.removeprefix("model:").rpartition("@")
    return naming.model_version_node(slug, int(number))


def _dataset(part: Part) -> Node:
    slug = part.ref.removeprefix("data:").rpartition("@")[0]
    return naming.dataset_node(part.said.get("location", ""), slug)


def _data(part: Part) -> Node:
    return naming.version_node(_dataset(part), part.said["digest"])
