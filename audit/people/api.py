"""Who a token is, and the teams it sees."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.people import selectors
from audit.people.models import Team

router = Router()


class Grant(Schema):
    """Roles held for one team; a null team is the whole organisation."""

    team: str | None
    roles: list[str]


class LimitOut(Schema):
    """An auditor's role for a part of what is there; null means that this does not limit it."""

    team: str | None
    models: list[UUID] | None = Field(description="Only these models")
    since: date | None = Field(description="The first day of what happened")
    until: date | None = Field(description="The last day of what happened")
    ends: AwareDatetime | None = Field(description="When the access ends")


class Me(Schema):
    """Whom the token stands for."""

    name: str
    email: str
    scopes: list[str]
    grants: list[Grant]
    limits: list[LimitOut]


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
    held = {team for team in (*actor.grants, *(limit.team for limit in actor.limits)) if team}
    slugs = dict(Team.objects.filter(pk__in=held).values_list("pk", "slug"))
    grants = [
        {"team": slugs.get(team) if team else None, "roles": sorted(role.value for role in roles)}
        for team, roles in actor.grants.items()
    ]
    limits = [
        {
            "team": slugs.get(limit.team) if limit.team else None,
            "models": sorted(limit.models) if limit.models is not None else None,
            "since": limit.since,
            "until": limit.until,
            "ends": limit.ends,
        }
        for limit in actor.limits
    ]
    return {
        "name": actor.name,
        "email": actor.on_behalf_of,
        "scopes": sorted(actor.scopes or ()),
        "grants": grants,
        "limits": limits,
    }


@router.get("/teams", response=answers(ok=Page[TeamOut]), summary="Teams")
def teams(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """The teams that the token's owner belongs to, newest first."""
    return page(selectors.teams(viewer=request.actor), cursor=cursor, limit=limit)
