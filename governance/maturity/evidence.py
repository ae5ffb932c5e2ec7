"""What bundles of evidence tell about maturity: the level then, and how many criteria were unknown."""

from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from audit.base.actors import Actor
from audit.exports import sections
from audit.exports.domain.scope import ALL, Scope
from audit.exports.report import Claim, Section, number, table
from audit.exports.words import count, moment
from governance.maturity import selectors
from governance.maturity.framework import google
from governance.maturity.models import Assessment, ScopeKind
from governance.maturity.models import State as CriterionState

CLAIMS: Final = {"maturity": "a computed level of maturity"}


def register() -> None:
    """Adds the section to every report."""
    sections.register(section, claims=CLAIMS)


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section | None:
    """The levels that were computed for the scope; nothing where there is none for such a scope."""
    rows = selectors.assessments_at(viewer=viewer, at=as_of).filter(_within(scope))
    found = sorted(_counted(rows), key=lambda row: (row.scope != ScopeKind.ORGANISATION, row.scope, row.key))
    if not found:
        return None
    first = found[0]
    level = str(first.confirmed) if first.confirmed == first.possible else f"{first.confirmed} to {first.possible}"
    return Section(
        key="maturity",
        title="How mature the practice is",
        order=75,
        sentences=(
            (f"{google().title}: {selectors.label(first)} is at level {level}. A range says that criteria are unknown, "
            "which counts neither for nor against."),
        ),
        tables=(
            table(
                "Levels",
                ["Of", number("Confirmed"), number("Possible"), number("Met"), number("Not met"), number("Unknown"),
                 "Computed (UTC)"],
                [
                    [
                        selectors.label(row),
                        str(row.confirmed),
                        str(row.possible),
                        str(row.met),
                        str(row.not_met),
                        str(row.unknown),
                        moment(row.created_at),
                    ]
                    for row in found
                ],
            ),
        ),
        claims=(Claim("maturity", 1, 1, f"{count(len(found), 'computed level')} of maturity"),),
    )  # fmt: skip


def _within(scope: Scope) -> Q:
    """What the scope's own models and team reached; the organisation's level belongs to everything alone."""
    found = Q(scope=ScopeKind.MODEL, model__in=scope.models)
    if scope.kind == "team":
        found |= Q(scope=ScopeKind.TEAM, team=scope.id)
    if scope.kind == ALL:
        found |= Q(scope__in=(ScopeKind.TEAM, ScopeKind.ORGANISATION))
    return found


def _counted(rows: "QuerySet[Assessment]") -> list[Any]:
    """The assessments with how many criteria each met, did not meet, and could not tell."""

    def of(state: CriterionState) -> Count:
        return Count("results", filter=Q(results__state=state))

    return list(
        rows.annotate(
            met=of(CriterionState.MET), not_met=of(CriterionState.NOT_MET), unknown=of(CriterionState.UNKNOWN)
        )
    )
