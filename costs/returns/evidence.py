"""What bundles of evidence tell about value: who stated what an outcome is worth, with which reason."""

from datetime import datetime
from typing import Final

from audit.base.actors import Actor
from audit.base.scoping import visible
from audit.exports import sections
from audit.exports.domain.scope import Scope
from audit.exports.report import Cell, Claim, Headings, Section, known, number, table
from audit.exports.words import count, day, moment
from costs.returns import figures
from costs.returns.models import ValueStatement

CLAIMS: Final = {"value": "what outcomes are worth, stated by someone"}


def register() -> None:
    """Adds the section to every report."""
    sections.register(section, claims=CLAIMS)


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """The statements on the use cases of the scope's models that were valid in its period."""
    stated = visible(ValueStatement.objects.all(), viewer=viewer, team="use_case__team", use_case="use_case")
    stated = stated.filter(use_case__models__in=scope.models, created_at__lte=as_of).select_related("use_case")
    found = [
        row
        for row in stated.distinct()
        if (scope.until is None or row.valid_from <= scope.until)
        and (scope.since is None or row.valid_until is None or row.valid_until >= scope.since)
    ]
    found.sort(key=lambda row: (row.use_case.name, row.created_at, str(row.pk)))
    rows: list[list[Cell]] = [
        [
            row.use_case.name,
            words,
            worth,
            day(row.valid_from),
            day(row.valid_until) or "no end",
            row.stated_by,
            moment(row.created_at),
            known(row.reason),
            row.owner,
            known(row.source),
            row.without.words,
        ]
        for row in found
        for words, worth in sorted(figures.worth(row))
    ]
    headings: Headings = [
        "Use case",
        "Outcome",
        number("Worth each"),
        "From",
        "Until",
        "Stated by",
        "Stated (UTC)",
        "Why",
        "Answers for it",
        "Source",
        "Without the model",
    ]
    whose = sorted({row.stated_by for row in found})
    return Section(
        key="value",
        title="What outcomes are worth, and who says so",
        order=72,
        sentences=(
            (
                f"{count(len(found), 'statement')} by {', '.join(whose)}. These are someone's words; of statements "
                "valid on a day the one recorded last holds."
            ),
        )
        if found
        else ("Nobody stated what outcomes are worth.",),
        tables=(table("Statements", headings, rows),) if found else (),
        claims=(Claim("value", len(found), len(found), f"{count(len(found), 'statement')} of value", said=True),),
    )
