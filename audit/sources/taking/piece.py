"""One piece of what a source tells, taken in whole; see the package for the rules."""

from audit.sources.domain.told import Kind, Told, cleaned
from audit.sources.models import Source
from audit.sources.taking import aliases, data, endpoints, happenings, models, runs, service, versions
from audit.sources.taking.work import Done, Work


def take_in(*, source: Source, told: Told, origin: str = "") -> Done:
    """Takes in one piece, in the caller's transaction; entries name the source as the one who acts."""
    told = cleaned(told)
    work = Work(source, origin=origin)
    models.take(work, told.models)
    data.take(work, told.data)
    runs.take(work, told.runs, told.versions)
    versions.take(work, told.versions)
    aliases.settle(work, told)
    endpoints.take(work, told.endpoints)
    happenings.take(work, told.happenings)
    service.take(work, told.service)
    return work.finish()


def mark_gone(*, source: Source, kind: Kind, present: set[str], within: str = "", origin: str = "") -> int:
    """Marks what the source no longer has, in the caller's transaction; what ran at an endpoint ends there."""
    work = Work(source, origin=origin)
    lost = work.lost(kind, present, within)
    if kind == Kind.ENDPOINT:
        endpoints.end(work, lost)
    work.finish()
    return len(lost)
