"""Permission lives in the query: each selector narrows its rows to the teams, models and days of who asks."""

from datetime import timedelta
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from audit.base.actors import Actor, Limit
from audit.base.clock import start_of

Row = TypeVar("Row", bound=Model)
EVERY = Q(pk__isnull=False)
"""Holds of every row; Django would leave an empty condition out of an "or"."""


def visible(
    rows: QuerySet[Row],
    *,
    viewer: Actor,
    team: str,
    right: str = "read",
    model: str = "",
    use_case: str = "",
    at: str = "",
) -> QuerySet[Row]:
    """Those of ``rows`` whose team (the lookup path ``team``) gives the viewer ``right``.

    A limited auditor sees of them what belongs to the model at the path ``model`` (or to no model, but to the use
    case at ``use_case``), from the days of the limit when ``at`` is the path of a time that matters. Without these
    paths the rows are nobody's model's, and who is limited to models sees none.
    """
    if viewer.teams(right) is None:
        return rows
    return rows.filter(seen(viewer, right, team=team, model=model, use_case=use_case, at=at))


def seen(viewer: Actor, right: str = "read", *, team: str, model: str = "", use_case: str = "", at: str = "") -> Q:
    """The condition of ``visible`` by itself; for who sees all teams, it holds of every row."""
    teams = viewer.teams(right)
    if teams is None:
        return EVERY
    found = Q(**{f"{team}__in": teams})
    for limit in viewer.limits_with(right):
        within = _within(limit, model, use_case)
        if within is not None:
            found |= _of_team(limit, team) & within & _in_days(limit, at)
    return found


def _of_team(limit: Limit, path: str) -> Q:
    return EVERY if limit.team is None else Q(**{path: limit.team})


def _within(limit: Limit, model: str, use_case: str) -> Q | None:
    """The condition on models; None when these rows lie outside of a limit to models."""
    if limit.models is None:
        return EVERY
    found = Q(**{f"{model}__in": limit.models}) if model else None
    if not use_case:
        return found
    own = Q(**{f"{use_case}__in": limit.use_cases})
    return own if found is None else found | (own & Q(**{f"{model}__isnull": True}))


def _in_days(limit: Limit, path: str) -> Q:
    found = EVERY
    if path and limit.since:
        found &= Q(**{f"{path}__gte": start_of(limit.since)})
    if path and limit.until:
        found &= Q(**{f"{path}__lt": start_of(limit.until + timedelta(days=1))})
    return found
