"""Who a token is, and the teams it sees."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.people import selectors
from audit.people.models import Team

router = Router()


class Grant(Schema):
    """Roles held for one team; a null team is the whole organisation."""

    team: str | None
    roles: list[str]


class Me(Schema):
    """Whom the token stands for."""

    name: str
    email: str
    scopes: list[str]
    grants: list[Grant]


class TeamOut(Schema):
    """A team."""

    id: UUID
    slug: str
    name: str
    created_at: datetime


@router.get("/me", response=answers(ok=Me), summary="Whom the token stands for, and its roles")
def me(request: HttpRequest) -> dict[str, Any]:
    """The owner of the token, with the roles that hold now."""
    actor = request.actor
    slugs = dict(Team.objects.filter(pk__in=[team for team in actor.grants if team]).values_list("pk", "slug"))
    grants = [
        {"team": slugs.get(team) if team else None, "roles": sorted(role.value for role in roles)}
        for team, roles in actor.grants.items()
    ]
    return {"name": actor.name, "email": actor.on_behalf_of, "scopes": sorted(actor.scopes or ()), "grants": grants}


@router.get("/teams", response=answers(ok=Page[TeamOut]), summary="Teams")
def teams(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """The teams that the token's owner belongs to, newest first."""
    return page(selectors.teams(viewer=request.actor), cursor=cursor, limit=limit)
