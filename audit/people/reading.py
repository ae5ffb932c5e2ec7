"""What an auditor reads is an entry: one for each subject, or page of no single subject, and hour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction

from audit.base import clock
from audit.base.actors import Actor, Role
from audit.ledger.audited import within
from audit.ledger.services import record
from audit.people import ledger_actions
from audit.people.models import Reading

API = "api/v1/"
OWN = frozenset(
    {"sign-in", "sign-out", "settings", "first-steps", "components", "docs", "openapi.json", "me", "readyz", "healthz"}
)
"""Beginnings of addresses that show nothing of the record: one's own settings, documentation, a server's state."""
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """A model or a use case, and the team that owns it."""

    row: models.Model
    team: UUID
    model: UUID | None


_ids: dict[str, tuple[type[models.Model], str]] = {}
_slugs: dict[str, type[models.Model]] = {}
WORDS = {
    "": "the overview",
    "progress": "the overview",
    "audit": "the audit log",
    "ledger": "the audit log",
    "people": "people and roles",
}
"""What addresses that begin so show when they name no record; for others the beginning itself says it."""
_subject: list[Callable[[UUID | None, UUID | None], Subject | None]] = []


def by_id(**classes: type[models.Model]) -> None:
    """The parts of addresses that are ids, with the class of their records: ``upload_id=Upload``."""
    _ids.update({name: (model, "pk") for name, model in classes.items()})


def by_slug(first: str, model: type[models.Model]) -> None:
    """Addresses that begin with ``first`` name a record of this class by ``slug``."""
    _slugs[first] = model


def subjects(find: Callable[[UUID | None, UUID | None], Subject | None]) -> None:
    """Names the function that finds a model (or else a use case) by the ids that ``audited`` gives of a record."""
    _subject[:] = [find]


def note(*, actor: Actor, route: str, parts: Mapping[str, Any]) -> None:
    """Writes that ``actor`` read the address (``route`` as the URL configuration has it, with its ``parts``).

    Nothing is written for who does not read as an auditor, nor a second time in the hour.
    """
    if actor.user_id is None or not _audits(actor):
        return
    first = route.removeprefix(API).split("/")[0]
    if first in OWN:
        return
    subject = _found(first, parts)
    if subject is None:
        _write(actor, actor.user_id, None, WORDS.get(first, first.replace("-", " ")))
    elif not actor.roles(subject.team) - {Role.AUDITOR}:
        _write(actor, actor.user_id, subject, "")


def _audits(actor: Actor) -> bool:
    return bool(actor.limits) or any(Role.AUDITOR in roles for roles in actor.grants.values())


def _found(first: str, parts: Mapping[str, Any]) -> Subject | None:
    row: models.Model | None = None
    if "slug" in parts and first in _slugs:
        row = _slugs[first]._default_manager.filter(slug=parts["slug"]).first()
    else:
        for name, (model, field) in _ids.items():
            if name in parts:
                row = model._default_manager.filter(**{field: parts[name]}).first()
                break
    model_id, use_case_id = within(row)
    return _subject[0](model_id, use_case_id) if _subject and (model_id or use_case_id) else None


def _write(actor: Actor, user_id: UUID, subject: Subject | None, words: str) -> None:
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    place = f"{subject.row._meta.label_lower}:{subject.row.pk}" if subject else words[:120]
    mine = Reading.objects.filter(user_id=user_id)
    if mine.filter(place=place, hour=hour).exists():
        return
    try:
        with transaction.atomic():
            Reading.objects.create(user_id=user_id, place=place, hour=hour)
            mine.filter(hour__lt=now - KEPT).delete()
            record(
                actor=actor,
                action=ledger_actions.READ,
                subject=subject.row if subject else None,
                subject_name=words,
                team=subject.team if subject else None,
            )
    except IntegrityError:
        return  # another request of the same hour was first, and wrote it
