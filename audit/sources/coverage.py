"""When each source was read, and when it was not: from entries alone, so that whoever has them finds the same.

What has not been told yet (at most an hour) is added where somebody looks at the present, and left out of what is
exported as of a place in the log.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from audit.base.actors import Actor
from audit.ledger import selectors as ledger
from audit.ledger.models import Entry
from audit.sources import ledger_actions, selectors
from audit.sources.domain import patience
from audit.sources.domain.coverage import (
    FAILED,
    HOUR,
    Hole,
    Span,
    Stretch,
    holes,
    merged,
    opened,
    stretches_of,
)
from audit.sources.models import Source

ACTIONS = (ledger_actions.ADDED, ledger_actions.CHANGED, ledger_actions.SWITCHED, ledger_actions.COVERED)
EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """When a source was read between ``since`` and ``until``: its periods, and the holes between them.

    ``since`` is later than asked where the source did not exist yet, or where retention removed what was told.
    ``numbers`` are the entries that tell of it.
    """

    source: UUID
    name: str
    kind: str
    team: UUID
    since: datetime
    until: datetime
    periods: list[Stretch]
    holes: list[Hole]
    numbers: list[int]

    @property
    def items(self) -> int:
        """How many items came."""
        return sum(one.items for one in self.periods)

    @property
    def share(self) -> float | None:
        """The share of the time that was collected, 0 to 1; None when no time has passed."""
        whole = (self.until - self.since).total_seconds()
        missing = sum((one.until - one.since).total_seconds() for one in self.holes)
        return 1 - missing / whole if whole > 0 else None


@dataclass
class _Told:
    """What the entries of one source add up to."""

    added: datetime | None = None
    blind: datetime | None = None
    every: timedelta = EVERY
    stretches: list[Stretch] = field(default_factory=list)
    failures: dict[datetime, str] = field(default_factory=dict)
    switched: list[tuple[datetime, bool]] = field(default_factory=list)
    numbers: dict[int, Span] = field(default_factory=dict)

    def take(self, row: Entry) -> None:
        """One entry more, in the order of the log."""
        if row.action == ledger_actions.ADDED:
            self.added = row.at
        if row.pruned:
            self.blind = row.at
            return
        if "every_seconds" in row.changes:
            self.every = timedelta(seconds=int(row.changes["every_seconds"][1]))
        if row.action == ledger_actions.SWITCHED:
            self.switched.append((row.at, bool(row.changes["enabled"][1])))
        elif row.action == ledger_actions.COVERED:
            self._cover(row)

    def _cover(self, row: Entry) -> None:
        told = {name: pair[1] for name, pair in row.changes.items()}
        rows = told.get("parts") or [[told["from"], told["until"], told["state"], told["items"]]]
        found = stretches_of(rows)
        self.stretches += found
        self.failures |= {one.since: row.reason for one in found if one.state == FAILED}
        if row.number is not None:
            self.numbers[row.number] = Span(found[0].since, found[-1].until)

    def off(self, until: datetime) -> list[Span]:
        """When it was switched off."""
        spans, since = [], None
        for at, on in self.switched:
            if not on:
                since = since or at
            elif since is not None:
                spans.append(Span(since, at))
                since = None
        return [*spans, Span(since, until)] if since is not None and since < until else spans


def coverage(
    *, viewer: Actor, team: UUID | None, since: datetime, until: datetime, size: int | None = None
) -> list[Coverage]:
    """The coverage of each source of ``team`` (None: of all that the viewer sees), by name, in [since, until).

    With ``size`` only the log's first ``size`` entries count, and nothing that is not told there; ``until`` should
    then be no later than the last of them.
    """
    rows = selectors.sources(viewer=viewer)
    return of_sources(
        viewer=viewer, sources=list(rows.filter(team=team) if team else rows), since=since, until=until, size=size
    )


def of_sources(
    *, viewer: Actor, sources: Sequence[Source], since: datetime, until: datetime, size: int | None = None
) -> list[Coverage]:
    """As ``coverage``, of these sources; two queries, however many there are."""
    told = _told(viewer, sources, until, size)
    found = []
    for source in sources:
        own = told.get(str(source.pk))
        if own is None or own.added is None:
            continue
        begins = max(since, own.added, own.blind or own.added)
        if begins < until:
            found.append(_coverage(source, own, begins, until, untold=size is None))
    return found


def _told(viewer: Actor, sources: Iterable[Source], until: datetime, size: int | None) -> Mapping[str, _Told]:
    rows = ledger.of_subjects(viewer=viewer, subjects=list(sources)).filter(action__in=ACTIONS)
    if size is not None:
        rows = rows.filter(leaf__number__lte=size)
    found: dict[str, _Told] = defaultdict(_Told)
    for row in rows.order_by("pk"):
        found[row.subject_id].take(row)
    return found


def _coverage(source: Source, told: _Told, since: datetime, until: datetime, *, untold: bool) -> Coverage:
    kept, waiting = opened(source.covering), patience(told.every)
    late = kept.stretches if untold else ()
    failures = told.failures | {one.since: kept.reason for one in late if one.state == FAILED}
    stretches = [*told.stretches, *late]
    missing = holes(
        stretches,
        since=since,
        until=until,
        off=told.off(until),
        failures=failures,
        patience=waiting,
        waits=waiting if untold else waiting + HOUR,
    )
    inside = [
        Stretch(max(one.since, since), min(one.until, until), one.state, one.items)
        for one in merged(stretches)
        if one.until > since and one.since < until
    ]
    numbers = sorted(at for at, span in told.numbers.items() if span.until > since and span.since < until)
    return Coverage(source.pk, source.name, source.kind, source.team_id, since, until, inside, missing, numbers)
