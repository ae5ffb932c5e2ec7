"""How the search of the ledger finds teams, and which people it offers: those of the teams that the viewer sees."""

from collections.abc import Sequence
from uuid import UUID

from audit.base.actors import Actor
from audit.ledger import names
from audit.people import selectors
from audit.people.models import Team, User


def register() -> None:
    """Adds both."""
    names.register("team", find=_teams, offer=_offer_teams, call=_call_team, label=Team._meta.label_lower)
    names.register("actor", find=_nobody, offer=_offer_people)


def _teams(viewer: Actor, text: str) -> Sequence[UUID]:
    return names.matching(selectors.teams(viewer=viewer), text, ("slug", "name"))


def _offer_teams(viewer: Actor, text: str) -> Sequence[names.Offer]:
    rows = names.beginning(selectors.teams(viewer=viewer), text, ("slug", "name"))
    return [names.Offer(row.slug, row.name) for row in rows]


def _call_team(viewer: Actor, ident: UUID) -> names.Offer | None:
    return names.offer_of(selectors.teams(viewer=viewer), ident)


def _nobody(viewer: Actor, text: str) -> Sequence[UUID]:
    """Actors are found by what entries say of them: also those who have another name by now, or left."""
    return ()


def _offer_people(viewer: Actor, text: str) -> Sequence[names.Offer]:
    if viewer.sees_models_only():
        return ()
    members = selectors.members(viewer=viewer).order_by().values("user")
    rows = names.beginning(User.objects.filter(pk__in=members).order_by("name"), text, ("name", "email"))
    return [names.Offer(row.email, row.name) for row in rows]
