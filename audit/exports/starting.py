"""Asking for a bundle and starting its job are one step for every edge."""

from django.db import transaction

from audit.base.actors import Actor
from audit.exports import services
from audit.exports.domain.scope import Scope
from audit.exports.models import Export
from audit.jobs import services as jobs


def begin(*, actor: Actor, trigger: str, scope: Scope, size: int | None = None) -> Export:
    """The export, and the job that builds it.

    Raises:
        NotPermitted, InvalidInput, NotFound, Refused: as ``services.ask_export``.
    """
    found = services.ask_export(actor=actor, scope=scope, size=size)
    with transaction.atomic():
        jobs.start(
            services.BUILD,
            actor=actor,
            trigger=trigger,
            args={"export": str(found.pk)},
            key=str(found.pk),
            subject=found,
            team=found.team,
        )
    return found
