"""A model passes from one owner to another who can act for it; that is an entry, and nothing of the model changes."""

from django.db import transaction
from django.db.models import QuerySet

from audit.base.actors import Actor, Role
from audit.base.errors import InvalidInput, Refused
from audit.catalogue.ledger_actions import MODEL_HANDED_OVER
from audit.catalogue.models import Model
from audit.catalogue.services import RIGHT
from audit.ledger.audited import changed, values
from audit.ledger.services import record
from audit.people.models import User
from audit.people.selectors import holders


@transaction.atomic
def hand_over_model(*, actor: Actor, model: Model, owner: User, reason: str) -> Model:
    """``owner`` answers for the model from now on.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: there is no reason, or the new owner holds no owner's role for the model's team.
        Refused: they own it already.
    """
    locked = Model.objects.select_for_update(of=("self",)).select_related("use_case__team").get(pk=model.pk)
    actor.check(RIGHT, locked.use_case.team_id)
    if not reason.strip():
        raise InvalidInput("Say why the model gets another owner.", where="reason")
    if locked.owner_id == owner.pk:
        raise Refused(f"{owner.name} owns {locked} already.")
    if not can_own(locked).filter(pk=owner.pk).exists():
        words = f"{owner.name} cannot own {locked}: that takes the role of a model owner of {locked.use_case.team}."
        raise InvalidInput(words, where="owner", mend="Grant it first, or choose somebody else.")
    before = values(locked)
    locked.owner = owner
    locked.save(update_fields=("owner",))
    record(
        actor=actor,
        action=MODEL_HANDED_OVER,
        subject=locked,
        team=locked.use_case.team_id,
        reason=reason.strip(),
        changes=changed(before, locked) | {"owner": (None, owner.email)},
        person=owner.pk,
    )
    return locked


def can_own(model: Model) -> QuerySet[User]:
    """Those who hold an owner's role for the model's team, or for the whole organisation."""
    return holders(team=model.use_case.team, roles={Role.OWNER})
