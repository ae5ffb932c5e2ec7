"""How the search of the ledger finds models and use cases: by short name, name or id, as the viewer may see them."""

from collections.abc import Sequence
from uuid import UUID

from audit.base.actors import Actor
from audit.catalogue import selectors
from audit.catalogue.models import Model, UseCase
from audit.ledger import names

FIELDS = ("slug", "name")


def register() -> None:
    """Adds both."""
    names.register("model", find=_models, offer=_offer_models, call=_call_model, label=Model._meta.label_lower)
    names.register(
        "use-case", find=_use_cases, offer=_offer_use_cases, call=_call_use_case, label=UseCase._meta.label_lower
    )


def _models(viewer: Actor, text: str) -> Sequence[UUID]:
    return names.matching(selectors.models(viewer=viewer), text, FIELDS)


def _offer_models(viewer: Actor, text: str) -> Sequence[names.Offer]:
    rows = names.beginning(selectors.models(viewer=viewer), text, FIELDS)
    return [names.Offer(row.slug, row.name) for row in rows]


def _call_model(viewer: Actor, ident: UUID) -> names.Offer | None:
    return names.offer_of(selectors.models(viewer=viewer), ident)


def _use_cases(viewer: Actor, text: str) -> Sequence[UUID]:
    return names.matching(selectors.use_cases(viewer=viewer), text, FIELDS)


def _offer_use_cases(viewer: Actor, text: str) -> Sequence[names.Offer]:
    rows = names.beginning(selectors.use_cases(viewer=viewer), text, FIELDS)
    return [names.Offer(row.slug, row.name) for row in rows]


def _call_use_case(viewer: Actor, ident: UUID) -> names.Offer | None:
    return names.offer_of(selectors.use_cases(viewer=viewer), ident)
