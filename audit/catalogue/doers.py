"""Whether a person or a machine did something is read from the ledger's entries; what a pull found does not tell it."""

from collections.abc import Iterable
from typing import Final

from django.db.models import Count, Model, QuerySet

from audit.catalogue.domain.automation import Doings
from audit.catalogue.subjects import bare
from audit.ledger.models import Entry

MOST: Final = 2000
"""So many records, the newest, are counted of a kind."""
PULLS: Final = ("schedule", "worker")
"""The services as which jobs bring in what happened elsewhere: their entries tell that it did, and not how."""
SOURCE: Final = "source:"
"""How the name begins of a connected system that told of it."""


def doings_of(action: str, rows: Iterable[Model], *, pulled: bool = False) -> Doings:
    """Who did ``action`` to these records, which the viewer may see; one query.

    With ``pulled`` a job of ours that did it counts as a machine: it is the step itself.
    """
    found = list(bare(rows) if isinstance(rows, QuerySet) else rows)
    if not found:
        return Doings()
    entries = Entry.objects.filter(
        action=action, subject_type=found[0]._meta.label_lower, subject_id__in=[str(row.pk) for row in found]
    )
    counts = entries.order_by().values_list("actor_kind", "actor_id").annotate(times=Count("pk"))
    automatic = by_hand = 0
    for kind, actor, times in counts:
        if kind == "person":
            by_hand += times
        elif pulled or kind != "service" or not (actor in PULLS or actor.startswith(SOURCE)):
            automatic += times
    return Doings(automatic, by_hand)
