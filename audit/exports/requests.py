"""Exports that were asked for, as the viewer may see them."""

from uuid import UUID

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import seen
from audit.catalogue.models import Model
from audit.exports.domain.scope import MODEL, TEAM, USE_CASE, Scope
from audit.exports.models import Export
from audit.people.models import Team


def exports(*, viewer: Actor) -> QuerySet[Export]:
    """Exports of the teams whose evidence the viewer may export, and those they asked for; newest first."""
    return _seen_with("ledger.export", viewer)


def _seen_with(right: str, viewer: Actor) -> QuerySet[Export]:
    """Those of teams for which the viewer has the right, and those they asked for."""
    mine = Q(asked_by=viewer.on_behalf_of or viewer.id)
    return Export.objects.select_related("team").filter(seen(viewer, right, team="team") | mine)


def export(*, viewer: Actor, export_id: str) -> Export:
    """One of them.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = exports(viewer=viewer).filter(pk=export_id).first()
    if found is None:
        raise NotFound("There is no such export, or it is of a team whose evidence you may not export.")
    return found


def told_of(*, viewer: Actor, export_id: str) -> Export:
    """What is known of an export, for who reads in the ledger that it was asked for; that does not let them take it.

    Raises:
        NotFound: there is none with this id that the viewer may know of.
    """
    found = _seen_with("ledger.read", viewer).filter(pk=export_id).first()
    if found is None:
        raise NotFound("There is no such export, or it is of a team that you are not in.")
    return found


def may_take(*, viewer: Actor, export: Export) -> bool:
    """Whether the viewer may take out the bundle."""
    return exports(viewer=viewer).filter(pk=export.pk).exists()


def team_of(scope: Scope) -> Team | None:
    """The team that owns what the scope speaks of; None for the whole organisation."""
    if scope.id is None:
        return None
    path = {MODEL: "use_cases__models__pk", USE_CASE: "use_cases__pk", TEAM: "pk"}[scope.kind]
    return Team.objects.get(**{path: scope.id})


def scope_of_export(row: Export) -> Scope:
    """What the export speaks of; its name is the one of the day on which it was asked for."""
    return Scope(kind=row.kind, id=row.scope, name=row.name, since=row.since, until=row.until, models=_models(row))


def _models(row: Export) -> tuple[UUID, ...]:
    found = Model.objects.filter(created_at__lte=row.created_at).order_by("pk")
    if row.scope is not None:
        path = {MODEL: "pk", USE_CASE: "use_case", TEAM: "use_case__team"}[row.kind]
        found = found.filter(**{path: row.scope})
    return tuple(found.values_list("pk", flat=True))


def filename(row: Export) -> str:
    """What the ZIP is called: "evidence-model-late-arrival-1204.zip"."""
    words = f"{row.kind} {row.name} {row.size}"
    safe = "".join(letter.lower() if letter.isalnum() and letter.isascii() else " " for letter in words)
    return f"evidence-{'-'.join(safe.split())}.zip"
