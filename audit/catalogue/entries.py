"""What the audit log adds to the history: how many entries stand behind a version, and who moved a name."""

from collections.abc import Sequence

from audit.base.actors import Actor
from audit.catalogue import ledger_actions, selectors
from audit.catalogue.answers import Asked, Line, register
from audit.catalogue.models import AliasPeriod
from audit.catalogue.words import count_of
from audit.ledger.selectors import of_subjects, told
from audit.ledger.timeline import url_of


def behind(asked: Asked, viewer: Actor) -> Sequence[Line]:
    """How many entries are about the version, its periods and its deployments; nothing when none may be read."""
    periods = selectors.aliases(viewer=viewer).filter(version=asked.version)
    runs = selectors.deployments(viewer=viewer).filter(version=asked.version)
    rows = of_subjects(viewer=viewer, subjects=[asked.version, *periods, *runs])
    if asked.known is not None:
        rows = rows.filter(at__lt=asked.known)
    number = rows.count()
    if not number:
        return []
    words = f"{count_of(number, 'entry', 'entries')} of the audit log about the version and where it ran"
    return [Line("Evidence", words, url_of(viewer=viewer, subject=asked.version))]


def movers(periods: Sequence[AliasPeriod], viewer: Actor) -> dict[str, str]:
    """Who moved the name, by the id of the period that began: as far as the viewer may read the log; two queries."""
    rows = of_subjects(viewer=viewer, subjects=list(periods)).filter(action=ledger_actions.ALIAS_MOVED)
    return {
        entry.subject_id: f"{entry.actor_name} for {entry.on_behalf_of}"
        if entry.on_behalf_of and entry.on_behalf_of != entry.actor_id
        else entry.actor_name
        for entry in told(rows)
    }


def register_own() -> None:
    """Adds the number of entries to the answers."""
    register("entries", behind, order=30)
