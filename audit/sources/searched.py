"""How the search of the ledger finds connected sources: by name or id, as the viewer may see them."""

from collections.abc import Sequence
from uuid import UUID

from audit.base.actors import Actor
from audit.ledger import names
from audit.sources import selectors
from audit.sources.models import Source


def register() -> None:
    """Adds them."""
    names.register("source", find=_sources, offer=_offer, label=Source._meta.label_lower)


def _sources(viewer: Actor, text: str) -> Sequence[UUID]:
    return names.matching(selectors.sources(viewer=viewer), text, ("name", "kind"))


def _offer(viewer: Actor, text: str) -> Sequence[names.Offer]:
    return [
        names.Offer(row.name, row.title) for row in names.beginning(selectors.sources(viewer=viewer), text, ("name",))
    ]
