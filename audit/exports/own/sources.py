"""Which systems tell Tollgate what happens, and whether they were switched on then."""

from datetime import datetime
from typing import Final

from audit.base.actors import Actor
from audit.exports.domain.scope import ALL, Scope
from audit.exports.facts import models_at
from audit.exports.report import OFF, OK, Claim, Mark, Section, table
from audit.exports.undone import as_known
from audit.exports.words import count, duration, moment
from audit.sources import selectors

CLAIMS: Final = {"sources": "a connected source of each team"}
FIELDS: Final = ("name", "enabled", "every_seconds")


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """The sources of the scope's teams."""
    models = models_at(scope=scope, viewer=viewer, as_of=as_of)
    teams = {one.team_id for one in models} | ({scope.id} if scope.kind == "team" else set())
    rows = selectors.sources(viewer=viewer).filter(created_at__lte=as_of)
    sources = list(rows if scope.kind == ALL else rows.filter(team__in=teams))
    known = as_known(sources, fields=FIELDS, viewer=viewer, as_of=as_of)
    ordered = sorted(sources, key=lambda one: (known[one.pk]["name"], str(one.pk)))
    connected = len({one.team_id for one in sources} & teams)
    on = sum(bool(known[one.pk]["enabled"]) for one in sources)
    rows_ = [
        [
            known[one.pk]["name"],
            one.title,
            one.team.name,
            Mark(OK, "on") if known[one.pk]["enabled"] else Mark(OFF, "off"),
            duration(known[one.pk]["every_seconds"]),
            moment(one.created_at),
        ]
        for one in ordered
    ]
    headings = ["Source", "Kind", "Team", "State", "Pulled every", "Connected (UTC)"]
    return Section(
        key="sources",
        title="Which systems tell Tollgate what happens",
        order=55,
        sentences=(
            f"{count(len(sources), 'source')} {'is' if len(sources) == 1 else 'are'} connected, {on:,} of them "
            "switched on."
            if sources
            else "No source is connected: what Tollgate knows was sent to it through its interface or its pages.",
        ),
        tables=(table("Sources", headings, rows_),) if sources else (),
        claims=(
            Claim("sources", connected, len(teams), f"{connected:,} of {count(len(teams), 'team')} with a source"),
        ),
    )
