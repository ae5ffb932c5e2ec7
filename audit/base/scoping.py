"""Permission lives in the query: each selector narrows its rows to the teams of who asks."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from audit.base.actors import Actor

Row = TypeVar("Row", bound=Model)


def visible(rows: QuerySet[Row], *, viewer: Actor, team: str, right: str = "read") -> QuerySet[Row]:
    """Those of ``rows`` whose team (the lookup path ``team``) gives the viewer ``right``."""
    teams = viewer.teams(right)
    return rows if teams is None else rows.filter(**{f"{team}__in": teams})
