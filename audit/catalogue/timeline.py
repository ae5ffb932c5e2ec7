"""A model's timeline is the ledger's entries about it and about everything that belongs to it, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import NoReverseMatch, reverse

from audit.base.actors import Actor
from audit.catalogue import subjects
from audit.catalogue.models import Model
from audit.ledger.registry import ACTIONS
from audit.ledger.selectors import Told, of_subjects, told

SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline. ``mark`` is person (a ring) or machine (a square)."""

    number: int | None
    at: datetime
    mark: str
    who: str
    did: str
    reason: str
    changes: str
    url: str


def event_of(entry: Told) -> Event:
    """The entry in words."""
    action = ACTIONS.get(entry.action)
    did = (action.sentence if action else entry.action + " {subject}").replace("{subject}", entry.subject_name)
    behalf = (
        f" on behalf of {entry.on_behalf_of}" if entry.on_behalf_of and entry.on_behalf_of != entry.actor_id else ""
    )
    return Event(
        number=entry.number,
        at=entry.at,
        mark="person" if entry.actor_kind == "person" else "machine",
        who=f"{entry.actor_name}{behalf}",
        did=did,
        reason=entry.reason,
        changes="; ".join(_change(field, pair) for field, pair in entry.changes.items()),
        url=_url(action.link if action else "", entry.subject_id),
    )


def events(*, viewer: Actor, model: Model, limit: int = SHOWN) -> tuple[list[Event], int]:
    """The newest ``limit`` events of the model, and how many there are in all."""
    above = subjects.above(model, viewer)
    entries = of_subjects(viewer=viewer, subjects=above, model=model.pk, kinds=subjects.KINDS)
    return [event_of(entry) for entry in told(entries[:limit])], entries.count()


def _change(field: str, pair: list[object]) -> str:
    before, after = pair
    words = field.replace("_", " ")
    return f"{words} {after}" if before is None or before == after else f"{words} {before} to {after}"


def _url(link: str, subject: str) -> str:
    if not link or not subject:
        return ""
    for arguments in ([subject], []):
        try:
            return reverse(link, args=arguments)
        except NoReverseMatch:
            continue
    return ""
