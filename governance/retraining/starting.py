"""How the edges start what a person or program asked for: the row and its job in one transaction."""

from typing import Final

from django.db import transaction

from audit.base.actors import Actor
from audit.jobs import services as jobs
from governance.retraining import services
from governance.retraining.models import Retraining, Rule

RUN: Final = "retraining.run"


@transaction.atomic
def start(*, actor: Actor, rule: Rule, reason: str, trigger: str) -> Retraining:
    """The retraining that was asked for, with its job. ``trigger`` is person or api.

    Raises:
        NotPermitted, InvalidInput, Refused: as ``services.start_retraining``.
    """
    retraining = services.start_retraining(actor=actor, rule=rule, reason=reason)
    job = jobs.start(
        RUN,
        actor=actor,
        trigger=trigger,
        args={"retraining": str(retraining.pk)},
        key=retraining.key,
        subject=retraining,
        team=retraining.model.use_case.team,
    )
    services.bind_job(retraining=retraining, job=job)
    return retraining
