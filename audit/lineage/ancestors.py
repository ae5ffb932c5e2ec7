"""What runs now came from this: data and versions that must stay while a deployment of theirs is live."""

from collections import defaultdict
from uuid import UUID

from audit.catalogue.models import Deployment
from audit.lineage.models import Place, Placed
from audit.lineage.walking import DEEPEST, Bounds, Walk

AT_ONCE = 500


def of_live() -> dict[Place, set[UUID]]:
    """The ids of the catalogue's records upstream of every live deployment, of whichever team, by what they are."""
    live = Deployment.objects.filter(until=None)
    placed = Placed.objects.filter(place=Place.DEPLOYMENT, record__in=live.values("pk"))
    starts = placed.values_list("node_id", flat=True)
    reached = list(Walk(starts, Bounds(None), onward=False).run(DEEPEST).depths)
    found: dict[Place, set[UUID]] = defaultdict(set)
    for start in range(0, len(reached), AT_ONCE):
        rows = Placed.objects.filter(node__in=reached[start : start + AT_ONCE])
        for place, record in rows.values_list("place", "record"):
            found[Place(place)].add(record)
    return found
