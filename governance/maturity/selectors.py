"""Reads assessments as the viewer may see them: who belongs to one team sees that team's, not the organisation's."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from governance.maturity.framework import google
from governance.maturity.models import Assessment, ScopeKind


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose maturity: ``key`` stands in addresses ("organisation", "team:slug", "model:slug")."""

    key: str
    label: str
    kind: str


def assessments(*, viewer: Actor) -> QuerySet[Assessment]:
    """The assessments that count now, of what the viewer may see."""
    rows = Assessment.objects.filter(framework=google().id, superseded_at=None).select_related("team", "model")
    return visible(rows, viewer=viewer, team="team", model="model")


def assessments_at(*, viewer: Actor, at: datetime) -> QuerySet[Assessment]:
    """The assessments that counted ``at`` a moment, of what the viewer may see."""
    rows = Assessment.objects.filter(framework=google().id, created_at__lte=at).select_related("team", "model")
    counted = rows.filter(Q(superseded_at=None) | Q(superseded_at__gt=at))
    return visible(counted, viewer=viewer, team="team", model="model")


def scopes(*, viewer: Actor) -> list[Scope]:
    """The scopes that the viewer may look at: organisation, teams, models."""
    order = {ScopeKind.ORGANISATION: 0, ScopeKind.TEAM: 1, ScopeKind.MODEL: 2}
    rows = sorted(assessments(viewer=viewer), key=lambda row: (order[ScopeKind(row.scope)], row.key))
    return [Scope(row.key, label(row), row.scope) for row in rows]


def label(row: Assessment) -> str:
    """Whose maturity it is, by name."""
    if row.scope == ScopeKind.TEAM and row.team is not None:
        return row.team.name
    if row.scope == ScopeKind.MODEL and row.model is not None:
        return row.model.name
    return "Organisation"


def assessment(*, viewer: Actor, scope: str = "") -> Assessment | None:
    """The assessment of a scope; without one, of the widest that the viewer may see, None when there is none.

    Raises:
        NotFound: a scope is named that is not there, or not for this viewer.
    """
    rows = assessments(viewer=viewer)
    if not scope:
        whole = rows.filter(scope=ScopeKind.ORGANISATION).first()
        team = rows.filter(scope=ScopeKind.TEAM).order_by("team__name")
        return whole or team.first() or rows.order_by("model__name").first()
    found = rows.filter(key=scope).first()
    if found is None:
        raise NotFound("There is no assessment of this, or it belongs to a team that you are not in.")
    return found


def unchanged_since(*, row: Assessment) -> Assessment:
    """The oldest assessment in a row that reached the same range as ``row``."""
    rows = Assessment.objects.filter(framework=row.framework, key=row.key)
    other = rows.exclude(confirmed=row.confirmed, possible=row.possible).filter(created_at__lt=row.created_at)
    last = other.order_by("-created_at").first()
    later = rows.filter(created_at__gt=last.created_at) if last else rows
    return later.order_by("created_at").first() or row
