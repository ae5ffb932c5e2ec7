"""The columns of a dataset that its schema or its column lineage names: what each was made from, and went into."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.base.actors import Actor
from audit.lineage import selectors
from audit.lineage.domain.fold import Kind, Link
from audit.lineage.domain.fold import Node as Part
from audit.lineage.listing import of_teams
from audit.lineage.models import Edge, Node


@dataclass(slots=True)
class Column:
    """A column: ``type`` and ``description`` as its schema says (empty: it does not), and its neighbours."""

    name: str
    type: str = ""
    description: str = ""
    node: Node | None = None
    sources: list[Node] = field(default_factory=list)
    targets: list[Node] = field(default_factory=list)


def columns_of(*, viewer: Actor, dataset: Node, facets: Mapping[str, Any]) -> list[Column]:
    """The columns in the order of the schema, then those that only the column lineage names."""
    found = {one.name: one for one in _named(facets)}
    keys = {Part(Kind.COLUMN, dataset.namespace, f"{dataset.name}#{name}").key: name for name in found}
    nodes = {one.pk: one for one in selectors.nodes(viewer=viewer).filter(key__in=keys)}
    for one in nodes.values():
        found[keys[one.key]].node = one
    edges = of_teams(Edge.objects.filter(link=Link.COLUMN), viewer)
    into = set(edges.filter(target__in=nodes).values_list("source", "target"))
    out = set(edges.filter(source__in=nodes).values_list("source", "target"))
    ends = Node.objects.in_bulk({source for source, _ in into} | {target for _, target in out})
    for source, target in sorted(into):
        found[keys[nodes[target].key]].sources.append(ends[source])
    for source, target in sorted(out):
        found[keys[nodes[source].key]].targets.append(ends[target])
    return list(found.values())


def _named(facets: Mapping[str, Any]) -> Iterable[Column]:
    """Facets SchemaDatasetFacet and ColumnLineageDatasetFacet, to whose schemas nobody held them."""
    named: dict[str, Column] = {}
    fields = _part(facets.get("schema"), "fields")
    for one in fields if isinstance(fields, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str) and one["name"]:
            kind, about = one.get("type"), one.get("description")
            named[one["name"]] = Column(
                one["name"], kind if isinstance(kind, str) else "", about if isinstance(about, str) else ""
            )
    fields = _part(facets.get("columnLineage"), "fields")
    for name in fields if isinstance(fields, dict) else ():
        named.setdefault(name, Column(name))
    return named.values()


def _part(facet: Any, name: str) -> Any:
    return facet.get(name) if isinstance(facet, dict) else None
