"""Who stands behind the models: owners, authors, and the roles that people hold for the teams concerned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from audit.base.actors import TITLES, Actor, Role
from audit.exports.domain.scope import ALL, Scope
from audit.exports.facts import ModelFacts, VersionFacts, models_at, versions_at
from audit.exports.report import Cell, Claim, Section, known, table
from audit.exports.words import count, listed, moment, some
from audit.ledger import selectors as ledger
from audit.people import selectors as people
from audit.people.ledger_actions import ROLE_GRANTED, ROLE_REVOKED

CLAIMS: Final = {"people": "people with roles for each team"}


@dataclass(frozen=True, slots=True)
class Held:
    """A role that a person held for a team (None: for the whole organisation)."""

    person: str
    role: str
    team: UUID | None
    since: datetime
    until: datetime | None


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """Owners, authors and holders of roles."""
    models = models_at(scope=scope, viewer=viewer, as_of=as_of)
    versions = versions_at(scope=scope, viewer=viewer, as_of=as_of)
    roles = _roles(models, scope, viewer, as_of)
    teams = dict(people.teams(viewer=viewer).values_list("pk", "name"))
    concerned = {model.team_id for model in models}
    manned = {one.team for one in roles}
    held = len(concerned) if None in manned else len(concerned & manned)
    tables = []
    if models:
        rows = [[one.name, one.owner, known(listed(_authors(one, versions)))] for one in models]
        tables.append(table("Owners and authors", ["Model", "Owner", "Authors of its versions"], rows))
    if roles:
        tables.append(
            table("Roles", ["Person", "Role", "For", "Since (UTC)", "Until (UTC)"], [_row(one, teams) for one in roles])
        )
    words = f"{held:,} of {count(len(concerned), 'team')} with people in roles"
    return Section(
        key="people",
        title="Who stands behind them",
        order=50,
        sentences=_sentences(models, versions, roles),
        tables=tuple(tables),
        claims=(Claim("people", held, len(concerned), words),),
    )


def _roles(models: Sequence[ModelFacts], scope: Scope, viewer: Actor, as_of: datetime) -> list[Held]:
    """The roles held then, replayed from the log: one that was revoked since was still held."""
    rows = ledger.entries(viewer=viewer).filter(action__in=(ROLE_GRANTED, ROLE_REVOKED), at__lte=as_of)
    if scope.kind != ALL:
        teams = {model.team_id for model in models} | ({scope.id} if scope.kind == "team" else set())
        rows = rows.filter(Q(team__in=teams) | Q(team=None))
    held: dict[str, Held] = {}
    for one in ledger.told(rows.order_by("pk")):
        if one.action == ROLE_REVOKED:
            held.pop(one.subject_id, None)
            continue
        if "role" not in one.changes:  # retention removed what it said
            continue
        before = held.get(one.subject_id)
        until = one.changes.get("until", [None, None])[1]
        held[one.subject_id] = Held(
            person=one.subject_name.rpartition(": ")[0] or one.subject_name,
            role=str(one.changes["role"][1]),
            team=one.team,
            since=before.since if before else one.at,
            until=datetime.fromisoformat(until) if until else None,
        )
    lasting = [one for one in held.values() if one.until is None or one.until > as_of]
    return sorted(lasting, key=lambda one: (one.person, one.role, str(one.team)))


def _row(one: Held, teams: dict[UUID, str]) -> list[Cell]:
    return [
        one.person,
        TITLES[Role(one.role)],
        teams.get(one.team, "the team") if one.team else "the whole organisation",
        moment(one.since),
        moment(one.until) or "no end",
    ]


def _authors(model: ModelFacts, versions: Sequence[VersionFacts]) -> list[str]:
    return sorted({one.author for one in versions if one.model.id == model.id and one.author})


def _sentences(
    models: Sequence[ModelFacts], versions: Sequence[VersionFacts], roles: Sequence[Held]
) -> tuple[str, ...]:
    if not models:
        return ("There is no model that someone could stand behind.",)
    deciders = {one.person for one in roles if Role(one.role) in (Role.VALIDATOR, Role.APPROVER)}
    return (
        (
            f"{some(sorted({one.owner for one in models}))} {'owns' if len(models) == 1 else 'own'} "
            f"{models[0].name if len(models) == 1 else 'the models'}; "
            f"{some(sorted({one.author for one in versions})) or 'nobody'} built the versions."
        ),
        (
            f"{count(len(deciders), 'person', 'people')} {'holds' if len(deciders) == 1 else 'hold'} a role with which "
            "promotions are decided."
        ),
    )
