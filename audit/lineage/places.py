"""Where the record that a node tells of is shown: the page of a version, of a deployment's model, of a dataset."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from audit.base.actors import Actor
from audit.catalogue import selectors as catalogue
from audit.lineage.models import Node, Place, Placed


def address_of(nodes: Iterable[Node], *, viewer: Actor) -> dict[int, str]:
    """The address of the page of each node that has one which the viewer may see, by the node's id.

    A handful of queries, however many nodes; of several records of one node, the first that was registered counts.
    """
    placed = Placed.objects.filter(node__in=[one.pk for one in nodes]).order_by("-record")
    by_place: dict[str, list[Placed]] = {}
    for row in placed:
        by_place.setdefault(row.place, []).append(row)
    found: dict[int, str] = {}
    for place, rows in by_place.items():
        pages = dict(_pages(Place(place), [row.record for row in rows], viewer))
        found |= {row.node_id: pages[row.record] for row in rows if row.record in pages}
    return found


def _pages(place: Place, records: list[UUID], viewer: Actor) -> Iterator[tuple[UUID, str]]:
    if place == Place.VERSION:
        versions = catalogue.versions(viewer=viewer).filter(pk__in=records)
        for pk, slug, number in versions.values_list("pk", "model__slug", "number"):
            yield pk, reverse("catalogue:version", args=[slug, number])
    elif place == Place.DEPLOYMENT:
        deployments = catalogue.deployments(viewer=viewer).filter(pk__in=records)
        for pk, slug in deployments.values_list("pk", "version__model__slug"):
            yield pk, reverse("catalogue:history", args=[slug])
    elif place == Place.RUN:
        versions = catalogue.versions(viewer=viewer).filter(run__in=records).order_by("-number")
        for pk, slug, number in versions.values_list("run", "model__slug", "number"):
            yield pk, reverse("catalogue:version", args=[slug, number])
    else:
        data = catalogue.data(viewer=viewer)
        rows = data.filter(pk__in=records) if place == Place.DATA else data.filter(dataset__in=records)
        for pk, dataset, slug in rows.values_list("pk", "dataset", "dataset__slug"):
            try:
                yield (pk if place == Place.DATA else dataset), reverse("catalogue:dataset", args=[slug])
            except NoReverseMatch:
                return
